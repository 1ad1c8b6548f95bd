//! Portainer itself: version, set-up, who we are, API keys.

mod capabilities;
mod client;

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

pub use capabilities::{Capabilities, ServerVersion};

use super::PortainerError;

/// Calls about the server itself.
#[async_trait]
pub trait System: Send + Sync {
    /// Version and identity. Public; works before set-up and on a locked server. Says nothing about health and does not prove the
    /// credential: see [`whoami`](Self::whoami).
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn server_status(&self) -> Result<ServerStatus, PortainerError>;

    /// What this version does differently from others. Ask before anything else.
    ///
    /// # Errors
    /// As [`server_status`](Self::server_status).
    async fn capabilities(&self) -> Result<Capabilities, PortainerError> {
        Ok(Capabilities::of(&self.server_status().await?.version))
    }

    /// Whether the server was set up. Public.
    ///
    /// # Errors
    /// Any [`PortainerError`]; a locked server is a state, not an error.
    async fn setup_state(&self) -> Result<SetupState, PortainerError>;

    /// Creates the first administrator. Public, once, within five minutes of the server's start.
    ///
    /// # Errors
    /// [`PortainerError::AlreadySetUp`], [`PortainerError::SetupWindowMissed`], [`PortainerError::WeakPassword`],
    /// [`PortainerError::Invalid`] for a name with spaces.
    async fn create_first_administrator(&self, user: &str, password: &SecretString) -> Result<User, PortainerError>;

    /// The user we call as: proves the credential.
    ///
    /// # Errors
    /// [`PortainerError::WrongApiKey`], [`PortainerError::WrongPassword`], [`PortainerError::NoAdministrator`], ….
    async fn whoami(&self) -> Result<User, PortainerError>;

    /// Makes an API key for the user we call as. The key is shown this once.
    ///
    /// `description`: 1 to 127 characters. Portainer allows the same one twice: look at [`api_keys`](Self::api_keys) first.
    ///
    /// # Errors
    /// [`PortainerError::PasswordNeeded`] if we call with an API key ourselves.
    async fn create_api_key(&self, description: &str) -> Result<NewApiKey, PortainerError>;

    /// The API keys of the user we call as.
    ///
    /// # Errors
    /// Any [`PortainerError`].
    async fn api_keys(&self) -> Result<Vec<ApiKey>, PortainerError>;

    /// Revokes an API key of the user we call as.
    ///
    /// # Errors
    /// [`PortainerError::NotFound`] if there is none of this number.
    async fn delete_api_key(&self, id: i64) -> Result<(), PortainerError>;
}

/// Which server it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// Such as `2.23.0`.
    pub version: String,
    /// Stays the same for the life of the server's database.
    pub instance_id: String,
}

/// Whether the server was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupState {
    /// It has an administrator.
    Ready,
    /// It waits for its first administrator, until five minutes after its start.
    NoAdministrator,
    /// It waited in vain and must be restarted.
    WindowMissed,
}

/// A user of Portainer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether it may do everything; deployments need it.
    pub administrator: bool,
}

/// An API key, as Portainer lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: i64,
    /// What it is for, as given when it was made.
    pub description: String,
    /// The key's first seven characters.
    pub prefix: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970, exact to a minute; 0: never.
    pub last_used: i64,
}

/// A key just made.
pub struct NewApiKey {
    /// The key itself. Keep it now: it is never shown again.
    pub key: SecretString,
    /// Its record.
    pub record: ApiKey,
}

impl fmt::Debug for NewApiKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey").field("record", &self.record).finish_non_exhaustive()
    }
}
