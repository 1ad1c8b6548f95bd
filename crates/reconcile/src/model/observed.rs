//! What runs: rows of Portainer and containers of Docker, as one observer saw them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use types::Millis;

use super::{DesiredSource, DesiredValue, Digest};

/// What runs, on all environments that were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Observed {
    /// What is known of the Portainer server.
    pub server: ServerFacts,
    /// Environments, in any order.
    pub environments: Vec<ObservedEnvironment>,
    /// Rows whose environment no longer exists.
    pub orphans: Vec<ObservedStack>,
}

/// What is known of the Portainer server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerFacts {
    /// Its version, such as `2.23.0`.
    pub version: String,
    /// How it behaves.
    pub generation: Generation,
}

/// The two ways in which Portainer servers deploy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// Like 2.23: deploys inside the call; a failed `up` of a compose stack is followed by `down`, which removes the containers
    /// that ran; the row appears at the end. Also the safe assumption for an unknown version.
    #[default]
    TakesDown,
    /// Newer: a failed `up` leaves the old containers alone; the row may appear first and the deploy run in the background.
    KeepsUp,
}

/// One environment as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservedEnvironment {
    /// Its name.
    pub name: String,
    /// Portainer's id; none if Portainer has no environment of this name.
    pub id: Option<i64>,
    /// Whether it can be asked and changed.
    pub reach: Reach,
    /// Its stack rows, in any order.
    pub stacks: Vec<ObservedStack>,
    /// Compose projects and swarm stacks that run without a row.
    pub projects: Vec<ObservedProject>,
    /// What the journal holds as last applied, by stack name. Tells hand edits from changes of the catalog.
    pub applied: BTreeMap<String, Applied>,
}

/// Whether an environment can be asked and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// It answers.
    Up,
    /// It does not answer: what stands in `stacks` are rows only.
    Down,
    /// Portainer has no environment of this name.
    #[default]
    Missing,
}

/// A stack row of Portainer with its containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservedStack {
    /// Portainer's id.
    pub id: i64,
    /// The normalised name.
    pub name: String,
    /// Compose or swarm.
    pub kind: StackKind,
    /// The row's own flag: book-keeping, not health.
    pub status: RowStatus,
    /// Where its compose file comes from.
    pub source: ObservedSource,
    /// Variables by name, values as digests.
    pub variables: BTreeMap<String, ObservedValue>,
    /// All its containers, in any state and order.
    pub containers: Vec<ObservedContainer>,
    /// Whether it runs Portainer itself or this program: never removed.
    pub protected: bool,
}

/// Compose or swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StackKind {
    /// A compose project.
    Compose,
    /// A swarm stack.
    Swarm,
}

/// The flag in a stack row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Deployed once and not stopped since.
    Active,
    /// Stopped through Portainer.
    Inactive,
    /// A background deploy is under way.
    Deploying,
    /// A background deploy failed.
    Error,
    /// A number this program does not know.
    Unknown(i64),
}

/// Where a row's compose file comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ObservedSource {
    /// A git repository.
    Git {
        /// The address.
        url: String,
        /// The reference as the row has it; empty is HEAD.
        reference: String,
        /// The commit deployed last (`ConfigHash`); empty if the row has none.
        commit: String,
        /// The compose file's path.
        compose_file: String,
        /// Further files.
        additional_files: Vec<String>,
        /// Portainer's own polling or webhook.
        auto_update: Option<AutoUpdate>,
    },
    /// A text stored in Portainer.
    Text {
        /// SHA-256 of the text ([`Digest::of_bytes`]).
        digest: Digest,
        /// The text, if it was fetched.
        text: Option<String>,
    },
}

/// Portainer's own polling or webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AutoUpdate {
    /// Polling interval as Portainer spells it; none if it only has a webhook.
    pub interval: Option<String>,
    /// Whether a webhook is set. Its id is a credential, so it is not kept.
    pub webhook: bool,
}

/// The value of a live variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservedValue {
    /// The keyed digest of the value.
    pub digest: Digest,
    /// The value, only where [`Disclosure`] allows it.
    pub plain: Option<String>,
}

/// Which live values an observer may hand over in clear: variables that the catalog holds in clear **and** that were no secret
/// when the stack was last applied. Everything else is a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosure(BTreeSet<(String, String, String)>);

impl Disclosure {
    /// Nothing may be handed over in clear.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What `desired` holds in clear, without what the journal remembers as a secret.
    #[must_use]
    pub fn of(desired: &super::Desired, applied: &BTreeMap<String, BTreeMap<String, Applied>>) -> Self {
        let mut open = BTreeSet::new();
        for environment in &desired.environments {
            let applied = applied.get(&environment.name);
            for stack in &environment.stacks {
                let effective = stack.effective();
                let before = applied.and_then(|stacks| stacks.get(&stack.name));
                for (name, value) in &effective.variables {
                    let was_secret = before
                        .and_then(|before| before.variables.get(name))
                        .is_some_and(|value| matches!(value, DesiredValue::Secret { .. }));
                    if matches!(value, DesiredValue::Plain(_)) && !was_secret {
                        for live in std::iter::once(&stack.name).chain(&stack.former_names) {
                            open.insert((environment.name.clone(), live.clone(), name.clone()));
                        }
                    }
                }
            }
        }
        Self(open)
    }

    /// What one stack holds in clear, whatever it was before. For looking at the effect of a call, where no value is kept or told.
    pub(crate) fn of_stack(environment: &str, stack: &super::DesiredStack) -> Self {
        let plain = stack.variables.iter().filter(|(_, value)| matches!(value, DesiredValue::Plain(_)));
        let open = |(name, _): (&String, _)| (environment.to_owned(), stack.name.clone(), name.clone());
        Self(plain.map(open).collect())
    }

    /// Whether the live value of `variable` of the stack row `stack` may be handed over in clear.
    #[must_use]
    pub fn allows(&self, environment: &str, stack: &str, variable: &str) -> bool {
        self.0.contains(&(environment.to_owned(), stack.to_owned(), variable.to_owned()))
    }
}

/// A compose project or swarm stack without a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservedProject {
    /// Its name from the containers' labels.
    pub name: String,
    /// Compose or swarm.
    pub kind: StackKind,
    /// Its containers.
    pub containers: Vec<ObservedContainer>,
    /// Whether it runs Portainer itself or this program.
    pub protected: bool,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservedContainer {
    /// Docker's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The compose service it belongs to.
    pub service: String,
    /// The image as asked for.
    pub image: String,
    /// The digest of its image in the registry (from `RepoDigests`), if known.
    pub image_digest: Option<String>,
    /// Docker's state.
    pub state: ContainerState,
    /// Docker's health.
    pub health: ContainerHealth,
    /// Restarts by Docker since it was made.
    pub restart_count: u32,
    /// How it ended, if it did.
    pub exit_code: Option<i64>,
    /// When it was last started.
    pub started_at: Option<Millis>,
    /// Compose's digest of the service's configuration (label `com.docker.compose.config-hash`).
    pub config_hash: Option<String>,
}

/// Docker's state of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made, not started.
    Created,
    /// Running.
    Running,
    /// Paused.
    Paused,
    /// Waiting to be started again.
    Restarting,
    /// Being removed.
    Removing,
    /// Ended.
    Exited,
    /// Docker could not remove it.
    Dead,
}

/// Docker's health of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContainerHealth {
    /// It has no health check.
    None,
    /// In its start period.
    Starting,
    /// The check passes.
    Healthy,
    /// The check fails.
    Unhealthy,
}

/// What a container's figures mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// Runs, and is healthy if it has a check.
    Well,
    /// Ended by itself with code 0: a task that is done.
    Done,
    /// Not yet well: in its start period, or being removed.
    Pending,
    /// Made but not started: it waits for another, or its start failed.
    NotStarted,
    /// Its health check fails.
    Unhealthy,
    /// Docker starts it again and again.
    CrashLooping,
    /// Ended with an error.
    Exited {
        /// The code; -1 if unknown.
        code: i64,
    },
    /// Paused by hand.
    Paused,
}

impl Condition {
    /// Whether nothing needs to be done.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Well | Self::Done)
    }
}

impl ObservedContainer {
    /// Restarts from which a container counts as crash-looping, with Docker's back-off about a second of its life.
    pub const CRASH_LOOP_RESTARTS: u32 = 3;

    /// What the figures mean. A container that was restarted often but runs and passes its health check, or has been up for
    /// ten minutes at `now`, has recovered.
    #[must_use]
    pub fn condition(&self, now: Millis) -> Condition {
        const RECOVERED: Millis = 10 * 60 * 1000;
        let looping = self.restart_count >= Self::CRASH_LOOP_RESTARTS;
        match self.state {
            ContainerState::Running => match self.health {
                ContainerHealth::Healthy => Condition::Well,
                ContainerHealth::Unhealthy => Condition::Unhealthy,
                _ if looping && self.started_at.is_none_or(|at| now.saturating_sub(at) < RECOVERED) => {
                    Condition::CrashLooping
                }
                ContainerHealth::Starting => Condition::Pending,
                ContainerHealth::None => Condition::Well,
            },
            ContainerState::Restarting => Condition::CrashLooping,
            ContainerState::Created => Condition::NotStarted,
            ContainerState::Removing => Condition::Pending,
            ContainerState::Paused => Condition::Paused,
            ContainerState::Exited if self.exit_code == Some(0) => Condition::Done,
            ContainerState::Exited | ContainerState::Dead => Condition::Exited { code: self.exit_code.unwrap_or(-1) },
        }
    }
}

/// What the journal holds as last applied to a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Applied {
    /// The revision's number.
    pub revision: u64,
    /// Its source.
    pub source: DesiredSource,
    /// Its variables.
    pub variables: BTreeMap<String, DesiredValue>,
    /// Compose's configuration digests by service, as seen when it had become healthy.
    pub config_hashes: BTreeMap<String, String>,
}
