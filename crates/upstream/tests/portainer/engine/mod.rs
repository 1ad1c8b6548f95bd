//! The engine's port over Portainer: the engine plans and applies against the stand-in, with real repositories.

mod applying;
mod calls;
mod failing;
mod journal;
mod looking;
mod scale;

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use reconcile::{
    Cancel, Control, Pace, apply,
    model::{
        ApplyId, ApplyReport, ApplyVerdict, ComposeFacts, ComposeService, Desired, DesiredEnvironment, DesiredSource,
        DesiredStack, DesiredValue, Digest, Event, FailureCause, HealthRules, Observed, Plan, PlanOptions,
        RollbackOutcome, SecretRef, Verdict,
    },
    observe, plan,
    ports::{Catalog, Clock, EventSink, PortError, Ports, Secrets, SecretsError},
    revisions::PinImages,
};
use secrecy::SecretString;
use tokio::time::Instant;
use types::Millis;
use upstream::portainer::{
    Portainer, PortainerClient, PortainerConfig,
    engine::{PortainerTarget, Protected},
    fake::{FakePortainer, Generation, HostScript},
};

use self::journal::Book;
use super::{Repository, config, fake_of};

/// The stand-in's clock starts here.
const EPOCH: Millis = 1_767_225_600_000;
const DEV: &str = "dev";

/// The stand-in with the engine before it. Ports without a network are kept in memory.
struct Bench {
    fake: FakePortainer,
    target: PortainerTarget,
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    desired: Desired,
    vault: BTreeMap<String, Vec<String>>,
    book: Book,
    events: Vec<Event>,
    runs: u32,
}

/// Keyed, as a vault's is.
fn digest(value: &str) -> Digest {
    Digest::of_bytes(format!("key of the test/{value}").as_bytes())
}

fn target_of(client: PortainerClient) -> PortainerTarget {
    let client: Arc<dyn Portainer> = Arc::new(client);
    PortainerTarget::new(client, Arc::new(digest), Protected::default())
}

impl Bench {
    /// With the host `dev`.
    async fn of(generation: Generation) -> Self {
        Self::with(generation, |config| config).await
    }

    /// With other settings of the client.
    async fn with(generation: Generation, change: impl FnOnce(PortainerConfig) -> PortainerConfig) -> Self {
        let fake = fake_of(generation).await;
        fake.add_environment(DEV, HostScript::default());
        let target = target_of(PortainerClient::new(change(config(&fake))).unwrap());
        let bench = Self { fake, target, begun: Instant::now(), state: Mutex::default() };
        bench.state().desired = Desired {
            catalog_commit: "catalog-1".to_owned(),
            environments: vec![DesiredEnvironment { name: DEV.to_owned(), stacks: Vec::new() }],
        };
        bench
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn ports(&self) -> Ports<'_> {
        Ports {
            target: &self.target,
            catalog: self,
            journal: self,
            locks: self,
            secrets: self,
            clock: self,
            events: self,
            images: &ByLine,
        }
    }

    /// Wishes for a stack on `dev`, in place of one of its name.
    fn wish(&self, stack: DesiredStack) {
        let mut state = self.state();
        let stacks = &mut state.desired.environments[0].stacks;
        stacks.retain(|one| one.name != stack.name);
        stacks.push(stack);
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut DesiredStack)) {
        let mut state = self.state();
        change(state.desired.environments[0].stacks.iter_mut().find(|one| one.name == name).unwrap());
    }

    async fn observed(&self) -> Observed {
        let desired = self.desired().await.unwrap();
        observe(&self.ports(), &desired, &PlanOptions::default().scope).await.unwrap()
    }

    async fn plan(&self, options: &PlanOptions) -> Plan {
        let desired = self.desired().await.unwrap();
        let observed = observe(&self.ports(), &desired, &options.scope).await.unwrap();
        plan(&desired, &observed, options, self.now())
    }

    fn control(&self) -> Control {
        let run = {
            let mut state = self.state();
            state.runs += 1;
            state.runs
        };
        Control {
            id: ApplyId(format!("apply-{run}")),
            actor: "ada".to_owned(),
            owner: format!("process-{run}"),
            cancel: Cancel::default(),
            pace: Pace {
                poll: Duration::from_millis(5),
                patience: Duration::from_secs(20),
                retry_after: Duration::from_millis(5),
                ..Pace::default()
            },
        }
    }

    async fn apply(&self, plan: &Plan) -> ApplyReport {
        let control = self.control();
        apply(plan, self.ports(), &control).await.unwrap()
    }

    /// Plans and applies to a good end, after which nothing is left to plan.
    async fn converge(&self) -> (Plan, ApplyReport) {
        self.converge_with(&PlanOptions::default()).await
    }

    async fn converge_with(&self, options: &PlanOptions) -> (Plan, ApplyReport) {
        let plan = self.plan(options).await;
        let report = self.apply(&plan).await;
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        let left = self.plan(options).await;
        assert!(left.is_in_step(), "{left:#?}");
        (plan, report)
    }

    /// How often the stand-in was asked so.
    fn asked(&self, route: &str) -> usize {
        self.fake.calls_of(route).len()
    }
}

/// The cause of the first step's failure, and what became of going back.
fn failure(report: &ApplyReport) -> (&FailureCause, Option<&RollbackOutcome>) {
    assert_eq!(report.verdict, ApplyVerdict::Failed, "{report:#?}");
    match &report.steps[0].receipt.verdict {
        Verdict::Failed { cause, rollback } => (cause, rollback.as_ref()),
        other => panic!("{other:?}"),
    }
}

/// A stack whose services have a health check.
fn stack(name: &str, source: DesiredSource, services: &[(&str, &str)]) -> DesiredStack {
    let text = match &source {
        DesiredSource::Text { text } => text.clone(),
        DesiredSource::Git { .. } => compose(services),
    };
    let services = services.iter().map(|(name, image)| ComposeService {
        name: (*name).to_owned(),
        image: (*image).to_owned(),
        has_healthcheck: true,
        ..ComposeService::default()
    });
    DesiredStack {
        name: name.to_owned(),
        title: name.to_owned(),
        former_names: Vec::new(),
        source,
        variables: BTreeMap::new(),
        depends_on: Vec::new(),
        compose: Some(ComposeFacts { services: services.collect(), text }),
        health: HealthRules { timeout_s: 20, settle_s: 0 },
        swarm: false,
        pin: None,
        troubles: Vec::new(),
    }
}

fn compose(services: &[(&str, &str)]) -> String {
    services.iter().fold("services:\n".to_owned(), |text, (name, image)| {
        text + &format!(
            "  {name}:\n    image: {image}\n    environment: [\"TOKEN=${{TOKEN:-}}\"]\n    healthcheck: {{test: [CMD, \"true\"]}}\n"
        )
    })
}

fn text(services: &[(&str, &str)]) -> DesiredSource {
    DesiredSource::Text { text: compose(services) }
}

/// The catalog fills in the commit.
fn git(repository: &Repository) -> DesiredSource {
    DesiredSource::Git {
        url: repository.url(),
        reference: Some("main".to_owned()),
        commit: String::new(),
        compose_file: "docker-compose.yml".to_owned(),
        additional_files: Vec::new(),
        credential: None,
    }
}

#[async_trait]
impl Catalog for Bench {
    async fn desired(&self) -> Result<Desired, PortError> {
        let mut desired = self.state().desired.clone();
        for stack in desired.environments.iter_mut().flat_map(|one| &mut one.stacks) {
            if let DesiredSource::Git { url, reference, commit, .. } = &mut stack.source {
                let wanted = reference.as_deref().unwrap_or("HEAD");
                let list = Command::new("git").args(["ls-remote", url.as_str(), wanted]).output().unwrap();
                let list = String::from_utf8(list.stdout).unwrap();
                *commit = list.split_whitespace().next().unwrap().to_owned();
            }
            for value in stack.variables.values_mut() {
                if let DesiredValue::Secret { name, version, digest: found } = value {
                    let versions = &self.state().vault[name.as_str()];
                    (*version, *found) = (versions.len() as u64, digest(versions.last().unwrap()));
                }
            }
        }
        Ok(desired)
    }
}

#[async_trait]
impl Secrets for Bench {
    async fn resolve(&self, secret: &SecretRef) -> Result<SecretString, SecretsError> {
        let state = self.state();
        let versions = state.vault.get(&secret.name);
        let value = versions.and_then(|all| all.get(usize::try_from(secret.version).unwrap() - 1));
        value.map(|value| value.clone().into()).ok_or_else(|| SecretsError { detail: "no such version".to_owned() })
    }
}

#[async_trait]
impl Clock for Bench {
    fn now(&self) -> Millis {
        EPOCH + Millis::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Writes digests into texts of [`compose`].
struct ByLine;

impl PinImages for ByLine {
    fn pin_images(&self, text: &str, services: &[ComposeService]) -> Result<String, String> {
        Ok(services.iter().fold(text.to_owned(), |text, service| match &service.digest {
            Some(digest) if !service.image.contains('@') => {
                let line = format!("image: {}\n", service.image);
                text.replace(&line, &format!("image: {}@{digest}\n", service.image))
            }
            _ => text,
        }))
    }
}

impl EventSink for Bench {
    fn emit(&self, event: &Event) {
        self.state().events.push(event.clone());
    }
}
