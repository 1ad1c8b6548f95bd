//! What containers that are not well last wrote.

use futures::{
    TryStreamExt as _,
    future::{join_all, try_join_all},
};
use reconcile::{
    model::ObservedContainer,
    ports::{LogLine, PortError},
};

use super::{
    super::{
        EnvironmentId, PortainerError,
        docker::{Container, ContainerDetails, ContainerHealth, ContainerState, ContainersOf, LogOptions, LogSource},
    },
    PortainerTarget,
    observe::missing,
    unread,
};

/// Runs, and passes its check if it has one, and was not started over and over.
fn is_well(details: &ContainerDetails) -> bool {
    details.state == ContainerState::Running
        && match details.health {
            ContainerHealth::Healthy => true,
            ContainerHealth::Unchecked => details.restarts < i64::from(ObservedContainer::CRASH_LOOP_RESTARTS),
            ContainerHealth::Starting | ContainerHealth::Unhealthy => false,
        }
}

impl PortainerTarget {
    pub(super) async fn logs_of(&self, environment: &str, stack: &str, lines: u32) -> Result<Vec<LogLine>, PortError> {
        let all = self.read(self.portainer.environments()).await.map_err(|error| unread(&error))?;
        let found = all.into_iter().find(|one| one.name == environment);
        let environment = found.ok_or_else(|| PortError::new(missing(environment)))?.id;
        let which = [ContainersOf::Project(stack.to_owned()), ContainersOf::SwarmStack(stack.to_owned())];
        let lists = which.iter().map(|of| self.read(self.portainer.containers(environment, of)));
        let listed = try_join_all(lists).await.map_err(|error| unread(&error))?;
        let mut listed: Vec<Container> = listed.into_iter().flatten().collect();
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        let logs = join_all(listed.iter().map(|one| self.log(environment, one, lines))).await;
        let mut told = Vec::new();
        let mut failure = None;
        for log in logs {
            match log {
                Ok(lines) => told.extend(lines),
                // Gone meanwhile: nothing to tell any more.
                Err(PortainerError::NotFound { .. }) => {}
                Err(error) => failure = Some(error),
            }
        }
        // Some lines are better than none.
        match failure {
            Some(error) if told.is_empty() => Err(unread(&error)),
            _ => Ok(told),
        }
    }

    async fn log(
        &self,
        environment: EnvironmentId,
        of: &Container,
        lines: u32,
    ) -> Result<Vec<LogLine>, PortainerError> {
        let details = self.read(self.portainer.container(environment, &of.id)).await?;
        if is_well(&details) {
            return Ok(Vec::new());
        }
        let options = LogOptions { tail: Some(lines), ..LogOptions::default() };
        let written = self.read(async {
            let log = self.portainer.container_logs(environment, &of.id, &options).await?;
            log.try_collect::<Vec<_>>().await
        });
        let line = |at, stderr, text| LogLine {
            service: of.service.clone().unwrap_or_default(),
            container: of.name.clone(),
            at,
            stderr,
            text,
        };
        let mut told: Vec<LogLine> =
            written.await?.into_iter().map(|one| line(one.time, one.stream == LogSource::Stderr, one.text)).collect();
        // Docker's own words say why a container never wrote any.
        if !details.error.is_empty() {
            told.push(line(details.finished, true, details.error));
        }
        let failed = details.health_checks.into_iter().rfind(|check| check.exit_code != 0);
        if let Some(check) = failed.filter(|_| details.health == ContainerHealth::Unhealthy) {
            let text = check.output.trim();
            told.push(line(check.ended, true, format!("health check (exit code {}): {text}", check.exit_code)));
        }
        Ok(told)
    }
}
