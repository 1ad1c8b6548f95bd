//! What a container writes: its last lines, and those that come. Secrets of its stack are blotted out.

use std::time::Duration;

use catalog::{Reading, vault::VaultError};
use futures::{Stream, StreamExt as _};
use reconcile::{
    Redactor,
    model::{DesiredValue, Scope, SecretRef, StackRef},
    ports::{Journal as _, LogLine},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use types::{
    ProblemCode,
    catalog::{SecretName, VariableValue, normalise_name},
};
use upstream::portainer::docker::{self, LogOptions, LogSource};

use super::{ContainerRef, Found};
use crate::deploy::{Deploy, DeployError, Onlooker};

/// The most lines that are read at once.
pub const MOST_LINES: u32 = 10_000;
/// The most bytes of lines that are read at once.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// When a log that is not followed is read no longer: what came until then is shown.
const LOG_TIME: Duration = Duration::from_secs(20);
/// Lines of a followed log that are handed on at once.
const AT_ONCE: usize = 200;
/// Of a secret with line breaks, lines of so many bytes or more are secrets of their own: a log is read line by line.
const SECRET_LINE: usize = 6;

/// The last lines of a container's log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerLog {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// There were more than were asked for, or than are read at once.
    pub more: bool,
}

impl Deploy {
    /// The last lines of a container's log, [`MOST_LINES`] at most. Values of the stack's secrets, as they are wanted now and as
    /// they were last applied, are blotted out.
    ///
    /// # Errors
    /// `NotFound` when the stack has no such container; when its host does not answer; when a secret can't be had, without which
    /// nobody can say what to blot out.
    pub async fn container_log(
        &self,
        _: &Onlooker,
        at: &ContainerRef,
        lines: u32,
    ) -> Result<ContainerLog, DeployError> {
        let lines = lines.clamp(1, MOST_LINES);
        let redactor = self.redactor(&at.stack()).await?;
        let found = self.find_container(at).await?;
        // One more than asked tells whether there are more.
        let options = LogOptions { tail: Some(lines + 1), ..LogOptions::default() };
        let until = Instant::now() + LOG_TIME;
        let open = found.client.container_logs(found.environment, &found.listed.id, &options);
        let mut log = timeout_at(until, open).await.map_err(|_| silent())??;
        let (mut told, mut bytes, mut more) = (std::collections::VecDeque::new(), 0, false);
        loop {
            let line = match timeout_at(until, log.next()).await {
                Ok(Some(Ok(line))) => line,
                Ok(None) => break,
                // Some lines are better than none.
                Ok(Some(Err(_))) | Err(_) if !told.is_empty() => {
                    more = true;
                    break;
                }
                Ok(Some(Err(error))) => return Err(error.into()),
                Err(_) => return Err(silent()),
            };
            let line = clean(&redactor, &found, line);
            bytes += line.text.len();
            told.push_back(line);
            while told.len() > usize::try_from(lines).unwrap_or(usize::MAX) || bytes > MOST_BYTES {
                let Some(first) = told.pop_front() else { break };
                bytes -= first.text.len();
                more = true;
            }
        }
        Ok(ContainerLog { lines: told.into(), more })
    }

    /// Follows a container's log: first its last lines, then what it writes, some lines at a time, until the container ends or the
    /// stream is dropped, which closes the connection to its host.
    ///
    /// # Errors
    /// As [`container_log`](Self::container_log); a connection that breaks later ends the stream with an error.
    pub async fn follow_log(
        &self,
        _: &Onlooker,
        at: &ContainerRef,
        lines: u32,
    ) -> Result<impl Stream<Item = Result<Vec<LogLine>, DeployError>> + Send + 'static + use<>, DeployError> {
        let redactor = self.redactor(&at.stack()).await?;
        let found = self.find_container(at).await?;
        let options = LogOptions { tail: Some(lines.clamp(1, MOST_LINES)), follow: true, ..LogOptions::default() };
        let log = found.client.container_logs(found.environment, &found.listed.id, &options).await?;
        Ok(log.ready_chunks(AT_ONCE).map(move |lines| {
            lines.into_iter().map(|line| Ok(clean(&redactor, &found, line?))).collect::<Result<Vec<_>, DeployError>>()
        }))
    }

    /// Knows every secret that a stack's containers may repeat: as they are wanted now, and as they were last applied. Asks nobody
    /// but catalog, vault and database.
    pub(in crate::deploy) async fn redactor(&self, at: &StackRef) -> Result<Redactor, DeployError> {
        let now = self.0.home.now().await?;
        let redactor = Redactor::default();
        for name in wanted(&now.reading, at)? {
            match self.0.home.reveal(&now, &name) {
                Ok(value) => learn(&redactor, &value),
                // Never set, so nothing of it can have been handed over.
                Err(VaultError::UnknownSecret(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let applied = self.0.memory.revisions(at).await?.pop().map(|newest| newest.variables).unwrap_or_default();
        let applied = applied.into_values().filter_map(|value| match value {
            DesiredValue::Secret { name, version, .. } => Some(SecretRef { name, version }),
            _ => None,
        });
        let mut applied = applied.peekable();
        if applied.peek().is_some() {
            let engine = self.engine(Scope::Only([at.clone()].into())).await?;
            for secret in applied {
                learn(&redactor, &engine.secret(&secret).await?);
            }
        }
        Ok(redactor)
    }
}

/// The secrets that the catalog hands to a stack on an environment. What the catalog does not assign there gets none from it.
fn wanted(reading: &Reading, at: &StackRef) -> Result<Vec<SecretName>, DeployError> {
    let catalog = &reading.catalog;
    // What has an error can be read all the same, most often; what is not there could not.
    let is_lost = |name: &String| normalise_name(name) == at.stack && catalog.stack(name).is_none();
    let is_lost = reading.blocked_stacks.iter().any(is_lost);
    if is_lost || !reading.stacks_are_complete || !reading.guests_are_complete {
        return Err(DeployError::refused(
            ProblemCode::Conflict,
            "The catalog is broken, so nobody can say which secrets to blot out. Mend it first; `phoenix-cli validate` says where.",
        ));
    }
    let mut names = Vec::new();
    for guest in catalog.guests.iter().filter(|guest| guest.environment.as_ref() == Some(&at.environment)) {
        for assignment in guest.assignments.iter().filter(|one| normalise_name(&one.stack) == at.stack) {
            let Some(stack) = catalog.stack(&assignment.stack) else { continue };
            let effective = stack.on(guest.settings_for(assignment));
            names.extend(effective.env.into_iter().filter_map(|variable| match variable.value {
                VariableValue::Secret(name) => Some(name),
                VariableValue::Plain(_) => None,
            }));
        }
    }
    Ok(names)
}

fn learn(redactor: &Redactor, secret: &SecretString) {
    redactor.learn(secret);
    let text = secret.expose_secret();
    if text.contains('\n') {
        for line in text.lines().map(str::trim).filter(|line| line.len() >= SECRET_LINE) {
            redactor.learn(&SecretString::from(line));
        }
    }
}

fn clean(redactor: &Redactor, found: &Found, line: docker::LogLine) -> LogLine {
    // A line that was cut may end within a secret; its end says so.
    let text = if line.cut { format!("{}…", line.text) } else { line.text };
    LogLine {
        service: found.listed.service.clone().unwrap_or_default(),
        container: found.listed.name.clone(),
        at: line.time,
        stderr: line.stream == LogSource::Stderr,
        text: redactor.clean_line(&text),
    }
}

fn silent() -> DeployError {
    let text = format!("The Docker host told nothing of the log within {} s. Try again.", LOG_TIME.as_secs());
    DeployError::refused(ProblemCode::UpstreamUnavailable, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_secret_with_line_breaks_is_blotted_out() {
        let redactor = Redactor::default();
        learn(&redactor, &SecretString::from("-----BEGIN KEY-----\nAbCdEfGh12345\n}\n-----END KEY-----\n"));
        assert_eq!(redactor.clean_line("read AbCdEfGh12345 from a file }"), "read [secret] from a file }");
    }
}
