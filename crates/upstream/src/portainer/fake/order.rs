//! Orders to a stand-in that runs as a process of its own: what [`FakePortainer`]'s methods do, one JSON object each.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{After, Behaviour, FakePortainer, HostScript};

/// An order waits at most this long for what it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that is done to the stand-in, such as `{"do": "hold_deploys"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Adds a Docker host that is registered already.
    AddEnvironment {
        /// Its name.
        name: String,
    },
    /// Has somebody deploy a compose text past the catalog.
    AddStack {
        /// The environment's name.
        environment: String,
        /// The stack's name.
        name: String,
        /// The compose file.
        text: String,
    },
    /// Says how containers of a service behave that are started from now on.
    Behave {
        /// The host's name.
        host: String,
        /// A service, or an image.
        service: String,
        /// How.
        how: How,
    },
    /// Removes the containers of a service, as `docker rm` on the host would.
    RemoveByHand {
        /// The host's name.
        host: String,
        /// The service.
        service: String,
    },
    /// Lets deployments begin but not end.
    HoldDeploys,
    /// Lets held deployments end.
    ReleaseDeploys,
    /// Waits until a deployment has begun that has not ended.
    AwaitDeploy,
    /// Fails the next so many calls whose `METHOD /api/path` begins so.
    Fail {
        /// `METHOD /api/path`, or how it begins.
        route: String,
        /// The status to answer with.
        status: u16,
        /// How often.
        times: usize,
    },
    /// Names a host's containers.
    Containers {
        /// The host's name.
        host: String,
    },
    /// Tells what a container was given in its environment.
    Variable {
        /// The host's name.
        host: String,
        /// The container's name.
        container: String,
        /// The variable's name.
        name: String,
    },
    /// Counts the deployments that have ended.
    CountDeploys,
}

/// How containers behave.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Their health check passes when they are first looked at.
    Healthy,
    /// It fails when they are first looked at.
    Unhealthy,
    /// They end with an error and are started again, over and over.
    Crashes,
}

impl From<How> for Behaviour {
    fn from(how: How) -> Self {
        match how {
            How::Healthy => Self::Healthy(After::Polls(1)),
            How::Unhealthy => Self::Unhealthy(After::Polls(1)),
            How::Crashes => Self::CrashLoops(1),
        }
    }
}

impl FakePortainer {
    /// Does what a line of JSON says and returns what it asked for; null if nothing.
    ///
    /// # Errors
    /// What about the line, or the world it speaks of, does not fit.
    pub async fn obey(&self, line: &str) -> Result<Value, String> {
        let order: Order = serde_json::from_str(line).map_err(|error| format!("no order: {error}: {line}"))?;
        match order {
            Order::AddEnvironment { name } => {
                self.add_environment(&name, HostScript::default());
            }
            Order::AddStack { environment, name, text } => {
                let id = self.environment(&environment).ok_or_else(|| format!("no environment “{environment}”"))?;
                self.add_stack(id, &name, &text).await;
            }
            Order::Behave { host, service, how } => self.behave(&host, &service, how.into()),
            Order::RemoveByHand { host, service } => self.remove_by_hand(&host, &service),
            Order::HoldDeploys => self.hold_deploys(),
            Order::ReleaseDeploys => self.release_deploys(),
            Order::AwaitDeploy => {
                let begun = self.wait_until(|counts| counts.deploys_asked > counts.deploys_done, PATIENCE).await;
                begun.map_err(|late| format!("no deployment began: {late}"))?;
            }
            Order::Fail { route, status, times } => self.fail(&route, status, times),
            Order::Containers { host } => return Ok(json!(self.containers_on(&host))),
            Order::Variable { host, container, name } => {
                return Ok(json!(self.container_variable(&host, &container, &name)));
            }
            Order::CountDeploys => return Ok(json!(self.counts().deploys_done)),
        }
        Ok(Value::Null)
    }
}
