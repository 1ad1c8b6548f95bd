//! All SQL, over SQLite or PostgreSQL, and blobs.
//!
//! One handle, [`Store`], speaks one SQL text to both databases (`docs/adr/0005`). Every call that writes more than one
//! row runs in one transaction. The store makes neither times nor identifiers: they come in as arguments. Rows are
//! private; what leaves are records and the types of `types`.

mod applies;
mod audit;
mod batch;
mod blobs;
mod codec;
mod conversations;
mod db;
mod drafts;
mod error;
mod generations;
mod invitations;
mod jobs;
mod journal;
mod locks;
mod messages;
mod people;
mod pieces;
mod pins;
mod revisions;
mod revocations;
mod rights;
mod search;
mod sessions;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod threads;
mod tokens;

pub use applies::{ApplyRow, ApplyState, NewApply};
pub use audit::{AuditFault, AuditFilter, AuditVerdict};
pub use blobs::Blobs;
pub use conversations::NewConversation;
pub use drafts::DraftRow;
pub use error::{Result, StoreError};
pub use generations::{FinishedGeneration, GenerationRow, NewGeneration};
pub use invitations::{InvitationKind, InvitationRecord, NewInvitation};
pub use jobs::{JobRow, JobState, NewJob, retry_delay};
pub use journal::{EntryKind, EntryRow, NewEntry};
pub use locks::{HeldLock, LockAttempt, LockRow};
pub use messages::{NewMessage, PromptAndAnswer};
pub use people::{NewUser, UserRecord};
pub use pieces::PieceBatch;
pub use pins::PinRow;
pub use revisions::{NewRevision, RevisionRow};
pub use revocations::Revocation;
pub use rights::{Changed, Records};
pub use sessions::SessionRow;
pub use store::{Backend, Store, StoreConfig};
pub use tokens::NewTokenRow;

/// One act to be kept in the audit, written in the same transaction as the act.
pub use types::AuditRecord as AuditEntry;
