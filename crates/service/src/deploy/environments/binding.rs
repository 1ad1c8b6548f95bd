//! Registering guests with Portainer as environments, and taking them away.
//!
//! Portainer checks a name before it looks at the host, for up to a minute, and saves it at the end: a call that was not answered
//! may still have its effect, and two at once make two of one name. So the environment's own lock is held meanwhile, and what was
//! not answered is looked for, never sent again.

use std::time::Duration;

use reconcile::{
    model::Reach,
    ports::{Lease, Locks as _, LocksError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;
use types::ProblemCode;
use upstream::portainer::{
    EnvironmentId, Portainer, PortainerError,
    docker::{ContainerState, ContainersOf},
    environments::{Environment, EnvironmentChange, EnvironmentKind, EnvironmentStatus, NewAgentEnvironment},
};

use super::{
    registry::{Registered, among, look_up},
    target::{Target, find_guest, target},
};
use crate::deploy::{Deploy, DeployError, Onlooker, Operator};

/// The lock outlasts the longest of Portainer's own waits, and whatever this process still has to look at.
const LOCK_MARGIN: Duration = Duration::from_secs(240);

/// A guest that is an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The guest as it stands in the catalog.
    pub target: Target,
    /// Portainer's number.
    pub id: i64,
    /// What was done.
    pub how: BoundHow,
    /// Whether it answered Portainer a moment ago.
    pub reach: Reach,
    /// The agent's version.
    pub agent_version: String,
}

/// What binding did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum BoundHow {
    /// It was registered.
    Registered,
    /// It was there, as the catalog says.
    Found,
    /// It was there, reached without an agent (Portainer's own host, or an agent that calls in), and was left so.
    FoundOtherwise,
    /// It was there at another address and has the catalog's now.
    Moved {
        /// The address it had.
        from: String,
    },
}

/// What has to be done.
enum Act {
    Keep(Environment, BoundHow),
    Register,
    Move(Environment),
}

fn decide(registered: Registered, target: &Target, rebind: bool) -> Result<Act, DeployError> {
    let (name, wanted) = (&target.environment, target.agent.url());
    match registered {
        Registered::No => Ok(Act::Register),
        Registered::Yes(environment) if environment.kind == EnvironmentKind::Agent => {
            Ok(Act::Keep(environment, BoundHow::Found))
        }
        Registered::Yes(environment) => Ok(Act::Keep(environment, BoundHow::FoundOtherwise)),
        Registered::Elsewhere(environment) if rebind => Ok(Act::Move(environment)),
        Registered::Elsewhere(environment) => Err(DeployError::refused(
            ProblemCode::Conflict,
            format!(
                "Portainer has “{name}” at {}, and the catalog says {wanted}. Bind it anew to move it there, or correct the catalog.",
                environment.url
            ),
        )),
        Registered::OtherName(environment) => Err(DeployError::refused(
            ProblemCode::Conflict,
            format!(
                "Portainer has {wanted} already, under the name “{}” instead of “{name}”. Rename it in Portainer, or correct “portainer_environment_name”.",
                environment.name
            ),
        )),
    }
}

/// Why a change did not come about.
enum Failed {
    /// It did not.
    No(DeployError),
    /// Portainer did not answer, and may still be at work.
    Unanswered(DeployError),
}

impl From<DeployError> for Failed {
    fn from(error: DeployError) -> Self {
        Self::No(error)
    }
}

impl From<PortainerError> for Failed {
    fn from(error: PortainerError) -> Self {
        Self::No(error.into())
    }
}

impl From<Failed> for DeployError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::No(error) | Failed::Unanswered(error) => error,
        }
    }
}

/// An environment that Portainer no longer knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbound {
    /// The number it had; none if Portainer did not know it.
    pub id: Option<i64>,
    /// Rows of stacks that are left without a host.
    pub orphaned: Vec<String>,
}

impl Deploy {
    /// Makes sure that a guest (by number, name or environment) is registered with Portainer under its name and at its address.
    /// Done again, it looks again and changes nothing. An environment of this name at another address is moved with `rebind`.
    ///
    /// # Errors
    /// `NotFound` and `Invalid` for the guest, `Conflict` when name or address are taken otherwise or an apply is under way,
    /// [`PortainerError`]'s words when Portainer does not reach the agent.
    pub async fn bind(&self, operator: &Operator, guest: &str, rebind: bool) -> Result<Bound, DeployError> {
        let now = self.0.home.now().await?;
        let target = target(&now.reading, find_guest(&now.reading, guest)?)?;
        let client = self.0.home.portainer(&now)?.client;
        self.bind_target(operator, &*client, target, rebind).await
    }

    pub(super) async fn bind_target(
        &self,
        operator: &Operator,
        portainer: &dyn Portainer,
        target: Target,
        rebind: bool,
    ) -> Result<Bound, DeployError> {
        let (id, how) = match decide(look_up(portainer, &target).await?, &target, rebind)? {
            Act::Keep(environment, how) => (environment.id, how),
            Act::Register | Act::Move(_) => {
                let lease = self.lock_environment(operator, &target.environment).await?;
                let changed = self.change(operator, portainer, &target, rebind).await;
                self.unlock(lease, matches!(changed, Err(Failed::Unanswered(_)))).await;
                changed?
            }
        };
        let environment = self.refresh(portainer, id).await?;
        let reach = if environment.status == EnvironmentStatus::Up { Reach::Up } else { Reach::Down };
        Ok(Bound { target, id: id.0, how, reach, agent_version: environment.agent_version })
    }

    /// Looks again under the lock, then registers or moves.
    async fn change(
        &self,
        operator: &Operator,
        portainer: &dyn Portainer,
        target: &Target,
        rebind: bool,
    ) -> Result<(EnvironmentId, BoundHow), Failed> {
        let subject = format!("environment:{}", target.environment);
        match decide(look_up(portainer, target).await?, target, rebind)? {
            Act::Keep(environment, how) => Ok((environment.id, how)),
            Act::Register => {
                let detail = json!({ "guest": target.guest, "address": target.agent.url() });
                self.record(operator, "environment.register", subject, &detail).await?;
                let new = NewAgentEnvironment {
                    name: target.environment.clone(),
                    url: target.agent.url(),
                    public_url: String::new(),
                    group_id: None,
                    tag_ids: Vec::new(),
                };
                match portainer.create_agent_environment(&new).await {
                    Ok(environment) => Ok((environment.id, BoundHow::Registered)),
                    Err(error) => Ok((self.search(portainer, target, error).await?, BoundHow::Registered)),
                }
            }
            Act::Move(environment) => {
                let from = environment.url.clone();
                let detail = json!({ "guest": target.guest, "from": from, "to": target.agent.url() });
                self.record(operator, "environment.move", subject, &detail).await?;
                let change = EnvironmentChange { url: Some(target.agent.url()), ..EnvironmentChange::default() };
                match portainer.update_environment(environment.id, &change).await {
                    Ok(environment) => Ok((environment.id, BoundHow::Moved { from })),
                    Err(error) => Ok((self.search(portainer, target, error).await?, BoundHow::Moved { from })),
                }
            }
        }
    }

    /// After a call that failed: the environment as it was to be, if it is there after all. One whose outcome is unknown is
    /// looked for until Portainer must have ended.
    async fn search(
        &self,
        portainer: &dyn Portainer,
        target: &Target,
        error: PortainerError,
    ) -> Result<EnvironmentId, Failed> {
        let settings = self.settings().environments;
        let is_there = |environments| match among(environments, target) {
            Registered::Yes(environment) => Some(environment.id),
            _ => None,
        };
        if !error.outcome_unknown() {
            // Even so it may be there: the client reads it back in a call of its own, and that may be what failed.
            let found = portainer.environments().await.ok().and_then(is_there);
            return found.ok_or_else(|| error.into());
        }
        tracing::warn!(environment = target.environment, "Portainer did not answer; looking for what it did");
        let search = async {
            loop {
                if let Some(found) = portainer.environments().await.ok().and_then(is_there) {
                    return found;
                }
                tokio::time::sleep(settings.pause).await;
            }
        };
        timeout(settings.settle, search).await.map_err(|_| {
            let text = format!(
                "Portainer did not answer, and “{}” was not seen at its address within {} s. It was not asked twice. Try again: what is there is found first.",
                target.environment,
                settings.settle.as_secs().max(1)
            );
            Failed::Unanswered(DeployError::refused(ProblemCode::UpstreamUnavailable, text))
        })
    }

    /// Has Portainer look now. A host that does not answer is a state, also when Portainer takes too long to notice.
    async fn refresh(&self, portainer: &dyn Portainer, id: EnvironmentId) -> Result<Environment, DeployError> {
        let settle = self.settings().environments.settle;
        match timeout(settle, portainer.refresh_environment(id)).await {
            Ok(refreshed) => Ok(refreshed?),
            Err(_) => {
                let mut environment = portainer.environment(id).await?;
                environment.status = EnvironmentStatus::Down;
                Ok(environment)
            }
        }
    }

    /// Has Portainer forget an environment by its name. Its containers run on; its stacks stay as rows without a host.
    ///
    /// # Errors
    /// `Conflict` while stacks or containers of stacks are there, unless `force`, and while an apply is under way.
    pub async fn unbind(&self, operator: &Operator, environment: &str, force: bool) -> Result<Unbound, DeployError> {
        let now = self.0.home.now().await?;
        let client = self.0.home.portainer(&now)?.client;
        let lease = self.lock_environment(operator, environment).await?;
        let outcome = self.forget(operator, &*client, environment, force).await;
        self.unlock(lease, false).await;
        if outcome.is_ok() {
            self.read_hosts().await;
        }
        outcome
    }

    async fn forget(
        &self,
        operator: &Operator,
        portainer: &dyn Portainer,
        name: &str,
        force: bool,
    ) -> Result<Unbound, DeployError> {
        let Some(found) = portainer.environments().await?.into_iter().find(|one| one.name == name) else {
            return Ok(Unbound { id: None, orphaned: Vec::new() });
        };
        let rows = portainer.stacks().await?;
        let orphaned: Vec<String> =
            rows.into_iter().filter(|row| row.environment == found.id).map(|row| row.name).collect();
        let mut there = orphaned.clone();
        // A host that is off tells nothing; the rows say what Portainer knows of it.
        let reading = self.settings().environments.reading;
        if let Ok(Ok(containers)) = timeout(reading, portainer.containers(found.id, &ContainersOf::Host)).await {
            let running = containers.into_iter().filter(|one| one.state == ContainerState::Running);
            there.extend(running.filter_map(|one| one.project));
        }
        there.sort();
        there.dedup();
        if !there.is_empty() && !force {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                format!(
                    "On {name} there are still {}. Remove them first; or force it: they run on, and nothing here looks after them any more.",
                    there.join(", ")
                ),
            ));
        }
        let detail = json!({ "id": found.id.0, "address": found.url, "forced": force, "stacks": there });
        self.record(operator, "environment.forget", format!("environment:{name}"), &detail).await?;
        match portainer.delete_environment(found.id).await {
            Ok(()) | Err(PortainerError::NotFound { .. }) => {}
            Err(error) if error.outcome_unknown() => {
                // Deleting is quick: it is gone by now, or was not done.
                if portainer.environments().await?.iter().any(|one| one.id == found.id) {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Unbound { id: Some(found.id.0), orphaned })
    }

    /// Takes the lock that applies take, so that none runs while the ground moves.
    pub(in crate::deploy) async fn lock_environment(
        &self,
        who: &Onlooker,
        environment: &str,
    ) -> Result<Lease, DeployError> {
        let run = self.0.world.token();
        let owner = format!("{}/hand/{}", self.settings().owner, run.get(..8).unwrap_or(&run));
        let ttl = self.settings().environments.settle * 2 + LOCK_MARGIN;
        match self.0.memory.acquire(environment, &owner, ttl).await {
            Ok(lease) => Ok(lease),
            Err(LocksError::Held(held)) => Err(DeployError::refused(
                ProblemCode::Conflict,
                format!(
                    "{environment} is being changed by {}, so {} can't change it now. Wait for it to end and try again.",
                    held.owner,
                    who.name()
                ),
            )),
            Err(LocksError::Port(error)) => Err(error.into()),
            Err(LocksError::Lost) => Err(DeployError::refused(
                ProblemCode::Conflict,
                format!("The lock of {environment} was lost at once. Try again."),
            )),
        }
    }

    /// Gives the lock back, unless Portainer may still be at work: then it lapses when that must be over.
    pub(in crate::deploy) async fn unlock(&self, lease: Lease, may_go_on: bool) {
        if may_go_on {
            return;
        }
        if let Err(error) = self.0.memory.release(&lease).await {
            tracing::warn!(%error, environment = lease.environment, "a lock was not given back; it lapses by itself");
        }
    }
}
