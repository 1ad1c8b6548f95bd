//! What was done, by whom: writing the records' common parts, and reading them.

use serde_json::Value;
use store::AuditEntry;
use types::{AuditId, AuditRecord, User, UserId};

use crate::{Admin, Context, Origin, ServiceError, World};

/// Most records one call gives.
const MOST: u32 = 500;

/// Reads the audit.
pub struct Audit {
    context: Context,
}

impl Audit {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// The newest records, or those before `before`; at most `limit`, at most 500.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent(
        &self,
        _: Admin<'_>,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, ServiceError> {
        Ok(self.context.store.audit(before, limit.clamp(1, MOST)).await?)
    }
}

/// Who did it.
#[derive(Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// A person.
    Person(&'a User),
    /// Nobody known, e.g. a failed sign-in.
    Nobody,
    /// Whoever starts the server or stands at its command line.
    Operator(&'a str),
}

/// Starts a record. `origin` is absent for what did not come by a request.
pub(crate) fn entry(
    world: &World,
    actor: Actor<'_>,
    origin: Option<&Origin>,
    action: &'static str,
    subject: String,
    detail: &Value,
) -> AuditEntry {
    let (actor, actor_label) = match actor {
        Actor::Person(user) => (Some(user.id), format!("{} <{}>", user.name, user.email)),
        Actor::Nobody => (None, "nobody".into()),
        Actor::Operator(label) => (None, label.into()),
    };
    AuditEntry {
        id: world.id(),
        at: world.now(),
        actor,
        actor_label,
        action: action.into(),
        subject,
        detail: detail.to_string(),
        network: origin.map(|origin| origin.network.to_string()).unwrap_or_default(),
        trace_id: origin.map(|origin| origin.trace_id.clone()).unwrap_or_default(),
    }
}

/// A person as a record's subject.
pub(crate) fn user(id: UserId) -> String {
    format!("user:{id}")
}
