//! The port to the live side.

use async_trait::async_trait;
use reconcile::{
    model::{Disclosure, ObservedEnvironment, ObservedStack, RowStatus, ServerFacts, StackKind, StepId},
    ports::{
        Associate, Clock as _, Configure, Create, LogLine, Outcome, PortError, PullImages, RefusalKind, Remove, Source,
        StackView, Target, Update, Variables,
    },
};
use secrecy::ExposeSecret as _;
use std::{collections::BTreeMap, time::Duration};

use super::{
    Behaviour, FaultKind, Row, State, World,
    server::{RowSource, Work, refusal},
};

const LOST_FOR: i64 = 60_000;

fn env(variables: &Variables) -> BTreeMap<String, String> {
    variables.0.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
}

fn lost() -> Outcome {
    Outcome::Unknown { detail: "timed out".to_owned() }
}

impl World {
    /// A write: the fault that strikes, the work, and what the caller hears.
    async fn write(&self, what: String, attempt: impl Fn(&mut State, i64) -> Result<Option<Work>, Outcome>) -> Outcome {
        let fault = self.enter("write").await;
        let latency = {
            let mut state = self.lock();
            state.writes.push(what);
            state.latency
        };
        match fault {
            Some(FaultKind::LostBefore) => return lost(),
            Some(FaultKind::Busy) => return refusal(RefusalKind::Unavailable, 408, "Request timeout"),
            Some(FaultKind::Refused) => return refusal(RefusalKind::Invalid, 400, "Invalid request payload"),
            Some(FaultKind::DeployFails) => return refusal(RefusalKind::Deploy, 500, "host failed"),
            Some(FaultKind::DoneButNot) => return Outcome::Done,
            _ => {}
        }
        let begun = attempt(&mut self.lock(), latency);
        let outcome = match begun {
            Err(outcome) => outcome,
            Ok(None) => Outcome::Done,
            Ok(Some(work)) => {
                if fault == Some(FaultKind::LostAfter) {
                    self.lock().start(LOST_FOR, work);
                    return lost();
                }
                // The server works on, also if the caller is gone before it is done.
                let marker = {
                    let mut state = self.lock();
                    state.start(latency, work.clone());
                    state.next_job
                };
                self.await_job(marker, latency).await;
                self.outcome_of(&work)
            }
        };
        self.leave().await;
        match fault {
            Some(FaultKind::LostAfter) => lost(),
            Some(FaultKind::RefusedButDone) => refusal(RefusalKind::Deploy, 500, "something else went wrong"),
            _ => outcome,
        }
    }

    async fn await_job(&self, marker: u64, latency: i64) {
        while self.lock().jobs.iter().any(|job| job.id == marker) {
            self.sleep(Duration::from_millis(latency.unsigned_abs().max(1))).await;
        }
    }

    /// What the server answers after its work: it failed if the row is not there.
    fn outcome_of(&self, work: &Work) -> Outcome {
        let state = self.lock();
        match work {
            Work::Create { environment, row } => {
                if state.hosts[environment].rows.iter().any(|one| one.id == row.id) {
                    Outcome::Done
                } else {
                    refusal(RefusalKind::Deploy, 500, format!("failed to deploy a stack: {:?}", row.env))
                }
            }
            Work::Update { environment, id, env, .. } => {
                let row = state.hosts[environment].rows.iter().find(|one| one.id == *id);
                if row.is_some_and(|row| row.env == *env && row.status != RowStatus::Inactive) {
                    Outcome::Done
                } else {
                    refusal(RefusalKind::Deploy, 500, format!("failed: {env:?}"))
                }
            }
            Work::Deploy { .. } => Outcome::Done,
        }
    }
}

fn reachable(state: &State, environment: &str) -> Result<(), Outcome> {
    if state.hosts.get(environment).is_some_and(|host| host.up) {
        Ok(())
    } else {
        Err(refusal(RefusalKind::Deploy, 500, "Unable to check for name collision"))
    }
}

#[async_trait]
impl Target for World {
    async fn server(&self) -> Result<ServerFacts, PortError> {
        if self.enter("read server").await.is_some() {
            return Err(PortError::new("no answer"));
        }
        let state = self.lock();
        Ok(ServerFacts { version: state.version.clone(), generation: state.generation })
    }

    async fn observe(&self, environment: &str, disclosure: &Disclosure) -> Result<ObservedEnvironment, PortError> {
        if self.enter("read environment").await.is_some() {
            return Err(PortError::new("no answer"));
        }
        Ok(self.lock().environment(environment, disclosure))
    }

    async fn orphans(&self) -> Result<Vec<ObservedStack>, PortError> {
        let state = self.lock();
        Ok(state.orphans.iter().map(|row| state.row("", row, &Disclosure::nothing())).collect())
    }

    async fn observe_stack(
        &self,
        environment: &str,
        names: &[String],
        disclosure: &Disclosure,
    ) -> Result<StackView, PortError> {
        if self.enter("read stack").await.is_some() {
            return Err(PortError::new("no answer"));
        }
        let mut state = self.lock();
        if !state.hosts.get(environment).is_some_and(|host| host.up) {
            return Err(PortError::new("host down"));
        }
        let id = StepId::of(environment, &names[0]);
        if let Some(wanted) = state.journal.applies.last().and_then(|record| record.stacks.get(&id)) {
            let truth = state.runs(environment, wanted);
            state.last_look.insert(id, truth);
        }
        let all = state.environment(environment, disclosure);
        Ok(StackView {
            rows: all.stacks.into_iter().filter(|row| names.contains(&row.name)).collect(),
            projects: all.projects.into_iter().filter(|one| names.contains(&one.name)).collect(),
        })
    }

    async fn pull_images(&self, call: PullImages) -> Outcome {
        self.write(format!("pull {}", call.environment), |state, _| {
            reachable(state, &call.environment)?;
            for image in &call.images {
                if state.behaviour(image) == Behaviour::Missing {
                    return Err(refusal(RefusalKind::Deploy, 500, format!("manifest for {image} not found")));
                }
            }
            for image in &call.images {
                state.pull(&call.environment, image);
            }
            Ok(None)
        })
        .await
    }

    async fn create(&self, call: Create) -> Outcome {
        self.write(format!("create {}/{}", call.environment, call.name), |state, _| {
            reachable(state, &call.environment)?;
            let host = &state.hosts[&call.environment];
            let project = host.containers.iter().any(|one| one.project == call.name);
            let anywhere = state.hosts.values().flat_map(|host| &host.rows).any(|row| row.name == call.name);
            if host.rows.iter().any(|row| row.name == call.name) || project && (anywhere || call.swarm) {
                return Err(refusal(RefusalKind::Conflict, 409, "A stack with the normalized name already exists"));
            }
            // An id is used up even if the create fails.
            let id = state.next_row;
            state.next_row += 1;
            let source = match &call.source {
                Source::Text(text) => RowSource::Text(text.clone()),
                Source::Git { url, reference, compose_file, additional_files, .. } => {
                    let reference = full(reference.as_deref());
                    let Some(commit) = state.heads.get(&(url.clone(), reference.clone())).cloned() else {
                        return Err(refusal(RefusalKind::Deploy, 500, "unable to clone git repository"));
                    };
                    RowSource::Git {
                        url: url.clone(),
                        reference,
                        commit,
                        file: compose_file.clone(),
                        more: additional_files.clone(),
                    }
                }
            };
            let row = Row {
                id,
                name: call.name.clone(),
                kind: if call.swarm { StackKind::Swarm } else { StackKind::Compose },
                status: RowStatus::Active,
                source,
                env: env(&call.variables),
                auto_update: None,
                protected: false,
            };
            Ok(Some(Work::Create { environment: call.environment.clone(), row }))
        })
        .await
    }

    async fn update(&self, call: Update) -> Outcome {
        self.write(format!("update {}/{}", call.environment, call.name), |state, _| {
            reachable(state, &call.environment)?;
            let Some(row) = state.hosts[&call.environment].rows.iter().find(|row| row.id == call.id).cloned() else {
                return Err(refusal(RefusalKind::NotFound, 404, "Unable to find a stack"));
            };
            let source = match (&call.source, row.source) {
                (Source::Text(text), _) => Some(RowSource::Text(text.clone())),
                (Source::Git { .. }, RowSource::Text(_)) => {
                    return Err(refusal(RefusalKind::Invalid, 400, "Stack is not created from git"));
                }
                (Source::Git { reference, .. }, RowSource::Git { .. }) => {
                    let host = state.host(&call.environment);
                    for row in host.rows.iter_mut().filter(|row| row.id == call.id) {
                        if let RowSource::Git { reference: old, .. } = &mut row.source {
                            *old = full(reference.as_deref());
                        }
                    }
                    None
                }
            };
            for service in state.services_of(source.as_ref().unwrap_or(&RowSource::Text(String::new()))) {
                state.pull(&call.environment, &service.image);
            }
            let env = env(&call.variables);
            Ok(Some(Work::Update { environment: call.environment.clone(), id: call.id, source, env }))
        })
        .await
    }

    async fn configure(&self, call: Configure) -> Outcome {
        self.write(format!("configure {}", call.environment), |state, _| {
            for row in state.host(&call.environment).rows.iter_mut().filter(|row| row.id == call.id) {
                row.auto_update = None;
                row.env = env(&call.variables);
            }
            Ok(None)
        })
        .await
    }

    async fn associate(&self, call: Associate) -> Outcome {
        self.write(format!("associate {}", call.environment), |state, _| {
            let Some(at) = state.orphans.iter().position(|row| row.id == call.id) else {
                return Err(refusal(RefusalKind::NotFound, 404, "Unable to find a stack"));
            };
            let row = state.orphans.remove(at);
            state.host(&call.environment).rows.push(row);
            Ok(None)
        })
        .await
    }

    async fn remove(&self, call: Remove) -> Outcome {
        self.write(format!("remove {}/{}", call.environment, call.name), |state, _| {
            reachable(state, &call.environment)?;
            let host = state.host(&call.environment);
            if !host.rows.iter().any(|row| row.id == call.id) {
                return Err(refusal(RefusalKind::NotFound, 404, "Unable to find a stack"));
            }
            host.rows.retain(|row| row.id != call.id);
            host.containers.retain(|one| one.project != call.name);
            Ok(None)
        })
        .await
    }

    async fn last_logs(&self, environment: &str, stack: &str, _lines: u32) -> Result<Vec<LogLine>, PortError> {
        if self.enter("read logs").await.is_some() {
            return Err(PortError::new("no answer"));
        }
        // Programs print what they were given.
        let state = self.lock();
        let env = state.hosts[environment].rows.iter().find(|row| row.name == stack).map(|row| row.env.clone());
        Ok(vec![LogLine {
            service: "app".to_owned(),
            container: format!("{stack}-app-1"),
            at: None,
            stderr: true,
            text: format!("panic with {:?}", env.unwrap_or_default()),
        }])
    }
}

pub(crate) fn full(reference: Option<&str>) -> String {
    match reference {
        None | Some("") => String::new(),
        Some(name) if name.starts_with("refs/") => name.to_owned(),
        Some(name) => format!("refs/heads/{name}"),
    }
}
