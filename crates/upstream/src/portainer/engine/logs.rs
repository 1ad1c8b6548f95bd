//! What containers that are not well last wrote.

use std::{collections::VecDeque, time::Duration};

use futures::{
    StreamExt as _,
    future::{join_all, try_join_all},
};
use reconcile::{
    model::ObservedContainer,
    ports::{LogLine, PortError},
};
use tokio::time::{Instant, timeout_at};

use super::{
    super::{
        EnvironmentId, PortainerError,
        docker::{Container, ContainerDetails, ContainerHealth, ContainerState, ContainersOf, LogOptions, LogSource},
    },
    PortainerTarget,
    observe::missing,
    unread,
};

/// When logs are read no longer, whatever has come by then: a step waits for them, and holds a lock.
const LOG_TIME: Duration = Duration::from_secs(20);
/// Of so many containers at most.
const MOST_CONTAINERS: usize = 24;
/// So many bytes of a line are kept: they go into the journal.
const KEPT_LINE: usize = 2 * 1024;
/// Ends a line of which the rest is not kept.
const CUT: char = '…';

/// A line as it is kept.
fn kept(mut text: String, cut: bool) -> String {
    let room = (0..=KEPT_LINE.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    if cut || room < text.len() {
        text.truncate(room);
        text.push(CUT);
    }
    text
}

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
        let until = Instant::now() + LOG_TIME;
        let mut unwell = Vec::new();
        let looks = listed.iter().map(|one| self.unwell(environment, one));
        for (of, look) in listed.iter().zip(join_all(looks).await) {
            unwell.extend(look.transpose().map(|details| details.map(|details| (of, details))));
        }
        unwell.truncate(MOST_CONTAINERS);
        let logs = unwell.into_iter().map(|look| async {
            let (of, details) = look?;
            self.log(environment, of, details, lines, until).await
        });
        let logs = join_all(logs).await;
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

    /// A container in detail, if it is not well.
    async fn unwell(
        &self,
        environment: EnvironmentId,
        of: &Container,
    ) -> Result<Option<ContainerDetails>, PortainerError> {
        let details = self.read(self.portainer.container(environment, &of.id)).await?;
        Ok((!is_well(&details)).then_some(details))
    }

    async fn log(
        &self,
        environment: EnvironmentId,
        of: &Container,
        details: ContainerDetails,
        lines: u32,
        until: Instant,
    ) -> Result<Vec<LogLine>, PortainerError> {
        let line = |at, stderr, text: String, cut| LogLine {
            service: of.service.clone().unwrap_or_default(),
            container: of.name.clone(),
            at,
            stderr,
            text: kept(text, cut),
        };
        let most = usize::try_from(lines).unwrap_or(usize::MAX);
        let mut told = VecDeque::new();
        let read = self.read(async {
            let options = LogOptions { tail: Some(lines), ..LogOptions::default() };
            let mut log = self.portainer.container_logs(environment, &of.id, &options).await?;
            while let Some(one) = log.next().await.transpose()? {
                told.push_back(line(one.time, one.stream == LogSource::Stderr, one.text, one.cut));
                if told.len() > most {
                    told.pop_front();
                }
            }
            Ok(())
        });
        let end = timeout_at(until, read).await;
        let mut told: Vec<LogLine> = told.into();
        match end {
            Ok(Err(error)) if told.is_empty() => return Err(error),
            // Some lines are better than none.
            Ok(_) | Err(_) => {}
        }
        // Docker's own words say why a container never wrote any.
        if !details.error.is_empty() {
            told.push(line(details.finished, true, details.error, false));
        }
        let failed = details.health_checks.into_iter().rfind(|check| check.exit_code != 0);
        if let Some(check) = failed.filter(|_| details.health == ContainerHealth::Unhealthy) {
            let text = format!("health check (exit code {}): {}", check.exit_code, check.output.trim());
            told.push(line(check.ended, true, text, false));
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_LINE, kept};

    #[test]
    fn long_lines_are_cut_between_characters_and_say_so() {
        assert_eq!(kept("short".to_owned(), false), "short");
        assert_eq!(kept("short".to_owned(), true), "short…");
        let long = kept(format!("x{}", "ä".repeat(KEPT_LINE)), false);
        assert!(long.ends_with("ä…") && long.len() <= KEPT_LINE + 3, "{}", long.len());
    }
}
