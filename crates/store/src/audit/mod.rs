//! The audit: who did what to what, from where. Records are chained, so that one that was altered, taken out or put in shows.

mod chain;

use types::{AuditId, AuditRecord, Millis, UserId};

pub use chain::{AuditFault, AuditVerdict};

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

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this person.
    pub actor: Option<UserId>,
    /// Acts that begin so: `session.` is all acts of sessions.
    pub action: Option<String>,
    /// To this subject.
    pub subject: Option<String>,
    /// From this moment on.
    pub since: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
}

/// Writes an entry inside the transaction of the act it tells of, as its last statement: writers stand in line from here until
/// they commit.
pub(crate) async fn append(tx: &mut Tx, entry: AuditEntry) -> Result<()> {
    let (seq, digest) = chain::link(tx, &entry).await?;
    tx.execute(
        "INSERT INTO audit (id, happened_at, actor, actor_label, action, subject, detail, network, trace_id, seq, digest) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            entry.id,
            entry.at,
            entry.actor,
            entry.actor_label,
            entry.action,
            entry.subject,
            entry.detail,
            entry.network,
            entry.trace_id,
            seq,
            digest
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
        self.audit_where(&AuditFilter::default(), before, limit).await
    }

    /// Acts that a filter lets through, latest first: at most `limit`, those before `before` if given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn audit_where(
        &self,
        filter: &AuditFilter,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>> {
        // No identifier reaches `g`: hexadecimal ends at `f`.
        let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
        let action = filter.action.as_deref().unwrap_or_default();
        // Acts are ASCII words: what begins with a text lies between it and it with the last character behind.
        let rows: Vec<AuditDb> = self
            .db
            .all(
                "SELECT id, happened_at, actor, actor_label, action, subject, detail, network, trace_id FROM audit \
                 WHERE id < $1 AND action >= $3 AND action < $4 AND ($5 IS NULL OR actor = $5) \
                 AND ($6 IS NULL OR subject = $6) AND happened_at >= $7 AND happened_at < $8 ORDER BY id DESC LIMIT $2",
                args![
                    before,
                    limit,
                    action,
                    format!("{action}\u{7f}"),
                    filter.actor,
                    filter.subject.as_deref(),
                    filter.since.unwrap_or(Millis::MIN),
                    filter.until.unwrap_or(Millis::MAX)
                ],
            )
            .await?;
        rows.into_iter().map(AuditRecord::try_from).collect()
    }

    /// Acts that a filter lets through, oldest first: at most `limit`, those after `after` if given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn audit_from(
        &self,
        filter: &AuditFilter,
        after: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let action = filter.action.as_deref().unwrap_or_default();
        let rows: Vec<AuditDb> = self
            .db
            .all(
                "SELECT id, happened_at, actor, actor_label, action, subject, detail, network, trace_id FROM audit \
                 WHERE id > $1 AND action >= $3 AND action < $4 AND ($5 IS NULL OR actor = $5) \
                 AND ($6 IS NULL OR subject = $6) AND happened_at >= $7 AND happened_at < $8 ORDER BY id LIMIT $2",
                args![
                    after,
                    limit,
                    action,
                    format!("{action}\u{7f}"),
                    filter.actor,
                    filter.subject.as_deref(),
                    filter.since.unwrap_or(Millis::MIN),
                    filter.until.unwrap_or(Millis::MAX)
                ],
            )
            .await?;
        rows.into_iter().map(AuditRecord::try_from).collect()
    }
}
