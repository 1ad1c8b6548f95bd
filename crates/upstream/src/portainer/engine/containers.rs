//! Docker's containers as the engine knows them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join, try_join_all};
use reconcile::model::{ContainerHealth, ContainerState, ObservedContainer, StackKind};

use super::{
    super::{
        EnvironmentId, PortainerError,
        docker::{self, Container, ContainerDetails},
    },
    PortainerTarget, images,
};

const COMPOSE_PROJECT: &str = "com.docker.compose.project";
const ONE_OFF: &str = "com.docker.compose.oneoff";
const CONFIG_HASH: &str = "com.docker.compose.config-hash";
const TASK_NAME: &str = "com.docker.swarm.task.name";

/// A project or stack on a host: its name, and what made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Project {
    pub(super) name: String,
    pub(super) swarm: bool,
}

impl Project {
    /// The project a container belongs to, if it does.
    pub(super) fn of(container: &Container) -> Option<Self> {
        // `compose run` makes containers that no `up` asked for.
        if container.labels.get(ONE_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let swarm = !container.labels.contains_key(COMPOSE_PROJECT);
        container.project.clone().map(|name| Self { name, swarm })
    }

    pub(super) const fn kind(&self) -> StackKind {
        if self.swarm { StackKind::Swarm } else { StackKind::Compose }
    }
}

/// A project's containers.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) containers: Vec<ObservedContainer>,
    pub(super) protected: bool,
}

pub(super) type Groups = BTreeMap<Project, Group>;

/// How much is read again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A whole host: images that were seen before are not read again.
    Host,
    /// One stack, to see what became of a call: everything is.
    Stack,
}

impl PortainerTarget {
    /// Reads the listed containers in detail. What went away since they were listed is left out.
    pub(super) async fn groups(
        &self,
        environment: EnvironmentId,
        listed: Vec<Container>,
        reading: Reading,
    ) -> Result<Groups, PortainerError> {
        let listed: Vec<(Project, Container)> =
            listed.into_iter().filter_map(|one| Project::of(&one).map(|project| (project, one))).collect();
        let listed = newest_tasks(listed);
        let ids: BTreeSet<String> =
            listed.iter().map(|(_, one)| one.image_id.clone()).filter(|id| !id.is_empty()).collect();
        let details = try_join_all(listed.iter().map(|(_, one)| self.details(environment, &one.id)));
        let digests = self.digests(environment, ids, reading == Reading::Stack);
        let (details, digests) = try_join(details, digests).await?;
        if reading == Reading::Host {
            self.keep_images(environment, &digests);
        }
        let mut groups = Groups::new();
        for ((project, one), details) in listed.into_iter().zip(details) {
            let Some(details) = details else { continue };
            let known = digests.get(&one.image_id).map(Vec::as_slice).unwrap_or_default();
            let protected = self.protected.holds(&one);
            let container = observed(&project, one, details, known);
            let group = groups.entry(project).or_default();
            group.containers.push(container);
            group.protected |= protected;
        }
        Ok(groups)
    }

    async fn details(&self, environment: EnvironmentId, id: &str) -> Result<Option<ContainerDetails>, PortainerError> {
        match self.read(self.portainer.container(environment, id)).await {
            Ok(details) => Ok(Some(details)),
            Err(PortainerError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Swarm keeps the containers of former tasks: only the newest of each slot counts.
fn newest_tasks(listed: Vec<(Project, Container)>) -> Vec<(Project, Container)> {
    let mut newest: BTreeMap<(Project, String), Container> = BTreeMap::new();
    for (project, container) in listed {
        let slot = match container.labels.get(TASK_NAME).and_then(|task| task.rsplit_once('.')) {
            Some((slot, _)) if project.swarm => slot.to_owned(),
            _ => container.id.clone(),
        };
        let age = |one: &Container| (one.state == docker::ContainerState::Running, one.created);
        match newest.get(&(project.clone(), slot.clone())) {
            Some(other) if age(other) >= age(&container) => {}
            _ => _ = newest.insert((project, slot), container),
        }
    }
    newest.into_iter().map(|((project, _), container)| (project, container)).collect()
}

fn observed(project: &Project, listed: Container, details: ContainerDetails, digests: &[String]) -> ObservedContainer {
    // The list shows a bare identifier once the name has gone to another image.
    let image = if details.image.is_empty() { listed.image } else { details.image };
    let service = listed.service.unwrap_or_default();
    let service = match service.strip_prefix(&format!("{}_", project.name)) {
        Some(short) if project.swarm => short.to_owned(),
        _ => service,
    };
    let state = state(&details.state);
    let ended = matches!(state, ContainerState::Exited | ContainerState::Dead | ContainerState::Restarting);
    ObservedContainer {
        id: details.id,
        name: details.name,
        service,
        image_digest: images::digest_of(&image, digests),
        image,
        state,
        health: health(details.health),
        restart_count: u32::try_from(details.restarts.max(0)).unwrap_or(u32::MAX),
        exit_code: ended.then_some(details.exit_code),
        started_at: details.started,
        config_hash: listed.labels.get(CONFIG_HASH).cloned(),
    }
}

fn state(state: &docker::ContainerState) -> ContainerState {
    match state {
        docker::ContainerState::Created => ContainerState::Created,
        docker::ContainerState::Running => ContainerState::Running,
        docker::ContainerState::Restarting => ContainerState::Restarting,
        docker::ContainerState::Paused => ContainerState::Paused,
        docker::ContainerState::Exited => ContainerState::Exited,
        docker::ContainerState::Removing => ContainerState::Removing,
        docker::ContainerState::Dead => ContainerState::Dead,
        docker::ContainerState::Unknown(word) => match word.as_str() {
            // Podman's words.
            "stopped" => ContainerState::Exited,
            "stopping" => ContainerState::Removing,
            // What is not known to run does not count as running.
            _ => ContainerState::Created,
        },
    }
}

const fn health(health: docker::ContainerHealth) -> ContainerHealth {
    match health {
        docker::ContainerHealth::Unchecked => ContainerHealth::None,
        docker::ContainerHealth::Starting => ContainerHealth::Starting,
        docker::ContainerHealth::Healthy => ContainerHealth::Healthy,
        docker::ContainerHealth::Unhealthy => ContainerHealth::Unhealthy,
    }
}
