//! Restarting a container by hand: with a reason, under the environment's lock, and looked at afterwards.

use std::time::Duration;

use reconcile::{Redactor, model::Condition};
use serde_json::json;
use tokio::time::{Instant, sleep};
use types::{Millis, Problem, ProblemCode};
use upstream::portainer::PortainerError;

use super::{ContainerReading, ContainerRef, Found};
use crate::{
    ServiceError,
    deploy::{Deploy, DeployError, Deployer},
};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 300;
/// How long the container is looked at afterwards. Its page tells how it goes on.
const WATCH: Duration = Duration::from_secs(8);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(400);

impl Deploy {
    /// Restarts a container of a stack and looks at it until it is well or not, for some seconds at most. The reason goes into the
    /// audit.
    ///
    /// # Errors
    /// `Forbidden` where the deployer may not deploy; `Invalid` without a reason; `Conflict` while an apply or another hand is at work on the environment, and for Portainer, its
    /// agents and this program; as [`container`](Self::container). An answer that is lost is looked for, never asked again.
    pub async fn restart_container(
        &self,
        deployer: &Deployer,
        at: &ContainerRef,
        reason: &str,
    ) -> Result<ContainerReading, DeployError> {
        deployer.admit(&at.environment)?;
        let reason = reason.trim();
        let wrong = |text: String| DeployError::Service(Problem::field("reason", text).into());
        if reason.is_empty() {
            return Err(wrong("Say why: whoever reads the audit will want to know.".to_owned()));
        }
        if reason.chars().count() > LONGEST_REASON {
            return Err(wrong(format!("The reason has at most {LONGEST_REASON} characters.")));
        }
        let found = self.find_container(at).await?;
        if self.settings().protected.holds(&found.listed) {
            let text = format!(
                "“{}” is Portainer, its agent or this program: restarting it would cut off what restarts it. Do that on the machine itself.",
                at.container
            );
            return Err(DeployError::refused(ProblemCode::Conflict, text));
        }
        let lease = self.lock_environment(deployer, &at.environment).await?;
        let restarted = self.restart(deployer, at, &found, reason).await;
        self.unlock(lease, matches!(restarted, Err(Failed::Unanswered(_)))).await;
        match restarted {
            Ok(()) => self.watch_restart(&found).await,
            Err(Failed::No(error) | Failed::Unanswered(error)) => Err(error),
        }
    }

    async fn restart(&self, deployer: &Deployer, at: &ContainerRef, found: &Found, reason: &str) -> Result<(), Failed> {
        let before = self.read_container(found).await?.details.started;
        // Docker's words of a start that failed repeat the command line.
        let redactor = self.redactor(&at.stack()).await?;
        let detail =
            json!({ "stack": at.stack, "environment": at.environment, "id": found.listed.id, "reason": reason });
        self.record(deployer, "container.restart", format!("container:{}", at.container), &detail).await?;
        match found.client.restart_container(found.environment, &found.listed.id).await {
            Ok(_) => Ok(()),
            Err(error) if error.outcome_unknown() => self.was_restarted(found, before, error).await,
            Err(error) => Err(Failed::No(DeployError::Service(hiding(&redactor, DeployError::from(error)).into()))),
        }
    }

    /// After an answer that was lost: whether the container was started since.
    async fn was_restarted(&self, found: &Found, before: Option<Millis>, error: PortainerError) -> Result<(), Failed> {
        let until = Instant::now() + WATCH;
        while Instant::now() < until {
            if let Ok(now) = self.read_container(found).await
                && now.details.started > before
            {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(Failed::Unanswered(error.into()))
    }

    async fn watch_restart(&self, found: &Found) -> Result<ContainerReading, DeployError> {
        let until = Instant::now() + WATCH;
        loop {
            let reading = self.read_container(found).await?;
            if reading.condition != Condition::Pending || Instant::now() >= until {
                return Ok(reading);
            }
            sleep(PAUSE).await;
        }
    }
}

/// What went wrong, without the stack's secrets.
fn hiding(redactor: &Redactor, error: DeployError) -> Problem {
    let problem = ServiceError::from(error).problem();
    Problem { message: redactor.clean(&problem.message), ..problem }
}

/// Why a restart did not come about.
enum Failed {
    /// It did not.
    No(DeployError),
    /// Nobody knows: Docker may still be at it.
    Unanswered(DeployError),
}

impl From<DeployError> for Failed {
    fn from(error: DeployError) -> Self {
        Self::No(error)
    }
}
