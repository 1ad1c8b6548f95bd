//! What happened and what is desired.

use async_trait::async_trait;
use types::Millis;

use super::Lease;
use crate::model::{ApplyId, ApplyRecord, ApplyVerdict, Desired, Intent, Pin, Receipt, Revision, StackRef, Unfinished};

/// A port did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct PortError {
    /// What went wrong, without any secret.
    pub detail: String,
}

impl PortError {
    /// Says what went wrong.
    #[must_use]
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}

/// The desired side, read afresh.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Reads the catalog, resolves git references and attaches pins, all afresh: what it returns is what the apply holds a plan's
    /// fingerprint against.
    ///
    /// # Errors
    /// When the catalog as a whole can't be read. What concerns one stack only is a [`Trouble`](crate::model::Trouble).
    async fn desired(&self) -> Result<Desired, PortError>;
}

/// What happened: written before and after each call, durable when the call returns.
///
/// What an apply writes comes with the locks it `held` when it began. An implementation must refuse it, in one act with the
/// writing, once another has taken one of them: a process that slept through its lock's lapse may not write beside its successor.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes that an apply begins.
    ///
    /// # Errors
    /// When it could not be written for sure; the apply then does nothing.
    async fn begin(&self, record: &ApplyRecord, held: &[Lease]) -> Result<(), PortError>;

    /// Writes that a call is about to be made.
    ///
    /// # Errors
    /// When it could not be written for sure; the call is then not made.
    async fn intent(&self, intent: &Intent, held: &[Lease]) -> Result<(), PortError>;

    /// Writes the end of a step. Writing the same step twice keeps the later one.
    ///
    /// # Errors
    /// When it could not be written for sure; the step then counts as failed and the apply stops.
    async fn receipt(&self, receipt: &Receipt, held: &[Lease]) -> Result<(), PortError>;

    /// Writes the end of an apply.
    ///
    /// # Errors
    /// When it could not be written for sure; it is then taken up again by `resume`.
    async fn end(&self, apply: &ApplyId, verdict: ApplyVerdict, at: Millis, held: &[Lease]) -> Result<(), PortError>;

    /// Applies without an end, oldest first.
    ///
    /// # Errors
    /// When they can't be read.
    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError>;

    /// Keeps a revision. The pair of apply and stack is unique: writing it again is no second revision.
    ///
    /// # Errors
    /// When it could not be written for sure.
    async fn keep_revision(&self, revision: &Revision, held: &[Lease]) -> Result<(), PortError>;

    /// The revisions of a stack, oldest first.
    ///
    /// # Errors
    /// When they can't be read.
    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError>;

    /// The newest revision of every stack of an environment.
    ///
    /// # Errors
    /// When they can't be read.
    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError>;

    /// Writes that a stack was removed: its revisions stay readable, but no longer count as applied.
    ///
    /// # Errors
    /// When it could not be written for sure.
    async fn forget_applied(&self, stack: &StackRef, held: &[Lease]) -> Result<(), PortError>;

    /// Sets the pin of a stack, or releases it.
    ///
    /// # Errors
    /// When it could not be written for sure.
    async fn set_pin(&self, stack: &StackRef, pin: Option<&Pin>) -> Result<(), PortError>;
}
