//! Environments: the Docker hosts Portainer knows (it calls them endpoints).

mod client;
mod wire;

use async_trait::async_trait;

use super::{EnvironmentId, PortainerError};

/// Calls about environments. Changes need an administrator.
#[async_trait]
pub trait Environments: Send + Sync {
    /// All of them, without snapshots.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn environments(&self) -> Result<Vec<Environment>, PortainerError>;

    /// One of them, without snapshot.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] if there is none of this number.
    async fn environment(&self, id: EnvironmentId) -> Result<Environment, PortainerError>;

    /// The newest snapshot; none before the first. The answer is large: Portainer sends the raw data along.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] if there is no such environment.
    async fn snapshot(&self, id: EnvironmentId) -> Result<Option<Snapshot>, PortainerError>;

    /// Registers a Docker host with a Portainer agent. Portainer calls the agent and takes a snapshot before it answers.
    ///
    /// # Errors
    /// [`PortainerError::NameTaken`], [`PortainerError::AgentUnreachable`], [`PortainerError::AgentPairedElsewhere`].
    async fn create_agent_environment(&self, new: &NewAgentEnvironment) -> Result<Environment, PortainerError>;

    /// Changes name or addresses. The host is not asked whether it is there.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`], [`PortainerError::NameTaken`].
    async fn update_environment(
        &self,
        id: EnvironmentId,
        change: &EnvironmentChange,
    ) -> Result<Environment, PortainerError>;

    /// Forgets the environment. Its stacks stay as rows without a host, and its containers run on.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn delete_environment(&self, id: EnvironmentId) -> Result<(), PortainerError>;

    /// Has Portainer look at the host now, and reads the environment again: otherwise its state is up to five minutes old.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`]. A host that is off is a state, not an error.
    async fn refresh_environment(&self, id: EnvironmentId) -> Result<Environment, PortainerError>;
}

/// A Docker host as Portainer knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its number.
    pub id: EnvironmentId,
    /// Its name; unique, in this spelling.
    pub name: String,
    /// How Portainer reaches Docker.
    pub kind: EnvironmentKind,
    /// Where, such as `tcp://rumpledev:9001`.
    pub url: String,
    /// The address its services are reached at, for links; may be empty.
    pub public_url: String,
    /// Its group; 1 is “Unassigned”.
    pub group_id: i64,
    /// Its tags.
    pub tag_ids: Vec<i64>,
    /// As of the last snapshot.
    pub status: EnvironmentStatus,
    /// The agent's version; empty without an agent.
    pub agent_version: String,
}

/// How Portainer reaches Docker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentKind {
    /// A socket or Docker's own port.
    Docker,
    /// Through an agent.
    Agent,
    /// Through an agent that calls in.
    EdgeAgent,
    /// Not Docker, or unknown to this client: Portainer's number.
    Other(i64),
}

/// Whether the host answered the last snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentStatus {
    /// It did.
    Up,
    /// It did not.
    Down,
    /// Portainer's number, unknown to this client.
    Unknown(i64),
}

/// What Portainer saw on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Seconds since 1970.
    pub time: i64,
    /// Docker's version.
    pub docker_version: String,
    /// Whether the host belongs to a swarm.
    pub swarm: bool,
    /// Processors.
    pub cpus: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// Containers in all.
    pub containers: i64,
    /// Those that run.
    pub running: i64,
    /// Those that stopped.
    pub stopped: i64,
    /// Those with a passing health check.
    pub healthy: i64,
    /// Those with a failing one.
    pub unhealthy: i64,
    /// Images.
    pub images: i64,
    /// Volumes.
    pub volumes: i64,
}

/// A host to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAgentEnvironment {
    /// Unique; any characters.
    pub name: String,
    /// `tcp://HOST:9001`.
    pub url: String,
    /// The address its services are reached at; may be empty.
    pub public_url: String,
    /// Its group; none is “Unassigned”.
    pub group_id: Option<i64>,
    /// Its tags.
    pub tag_ids: Vec<i64>,
}

/// What to change; none leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentChange {
    /// The new name.
    pub name: Option<String>,
    /// Where the agent is from now on.
    pub url: Option<String>,
    /// The address its services are reached at.
    pub public_url: Option<String>,
    /// Its group.
    pub group_id: Option<i64>,
    /// All its tags.
    pub tag_ids: Option<Vec<i64>>,
}
