//! The live side: Portainer and the Docker hosts behind it.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use types::Millis;

use super::PortError;
use crate::model::{Disclosure, ObservedEnvironment, ObservedProject, ObservedStack, ServerFacts};

/// What became of a writing call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The server says it did it (or, in the background, will). The engine looks for itself.
    Done,
    /// The server says no. Part of it may have happened: see [`RefusalKind`].
    Refused(Refusal),
    /// No word: a time-out, a broken connection, a gateway's 502 or 504. It may have happened, or still be going on.
    Unknown {
        /// What broke off, without any secret.
        detail: String,
    },
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// What kind.
    pub kind: RefusalKind,
    /// The HTTP status; 0 if it came from elsewhere.
    pub status: u16,
    /// The server's words. The engine blots out the secrets it handed over before they go anywhere.
    pub message: String,
}

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The server could not take the call and certainly did nothing (408 of the offline gate, connection refused). May be repeated.
    Unavailable,
    /// A name is taken (409).
    Conflict,
    /// There is no such stack or environment (404).
    NotFound,
    /// The request is wrong, or not allowed (400, 401, 403, 422).
    Invalid,
    /// The deploy itself failed (500): something may have changed.
    Deploy,
    /// This server or kind of stack has no such call. For a pull, the deploy pulls by itself.
    Unsupported,
}

/// Which of a server's rows and containers carry a stack's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackView {
    /// Rows on this environment under any of the names, by id. More than one of a name is possible.
    pub rows: Vec<ObservedStack>,
    /// Projects without a row under any of the names.
    pub projects: Vec<ObservedProject>,
}

/// The source as it goes to the server.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A git repository.
    Git {
        /// The address.
        url: String,
        /// The reference; none is HEAD.
        reference: Option<String>,
        /// The compose file's path.
        compose_file: String,
        /// Further files.
        additional_files: Vec<String>,
        /// User and password.
        credential: Option<Credential>,
    },
    /// A compose text.
    Text(String),
}

/// A credential for a git repository, resolved from the vault: `user:password`, or a token alone.
#[derive(Clone)]
pub struct Credential(pub SecretString);

impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        use secrecy::ExposeSecret as _;

        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Credential {}

impl fmt::Debug for Source {
    /// Without texts and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { url, reference, compose_file, .. } => f
                .debug_struct("Git")
                .field("url", url)
                .field("reference", reference)
                .field("compose_file", compose_file)
                .finish_non_exhaustive(),
            Self::Text(text) => f.debug_struct("Text").field("bytes", &text.len()).finish(),
        }
    }
}

/// Variables with their values, for one call.
#[derive(Clone, Default)]
pub struct Variables(pub BTreeMap<String, SecretString>);

impl fmt::Debug for Variables {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Pull images on a host.
#[derive(Clone, Debug)]
pub struct PullImages {
    /// The environment.
    pub environment: String,
    /// The images.
    pub images: Vec<String>,
}

/// Create a stack.
#[derive(Clone, Debug)]
pub struct Create {
    /// The environment.
    pub environment: String,
    /// The normalised name.
    pub name: String,
    /// The source. Portainer's own polling stays off.
    pub source: Source,
    /// All variables.
    pub variables: Variables,
    /// Whether it is a swarm stack.
    pub swarm: bool,
}

/// Deploy a stack again. A text makes Portainer forget the git repository. A stopped stack is started.
#[derive(Clone, Debug)]
pub struct Update {
    /// The environment the row belongs to.
    pub environment: String,
    /// Portainer's id.
    pub id: i64,
    /// The name, for calls by name.
    pub name: String,
    /// The source: for git, the same repository and compose file as the row's.
    pub source: Source,
    /// All variables: what is not named is cleared.
    pub variables: Variables,
    /// Whether it is a swarm stack.
    pub swarm: bool,
}

/// Turn a git stack's polling and webhook off without deploying, with all settings as desired.
#[derive(Clone, Debug)]
pub struct Configure {
    /// The environment.
    pub environment: String,
    /// Portainer's id.
    pub id: i64,
    /// The source.
    pub source: Source,
    /// All variables.
    pub variables: Variables,
}

/// Take over a row whose environment is gone.
#[derive(Clone, Debug)]
pub struct Associate {
    /// The environment to take it over to.
    pub environment: String,
    /// Portainer's id.
    pub id: i64,
    /// Whether it is a swarm stack.
    pub swarm: bool,
}

/// Remove a stack: containers and row, not volumes.
#[derive(Clone, Debug)]
pub struct Remove {
    /// The environment the row belongs to.
    pub environment: String,
    /// Portainer's id.
    pub id: i64,
    /// The row's name.
    pub name: String,
}

/// A line of a container's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// When Docker took it, if known.
    pub at: Option<Millis>,
    /// Whether it came on the error stream.
    pub stderr: bool,
    /// The text; ends with `…` if the rest of the line was not kept.
    pub text: String,
}

/// The live side. Reads may be repeated freely by the implementation; **writes must be sent once** and never retried by it.
#[async_trait]
pub trait Target: Send + Sync {
    /// The server's version and behaviour.
    ///
    /// # Errors
    /// When it does not answer.
    async fn server(&self) -> Result<ServerFacts, PortError>;

    /// Reads one environment afresh: rows, projects, containers. `applied` stays empty: the engine fills it from the journal.
    /// An environment that Portainer lacks or that does not answer is a [`Reach`](crate::model::Reach), not an error.
    ///
    /// # Errors
    /// When Portainer does not answer.
    async fn observe(&self, environment: &str, disclosure: &Disclosure) -> Result<ObservedEnvironment, PortError>;

    /// Rows whose environment no longer exists.
    ///
    /// # Errors
    /// When Portainer does not answer.
    async fn orphans(&self) -> Result<Vec<ObservedStack>, PortError>;

    /// Reads afresh what carries these names on one environment.
    ///
    /// # Errors
    /// When Portainer or the host does not answer.
    async fn observe_stack(
        &self,
        environment: &str,
        names: &[String],
        disclosure: &Disclosure,
    ) -> Result<StackView, PortError>;

    /// Pulls images.
    async fn pull_images(&self, call: PullImages) -> Outcome;

    /// Creates a stack.
    async fn create(&self, call: Create) -> Outcome;

    /// Deploys a stack again.
    async fn update(&self, call: Update) -> Outcome;

    /// Changes settings without deploying.
    async fn configure(&self, call: Configure) -> Outcome;

    /// Takes over an orphaned row.
    async fn associate(&self, call: Associate) -> Outcome;

    /// Removes a stack.
    async fn remove(&self, call: Remove) -> Outcome;

    /// The last `lines` lines of each container of the stack that is not well. Must come to an end by itself, with what it has,
    /// within about half a minute: a step waits for it and holds a lock.
    ///
    /// # Errors
    /// When they can't be read.
    async fn last_logs(&self, environment: &str, stack: &str, lines: u32) -> Result<Vec<LogLine>, PortError>;
}
