//! Machines with Docker, and how Portainer is reached.

use serde::{Deserialize, Serialize};

use super::SecretName;

/// A machine: a VM on Phoenix, or the rented server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guest {
    /// Its number on the hypervisor; a hosted machine has none.
    pub vmid: Option<u32>,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub kind: GuestKind,
    /// A template to clone from: no deployment target.
    pub is_template: bool,
    /// The environment's name in Portainer.
    pub environment: Option<String>,
    /// The host name at which Portainer reaches its agent.
    pub agent_host: Option<String>,
    /// Its part in Portainer.
    pub portainer_role: Option<PortainerRole>,
    /// The stacks that run on it.
    pub assignments: Vec<Assignment>,
    /// Machines (by number or name) that must run before it.
    pub depends_on: Vec<String>,
}

impl Guest {
    /// Whether stacks can be deployed to it.
    #[must_use]
    pub const fn is_target(&self) -> bool {
        !self.is_template && self.environment.is_some()
    }

    /// The environment whose settings an assignment takes: its own word, else the machine's environment, else `production`.
    #[must_use]
    pub fn settings_for<'a>(&'a self, assignment: &'a Assignment) -> &'a str {
        assignment.environment.as_deref().or(self.environment.as_deref()).unwrap_or("production")
    }
}

/// A machine to be an environment, as a form takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuestPlace {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub kind: GuestKind,
    /// Its number on the hypervisor; a hosted machine has none.
    pub vmid: Option<u32>,
    /// The environment's name in Portainer.
    pub environment: String,
    /// Host name or IP address of its agent, with `:PORT` if it is not the usual one.
    pub agent_host: String,
}

/// Where a machine stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuestKind {
    /// A virtual machine on Phoenix.
    #[default]
    Vm,
    /// A rented server.
    Hosted,
}

/// A machine's part in Portainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PortainerRole {
    /// Portainer itself runs there.
    Primary,
    /// An agent runs there.
    Agent,
}

/// A stack on a machine's environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assignment {
    /// The stack's name.
    pub stack: String,
    /// Whose settings it takes; none is the machine's own environment.
    pub environment: Option<String>,
}

/// How Portainer is reached. Secrets are named, never held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortainerSettings {
    /// Its address, put together from host and port where the file says those.
    pub url: Option<String>,
    /// The user who signs in.
    pub username: Option<String>,
    /// Where the password is.
    pub password: Option<SecretSource>,
    /// Where the API key is.
    pub api_key: Option<SecretSource>,
    /// Path of a CA certificate to trust.
    pub ca_file: Option<String>,
    /// SHA-256 of the certificate to trust.
    pub tls_fingerprint: Option<String>,
    /// Trust any certificate: reported as an error where it is used.
    pub skip_verify: bool,
    /// The port the agents listen on.
    pub agent_port: Option<u16>,
}

/// Where a secret of the settings is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// In the vault.
    Vault(SecretName),
    /// Written in the file in plain text. The value is not part of the catalog's model: `catalog::Snapshot` reveals it.
    Plain,
}
