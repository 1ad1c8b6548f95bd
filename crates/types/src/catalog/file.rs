//! The form of the files that we write. The schemas for editors are made from these types, and the writer fills them; the
//! reader understands older forms too and works on the text itself, so that a fault has a line and a column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Assignment, GuestKind, Health, Override, PortainerRole, SecretName, Stack, StackSource, Variable, VariableValue,
};
use crate::Millis;

/// `phoenix_stacks_config.json`: which stacks exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StacksFile {
    /// The stacks, in the order they are shown.
    pub docker_stacks: Vec<StackEntry>,
}

/// One stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackEntry {
    /// Its name: a letter or digit, then a-z, 0-9, `-` and `_`; at most 63 characters.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,62}$")))]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Address of the git repository with the compose file. Either this or `compose_file_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_repo: Option<String>,
    /// Branch, tag or commit; default: the remote's HEAD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Path of the compose file in the git repository; default `docker-compose.yml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_file: Option<String>,
    /// Further compose files in the git repository, laid over the first in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_files: Vec<String>,
    /// Name of the vault's entry with `username:password` for the git repository, or a token alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_credential: Option<SecretName>,
    /// Path of a compose file in the catalog's own repository. Either this or `git_repo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_file_path: Option<String>,
    /// Variables for the compose file.
    #[serde(default)]
    pub env: Vec<VariableEntry>,
    /// What differs on single environments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, EnvironmentEntry>,
    /// Stacks that must be healthy before this one is deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// The public host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port on the Docker host that answers for the host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// When a deployment counts as healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthEntry>,
    /// Deployed as a swarm stack; default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub swarm: bool,
}

/// What differs on one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentEntry {
    /// Variables added or replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<VariableEntry>,
    /// Branch, tag or commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Path of the compose file in the git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_file: Option<String>,
    /// Further compose files in the git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_files: Option<Vec<String>>,
    /// The public host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port on the Docker host that answers for the host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// When a deployment counts as healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthEntry>,
}

/// A variable: a plain value, or the name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VariableEntry {
    /// A plain value.
    Plain {
        /// A letter or `_`, then letters, digits and `_`.
        #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")))]
        name: String,
        /// The value.
        value: String,
    },
    /// A value in the vault.
    Secret {
        /// A letter or `_`, then letters, digits and `_`.
        #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")))]
        name: String,
        /// The secret's name, as `vault/NAME`.
        secret: String,
    },
}

/// When a deployment counts as healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthEntry {
    /// Seconds to wait for every container to run and to be healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// Seconds every container must stay so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_s: Option<u32>,
}

/// `phoenix_vm_configs.json`: which machines exist and what runs on them. Only what matters for stacks is described; the rest
/// of a machine's settings is kept as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuestsFile {
    /// The machines.
    pub vms: Vec<GuestEntry>,
}

/// One machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuestEntry {
    /// Its number on the hypervisor. A hosted machine has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vmid: Option<u32>,
    /// Its name.
    pub name: String,
    /// Where it stands; default `vm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<GuestKind>,
    /// A template to clone from.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_template: bool,
    /// The environment's name in Portainer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portainer_environment_name: Option<String>,
    /// The host name at which Portainer reaches its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portainer_agent_hostname: Option<String>,
    /// Its part in Portainer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portainer_role: Option<PortainerRole>,
    /// The stacks that run on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docker_stacks: Vec<AssignmentEntry>,
}

/// A stack on a machine: its name, with the machine's own environment; or its name and the environment whose settings it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AssignmentEntry {
    /// The stack's name.
    Name(String),
    /// The stack's name and an environment.
    On {
        /// The stack's name.
        name: String,
        /// The environment whose settings it takes.
        environment: String,
    },
}

/// `phoenix_hypervisor_config.json`: global settings. Only what is read here is described; the rest is kept as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HypervisorFile {
    /// The domain the public names hang under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<String>,
    /// How Portainer is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portainer_api: Option<PortainerEntry>,
}

/// How Portainer is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortainerEntry {
    /// Its address, such as `https://portainer.example.org:9443`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Instead of the address: its host name …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_hostname: Option<String>,
    /// … or its IP address …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ip: Option<String>,
    /// … and its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The user who signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password, as `vault/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// An API key, as `vault/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Path of a CA certificate to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// SHA-256 of the certificate to trust, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_fingerprint: Option<String>,
    /// Trust any certificate. Do not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_verify: bool,
}

/// `phoenix_secrets.json`: the vault. Written by the programs alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretsFile {
    /// The secrets by name.
    pub secrets: BTreeMap<String, SecretRecord>,
    /// The last version of secrets that were removed, by name: one that is set again goes on from there, so that a name and a
    /// version never mean two values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, u32>,
}

/// One encrypted secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretRecord {
    /// Counts the values it had, from 1.
    pub version: u32,
    /// When this value was set, in milliseconds since 1970-01-01T00:00:00Z.
    pub updated_at: Millis,
    /// Who set it.
    pub updated_by: String,
    /// The public keys it is encrypted for.
    pub recipients: Vec<String>,
    /// The age file, in base64.
    pub ciphertext: String,
    /// Proof, by the vault's key, that all of the above belongs together; in hexadecimal.
    pub seal: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde calls")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl From<&Variable> for VariableEntry {
    fn from(variable: &Variable) -> Self {
        let name = variable.name.clone();
        match &variable.value {
            VariableValue::Plain(value) => Self::Plain { name, value: value.clone() },
            VariableValue::Secret(secret) => Self::Secret { name, secret: secret.reference() },
        }
    }
}

impl HealthEntry {
    fn of(health: &Health) -> Option<Self> {
        (*health != Health::default()).then_some(Self { timeout_s: health.timeout_s, stable_s: health.stable_s })
    }
}

impl From<&Override> for EnvironmentEntry {
    fn from(over: &Override) -> Self {
        Self {
            env: over.env.iter().map(VariableEntry::from).collect(),
            reference: over.reference.clone(),
            compose_file: over.compose_file.clone(),
            additional_files: over.additional_files.clone(),
            hostname: over.publish.hostname.clone(),
            port: over.publish.port,
            health: HealthEntry::of(&over.health),
        }
    }
}

impl From<&Stack> for StackEntry {
    fn from(stack: &Stack) -> Self {
        let mut entry = Self {
            name: stack.name.clone(),
            description: stack.description.clone(),
            env: stack.env.iter().map(VariableEntry::from).collect(),
            environments: stack.environments.iter().map(|(name, over)| (name.clone(), over.into())).collect(),
            depends_on: stack.depends_on.clone(),
            hostname: stack.publish.hostname.clone(),
            port: stack.publish.port,
            health: HealthEntry::of(&stack.health),
            swarm: stack.swarm,
            ..Self::default()
        };
        match &stack.source {
            StackSource::Git { repository, reference, compose_file, additional_files, credential } => {
                entry.git_repo = Some(repository.clone());
                entry.reference.clone_from(reference);
                entry.compose_file = (compose_file != StackSource::COMPOSE_FILE).then(|| compose_file.clone());
                entry.additional_files.clone_from(additional_files);
                entry.git_credential.clone_from(credential);
            }
            StackSource::Text { path } => entry.compose_file_path = Some(path.clone()),
        }
        entry
    }
}

impl From<&Assignment> for AssignmentEntry {
    fn from(assignment: &Assignment) -> Self {
        let name = assignment.stack.clone();
        match &assignment.environment {
            None => Self::Name(name),
            Some(environment) => Self::On { name, environment: environment.clone() },
        }
    }
}
