//! What every side of ThinkHeads speaks: identifiers, people and permissions, chat, and the one error on the wire.
//!
//! Serde only, so that it compiles to WebAssembly. No SQL row, no server setting and no text for a single page
//! lives here. Integers are of fixed width: the browser is a 32-bit machine.

pub mod catalog;
mod chat;
pub mod deploy;
mod id;
mod people;
mod problem;
mod secret;
mod status;
mod token;

pub use chat::{
    BranchPosition, Conversation, ConversationPage, ConversationSettings, ConversationSummary, Generation,
    GenerationEvent, GenerationState, Message, MessageRole, MessageStatus, Model, SearchHit, Thread, Usage,
};
pub use id::{
    ApiTokenId, AuditId, ConversationId, GenerationId, IdError, InvitationId, JobId, MessageId, SessionPublicId, UserId,
};
pub use people::{AuditRecord, Invitation, InvitationState, Permission, Rights, Role, SessionInfo, User};
pub use problem::{FieldProblem, Problem, ProblemCode};
pub use secret::{Password, SecretText};
pub use status::{ServiceState, ServiceStatus};
pub use token::{ApiToken, NewApiToken};

/// Milliseconds since 1970-01-01T00:00:00Z. The only form of a time on the wire and in the database.
pub type Millis = i64;
