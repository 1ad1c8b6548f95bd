//! Why an apply did not begin, or could not be ended.

use crate::{
    model::{ApplyId, Plan},
    ports::{Held, PortError},
};

/// Why an apply did not begin, or could not be ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The plan is of another version of this program.
    #[error("the plan has format {found}, this program knows {known}: make a new plan", known = crate::model::PLAN_FORMAT)]
    Format {
        /// The plan's format.
        found: u32,
    },
    /// Another apply holds the lock of an environment.
    #[error("{} is being changed by {}: wait for it to end", .0.environment, .0.owner)]
    Locked(Held),
    /// An apply on one of the environments was broken off: [`resume`](crate::resume) it first.
    #[error("the apply {apply} was broken off and must be taken up again first")]
    Unfinished {
        /// Which.
        apply: ApplyId,
    },
    /// The catalog, a git reference or the live side moved since the plan was made. Nothing was done.
    #[error("something moved since the plan was made: read the new plan")]
    Moved {
        /// The plan as it would be now.
        fresh: Box<Plan>,
    },
    /// The steps are not those this program plans from the same state. Nothing was done.
    #[error("the plan was altered or made by another version: make a new plan")]
    Altered,
    /// The apply is not, or no longer, unfinished.
    #[error("the apply {apply} has ended")]
    Ended {
        /// Which.
        apply: ApplyId,
    },
    /// The catalog can't be read.
    #[error("the catalog can't be read: {0}")]
    Catalog(#[source] PortError),
    /// The live side can't be observed.
    #[error("the live side can't be observed: {0}")]
    Unobservable(#[source] PortError),
    /// The journal can't be read or written.
    #[error("the journal can't be read or written: {0}")]
    Journal(#[source] PortError),
    /// The place where locks are kept does not answer.
    #[error("locks can't be had: {0}")]
    Locks(#[source] PortError),
}
