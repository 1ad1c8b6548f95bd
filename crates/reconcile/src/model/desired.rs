//! What is wanted: the catalog resolved to commits, secrets' versions and facts from compose files.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{Digest, Pin, StackRef};

/// What is wanted, on all environments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Desired {
    /// The commit of the catalog this was read from (with a mark of its own if hand edits are not committed).
    pub catalog_commit: String,
    /// The environments with an assignment, in any order.
    pub environments: Vec<DesiredEnvironment>,
}

/// What is wanted on one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DesiredEnvironment {
    /// The name as Portainer knows it.
    pub name: String,
    /// The stacks assigned to it, in any order.
    pub stacks: Vec<DesiredStack>,
}

/// One stack on one environment, with overrides already merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DesiredStack {
    /// The name as Portainer normalises it: `[-_a-z0-9]` only.
    pub name: String,
    /// The name as the catalog spells it.
    pub title: String,
    /// Normalised names under which older tools, or the catalog before a renaming, made this stack.
    pub former_names: Vec<String>,
    /// Where its compose file comes from.
    pub source: DesiredSource,
    /// Variables by name.
    pub variables: BTreeMap<String, DesiredValue>,
    /// Normalised names of stacks on the same environment that must be healthy first.
    pub depends_on: Vec<String>,
    /// What the compose file says, if it could be read.
    pub compose: Option<ComposeFacts>,
    /// When it counts as healthy.
    pub health: HealthRules,
    /// Whether it is a swarm stack.
    pub swarm: bool,
    /// A version it is held at, see [`Pin`].
    pub pin: Option<Pin>,
    /// What keeps it from being planned. Anything here blocks this stack and those that depend on it, nothing else.
    pub troubles: Vec<Trouble>,
}

/// Where a compose file comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DesiredSource {
    /// A git repository that Portainer clones.
    Git {
        /// The address, without credentials.
        url: String,
        /// Branch, tag or full reference; none is the remote's HEAD.
        reference: Option<String>,
        /// The full id of the commit the reference resolves to now.
        commit: String,
        /// The compose file's path in the repository.
        compose_file: String,
        /// Further compose files, in order.
        additional_files: Vec<String>,
        /// The credential to clone with.
        credential: Option<SecretRef>,
    },
    /// A compose text that the engine hands over.
    Text {
        /// The text, not interpolated: variables stand in it by name.
        text: String,
    },
}

/// The value of a variable: in clear, or a secret by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum DesiredValue {
    /// A value that stands in the catalog in clear.
    Plain(String),
    /// A secret of the vault.
    Secret {
        /// Its name in the vault.
        name: String,
        /// Its version.
        version: u64,
        /// The keyed digest of its value, made with the key that [`ObservedValue::digest`](super::ObservedValue) is made with.
        digest: Digest,
    },
}

/// A secret of the vault, by name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretRef {
    /// Its name in the vault.
    pub name: String,
    /// Its version.
    pub version: u64,
}

/// What a compose file says, as far as planning needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComposeFacts {
    /// Its services, in any order.
    pub services: Vec<ComposeService>,
    /// The rendered text: all files merged, variables **not** interpolated, so that no secret stands in it. It is what a
    /// rollback hands to Portainer.
    pub text: String,
}

/// One service of a compose file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComposeService {
    /// Its name.
    pub name: String,
    /// The image as written, with plain variables filled in; empty if unknown.
    pub image: String,
    /// The digest the image has in its registry (`sha256:…`), if it was looked up or stands in `image`.
    pub digest: Option<String>,
    /// Relative bind mounts, as written.
    pub bind_mounts_relative: Vec<String>,
    /// Whether it is meant to end by itself: another waits for its completion, or its restart policy is written as `no`.
    pub ends: bool,
    /// Whether it, or its image, is known to have a health check.
    pub has_healthcheck: bool,
    /// Published ports.
    pub ports: Vec<PublishedPort>,
}

/// A port published on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublishedPort {
    /// The host's port.
    pub host: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// When a stack counts as healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthRules {
    /// Seconds to wait, from the end of the deploying call, until it has failed.
    pub timeout_s: u32,
    /// Seconds it must stay well before it is believed, or stay broken before it is given up.
    pub settle_s: u32,
}

impl Default for HealthRules {
    /// Five minutes for what loads a model at its start; ten seconds show most crash loops (Docker restarts after 100 ms,
    /// doubling).
    fn default() -> Self {
        Self { timeout_s: 300, settle_s: 10 }
    }
}

/// What keeps a stack from being planned, found while its desired state was put together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// A git reference could not be resolved.
    Reference {
        /// The repository's address.
        url: String,
        /// The reference; none is HEAD.
        reference: Option<String>,
        /// Why, without any secret.
        detail: String,
    },
    /// The vault has no such secret or version, or can't be opened.
    Secret {
        /// The secret's name.
        name: String,
        /// Why, without any secret.
        detail: String,
    },
    /// The compose file is missing or broken.
    Compose {
        /// Its path.
        path: String,
        /// Why.
        detail: String,
    },
    /// The catalog's entry is broken.
    Catalog {
        /// What is wrong.
        detail: String,
    },
}

impl DesiredStack {
    /// The stack with its pin in force: the pinned text, variables and image digests stand in place of the catalog's.
    #[must_use]
    pub fn effective(&self) -> Cow<'_, Self> {
        let Some(pin) = &self.pin else { return Cow::Borrowed(self) };
        let mut stack = self.clone();
        stack.source = DesiredSource::Text { text: pin.text.clone() };
        if let Some(variables) = &pin.variables {
            stack.variables.clone_from(variables);
        }
        stack.compose =
            (!pin.services.is_empty()).then(|| ComposeFacts { services: pin.services.clone(), text: pin.text.clone() });
        Cow::Owned(stack)
    }

    /// All names it may live under: its own first, then the former ones.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![self.name.clone()];
        names.extend(self.former_names.iter().filter(|name| **name != self.name).cloned());
        names
    }
}

impl Desired {
    /// Attaches pins to their stacks. Pins of stacks that are not desired are left alone.
    #[must_use]
    pub fn with_pins(mut self, pins: &BTreeMap<StackRef, Pin>) -> Self {
        for environment in &mut self.environments {
            for stack in &mut environment.stacks {
                stack.pin = pins.get(&StackRef::new(&environment.name, &stack.name)).cloned();
            }
        }
        self
    }
}
