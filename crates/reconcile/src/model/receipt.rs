//! What an apply writes down: intents before, receipts after, and its verdict.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use types::{Millis, catalog::DotenvHazard};

use super::{Action, Condition, Plan, StepId};
use crate::ports::{LogLine, Refusal};

/// The id of an apply, chosen by the caller (a UUIDv7 as text).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ApplyId(pub String);

impl fmt::Display for ApplyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An apply as it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplyRecord {
    /// Its id.
    pub id: ApplyId,
    /// Who asked for it.
    pub actor: String,
    /// The process that does it, as it stands in the locks.
    pub owner: String,
    /// When it began.
    pub started_at: Millis,
    /// What it does.
    pub plan: Plan,
    /// The stacks it deploys, exactly as planned, so that another process can finish them.
    pub stacks: BTreeMap<StepId, super::DesiredStack>,
}

/// A call that is about to be made. It may or may not have been made when no later word of it is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Intent {
    /// The apply.
    pub apply: ApplyId,
    /// The step.
    pub step: StepId,
    /// Counts calls of this step from 0.
    pub sequence: u32,
    /// The call.
    pub call: Call,
    /// Whether it brings back an older state after a failure.
    pub rolling_back: bool,
    /// When.
    pub at: Millis,
}

/// A call to Portainer or, through it, to Docker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Call {
    /// Pull images. May be repeated.
    Pull {
        /// Which.
        images: Vec<String>,
    },
    /// Create the stack. Never repeated blindly: two creates can make two rows.
    Create,
    /// Deploy again with the desired source and variables. May be repeated after a look.
    Update {
        /// Portainer's id.
        id: i64,
    },
    /// Change settings of the row without deploying. May be repeated.
    Configure {
        /// Portainer's id.
        id: i64,
    },
    /// Take a row over from an environment that is gone. May be repeated after a look.
    Associate {
        /// Portainer's id.
        id: i64,
    },
    /// Remove the stack. May be repeated after a look.
    Remove {
        /// Portainer's id.
        id: i64,
        /// The name it has there.
        name: String,
    },
}

/// The end of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The apply.
    pub apply: ApplyId,
    /// The step.
    pub step: StepId,
    /// What was to be done.
    pub action: Action,
    /// When the step began.
    pub started_at: Millis,
    /// When it ended.
    pub ended_at: Millis,
    /// How many calls were made.
    pub calls: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// Services that run, with the digests of their images where the host knows them, as observed at the end.
    pub images: BTreeMap<String, Option<String>>,
    /// The last lines of containers that are not well, secrets blotted out.
    pub last_logs: Vec<LogLine>,
    /// The number of the revision that was kept.
    pub revision: Option<u64>,
}

/// How a step ended. Comes from observed containers, digests and health alone, never from the answer of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// As desired, healthy, and so for the settling time.
    Healthy,
    /// Gone, with all its containers.
    Removed,
    /// Not as desired.
    Failed {
        /// Why.
        cause: FailureCause,
        /// What became of bringing it back, if that was asked for.
        rollback: Option<RollbackOutcome>,
    },
    /// Not begun.
    Skipped {
        /// Why.
        because: SkippedBecause,
    },
}

impl Verdict {
    /// Whether the stack is as the plan wants it.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Healthy | Self::Removed)
    }
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FailureCause {
    /// Something changed under the stack's names since the plan was made. Nothing was done.
    Moved,
    /// A secret could not be had. Nothing was done.
    Secret {
        /// Its name.
        name: String,
        /// Why.
        detail: String,
    },
    /// A value, most often a secret's, does not get to Docker unchanged in any form. Nothing was done.
    UnsafeValue {
        /// The variable.
        variable: String,
        /// What is in the way.
        hazard: DotenvHazard,
    },
    /// A call was refused, and what is observed is not as desired.
    Refused {
        /// The call.
        call: Call,
        /// The refusal, secrets blotted out.
        refusal: Refusal,
    },
    /// No word whether a call took effect, nothing shows that it did, and it must not be repeated. Plan again to see where
    /// things stand.
    OutcomeUnknown {
        /// The call.
        call: Call,
        /// What broke off.
        detail: String,
    },
    /// Deployed, but another commit than planned: the reference moved meanwhile.
    OtherCommit {
        /// The commit planned.
        planned: String,
        /// The commit deployed.
        found: String,
    },
    /// Containers are not well.
    Unwell {
        /// Service, container and what is wrong; missing ones have an empty container.
        containers: Vec<UnwellContainer>,
    },
    /// Not well within the time allowed.
    TimedOut {
        /// What was still not as desired.
        pending: Vec<UnwellContainer>,
    },
    /// It had failed and was being brought back when the apply broke off; why it had failed went with the process.
    BrokeOff,
    /// The row is not as desired after the call.
    NotAsDesired,
    /// The revision's images could not be written into its text, so it was not brought back.
    Unrenderable {
        /// Why.
        detail: String,
    },
    /// The live side could not be observed.
    Unobservable {
        /// Why.
        detail: String,
    },
    /// The journal could not be written. Nothing further is done.
    Journal {
        /// Why.
        detail: String,
    },
    /// The lock was lost to another owner. Nothing further is done.
    LockLost,
}

/// A container that is not well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnwellContainer {
    /// Its service.
    pub service: String,
    /// Its name; empty if there is none.
    pub container: String,
    /// What is wrong; none if there is no container or another image runs.
    pub condition: Option<Condition>,
}

/// What became of bringing a stack back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RollbackOutcome {
    /// The revision runs and is healthy.
    Restored {
        /// Its number.
        revision: u64,
    },
    /// There was nothing before: what the failed step left was removed.
    Removed,
    /// There is no revision with a text to go back to.
    NothingToRestore,
    /// It failed too.
    Failed {
        /// Why.
        cause: Box<FailureCause>,
    },
}

/// Why a step was not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SkippedBecause {
    /// A step it depends on did not succeed.
    Dependency {
        /// That step.
        step: StepId,
    },
    /// Another step failed, and the plan says stop.
    EarlierFailure,
    /// A person cancelled.
    Cancelled,
}

/// A step with its receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepResult {
    /// The step.
    pub step: StepId,
    /// Its receipt.
    pub receipt: Receipt,
}

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplyVerdict {
    /// Every step succeeded.
    Succeeded,
    /// Cancelled between steps; those that were made succeeded.
    Cancelled,
    /// At least one step failed.
    Failed,
}

/// What an apply did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplyReport {
    /// Its id.
    pub apply: ApplyId,
    /// How it ended.
    pub verdict: ApplyVerdict,
    /// Every step of the plan, in the plan's order.
    pub steps: Vec<StepResult>,
}

/// An apply without an end in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unfinished {
    /// How it began.
    pub record: ApplyRecord,
    /// Its intents, in order of writing.
    pub intents: Vec<Intent>,
    /// Receipts of steps that ended.
    pub receipts: Vec<Receipt>,
}
