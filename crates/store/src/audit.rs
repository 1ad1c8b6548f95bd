//! The audit: who did what to what, from where.

use types::{AuditId, AuditRecord};

use crate::{
    AuditEntry, Result, Store, StoreError,
    codec::{parse, parse_optional},
    db::{Tx, args},
};

#[derive(sqlx::FromRow)]
struct AuditDb {
    id: String,
    happened_at: i64,
    actor: Option<String>,
    actor_label: String,
    action: String,
    subject: String,
    detail: String,
    network: String,
    trace_id: String,
}

impl TryFrom<AuditDb> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditDb) -> Result<Self> {
        Ok(Self {
            id: parse("audit.id", &row.id)?,
            at: row.happened_at,
            actor: parse_optional("audit.actor", row.actor.as_deref())?,
            actor_label: row.actor_label,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
            network: row.network,
            trace_id: row.trace_id,
        })
    }
}

/// Writes an entry inside the transaction of the act it tells of.
pub(crate) async fn append(tx: &mut Tx, entry: AuditEntry) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (id, happened_at, actor, actor_label, action, subject, detail, network, trace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            entry.id,
            entry.at,
            entry.actor,
            entry.actor_label,
            entry.action,
            entry.subject,
            entry.detail,
            entry.network,
            entry.trace_id
        ],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Keeps an act that changes no other row, e.g. a failed sign-in.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn append_audit(&self, entry: AuditEntry) -> Result<()> {
        let mut tx = self.db.begin().await?;
        append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// Acts, latest first: at most `limit`, those before `before` if given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditRecord>> {
        // No identifier reaches `g`: hexadecimal ends at `f`.
        let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
        let rows: Vec<AuditDb> = self
            .db
            .all(
                "SELECT id, happened_at, actor, actor_label, action, subject, detail, network, trace_id \
                 FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2",
                args![before, limit],
            )
            .await?;
        rows.into_iter().map(AuditRecord::try_from).collect()
    }
}
