//! A plan: what would be done, in which order, and why.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use types::Millis;

use super::{BlockedCause, Digest, Reason, Warning};

/// The version of the shape of [`Plan`]. A plan of another format is refused.
pub const PLAN_FORMAT: u32 = 2;

/// What would be done to bring the live side to the desired state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The catalog commit it was made from.
    pub catalog_commit: String,
    /// When it was made. Not part of the fingerprint.
    pub made_at: Millis,
    /// How it was asked for.
    pub options: PlanOptions,
    /// What would be done, sorted by environment, wave and name.
    pub steps: Vec<Step>,
    /// The order: each wave waits for the one before it on the same environment.
    pub waves: Vec<Wave>,
    /// What will or may hurt.
    pub warnings: Vec<Warning>,
    /// Stacks that are as desired.
    pub unchanged: Vec<StackRef>,
    /// Stacks that can't be planned, with the cause.
    pub blocked: Vec<Blocked>,
    /// Digest over catalog commit, git commits, options and live state. [`apply`](crate::apply) refuses the plan when it no
    /// longer holds.
    pub fingerprint: Digest,
}

impl Plan {
    /// Whether there is nothing to do and nothing in the way.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        self.steps.is_empty() && self.blocked.is_empty()
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// How a plan is asked for. What is absent on the wire is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PlanOptions {
    /// Which rows that the catalog does not name are removed.
    pub prune: Prune,
    /// What happens when a step fails.
    pub on_failure: OnFailure,
    /// What is looked at.
    pub scope: Scope,
}

/// Which rows that the catalog does not name are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Prune {
    /// None; they are reported.
    #[default]
    No,
    /// Those that this program applied before. Stacks made by hand are left alone.
    Managed,
    /// All, save those that run Portainer or this program.
    All,
}

/// What happens when a step fails. Steps that depend on the failed one are never made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// No further step is begun, on any environment.
    #[default]
    Stop,
    /// Steps that do not depend on it go on.
    Continue,
    /// The stack is brought back to its last good revision; then as [`Continue`](Self::Continue). If that fails too, as
    /// [`Stop`](Self::Stop).
    RollBack,
}

/// What a plan looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "stacks", rename_all = "snake_case")]
pub enum Scope {
    /// All environments of the desired state.
    #[default]
    Everything,
    /// These stacks only, by normalised name. Their dependencies are not planned. A name that the catalog does not have is a row
    /// that goes away, if [`PlanOptions::prune`] says so.
    Only(BTreeSet<StackRef>),
}

impl Scope {
    /// Whether this stack is looked at.
    #[must_use]
    pub fn holds(&self, environment: &str, stack: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(stacks) => stacks.iter().any(|one| one.environment == environment && one.stack == stack),
        }
    }

    /// Whether anything of this environment is looked at.
    #[must_use]
    pub fn touches(&self, environment: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(stacks) => stacks.iter().any(|one| one.environment == environment),
        }
    }
}

/// A stack on an environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackRef {
    /// The environment's name.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
}

impl StackRef {
    /// Names a stack on an environment.
    #[must_use]
    pub fn new(environment: impl Into<String>, stack: impl Into<String>) -> Self {
        Self { environment: environment.into(), stack: stack.into() }
    }
}

/// The id of a step: `ENVIRONMENT/STACK`. Stable: the same step has the same id in every plan. A stack's normalised name has no
/// slash, so the last one divides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// The id of the step for this stack.
    #[must_use]
    pub fn of(environment: &str, stack: &str) -> Self {
        Self(format!("{environment}/{stack}"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing to do: one stack on one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// The environment's name.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
    /// What is done.
    pub action: Action,
    /// Why, never empty.
    pub reasons: Vec<Reason>,
    /// What it costs.
    pub risk: Risk,
    /// Steps that must have succeeded before.
    pub depends_on: Vec<StepId>,
    /// Its wave on its environment, from 0.
    pub wave: u32,
    /// Digest of what lives under the stack's names. A step is refused when it no longer holds at its turn.
    pub guard: Digest,
}

/// What is done to a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Made new.
    Create,
    /// Its source or variables change: deployed again.
    Update {
        /// Portainer's id.
        id: i64,
    },
    /// Nothing changes in Portainer; its containers are made again.
    Redeploy {
        /// Portainer's id.
        id: i64,
    },
    /// Only settings of the row change (polling off); containers are not touched.
    Configure {
        /// Portainer's id.
        id: i64,
    },
    /// Taken over as it runs, then brought to the desired state.
    Adopt {
        /// What is taken over.
        from: AdoptFrom,
    },
    /// Lives under a former name: removed there and created under its name, since Portainer can't rename. Volumes stay under
    /// the former name.
    Rename {
        /// Portainer's id of the former row.
        id: i64,
        /// The former name.
        from: String,
    },
    /// Removed and created again, since Portainer can't change what differs. Volumes stay.
    Recreate {
        /// Portainer's id.
        id: i64,
    },
    /// Removed; volumes stay.
    Remove {
        /// Portainer's id.
        id: i64,
    },
}

/// What is taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AdoptFrom {
    /// Containers of a compose project without a row.
    Project,
    /// A row whose environment no longer exists, with its containers on this one.
    Orphan {
        /// Portainer's id.
        id: i64,
    },
}

/// What a step costs, from little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// No running container is touched.
    None,
    /// Containers are made again: a short interruption.
    Interrupts,
    /// As above; if the deploy fails, what runs now is gone.
    TakesDownOnFailure,
    /// The stack is down between two calls.
    DownBetween,
    /// The stack goes away.
    Removes,
}

/// Steps of one environment that may be made in any order, once the wave before is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wave {
    /// The environment's name.
    pub environment: String,
    /// Its number, from 0.
    pub number: u32,
    /// The steps.
    pub steps: Vec<StepId>,
}

/// A stack that can't be planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blocked {
    /// Which.
    #[serde(flatten)]
    pub stack: StackRef,
    /// Why.
    pub cause: BlockedCause,
}
