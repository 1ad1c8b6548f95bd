//! All environments, read at once: no host that is slow or off delays another.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use types::{Millis, catalog::Guest};
use upstream::portainer::{
    EnvironmentId, Portainer, PortainerError,
    docker::{Container, ContainerHealth, ContainerState, ContainersOf, DockerInfo},
    environments::{self, Environment, EnvironmentStatus, Snapshot},
};

use super::{registry::address_of, target::agent_address};
use crate::deploy::{Deploy, DeployError, Onlooker, home::Now, problem};

/// Hosts asked at once. The house has four; a few dozen cost nothing, a flood would help nobody.
const READ_AT_ONCE: usize = 32;

/// All environments at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentsReading {
    /// When it was asked.
    pub at: Millis,
    /// Why Portainer told nothing, with the remedy; then only the catalog's environments are here.
    pub trouble: Option<String>,
    /// Those of the catalog in its order, then those that only Portainer knows, by name.
    pub environments: Vec<EnvironmentReading>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentReading {
    /// Its name.
    pub name: String,
    /// The guest of the catalog that it is; none if only Portainer knows it.
    pub guest: Option<String>,
    /// The guest's number on the hypervisor.
    pub vmid: Option<u32>,
    /// Portainer's number; none if Portainer does not know it.
    pub id: Option<i64>,
    /// How Portainer reaches it.
    pub kind: Option<EnvironmentKind>,
    /// Where Portainer reaches it.
    pub address: Option<String>,
    /// Where the catalog says its agent is; none if it does not say, or says it wrongly.
    pub wanted: Option<String>,
    /// Portainer reaches it elsewhere than the catalog says: binding anew sets it right.
    pub misplaced: bool,
    /// Whether it answers.
    pub reach: EnvironmentReach,
    /// For one that does not answer: when it last did, as far as Portainer knows.
    pub last_seen: Option<Millis>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// Docker's version.
    pub docker_version: Option<String>,
    /// Its containers.
    pub containers: Option<ContainerCounts>,
    /// Processors of the host.
    pub cpus: Option<i64>,
    /// Bytes of memory of the host.
    pub memory: Option<i64>,
    /// When the containers were counted: now for a host that answers, else Portainer's last snapshot.
    pub read_at: Option<Millis>,
    /// What is wrong, with the remedy.
    pub trouble: Option<String>,
}

impl EnvironmentReading {
    /// How old the counts are, in milliseconds.
    #[must_use]
    pub fn age(&self, now: Millis) -> Option<Millis> {
        self.read_at.map(|at| now.saturating_sub(at).max(0))
    }
}

/// Whether an environment answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentReach {
    /// It answers.
    Up,
    /// It does not.
    Down,
    /// Portainer has no environment of this name.
    Missing,
    /// Nobody could tell: Portainer did not answer, or refused.
    Unknown,
}

/// How Portainer reaches an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// Through a socket or Docker's own port.
    Docker,
    /// Through an agent.
    Agent,
    /// Through an agent that calls in.
    EdgeAgent,
    /// It is not Docker, or unknown here.
    Other,
}

impl From<environments::EnvironmentKind> for EnvironmentKind {
    fn from(kind: environments::EnvironmentKind) -> Self {
        match kind {
            environments::EnvironmentKind::Docker => Self::Docker,
            environments::EnvironmentKind::Agent => Self::Agent,
            environments::EnvironmentKind::EdgeAgent => Self::EdgeAgent,
            environments::EnvironmentKind::Other(_) => Self::Other,
        }
    }
}

/// Containers of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerCounts {
    /// Those that run, the unhealthy among them.
    pub running: i64,
    /// Those whose health check fails.
    pub unhealthy: i64,
    /// Those that ended, or were never started.
    pub stopped: i64,
    /// Those that crash in a loop. A snapshot does not tell.
    pub restarting: i64,
}

impl ContainerCounts {
    fn of(containers: &[Container]) -> Self {
        let mut counts = Self::default();
        for one in containers {
            match one.state {
                ContainerState::Running | ContainerState::Paused => counts.running += 1,
                ContainerState::Restarting => counts.restarting += 1,
                _ => counts.stopped += 1,
            }
            counts.unhealthy += i64::from(one.health == ContainerHealth::Unhealthy);
        }
        counts
    }

    const fn of_snapshot(snapshot: &Snapshot) -> Self {
        Self { running: snapshot.running, unhealthy: snapshot.unhealthy, stopped: snapshot.stopped, restarting: 0 }
    }
}

impl Deploy {
    /// Every environment of the catalog and every one Portainer knows, as it is now. Takes no longer than
    /// [`reading`](super::EnvironmentSettings::reading) for Portainer's list and once more for the hosts together.
    ///
    /// # Errors
    /// When the catalog can't be read. That Portainer or a host does not answer is part of the reading.
    pub async fn environments(&self, _: &Onlooker) -> Result<EnvironmentsReading, DeployError> {
        self.read_environments().await
    }

    pub(super) async fn read_environments(&self) -> Result<EnvironmentsReading, DeployError> {
        let now = self.0.home.now().await?;
        let limit = self.settings().environments.reading;
        let at = self.0.world.now();
        let known = match self.0.home.portainer(&now) {
            Ok(connection) => match timeout(limit, connection.client.environments()).await {
                Ok(Ok(known)) => Ok((connection.client, known)),
                Ok(Err(error)) => Err(error.message()),
                Err(_) => Err(format!(
                    "Portainer did not list its environments within {} s. Try again in a minute.",
                    limit.as_secs()
                )),
            },
            Err(error) => Err(problem(error).message),
        };
        let (client, known, trouble) = match known {
            Ok((client, known)) => (Some(client), known, None),
            Err(trouble) => (None, Vec::new(), Some(trouble)),
        };
        let rows = rows(&now, known, trouble.is_none());
        let environments = stream::iter(rows)
            .map(|(reading, environment)| {
                let client = client.clone();
                async move {
                    match (client, environment) {
                        (Some(client), Some(environment)) => look(&*client, &environment, reading, limit, at).await,
                        _ => reading,
                    }
                }
            })
            .buffered(READ_AT_ONCE)
            .collect()
            .await;
        Ok(EnvironmentsReading { at, trouble, environments })
    }
}

type Row = (EnvironmentReading, Option<Environment>);

/// The rows before anything was asked of the hosts.
fn rows(now: &Now, mut known: Vec<Environment>, portainer_told: bool) -> Vec<Row> {
    let unknown = if portainer_told { EnvironmentReach::Missing } else { EnvironmentReach::Unknown };
    let mut rows = Vec::new();
    let targets = now.reading.catalog.guests.iter().filter(|guest| guest.is_target());
    let mut named = Vec::new();
    for guest in targets {
        let Some(name) = guest.environment.clone() else { continue };
        let environment = known.iter().find(|one| one.name == name).cloned();
        rows.push((row(now, Some(guest), name.clone(), environment.as_ref(), unknown), environment));
        named.push(name);
    }
    known.retain(|one| !named.contains(&one.name));
    known.sort_by(|one, other| one.name.cmp(&other.name));
    rows.extend(known.into_iter().map(|one| (row(now, None, one.name.clone(), Some(&one), unknown), Some(one))));
    rows
}

fn row(
    now: &Now,
    guest: Option<&Guest>,
    name: String,
    environment: Option<&Environment>,
    unknown: EnvironmentReach,
) -> EnvironmentReading {
    let wanted = guest.and_then(|guest| agent_address(&now.reading, guest.agent_host.as_deref()?).ok());
    let is_at = environment.and_then(address_of);
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    EnvironmentReading {
        name,
        guest: guest.map(|guest| guest.name.clone()),
        vmid: guest.and_then(|guest| guest.vmid),
        id: environment.map(|one| one.id.0),
        kind: environment.map(|one| one.kind.into()),
        address: environment.and_then(|one| filled(&one.url)),
        misplaced: matches!((&wanted, &is_at), (Some(wanted), Some(is_at)) if wanted != is_at),
        wanted: wanted.map(|address| address.url()),
        reach: environment.map_or(unknown, |one| book_reach(one.status)),
        last_seen: None,
        agent_version: environment.and_then(|one| filled(&one.agent_version)),
        docker_version: None,
        containers: None,
        cpus: None,
        memory: None,
        read_at: None,
        trouble: None,
    }
}

const fn book_reach(status: EnvironmentStatus) -> EnvironmentReach {
    match status {
        EnvironmentStatus::Up => EnvironmentReach::Up,
        EnvironmentStatus::Down => EnvironmentReach::Down,
        EnvironmentStatus::Unknown(_) => EnvironmentReach::Unknown,
    }
}

/// Asks one host through Portainer, and Portainer for what it last saw of it; each for so long at most.
async fn look(
    portainer: &dyn Portainer,
    environment: &Environment,
    mut reading: EnvironmentReading,
    limit: Duration,
    at: Millis,
) -> EnvironmentReading {
    let id = environment.id;
    if matches!(environment.kind, environments::EnvironmentKind::Other(_)) {
        reading.trouble =
            Some("This environment is not Docker, so nothing of the catalog can be deployed to it.".to_owned());
        return reading;
    }
    let (live, info, snapshot) = tokio::join!(
        timeout(limit, portainer.containers(id, &ContainersOf::Host)),
        timeout(limit, portainer.docker_info(id)),
        timeout(limit, portainer.snapshot(id)),
    );
    let snapshot = snapshot.ok().and_then(Result::ok).flatten();
    facts(&mut reading, info.ok().and_then(Result::ok).as_ref(), snapshot.as_ref());
    match live {
        Ok(Ok(containers)) => {
            reading.reach = EnvironmentReach::Up;
            reading.containers = Some(ContainerCounts::of(&containers));
            reading.read_at = Some(at);
            return reading;
        }
        Ok(Err(error)) => {
            reading.reach = if tells_of_host(&error) { EnvironmentReach::Down } else { EnvironmentReach::Unknown };
            reading.trouble = Some(error.message());
        }
        Err(_) => {
            reading.reach = EnvironmentReach::Down;
            reading.trouble = Some(silent(id, limit));
        }
    }
    if let Some(snapshot) = snapshot {
        let seen = snapshot.time.saturating_mul(1000);
        reading.containers = Some(ContainerCounts::of_snapshot(&snapshot));
        reading.read_at = Some(seen);
        reading.last_seen = Some(seen);
    }
    reading
}

fn silent(id: EnvironmentId, limit: Duration) -> String {
    tracing::info!(environment = id.0, "a Docker host is silent");
    format!(
        "The Docker host did not answer within {} s. Check that the machine is switched on and that Docker and the agent run on it.",
        limit.as_secs().max(1)
    )
}

/// What the host says of itself, else what Portainer saw last.
fn facts(reading: &mut EnvironmentReading, info: Option<&DockerInfo>, snapshot: Option<&Snapshot>) {
    let version = info.map(|info| &info.version).or(snapshot.map(|snapshot| &snapshot.docker_version));
    reading.docker_version = version.filter(|version| !version.is_empty()).cloned();
    reading.cpus = info.map(|info| info.cpus).or(snapshot.map(|snapshot| snapshot.cpus)).filter(|cpus| *cpus > 0);
    reading.memory =
        info.map(|info| info.memory).or(snapshot.map(|snapshot| snapshot.memory)).filter(|memory| *memory > 0);
}

/// Whether the error tells of the host, not of Portainer, which answered a moment ago.
const fn tells_of_host(error: &PortainerError) -> bool {
    matches!(
        error,
        PortainerError::HostUnreachable { .. }
            | PortainerError::AgentUnreachable { .. }
            | PortainerError::TimedOut { .. }
            | PortainerError::Docker { status: 500.., .. }
    )
}
