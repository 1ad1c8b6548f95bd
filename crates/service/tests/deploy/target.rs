//! The live side: rows and one healthy container each. What must never happen is written down.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use reconcile::{
    model::*,
    ports::{
        Associate, Clock as _, Configure, Create, LogLine, Outcome, PortError, PullImages, Refusal, RefusalKind,
        Remove, Source, StackView, Target, Update,
    },
};
use types::Millis;

use super::stage::Stage;

/// Rows of all environments, by environment and name.
#[derive(Default)]
pub struct Live {
    pub rows: BTreeMap<(String, String), Row>,
    pub creates: BTreeMap<(String, String), u32>,
    pub violations: Vec<String>,
    next: i64,
}

pub struct Row {
    id: i64,
    text: String,
    image: String,
    started: Millis,
}

/// A compose text of this stage is the name of its image.
impl Live {
    pub fn deploy(&mut self, environment: &str, name: &str, text: &str, now: Millis) {
        self.next += 1;
        let key = (environment.to_owned(), name.to_owned());
        let id = self.rows.get(&key).map_or(self.next, |row| row.id);
        self.rows.insert(key, Row { id, text: text.to_owned(), image: text.to_owned(), started: now });
    }

    fn stacks(&self, environment: &str) -> Vec<ObservedStack> {
        let here = self.rows.iter().filter(|((place, _), _)| place == environment);
        here.map(|((_, name), row)| ObservedStack {
            id: row.id,
            name: name.clone(),
            kind: StackKind::Compose,
            status: RowStatus::Active,
            source: ObservedSource::Text { digest: Digest::of_bytes(row.text.as_bytes()), text: None },
            variables: BTreeMap::new(),
            containers: vec![ObservedContainer {
                id: format!("{}-{}", row.id, row.started),
                name: format!("{name}-app-1"),
                service: "app".into(),
                image: row.image.clone(),
                image_digest: None,
                state: ContainerState::Running,
                health: ContainerHealth::Healthy,
                restart_count: 0,
                exit_code: None,
                started_at: Some(row.started),
                config_hash: Some(Digest::of_bytes(row.text.as_bytes()).to_string()),
            }],
            protected: false,
        })
        .collect()
    }
}

fn refused(kind: RefusalKind, status: u16) -> Outcome {
    Outcome::Refused(Refusal { kind, status, message: "no".into() })
}

fn text(source: Source) -> String {
    match source {
        Source::Text(text) => text,
        Source::Git { .. } => panic!("this stage has no git"),
    }
}

#[async_trait]
impl Target for Stage {
    async fn server(&self) -> Result<ServerFacts, PortError> {
        Ok(ServerFacts { version: "2.45.0".into(), generation: Generation::KeepsUp })
    }

    async fn observe(&self, environment: &str, _: &Disclosure) -> Result<ObservedEnvironment, PortError> {
        Ok(ObservedEnvironment {
            name: environment.to_owned(),
            id: Some(1),
            reach: Reach::Up,
            stacks: self.lock().live.stacks(environment),
            ..ObservedEnvironment::default()
        })
    }

    async fn orphans(&self) -> Result<Vec<ObservedStack>, PortError> {
        Ok(Vec::new())
    }

    async fn observe_stack(&self, environment: &str, names: &[String], _: &Disclosure) -> Result<StackView, PortError> {
        let mut rows = self.lock().live.stacks(environment);
        rows.retain(|row| names.contains(&row.name));
        Ok(StackView { rows, projects: Vec::new() })
    }

    async fn pull_images(&self, _: PullImages) -> Outcome {
        Outcome::Done
    }

    async fn create(&self, call: Create) -> Outcome {
        let key = (call.environment.clone(), call.name.clone());
        {
            let (now, mut state) = (self.now(), self.lock());
            *state.live.creates.entry(key.clone()).or_default() += 1;
            if state.live.rows.contains_key(&key) {
                state.live.violations.push(format!("{key:?} is created while it is there"));
                return refused(RefusalKind::Conflict, 409);
            }
            state.live.deploy(&call.environment, &call.name, &text(call.source), now);
        }
        self.sleep(Duration::from_millis(500)).await;
        Outcome::Done
    }

    async fn update(&self, call: Update) -> Outcome {
        {
            let (now, mut state) = (self.now(), self.lock());
            state.live.deploy(&call.environment, &call.name, &text(call.source), now);
        }
        self.sleep(Duration::from_millis(500)).await;
        Outcome::Done
    }

    async fn configure(&self, _: Configure) -> Outcome {
        refused(RefusalKind::Unsupported, 404)
    }

    async fn associate(&self, _: Associate) -> Outcome {
        refused(RefusalKind::Unsupported, 404)
    }

    async fn remove(&self, call: Remove) -> Outcome {
        match self.lock().live.rows.remove(&(call.environment, call.name)) {
            Some(_) => Outcome::Done,
            None => refused(RefusalKind::NotFound, 404),
        }
    }

    async fn last_logs(&self, _: &str, _: &str, _: u32) -> Result<Vec<LogLine>, PortError> {
        Ok(Vec::new())
    }
}
