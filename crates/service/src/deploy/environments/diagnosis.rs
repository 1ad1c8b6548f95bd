//! The way to a Docker host, step by step: from this machine to its agent, and from Portainer.

use std::time::Duration;

use tokio::time::timeout;
use upstream::portainer::{
    Portainer, PortainerError,
    agent::{AgentAddress, AgentPlatform},
    environments::{Environment, EnvironmentStatus},
};

use super::{
    Check, Diagnosis, DiagnosisStep, Finding, Outcome, Tell, Verdict,
    registry::{Registered, address_of, among},
    target::{Target, agent_address, find_guest, target},
};
use crate::deploy::{Deploy, DeployError, Operator, home::Now, problem};

impl Deploy {
    /// Diagnoses the way to a guest (by number, name or environment) or to `HOST[:PORT]`. Changes nothing but the age of
    /// Portainer's snapshot.
    ///
    /// # Errors
    /// When the catalog can't be read, has no such guest, or does not say where its agent is. What fails on the way is part of
    /// the diagnosis.
    pub async fn test_connection(
        &self,
        _: &Operator,
        asked: &str,
        tell: Tell<'_, DiagnosisStep>,
    ) -> Result<Diagnosis, DeployError> {
        let now = self.0.home.now().await?;
        let (target, address) = match find_guest(&now.reading, asked).and_then(|guest| target(&now.reading, guest)) {
            Ok(target) => (Some(target.clone()), target.agent),
            Err(error) if !is_address(asked) || find_guest(&now.reading, asked).is_ok() => return Err(error),
            Err(_) => (
                None,
                agent_address(&now.reading, asked)
                    .map_err(|bad| DeployError::refused(types::ProblemCode::Invalid, format!("{bad}.")))?,
            ),
        };
        Ok(self.diagnose(&now, target.as_ref(), address, tell).await)
    }

    pub(super) async fn diagnose(
        &self,
        now: &Now,
        target: Option<&Target>,
        address: AgentAddress,
        tell: Tell<'_, DiagnosisStep>,
    ) -> Diagnosis {
        let mut run = Run { deploy: self, steps: Vec::new(), tell };
        let answers_here = run.ask_the_agent(&address).await;
        let reached = match self.0.home.portainer(now) {
            Ok(connection) => run.ask_portainer(&*connection.client, target, &address, answers_here).await,
            Err(error) => {
                let message = problem(error).message;
                run.portainer_is_gone(&message);
                Reached::No
            }
        };
        let verdict = match (reached, answers_here) {
            (Reached::Yes, _) => Verdict::Connected,
            (Reached::Free, true) => Verdict::Ready,
            (Reached::Free, false) => Verdict::Unclear,
            (Reached::No | Reached::Elsewhere, _) => Verdict::Broken,
        };
        let mut diagnosis = Diagnosis {
            guest: target.map(|target| target.guest.clone()),
            environment: target.map(|target| target.environment.clone()),
            address,
            steps: run.steps,
            verdict,
        };
        if matches!(reached, Reached::Yes) {
            diagnosis.excuse_this_machine(tell);
        }
        diagnosis
    }
}

/// Whether a text is meant as an address rather than as a guest's name.
fn is_address(text: &str) -> bool {
    text.contains(['.', ':']) || text == "localhost"
}

/// What Portainer does with the host.
#[derive(Clone, Copy)]
enum Reached {
    Yes,
    No,
    /// It is not registered.
    Free,
    /// Name or address is registered otherwise.
    Elsewhere,
}

struct Run<'a> {
    deploy: &'a Deploy,
    steps: Vec<DiagnosisStep>,
    tell: Tell<'a, DiagnosisStep>,
}

impl Run<'_> {
    fn now(&self) -> Duration {
        self.deploy.0.world.elapsed()
    }

    fn step(&mut self, check: Check, outcome: Outcome, began: Duration, finding: Finding) {
        let took = self.now().saturating_sub(began);
        let step =
            DiagnosisStep { check, outcome, took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX), finding };
        (self.tell)(&step);
        self.steps.push(step);
    }

    fn skip(&mut self, check: Check, finding: Finding) {
        let now = self.now();
        self.step(check, Outcome::Skipped, now, finding);
    }

    /// Name, connection, agent. Whether an agent on Docker answers.
    async fn ask_the_agent(&mut self, address: &AgentAddress) -> bool {
        let probe = std::sync::Arc::clone(&self.deploy.0.agents);
        let began = self.now();
        let addresses = match probe.resolve(address).await {
            Ok(addresses) => addresses,
            Err(error) => {
                self.step(Check::Name, Outcome::Failed, began, Finding::FromHere { error });
                self.skip(Check::Connection, Finding::NotReached);
                self.skip(Check::Agent, Finding::NotReached);
                return false;
            }
        };
        self.step(Check::Name, Outcome::Passed, began, Finding::Addresses { addresses: addresses.clone() });
        let began = self.now();
        let at = match probe.connect(address, &addresses).await {
            Ok(at) => at,
            Err(error) => {
                self.step(Check::Connection, Outcome::Failed, began, Finding::FromHere { error });
                self.skip(Check::Agent, Finding::NotReached);
                return false;
            }
        };
        self.step(Check::Connection, Outcome::Passed, began, Finding::Connected { address: at });
        let began = self.now();
        match probe.ping(address, at).await {
            Ok(answer) => {
                let fits = answer.platform != AgentPlatform::Kubernetes;
                let outcome = if fits { Outcome::Passed } else { Outcome::Failed };
                self.step(Check::Agent, outcome, began, Finding::Agent { answer });
                fits
            }
            Err(error) => {
                self.step(Check::Agent, Outcome::Failed, began, Finding::FromHere { error });
                false
            }
        }
    }

    fn portainer_is_gone(&mut self, message: &str) {
        let began = self.now();
        self.step(Check::Registration, Outcome::Failed, began, Finding::Portainer { message: message.to_owned() });
        for check in [Check::Portainer, Check::Pairing, Check::Snapshot] {
            self.skip(check, Finding::NotReached);
        }
    }

    /// Registration, and whether Portainer reaches what is registered.
    async fn ask_portainer(
        &mut self,
        portainer: &dyn Portainer,
        target: Option<&Target>,
        address: &AgentAddress,
        answers_here: bool,
    ) -> Reached {
        let limit = self.deploy.settings().environments.reading;
        let began = self.now();
        let environments = match timeout(limit, portainer.environments()).await {
            Ok(Ok(environments)) => environments,
            Ok(Err(error)) => {
                self.portainer_is_gone(&error.message());
                return Reached::No;
            }
            Err(_) => {
                self.portainer_is_gone(&format!("Portainer did not answer within {} s.", limit.as_secs().max(1)));
                return Reached::No;
            }
        };
        let found = match target {
            Some(target) => among(environments, target),
            // A bare address has no name that could be wrong.
            None => match environments.into_iter().find(|one| address_of(one).as_ref() == Some(address)) {
                Some(found) => Registered::Yes(found),
                None => Registered::No,
            },
        };
        let (outcome, finding, environment, reached) = match found {
            Registered::No => (Outcome::Skipped, Finding::NotRegistered, None, Reached::Free),
            Registered::Yes(one) => {
                let finding = Finding::Registered { id: one.id.0, name: one.name.clone() };
                (Outcome::Passed, finding, Some(one), Reached::Yes)
            }
            Registered::Elsewhere(one) => {
                let (id, name, address) = (one.id.0, one.name.clone(), one.url.clone());
                let finding = Finding::RegisteredElsewhere { id, name, address };
                (Outcome::Failed, finding, Some(one), Reached::Elsewhere)
            }
            Registered::OtherName(one) => {
                let finding = Finding::RegisteredAs { id: one.id.0, name: one.name.clone() };
                (Outcome::Failed, finding, Some(one), Reached::Elsewhere)
            }
        };
        self.step(Check::Registration, outcome, began, finding);
        let Some(environment) = environment else {
            self.skip(Check::Portainer, Finding::NotRegistered);
            self.skip(Check::Pairing, Finding::PairingUnknown);
            self.skip(Check::Snapshot, Finding::NotRegistered);
            return reached;
        };
        let is_reached = self.refreshed(portainer, &environment, answers_here).await;
        if is_reached { reached } else { Reached::No }
    }

    async fn refreshed(&mut self, portainer: &dyn Portainer, environment: &Environment, answers_here: bool) -> bool {
        let settle = self.deploy.settings().environments.settle;
        let began = self.now();
        let refreshed = match timeout(settle, portainer.refresh_environment(environment.id)).await {
            Ok(refreshed) => refreshed,
            Err(_) => Err(PortainerError::TimedOut { call: "look at an environment", write: false }),
        };
        let is_up = match refreshed {
            Ok(environment) => environment.status == EnvironmentStatus::Up,
            Err(PortainerError::AgentPairedElsewhere) => {
                self.skip(Check::Portainer, Finding::NotReached);
                self.step(Check::Pairing, Outcome::Failed, began, Finding::PairedElsewhere);
                self.skip(Check::Snapshot, Finding::NotReached);
                return false;
            }
            Err(error) => {
                let finding = Finding::Portainer { message: error.message() };
                self.step(Check::Portainer, Outcome::Failed, began, finding);
                self.skip(Check::Pairing, Finding::PairingUnknown);
                self.skip(Check::Snapshot, Finding::NotReached);
                return false;
            }
        };
        if is_up {
            self.step(Check::Portainer, Outcome::Passed, began, Finding::Reached);
            let began = self.now();
            self.step(Check::Pairing, Outcome::Passed, began, Finding::Paired);
        } else {
            let finding = Finding::NotReachedByPortainer { agent_answers_here: answers_here };
            self.step(Check::Portainer, Outcome::Failed, began, finding);
            self.skip(Check::Pairing, Finding::PairingUnknown);
        }
        self.snapshot(portainer, environment, is_up).await;
        is_up
    }

    async fn snapshot(&mut self, portainer: &dyn Portainer, environment: &Environment, is_up: bool) {
        let limit = self.deploy.settings().environments.reading;
        let began = self.now();
        let (outcome, finding) = match timeout(limit, portainer.snapshot(environment.id)).await {
            Ok(Ok(Some(seen))) => {
                let finding = Finding::Seen {
                    at: seen.time.saturating_mul(1000),
                    docker_version: seen.docker_version,
                    running: seen.running,
                };
                // An old one shows nothing about now.
                (if is_up { Outcome::Passed } else { Outcome::Skipped }, finding)
            }
            Ok(Ok(None)) => (Outcome::Skipped, Finding::NeverSeen),
            Ok(Err(error)) => (Outcome::Failed, Finding::Portainer { message: error.message() }),
            Err(_) => {
                let message = format!("Portainer did not answer within {} s.", limit.as_secs().max(1));
                (Outcome::Failed, Finding::Portainer { message })
            }
        };
        self.step(Check::Snapshot, outcome, began, finding);
    }
}
