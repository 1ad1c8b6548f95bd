//! The engine's data as it travels: what pages, the terminal and the JSON API exchange about plans and applies.
//!
//! The names on the wire are versioned with the API's path; a field may be added, none changes its meaning.

use serde::{Deserialize, Serialize};
use types::{Millis, deploy::ApplyState};

use crate::{
    Drift, Overview,
    diff::StackDiff,
    model::{
        ApplyId, ApplyVerdict, Blocked, Desired, Event, Intent, Observed, OnFailure, Pin, Plan, Receipt, StackRef,
    },
};

/// A plan with what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What was desired: for differences that a plan's reasons do not show, such as compose texts.
    pub desired: Desired,
    /// What ran.
    pub observed: Observed,
}

/// What a look for drift found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DriftReading {
    /// When it was looked.
    pub at: Millis,
    /// What changed outside of the catalog.
    pub drift: Vec<Drift>,
    /// Stacks that could not be looked at, with the cause.
    pub blocked: Vec<Blocked>,
}

/// The newest look at everything, however old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// What was seen; none before the first look.
    pub overview: Option<Overview>,
    /// Why a later look failed, if one did.
    pub trouble: Option<LookTrouble>,
}

/// A look that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookTrouble {
    /// When.
    pub at: Millis,
    /// Why, and how to mend it.
    pub message: String,
}

/// What a plan does beside following the catalog: the pin it was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Also {
    /// Brings a stack back to a revision of its own.
    Rollback {
        /// Which stack.
        stack: StackRef,
        /// To which revision; none is the one before the newest.
        to: Option<u64>,
    },
    /// Carries a revision over from another environment.
    Promote {
        /// The stack, on the environment that gets it.
        stack: StackRef,
        /// The environment it comes from.
        from: String,
        /// Which revision there; none is the newest.
        revision: Option<u64>,
    },
    /// Lets the catalog decide again.
    Release {
        /// Which stack.
        stack: StackRef,
    },
}

impl Also {
    /// The stack it is about.
    #[must_use]
    pub const fn stack(&self) -> &StackRef {
        match self {
            Self::Rollback { stack, .. } | Self::Promote { stack, .. } | Self::Release { stack } => stack,
        }
    }
}

/// Asks what going back, carrying over or releasing would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProposalRequest {
    /// What is asked for.
    pub also: Also,
    /// What happens when a step fails.
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// What going back, carrying over or releasing would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proposal {
    /// What was asked for, with numbers filled in: to be handed in with the plan.
    pub also: Also,
    /// The plan of that one stack.
    pub plan: Plan,
    /// What changes, compared with what is desired now.
    pub difference: StackDiff,
}

/// A guest that is an environment, with the plan for its stacks, to be read and then applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedGuest {
    /// What was told on the way, in order: each an object with its `kind`.
    pub told: Vec<serde_json::Value>,
    /// What would be done for its stacks; nothing of it was carried out.
    pub plan: Plan,
}

/// Asks for a plan that was read to be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplyRequest {
    /// The plan, exactly as it was made.
    pub plan: Plan,
    /// The pin it was made with, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Also>,
}

/// An apply has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Begun {
    /// Which.
    pub id: ApplyId,
}

/// An apply in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplySummary {
    /// Which.
    pub id: ApplyId,
    /// Who asked for it.
    pub actor: String,
    /// Where it stands.
    pub state: ApplyState,
    /// When it began.
    pub began_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// What it does.
    pub plan: Plan,
}

/// An apply with all that was written of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplyView {
    /// The apply.
    pub summary: ApplySummary,
    /// Calls, in order.
    pub intents: Vec<Intent>,
    /// Ends of steps; of several for one step the last.
    pub receipts: Vec<Receipt>,
    /// What watchers were told, in order.
    pub events: Vec<Event>,
    /// The number of the last entry, to watch on from.
    pub entries: u64,
}

/// A stack that is held at a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pinned {
    /// Which.
    pub stack: StackRef,
    /// By what.
    pub pin: Pin,
}

/// What a watcher of an apply is told. Whoever loses the thread asks again from the last number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WatchEvent {
    /// The stream is open; comes at once.
    Open {
        /// The apply.
        apply: ApplyId,
        /// The number after which it goes on.
        after: u64,
    },
    /// Something happened.
    Event {
        /// Its number.
        number: u64,
        /// What.
        event: Event,
    },
    /// A step ended.
    Receipt {
        /// Its number.
        number: u64,
        /// How.
        receipt: Receipt,
    },
    /// The apply ended; nothing follows.
    Ended {
        /// How.
        verdict: ApplyVerdict,
    },
}

impl WatchEvent {
    /// The event's name in an event stream.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Event { .. } => "event",
            Self::Receipt { .. } => "receipt",
            Self::Ended { .. } => "ended",
        }
    }

    /// The number to go on from, if it has one.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Event { number, .. } | Self::Receipt { number, .. } => Some(*number),
            Self::Open { .. } | Self::Ended { .. } => None,
        }
    }
}
