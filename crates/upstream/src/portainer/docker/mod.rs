//! The Docker hosts themselves, through Portainer's proxy.

mod client;
mod events;
mod logs;
mod pull;
mod stats;
mod wire;

use std::{collections::BTreeMap, pin::Pin};

use async_trait::async_trait;
use futures::{Stream, TryStreamExt as _};
use types::Millis;

pub use events::{EventWindow, HostEvent};
pub use stats::ContainerStats;
pub(in crate::portainer) use wire::PROJECT_LABEL;

use super::{EnvironmentId, PortainerError};

/// Calls to the Docker host of an environment.
///
/// A host that is off is [`PortainerError::HostUnreachable`]; what Docker itself refuses is [`PortainerError::Docker`] or
/// [`PortainerError::NotFound`].
#[async_trait]
pub trait Docker: Send + Sync {
    /// The containers, running or not.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn containers(&self, environment: EnvironmentId, of: &ContainersOf)
    -> Result<Vec<Container>, PortainerError>;

    /// One container in detail.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn container(&self, environment: EnvironmentId, id: &str) -> Result<ContainerDetails, PortainerError>;

    /// What a container wrote, oldest first. Dropping the stream closes its connection.
    ///
    /// What is not followed ends with [`PortainerError::TimedOut`] when the host is silent for as long as a read may take, and
    /// with [`PortainerError::Docker`] after 16 MiB. A followed log has no end but its container's.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`]; later ones come through the stream.
    async fn container_logs(
        &self,
        environment: EnvironmentId,
        id: &str,
        options: &LogOptions,
    ) -> Result<LogStream, PortainerError>;

    /// Restarts a container, and reads it again.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn restart_container(&self, environment: EnvironmentId, id: &str)
    -> Result<ContainerDetails, PortainerError>;

    /// What a container uses now. Docker measures for a second or two.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn container_stats(&self, environment: EnvironmentId, id: &str) -> Result<ContainerStats, PortainerError>;

    /// What happened to the host's containers, images, networks and volumes in a time that is over, oldest first: the newest
    /// [`EventWindow::MOST`]. Docker itself remembers some hundred only.
    ///
    /// # Errors
    /// [`PortainerError::Invalid`] if the time ends before it begins; [`PortainerError::TimedOut`] if it is not over.
    async fn events(&self, environment: EnvironmentId, window: &EventWindow) -> Result<Vec<HostEvent>, PortainerError>;

    /// An image that the host has, by name or identifier.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] if it was not pulled.
    async fn image(&self, environment: EnvironmentId, reference: &str) -> Result<ImageDetails, PortainerError>;

    /// Pulls an image. The pull is over when the stream ends; it ends with the error if there is one. Dropping the stream ends the pull.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] or [`PortainerError::Docker`], at once or through the stream.
    async fn pull_image(&self, environment: EnvironmentId, pull: &ImagePull) -> Result<PullStream, PortainerError>;

    /// The identifier of the swarm whose manager the host is; none if it is none.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn swarm_id(&self, environment: EnvironmentId) -> Result<Option<String>, PortainerError>;

    /// About the host.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn docker_info(&self, environment: EnvironmentId) -> Result<DockerInfo, PortainerError>;
}

/// Which containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainersOf {
    /// All on the host.
    Host,
    /// Those of a compose project: a compose stack's name.
    Project(String),
    /// Those of a swarm stack, on this node.
    SwarmStack(String),
}

/// A container as Docker lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Docker's identifier.
    pub id: String,
    /// Its name, without the slash before it.
    pub name: String,
    /// The image as it was asked for.
    pub image: String,
    /// The image's identifier.
    pub image_id: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Whether it runs.
    pub state: ContainerState,
    /// Whether it is well.
    pub health: ContainerHealth,
    /// Docker's words, such as “Up 5 minutes (healthy)”.
    pub status: String,
    /// The compose project or swarm stack it belongs to.
    pub project: Option<String>,
    /// The service it belongs to.
    pub service: Option<String>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// It is Portainer itself.
    pub is_portainer: bool,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address it is published on; empty if it is not.
    pub address: String,
    /// Inside.
    pub private: u16,
    /// On the host; none if it is not published.
    pub public: Option<u16>,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: String,
}

/// Whether a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Runs.
    Running,
    /// Ended and about to be started again: it crashes in a loop.
    Restarting,
    /// Frozen.
    Paused,
    /// Ended.
    Exited,
    /// Being removed.
    Removing,
    /// Could not be removed.
    Dead,
    /// Docker's word, unknown to this client.
    Unknown(String),
}

/// Whether a container is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerHealth {
    /// It has no health check.
    Unchecked,
    /// The check has not passed yet, and may still.
    Starting,
    /// The check passes.
    Healthy,
    /// The check fails.
    Unhealthy,
}

/// A container in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerDetails {
    /// Docker's identifier.
    pub id: String,
    /// Its name, without the slash before it.
    pub name: String,
    /// The image as it was asked for.
    pub image: String,
    /// The image's identifier, for [`Docker::image`].
    pub image_id: String,
    /// Whether it runs.
    pub state: ContainerState,
    /// Whether it is well.
    pub health: ContainerHealth,
    /// The newest health checks' output, oldest first.
    pub health_checks: Vec<HealthCheck>,
    /// Of its last end; 0 while it runs for the first time.
    pub exit_code: i64,
    /// It was ended for want of memory.
    pub out_of_memory: bool,
    /// Why it could not be started; empty if it could.
    pub error: String,
    /// How often Docker started it again.
    pub restarts: i64,
    /// When it was last started.
    pub started: Option<Millis>,
    /// When it last ended.
    pub finished: Option<Millis>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// It writes to a terminal: its log knows no streams.
    pub tty: bool,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
}

/// One run of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// When it ended.
    pub ended: Option<Millis>,
    /// 0 if it passed.
    pub exit_code: i64,
    /// What it printed.
    pub output: String,
}

/// An image on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDetails {
    /// Its identifier.
    pub id: String,
    /// Its names.
    pub tags: Vec<String>,
    /// What it is known as in registries, such as `nginx@sha256:…`; empty for an image built here.
    pub digests: Vec<String>,
    /// When it was built.
    pub created: Option<Millis>,
    /// Bytes.
    pub size: i64,
}

/// About a Docker host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerInfo {
    /// The host's name.
    pub name: String,
    /// Docker's version.
    pub version: String,
    /// The operating system, in words.
    pub system: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Processors.
    pub cpus: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// Containers in all.
    pub containers: i64,
    /// Those that run.
    pub running: i64,
    /// Images.
    pub images: i64,
    /// It belongs to a swarm.
    pub swarm: bool,
}

/// An image to pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePull {
    /// Such as `nginx:1.27` or `ghcr.io/org/app@sha256:…`; without a tag, `latest`.
    pub image: String,
    /// The registry whose login stored in Portainer is used; none for anonymous.
    pub registry_id: Option<i64>,
}

/// A step of a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullProgress {
    /// The layer; empty for words about the whole.
    pub layer: String,
    /// Docker's words.
    pub status: String,
    /// Bytes so far.
    pub current: Option<u64>,
    /// Bytes in all.
    pub total: Option<u64>,
}

/// A pull as it goes on.
pub type PullStream = Pin<Box<dyn Stream<Item = Result<PullProgress, PortainerError>> + Send>>;

/// Waits for the end of a pull.
///
/// # Errors
/// What the pull ended with.
pub async fn pulled(mut pull: PullStream) -> Result<(), PortainerError> {
    while pull.try_next().await?.is_some() {}
    Ok(())
}

/// Which lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Only so many of the last lines; none: all.
    pub tail: Option<u32>,
    /// Only lines from then on.
    pub since: Option<Millis>,
    /// Go on with what is written from now on, until the stream is dropped or the container ends.
    pub follow: bool,
}

/// A log as it is read.
pub type LogStream = Pin<Box<dyn Stream<Item = Result<LogLine, PortainerError>> + Send>>;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it was written to.
    pub stream: LogSource,
    /// When.
    pub time: Option<Millis>,
    /// Without the line break. What is not UTF-8 is replaced.
    pub text: String,
    /// It was longer than 16 KiB; only its beginning is here.
    pub cut: bool,
}

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// Standard output, or a terminal.
    Stdout,
    /// Standard error.
    Stderr,
}
