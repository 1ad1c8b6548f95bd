//! Docker's containers as the engine knows them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join, try_join_all};
use reconcile::model::{Condition, ContainerHealth, ContainerState, ObservedContainer, StackKind};
use types::Millis;

use super::{
    super::{
        EnvironmentId, PortainerError,
        docker::{self, Container, ContainerDetails, PROJECT_LABEL},
    },
    PortainerTarget, images,
};

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
        let swarm = !container.labels.contains_key(PROJECT_LABEL);
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

/// What a container's figures mean at `now`, as the engine reads them.
#[must_use]
pub fn condition(listed: &Container, details: &ContainerDetails, now: Millis) -> Condition {
    let project = Project::of(listed).unwrap_or(Project { name: String::new(), swarm: false });
    observed(&project, listed.clone(), details.clone(), &[]).condition(now)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, created: i64, state: docker::ContainerState, labels: &[(&str, &str)]) -> Container {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let first = |names: [&str; 2]| names.iter().find_map(|name| labels.get(*name)).cloned();
        Container {
            id: id.to_owned(),
            name: format!("name-of-{id}"),
            image: "sha256:0".to_owned(),
            image_id: "sha256:0".to_owned(),
            created,
            state,
            health: docker::ContainerHealth::Unchecked,
            status: String::new(),
            project: first([PROJECT_LABEL, "com.docker.stack.namespace"]),
            service: first(["com.docker.compose.service", "com.docker.swarm.service.name"]),
            ports: Vec::new(),
            labels,
            is_portainer: false,
        }
    }

    fn task(id: &str, created: i64, state: docker::ContainerState, slot: u8) -> Container {
        let name = format!("shop_web.{slot}.{id}");
        let labels = [
            ("com.docker.stack.namespace", "shop"),
            ("com.docker.swarm.service.name", "shop_web"),
            (TASK_NAME, name.as_str()),
        ];
        listed(id, created, state, &labels)
    }

    fn details(state: docker::ContainerState) -> ContainerDetails {
        ContainerDetails {
            id: "a".to_owned(),
            name: "shop-web-1".to_owned(),
            image: "nginx:1".to_owned(),
            image_id: "sha256:0".to_owned(),
            state,
            health: docker::ContainerHealth::Healthy,
            health_checks: Vec::new(),
            exit_code: 137,
            out_of_memory: false,
            error: String::new(),
            restarts: -1,
            started: Some(7),
            finished: None,
            ports: Vec::new(),
            tty: false,
            labels: BTreeMap::new(),
        }
    }

    #[test]
    fn only_the_newest_task_of_a_slot_counts() {
        use docker::ContainerState::{Exited, Running};

        let all = [task("a", 1, Exited, 1), task("b", 2, Running, 1), task("c", 3, Exited, 1), task("d", 1, Exited, 2)];
        let listed = all.into_iter().map(|one| (Project::of(&one).unwrap(), one)).collect();
        let left: Vec<String> = newest_tasks(listed).into_iter().map(|(_, one)| one.id).collect();
        assert_eq!(left, ["b", "d"]);
    }

    #[test]
    fn what_compose_runs_once_belongs_to_no_stack() {
        let labels = [(PROJECT_LABEL, "shop"), (ONE_OFF, "True")];
        assert_eq!(Project::of(&listed("a", 1, docker::ContainerState::Exited, &labels)), None);
        let labels = [(PROJECT_LABEL, "shop"), (ONE_OFF, "False")];
        let project = Project::of(&listed("a", 1, docker::ContainerState::Exited, &labels)).unwrap();
        assert_eq!((project.name.as_str(), project.kind()), ("shop", StackKind::Compose));
        assert_eq!(Project::of(&listed("a", 1, docker::ContainerState::Exited, &[])), None);
    }

    #[test]
    fn list_and_details_make_one_container() {
        let compose = [(PROJECT_LABEL, "shop"), ("com.docker.compose.service", "shop_web"), (CONFIG_HASH, "abc")];
        let running = docker::ContainerState::Running;
        let one = listed("a", 1, running.clone(), &compose);
        let project = Project::of(&one).unwrap();
        let seen = observed(&project, one, details(running.clone()), &["nginx@sha256:1".to_owned()]);
        assert_eq!((seen.service.as_str(), seen.config_hash.as_deref()), ("shop_web", Some("abc")));
        assert_eq!((seen.image.as_str(), seen.image_digest.as_deref()), ("nginx:1", Some("sha256:1")));
        assert_eq!((seen.exit_code, seen.restart_count, seen.started_at), (None, 0, Some(7)), "it runs");
        let one = task("a", 1, running, 1);
        let project = Project::of(&one).unwrap();
        let seen = observed(&project, one, details(docker::ContainerState::Unknown("stopped".to_owned())), &[]);
        assert_eq!((seen.service.as_str(), seen.state), ("web", ContainerState::Exited));
        assert_eq!((seen.exit_code, seen.image_digest), (Some(137), None));
    }
}
