//! What a caller hands in. Every field is sent each time: what Portainer does not get, it resets.

use std::fmt;

use secrecy::SecretString;

use super::{super::EnvironmentId, AutoUpdate, Variable};

/// A stack to create.
#[derive(Clone, Debug)]
pub struct NewStack {
    /// Where.
    pub environment: EnvironmentId,
    /// Its name; Portainer changes it, see [`stored_name`](super::stored_name).
    pub name: String,
    /// For a swarm stack the swarm's identifier, see [`Docker::swarm_id`](crate::portainer::Docker::swarm_id); none for compose.
    pub swarm_id: Option<String>,
    /// Its compose file.
    pub source: StackSource,
    /// All its variables.
    pub variables: Vec<Variable>,
}

/// Where a stack's compose file comes from.
#[derive(Clone, Debug)]
pub enum StackSource {
    /// A repository.
    Git(GitSource),
    /// A text.
    Text(String),
}

/// A repository. Address and file can never be changed later.
#[derive(Clone, Debug)]
pub struct GitSource {
    /// Its address.
    pub url: String,
    /// Such as `refs/heads/main` or `refs/tags/v1`; empty for the remote's default branch.
    pub reference: String,
    /// The compose file's path in it; Portainer's default is `docker-compose.yml`.
    pub config_file: String,
    /// Further compose files.
    pub additional_files: Vec<String>,
    /// How it is read.
    pub access: GitAccess,
    /// When Portainer looks for new commits by itself.
    pub auto_update: Option<AutoUpdate>,
    /// Leave the server's certificate unchecked.
    pub tls_skip_verify: bool,
}

/// How a repository is read.
#[derive(Clone)]
pub enum GitAccess {
    /// By anybody. Forgets stored credentials (newer versions of Portainer go on using them for a redeploy).
    Public,
    /// With the credentials Portainer has stored. Not for a create.
    Stored {
        /// The user they belong to.
        user: String,
    },
    /// With these, which Portainer stores.
    Password {
        /// The user; any word for most tokens.
        user: String,
        /// Password or token.
        password: SecretString,
    },
}

impl fmt::Debug for GitAccess {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("Public"),
            Self::Stored { user } => write!(f, "Stored {{ user: {user:?} }}"),
            Self::Password { user, .. } => write!(f, "Password {{ user: {user:?}, … }}"),
        }
    }
}

/// A new text for a stack.
#[derive(Clone, Debug)]
pub struct TextUpdate {
    /// The whole compose file.
    pub text: String,
    /// All variables.
    pub variables: Vec<Variable>,
    /// Pull images first. With it, a missing image leaves what runs untouched.
    pub pull_images: bool,
    /// Swarm: remove services that the file no longer has.
    pub prune: bool,
    /// Go on although the stack comes from a repository, and cut it off from it.
    pub detach_from_git: bool,
}

/// All settings of a stack from a repository.
#[derive(Clone, Debug)]
pub struct GitSettings {
    /// Such as `refs/heads/main`; empty for the remote's default branch.
    pub reference: String,
    /// How it is read.
    pub access: GitAccess,
    /// When Portainer looks for new commits by itself; none switches that off.
    pub auto_update: Option<AutoUpdate>,
    /// All variables.
    pub variables: Vec<Variable>,
    /// Swarm: remove services that the file no longer has.
    pub prune: bool,
    /// Leave the server's certificate unchecked.
    pub tls_skip_verify: bool,
}

/// A deployment of what is in the repository now.
#[derive(Clone, Debug)]
pub struct GitRedeploy {
    /// Such as `refs/heads/main`; empty for the remote's default branch.
    pub reference: String,
    /// How it is read.
    pub access: GitAccess,
    /// All variables.
    pub variables: Vec<Variable>,
    /// Pull images first. With it, a missing image leaves what runs untouched.
    pub pull_images: bool,
    /// Swarm: remove services that the file no longer has.
    pub prune: bool,
}

/// A file in a repository.
#[derive(Clone, Debug)]
pub struct GitFile {
    /// The repository's address.
    pub url: String,
    /// Such as `refs/heads/main`. Empty means exactly that here, whatever the remote's default branch is.
    pub reference: String,
    /// How it is read; [`GitAccess::Stored`] cannot be used, as no stack is named.
    pub access: GitAccess,
    /// The file's path.
    pub path: String,
    /// Leave the server's certificate unchecked.
    pub tls_skip_verify: bool,
}
