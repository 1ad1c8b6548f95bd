//! Stacks: compose projects and their settings, in general and on one environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Guest, PortainerSettings, SecretName};

/// All that is desired. Order is the files' own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Catalog {
    /// The stacks that could be read.
    pub stacks: Vec<Stack>,
    /// The machines, with what runs on them.
    pub guests: Vec<Guest>,
    /// How Portainer is reached.
    pub portainer: PortainerSettings,
    /// The domain the public names hang under.
    pub domain_name: Option<String>,
}

impl Catalog {
    /// The stack of this name.
    #[must_use]
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.name == name)
    }

    /// The machine of this name.
    #[must_use]
    pub fn guest(&self, name: &str) -> Option<&Guest> {
        self.guests.iter().find(|guest| guest.name == name)
    }

    /// The machines a stack is assigned to.
    pub fn guests_with(&self, stack: &str) -> impl Iterator<Item = &Guest> {
        self.guests.iter().filter(move |guest| guest.assignments.iter().any(|one| one.stack == stack))
    }
}

/// A compose project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stack {
    /// Its name in the catalog and, normalised, on the hosts.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Where the compose text comes from.
    pub source: StackSource,
    /// Variables on every environment.
    #[serde(default)]
    pub env: Vec<Variable>,
    /// What differs on single environments.
    #[serde(default)]
    pub environments: BTreeMap<String, Override>,
    /// Stacks that must be healthy before this one is deployed.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// What is shown to the world.
    #[serde(default)]
    pub publish: Publish,
    /// When a deployment counts as healthy.
    #[serde(default)]
    pub health: Health,
    /// Deployed as a swarm stack.
    #[serde(default)]
    pub swarm: bool,
    /// Swarm placement constraints, as an older form lists them. Read, kept, not applied.
    #[serde(default)]
    pub placement_constraints: Vec<String>,
}

impl Stack {
    /// A stack with a name and a source and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, source: StackSource) -> Self {
        Self {
            name: name.into(),
            description: None,
            source,
            env: Vec::new(),
            environments: BTreeMap::new(),
            depends_on: Vec::new(),
            publish: Publish::default(),
            health: Health::default(),
            swarm: false,
            placement_constraints: Vec::new(),
        }
    }
}

/// Where a stack's compose text comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StackSource {
    /// A git repository, cloned by Portainer.
    Git {
        /// Its address.
        repository: String,
        /// Branch, tag or commit; none is the remote's HEAD.
        reference: Option<String>,
        /// Path of the compose file in the repository.
        compose_file: String,
        /// Further compose files, laid over the first in this order.
        #[serde(default)]
        additional_files: Vec<String>,
        /// The vault's entry with `username:password`, or a token alone.
        credential: Option<SecretName>,
    },
    /// A compose text in the catalog's own repository.
    Text {
        /// Its path there, as the file says it.
        path: String,
    },
}

impl StackSource {
    /// The compose file where a repository does not say otherwise.
    pub const COMPOSE_FILE: &'static str = "docker-compose.yml";

    /// A repository's HEAD with the usual compose file.
    #[must_use]
    pub fn git(repository: impl Into<String>) -> Self {
        Self::Git {
            repository: repository.into(),
            reference: None,
            compose_file: Self::COMPOSE_FILE.to_owned(),
            additional_files: Vec::new(),
            credential: None,
        }
    }
}

/// A variable for the compose file's `${…}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, or where it is kept.
    pub value: VariableValue,
}

impl Variable {
    /// A variable with a plain value.
    #[must_use]
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: VariableValue::Plain(value.into()) }
    }

    /// A variable whose value is in the vault.
    #[must_use]
    pub fn secret(name: impl Into<String>, secret: SecretName) -> Self {
        Self { name: name.into(), value: VariableValue::Secret(secret) }
    }
}

/// A value, or where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VariableValue {
    /// Stands in the catalog as it is.
    Plain(String),
    /// Stands in the vault under this name.
    Secret(SecretName),
}

/// What differs on one environment. What is absent is the stack's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Override {
    /// Variables added or replaced.
    #[serde(default)]
    pub env: Vec<Variable>,
    /// Branch, tag or commit.
    #[serde(default)]
    pub reference: Option<String>,
    /// Path of the compose file.
    #[serde(default)]
    pub compose_file: Option<String>,
    /// Further compose files.
    #[serde(default)]
    pub additional_files: Option<Vec<String>>,
    /// What is shown to the world.
    #[serde(default)]
    pub publish: Publish,
    /// When a deployment counts as healthy.
    #[serde(default)]
    pub health: Health,
    /// Files an older form mounts. Read, kept, not applied.
    #[serde(default)]
    pub files: Vec<FileMount>,
    /// Traefik labels by service, as an older form lists them. Read, kept, not applied.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
    /// Firewall rules of an older form. Read, kept, not applied.
    #[serde(default)]
    pub firewall_rules: Vec<FirewallRule>,
}

/// What is shown to the world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Publish {
    /// The public host name.
    #[serde(default)]
    pub hostname: Option<String>,
    /// The port on the Docker host that answers for it.
    #[serde(default)]
    pub port: Option<u16>,
}

/// When a deployment counts as healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Seconds to wait for every container to run and to be healthy.
    #[serde(default)]
    pub timeout_s: Option<u32>,
    /// Seconds every container must stay so.
    #[serde(default)]
    pub stable_s: Option<u32>,
}

/// A file put into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileMount {
    /// Its path on the old hypervisor.
    pub source: String,
    /// Its path in the container.
    pub destination_in_container: String,
}

/// A rule of the old hypervisor's firewall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FirewallRule {
    /// `in` or `out`.
    pub direction: String,
    /// `ACCEPT`, `DROP`, …
    pub action: String,
    /// Who may come, as an address or a network.
    pub source: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: Option<String>,
    /// The port or range, as text.
    pub port: Option<String>,
    /// What it is for.
    pub comment: Option<String>,
}
