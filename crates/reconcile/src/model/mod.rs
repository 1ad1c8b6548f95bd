//! The stages as data. Everything here is serialisable, ordered and free of text for people: pages and the terminal word it.
//!
//! No type here can hold the value of a secret: a secret is named, with its version and a keyed digest.

mod desired;
mod digest;
mod event;
mod observed;
mod plan;
mod reason;
mod receipt;
mod revision;

pub use desired::{
    ComposeFacts, ComposeService, Desired, DesiredEnvironment, DesiredSource, DesiredStack, DesiredValue, HealthRules,
    PublishedPort, SecretRef, Trouble,
};
pub use digest::Digest;
pub use event::{Event, EventKind};
pub use observed::{
    Applied, AutoUpdate, Condition, ContainerHealth, ContainerState, Disclosure, Generation, Observed,
    ObservedContainer, ObservedEnvironment, ObservedProject, ObservedSource, ObservedStack, ObservedValue, Reach,
    RowStatus, ServerFacts, StackKind,
};
pub use plan::{
    Action, AdoptFrom, Blocked, OnFailure, PLAN_FORMAT, Plan, PlanOptions, Prune, Risk, Scope, StackRef, Step, StepId,
    Wave,
};
pub use reason::{BlockedCause, HandEdit, Reason, Shown, Warning, WarningKind};
pub use receipt::{
    ApplyId, ApplyRecord, ApplyReport, ApplyVerdict, Call, FailureCause, Intent, Receipt, RollbackOutcome,
    SkippedBecause, StepResult, Unfinished, UnwellContainer, Verdict,
};
pub use revision::{Pin, PinOrigin, Revision};
