//! Stacks: compose projects, and swarm stacks, that Portainer deploys.

mod bodies;
mod client;
mod duration;
mod requests;
mod wire;

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use uuid::Uuid;

pub use duration::interval_seconds;
pub use requests::{GitAccess, GitFile, GitRedeploy, GitSettings, GitSource, NewStack, StackSource, TextUpdate};
/// A name as Portainer stores it. Two names that are stored alike are the same.
pub use types::catalog::normalise_name as stored_name;

use super::{EnvironmentId, PortainerError, StackId};

/// Calls about stacks.
///
/// A change takes the [`Stack`] as it was read, not a number: Portainer wants the environment beside the number, and with another one
/// it acts on another host. Each change returns the stack as Portainer shows it afterwards.
#[async_trait]
pub trait Stacks: Send + Sync {
    /// All of them, on all environments: Portainer's own filters drop stacks they should keep.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn stacks(&self) -> Result<Vec<Stack>, PortainerError>;

    /// Those of this name on this environment. The name is compared as Portainer would store it. After a create without an answer there
    /// may be none, one, or (if it was repeated) two.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn stacks_named(&self, environment: EnvironmentId, name: &str) -> Result<Vec<Stack>, PortainerError> {
        let name = stored_name(name);
        let mut stacks = self.stacks().await?;
        stacks.retain(|stack| stack.environment == environment && stack.name == name);
        Ok(stacks)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn stack(&self, id: StackId) -> Result<Stack, PortainerError>;

    /// Its compose file as it lies on Portainer's disk, without the additional files.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`]; [`PortainerError::ServerError`] if the file is gone.
    async fn stack_file(&self, id: StackId) -> Result<String, PortainerError>;

    /// A file of a repository, fetched now. Deploys nothing.
    ///
    /// # Errors
    /// [`PortainerError::CloneFailed`], [`PortainerError::GitCredentials`], [`PortainerError::Invalid`].
    async fn preview_git_file(&self, file: &GitFile) -> Result<String, PortainerError>;

    /// Creates and deploys. Never repeat it blindly: see [`PortainerError::outcome_unknown`].
    ///
    /// # Errors
    /// [`PortainerError::NameTaken`], [`PortainerError::DeployFailed`] (nothing of it is left), [`PortainerError::CloneFailed`],
    /// [`PortainerError::GitCredentials`], [`PortainerError::HostUnreachable`], [`PortainerError::UnsafeVariable`], ….
    async fn create_stack(&self, new: &NewStack) -> Result<Stack, PortainerError>;

    /// Replaces the text and all variables, and deploys.
    ///
    /// # Errors
    /// [`PortainerError::WouldDetachGit`] for a stack from a repository, unless that is asked for; [`PortainerError::DeployFailed`]:
    /// what ran before may be gone, see [`Capabilities`](super::system::Capabilities).
    async fn update_stack_text(&self, stack: &Stack, update: &TextUpdate) -> Result<Stack, PortainerError>;

    /// Replaces the settings of a stack from a repository. Deploys nothing.
    ///
    /// # Errors
    /// [`PortainerError::CloneFailed`] if the repository cannot be read with new credentials (polling has stopped by then),
    /// [`PortainerError::Conflict`] if the stack has no repository.
    async fn update_git_settings(&self, stack: &Stack, settings: &GitSettings) -> Result<Stack, PortainerError>;

    /// Fetches the repository again and deploys; every container is recreated.
    ///
    /// # Errors
    /// As for [`update_stack_text`](Self::update_stack_text), and [`PortainerError::CloneFailed`].
    async fn redeploy_git(&self, stack: &Stack, redeploy: &GitRedeploy) -> Result<Stack, PortainerError>;

    /// Deploys a stopped stack again, from the files on Portainer's disk.
    ///
    /// # Errors
    /// [`PortainerError::Conflict`] if it is not stopped, or leftovers of it run.
    async fn start_stack(&self, stack: &Stack) -> Result<Stack, PortainerError>;

    /// Removes the containers; volumes stay.
    ///
    /// # Errors
    /// [`PortainerError::Conflict`] if it is stopped already.
    async fn stop_stack(&self, stack: &Stack) -> Result<Stack, PortainerError>;

    /// Removes the containers and forgets the stack; volumes stay.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`]; any other leaves the stack where it is.
    async fn delete_stack(&self, stack: &Stack) -> Result<(), PortainerError>;

    /// Asks for the update that a push to the repository would ask for. Says nothing about whether anything happened: Portainer answers
    /// before it looks whether the commit changed.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] for an unknown webhook, [`PortainerError::Conflict`] if the stack's author is gone.
    async fn trigger_webhook(&self, webhook: Uuid) -> Result<(), PortainerError>;

    /// Gives a stack whose environment was deleted to another environment; its containers must already run there or be deployed after.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`].
    async fn associate_stack(&self, stack: &Stack, environment: EnvironmentId) -> Result<Stack, PortainerError>;
}

/// A stack as Portainer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its number.
    pub id: StackId,
    /// Its name as Portainer stores it; see [`stored_name`].
    pub name: String,
    /// What deploys it.
    pub kind: StackKind,
    /// Where it is deployed. The environment may be gone.
    pub environment: EnvironmentId,
    /// The swarm's identifier; empty without one.
    pub swarm_id: String,
    /// The compose file's path.
    pub entry_point: String,
    /// Further compose files.
    pub additional_files: Vec<String>,
    /// Its variables, with the values compose sees.
    pub variables: Vec<Variable>,
    /// Book-keeping, not health: a crashed stack is `Active`. Health is in its containers.
    pub status: StackStatus,
    /// How its deployment went, oldest first. Empty before Portainer 2.40.
    pub deployments: Vec<Deployment>,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970; 0 before the first change.
    pub updated: i64,
    /// Who created it.
    pub created_by: String,
    /// Who changed it last; empty before the first change.
    pub updated_by: String,
    /// When Portainer looks for new commits by itself.
    pub auto_update: Option<AutoUpdate>,
    /// Its repository; none for a stack from a text.
    pub git: Option<GitConfig>,
}

/// What deploys a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackKind {
    /// `docker stack deploy`.
    Swarm,
    /// `docker compose up`.
    Compose,
    /// Not Docker, or unknown to this client: Portainer's number.
    Other(i64),
}

/// Portainer's book-keeping about a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackStatus {
    /// Created, updated or started, and not stopped since. Says nothing about containers.
    Active,
    /// Stopped.
    Inactive,
    /// Portainer says that it is at work (only newer versions do).
    Deploying,
    /// Portainer says that the last deployment failed (only newer versions do).
    Error,
    /// Portainer's number, unknown to this client: take it for “in progress”.
    Unknown(i64),
}

/// A step of a stack's deployment in newer versions of Portainer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// What Portainer said then.
    pub status: StackStatus,
    /// Seconds since 1970.
    pub time: i64,
    /// Why.
    pub message: String,
}

/// A stack's repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitConfig {
    /// Its address.
    pub url: String,
    /// Such as `refs/heads/main`; empty for the remote's default branch.
    pub reference: String,
    /// The compose file's path in it.
    pub config_file: String,
    /// The user it is read as, if it is not public. Portainer never shows the password.
    pub user: Option<String>,
    /// The commit of the last successful deployment.
    pub commit: String,
    /// Whether the server's certificate goes unchecked.
    pub tls_skip_verify: bool,
}

/// When Portainer looks for new commits by itself. One of interval and webhook must be set. It acts only if the commit changed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AutoUpdate {
    /// Every so often, such as `5m` or `1h30m` (no days); see [`interval_seconds`].
    pub interval: Option<String>,
    /// When this webhook is called. Chosen by the client, unique. Whoever knows it may call it, without a login.
    pub webhook: Option<Uuid>,
}

/// A variable that compose puts into the file. Containers see it only if the file says so.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; may be a secret.
    pub value: String,
}

impl Variable {
    /// A variable.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    fn secret(&self) -> SecretString {
        self.value.clone().into()
    }
}

impl fmt::Debug for Variable {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name)
    }
}
