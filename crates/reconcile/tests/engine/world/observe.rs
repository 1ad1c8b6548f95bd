//! What an observer sees: digests in place of values, states derived from time.

use std::collections::BTreeMap;

use reconcile::model::*;

use super::{Behaviour, LiveContainer, Row, State, server::RowSource};

/// The keyed digest of a value, as the vault would make it.
pub(crate) fn keyed(value: &str) -> Digest {
    Digest::of_bytes(format!("the vault's key:{value}").as_bytes())
}

impl State {
    pub(crate) fn environment(&self, name: &str, disclosure: &Disclosure) -> ObservedEnvironment {
        let Some(host) = self.hosts.get(name) else {
            return ObservedEnvironment { name: name.to_owned(), ..ObservedEnvironment::default() };
        };
        let mut projects: BTreeMap<&str, Vec<ObservedContainer>> = BTreeMap::new();
        for one in host.containers.iter().filter(|one| !host.rows.iter().any(|row| row.name == one.project)) {
            projects.entry(&one.project).or_default().push(self.container(one));
        }
        ObservedEnvironment {
            name: name.to_owned(),
            id: Some(host.id),
            reach: if host.up { Reach::Up } else { Reach::Down },
            stacks: host.rows.iter().map(|row| self.row(name, row, disclosure)).collect(),
            projects: projects
                .into_iter()
                .map(|(name, containers)| ObservedProject {
                    name: name.to_owned(),
                    kind: StackKind::Compose,
                    containers,
                    protected: false,
                })
                .collect(),
            applied: BTreeMap::new(),
        }
    }

    pub(crate) fn row(&self, environment: &str, row: &Row, disclosure: &Disclosure) -> ObservedStack {
        let containers = self.hosts.get(environment).map(|host| &host.containers);
        ObservedStack {
            id: row.id,
            name: row.name.clone(),
            kind: row.kind,
            status: row.status,
            source: match &row.source {
                RowSource::Text(text) => ObservedSource::Text { digest: Digest::of_bytes(text.as_bytes()), text: None },
                RowSource::Git { url, reference, commit, file, more } => ObservedSource::Git {
                    url: url.clone(),
                    reference: reference.clone(),
                    commit: commit.clone(),
                    compose_file: file.clone(),
                    additional_files: more.clone(),
                    auto_update: row.auto_update.clone(),
                },
            },
            variables: row
                .env
                .iter()
                .map(|(name, value)| {
                    let plain = disclosure.allows(environment, &row.name, name).then(|| value.clone());
                    (name.clone(), ObservedValue { digest: keyed(value), plain })
                })
                .collect(),
            containers: containers
                .into_iter()
                .flatten()
                .filter(|one| one.project == row.name)
                .map(|one| self.container(one))
                .collect(),
            protected: row.protected,
        }
    }

    fn container(&self, one: &LiveContainer) -> ObservedContainer {
        let age = self.now - one.started;
        let (state, health, restarts, code) = match one.behaviour {
            _ if one.stopped => (ContainerState::Exited, ContainerHealth::None, 0, Some(137)),
            Behaviour::Healthy(after) if age < after => (ContainerState::Running, ContainerHealth::Starting, 0, None),
            Behaviour::Healthy(_) => (ContainerState::Running, ContainerHealth::Healthy, 0, None),
            Behaviour::DiesAfter(after) if age < after => (ContainerState::Running, ContainerHealth::Healthy, 0, None),
            Behaviour::DiesAfter(_) => (ContainerState::Exited, ContainerHealth::Unhealthy, 0, Some(1)),
            Behaviour::NeverHealthy => (ContainerState::Running, ContainerHealth::Unhealthy, 0, None),
            Behaviour::CrashLoop => {
                let state = if age / 500 % 2 == 0 { ContainerState::Running } else { ContainerState::Restarting };
                (state, ContainerHealth::None, u32::try_from(age / 1_000).unwrap(), Some(1))
            }
            Behaviour::Exits(code) => (ContainerState::Exited, ContainerHealth::None, 0, Some(code)),
            Behaviour::Missing | Behaviour::PortClash => (ContainerState::Created, ContainerHealth::None, 0, None),
        };
        ObservedContainer {
            id: one.id.clone(),
            name: format!("{}-{}-1", one.project, one.service),
            service: one.service.clone(),
            image: one.image.clone(),
            image_digest: Some(one.digest.clone()),
            state,
            health,
            restart_count: restarts,
            exit_code: code,
            started_at: Some(if one.behaviour == Behaviour::CrashLoop { self.now } else { one.started }),
            config_hash: Some(one.hash.clone()),
        }
    }
}
