//! Looking: a whole environment, one stack, the orphans.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join, try_join_all};
use reconcile::{
    model::{Disclosure, ObservedEnvironment, ObservedProject, ObservedStack, Reach},
    ports::{PortError, StackView},
};

use super::{
    super::{EnvironmentId, PortainerError, docker::ContainersOf, environments::Environment, stacks::Stack},
    PortainerTarget,
    containers::{Group, Groups, Project, Reading},
    rows::{Row, is_docker},
    unread,
};

/// Whether the error tells of the host, not of Portainer, which answered a moment ago.
const fn host_is_down(error: &PortainerError) -> bool {
    matches!(
        error,
        PortainerError::HostUnreachable { .. }
            | PortainerError::AgentUnreachable { .. }
            | PortainerError::TimedOut { .. }
            | PortainerError::Docker { status: 500.., .. }
    )
}

impl PortainerTarget {
    /// Environments and rows, both afresh.
    async fn books(&self) -> Result<(Vec<Environment>, Vec<Stack>), PortainerError> {
        try_join(self.read(self.portainer.environments()), self.read(self.portainer.stacks())).await
    }

    pub(super) async fn environment(
        &self,
        name: &str,
        disclosure: &Disclosure,
    ) -> Result<ObservedEnvironment, PortainerError> {
        let (environments, mut rows) = self.books().await?;
        let Some(found) = environments.into_iter().find(|one| one.name == name) else {
            return Ok(ObservedEnvironment { name: name.to_owned(), ..ObservedEnvironment::default() });
        };
        rows.retain(|row| row.environment == found.id && is_docker(row));
        let (rows, host) = try_join(self.with_texts(rows), self.host(found.id)).await?;
        let reach = if host.is_some() { Reach::Up } else { Reach::Down };
        let mut groups = host.unwrap_or_default();
        let owned: BTreeSet<_> = rows.iter().map(Row::project).collect();
        let stacks = rows.into_iter().map(|row| self.observed_row(name, row, &groups, disclosure)).collect();
        groups.retain(|project, _| !owned.contains(project));
        Ok(ObservedEnvironment {
            name: name.to_owned(),
            id: Some(found.id.0),
            reach,
            stacks,
            projects: self.projects(groups),
            applied: BTreeMap::new(),
        })
    }

    /// All containers of a host that belong to a project; none if it does not answer.
    async fn host(&self, environment: EnvironmentId) -> Result<Option<Groups>, PortainerError> {
        let look = async {
            let listed = self.read(self.portainer.containers(environment, &ContainersOf::Host)).await?;
            self.groups(environment, listed, Reading::Host).await
        };
        match look.await {
            Ok(groups) => Ok(Some(groups)),
            Err(error) if host_is_down(&error) => {
                tracing::info!(environment = environment.0, "a Docker host does not answer");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn projects(&self, groups: Groups) -> Vec<ObservedProject> {
        let observed = |(project, group): (Project, Group)| ObservedProject {
            kind: project.kind(),
            protected: group.protected || self.protected.holds_project(&project.name),
            name: project.name,
            containers: group.containers,
        };
        groups.into_iter().map(observed).collect()
    }

    pub(super) async fn orphaned_rows(&self) -> Result<Vec<ObservedStack>, PortainerError> {
        let (environments, mut rows) = self.books().await?;
        let known: BTreeSet<EnvironmentId> = environments.iter().map(|one| one.id).collect();
        rows.retain(|row| !known.contains(&row.environment) && is_docker(row));
        let rows = self.with_texts(rows).await?;
        let nothing = Disclosure::nothing();
        Ok(rows.into_iter().map(|row| self.observed_row("", row, &Groups::new(), &nothing)).collect())
    }

    pub(super) async fn stack_view(
        &self,
        environment: &str,
        names: &[String],
        disclosure: &Disclosure,
    ) -> Result<StackView, PortError> {
        let (environments, mut rows) = self.books().await.map_err(|error| unread(&error))?;
        let Some(found) = environments.into_iter().find(|one| one.name == environment) else {
            return Err(PortError::new(missing(environment)));
        };
        rows.retain(|row| row.environment == found.id && is_docker(row) && names.contains(&row.name));
        let look = try_join(self.with_texts(rows), self.named(found.id, names));
        let (rows, mut groups) = look.await.map_err(|error| unread(&error))?;
        let owned: BTreeSet<_> = rows.iter().map(Row::project).collect();
        let rows = rows.into_iter().map(|row| self.observed_row(environment, row, &groups, disclosure)).collect();
        groups.retain(|project, _| !owned.contains(project));
        Ok(StackView { rows, projects: self.projects(groups) })
    }

    /// The containers under these names, of compose and swarm.
    async fn named(&self, environment: EnvironmentId, names: &[String]) -> Result<Groups, PortainerError> {
        let which =
            names.iter().flat_map(|name| [ContainersOf::Project(name.clone()), ContainersOf::SwarmStack(name.clone())]);
        let lists = which.map(|of| async move { self.read(self.portainer.containers(environment, &of)).await });
        let listed = try_join_all(lists).await?.into_iter().flatten().collect();
        self.groups(environment, listed, Reading::Stack).await
    }
}

/// Cause and remedy.
pub(super) fn missing(environment: &str) -> String {
    format!(
        "Portainer has no environment named “{environment}”. Register its Docker host in Portainer under this name, or \
         correct the name in the catalog."
    )
}
