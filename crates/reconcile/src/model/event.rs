//! Events: what watchers see while an apply runs.

use serde::{Deserialize, Serialize};
use types::Millis;

use super::{ApplyId, ApplyVerdict, Call, Condition, StepId, Verdict};

/// Something that happened during an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The apply.
    pub apply: ApplyId,
    /// Counts events of one run of an apply from 1; a resumed apply goes on counting from 1 under a new `run`.
    pub sequence: u64,
    /// The process that does it.
    pub run: String,
    /// When.
    pub at: Millis,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// See [`Event`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The apply began, or was taken up again.
    Begun {
        /// Whether another process began it.
        resumed: bool,
    },
    /// A step began.
    StepBegun {
        /// Which.
        step: StepId,
    },
    /// A call is made.
    Calling {
        /// The step.
        step: StepId,
        /// The call.
        call: Call,
    },
    /// A call broke off without an answer; the engine now looks what became of it.
    OutcomeUnknown {
        /// The step.
        step: StepId,
        /// The call.
        call: Call,
    },
    /// A container's condition, when it changes.
    Container {
        /// The step.
        step: StepId,
        /// The service.
        service: String,
        /// The container's name.
        container: String,
        /// Its condition.
        condition: Condition,
    },
    /// All is as desired; the settling time runs.
    Settling {
        /// The step.
        step: StepId,
    },
    /// The stack is being brought back.
    RollingBack {
        /// The step.
        step: StepId,
    },
    /// A step ended.
    StepEnded {
        /// Which.
        step: StepId,
        /// How.
        verdict: Verdict,
    },
    /// The apply ended.
    Ended {
        /// How.
        verdict: ApplyVerdict,
    },
}
