//! The chain: each record's digest covers the record, its number, and the digest before it.

use sha2::{Digest as _, Sha256};
use types::AuditRecord;

use super::AuditDb;
use crate::{
    AuditEntry, Result, Store,
    codec::number,
    db::{Tx, args},
};

/// Records looked at in one go.
const BATCH: u32 = 1_000;

/// What is wrong with the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// Records are missing between two numbers, both included.
    Missing {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// A record is not what was written.
    Altered {
        /// Its number.
        seq: u64,
        /// Which.
        id: String,
    },
    /// A record stands outside of the chain.
    Unchained {
        /// Which.
        id: String,
    },
    /// The end of the chain is not where it was: records at the end are missing or were put in.
    End {
        /// The number that the end was at.
        expected: u64,
        /// The number of the last record.
        found: u64,
    },
}

/// What a look at the whole audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Records that were looked at.
    pub records: u64,
    /// The digest at the end. Whoever keeps it elsewhere can tell later that nothing before it was rewritten.
    pub digest: String,
    /// What is wrong.
    pub faults: Vec<AuditFault>,
}

#[derive(sqlx::FromRow)]
struct Link {
    id: String,
    happened_at: i64,
    actor: Option<String>,
    actor_label: String,
    action: String,
    subject: String,
    detail: String,
    network: String,
    trace_id: String,
    seq: i64,
    digest: String,
}

/// Raises the end of the chain for a record and gives its number and digest.
pub(super) async fn link(tx: &mut Tx, entry: &AuditEntry) -> Result<(i64, String)> {
    let (seq, before): (i64, String) =
        tx.one("UPDATE audit_chain SET seq = seq + 1 WHERE id = 1 RETURNING seq, digest", args![]).await?;
    let actor = entry.actor.map(|actor| actor.to_string());
    let digest = digest(
        seq,
        &before,
        &[
            Some(&entry.id.to_string()),
            Some(&entry.at.to_string()),
            actor.as_deref(),
            Some(&entry.actor_label),
            Some(&entry.action),
            Some(&entry.subject),
            Some(&entry.detail),
            Some(&entry.network),
            Some(&entry.trace_id),
        ],
    );
    tx.execute("UPDATE audit_chain SET digest = $1 WHERE id = 1", args![&digest]).await?;
    Ok((seq, digest))
}

/// Each part goes in with its length, so that no two records are one text; a part that is absent has none.
fn digest(seq: i64, before: &str, parts: &[Option<&str>]) -> String {
    let mut hasher = Sha256::new_with_prefix(b"thinkheads audit 1");
    hasher.update(seq.to_be_bytes());
    for part in [Some(before)].iter().chain(parts) {
        match part {
            Some(text) => {
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
            None => hasher.update(u64::MAX.to_be_bytes()),
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Link {
    fn digest_after(&self, before: &str) -> String {
        digest(
            self.seq,
            before,
            &[
                Some(&self.id),
                Some(&self.happened_at.to_string()),
                self.actor.as_deref(),
                Some(&self.actor_label),
                Some(&self.action),
                Some(&self.subject),
                Some(&self.detail),
                Some(&self.network),
                Some(&self.trace_id),
            ],
        )
    }
}

impl Store {
    /// Chains records that were written before there was a chain. Part of migrating.
    pub(crate) async fn chain_older_audit(&self) -> Result<()> {
        loop {
            let rows: Vec<AuditDb> = self
                .db
                .all(
                    "SELECT id, happened_at, actor, actor_label, action, subject, detail, network, trace_id \
                     FROM audit WHERE seq IS NULL ORDER BY id LIMIT $1",
                    args![BATCH],
                )
                .await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut tx = self.db.begin().await?;
            for row in rows {
                let record = AuditRecord::try_from(row)?;
                // Another process that starts at the same moment may have been quicker.
                let free: Option<(i64,)> = tx
                    .optional("SELECT happened_at FROM audit WHERE id = $1 AND seq IS NULL", args![record.id])
                    .await?;
                if free.is_none() {
                    continue;
                }
                let (seq, digest) = link(&mut tx, &record).await?;
                tx.execute("UPDATE audit SET seq = $2, digest = $3 WHERE id = $1", args![record.id, seq, digest])
                    .await?;
            }
            tx.commit().await?;
        }
    }

    /// Looks at the whole audit: whether any record was altered, taken out or put in.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn verify_audit(&self) -> Result<AuditVerdict> {
        // The end first: what is written while this looks is behind it.
        let end: Option<(i64, String)> =
            self.db.optional("SELECT seq, digest FROM audit_chain WHERE id = 1", args![]).await?;
        let (end, end_digest) = end.unwrap_or_default();
        let mut verdict = AuditVerdict { records: 0, digest: end_digest.clone(), faults: Vec::new() };
        let (mut at, mut before) = (0_i64, String::new());
        loop {
            let rows: Vec<Link> = self
                .db
                .all(
                    "SELECT id, happened_at, actor, actor_label, action, subject, detail, network, trace_id, seq, \
                     COALESCE(digest, '') AS digest FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
                    args![at, end, BATCH],
                )
                .await?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            for row in rows {
                verdict.records += 1;
                if row.seq != at + 1 {
                    let (from, to) = (number("audit.seq", at + 1)?, number("audit.seq", row.seq - 1)?);
                    verdict.faults.push(AuditFault::Missing { from, to });
                } else if row.digest_after(&before) != row.digest {
                    verdict.faults.push(AuditFault::Altered { seq: number("audit.seq", row.seq)?, id: row.id.clone() });
                }
                at = row.seq;
                before = row.digest;
            }
            at = last;
        }
        if at != end || before != end_digest {
            let (expected, found) = (number("audit_chain.seq", end)?, number("audit.seq", at)?);
            verdict.faults.push(AuditFault::End { expected, found });
        }
        let loose: Vec<(String,)> = self
            .db
            .all("SELECT id FROM audit WHERE seq IS NULL OR seq <= 0 ORDER BY id LIMIT $1", args![BATCH])
            .await?;
        verdict.faults.extend(loose.into_iter().map(|(id,)| AuditFault::Unchained { id }));
        Ok(verdict)
    }

    /// Whether a record has this digest. An empty one is that of a chain without records.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn has_audit_digest(&self, digest: &str) -> Result<bool> {
        let found: Option<(String,)> =
            self.db.optional("SELECT id FROM audit WHERE digest = $1 LIMIT 1", args![digest]).await?;
        Ok(digest.is_empty() || found.is_some())
    }

    /// The number and digest of the newest record.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn audit_end(&self) -> Result<(u64, String)> {
        let (seq, digest): (i64, String) =
            self.db.one("SELECT seq, digest FROM audit_chain WHERE id = 1", args![]).await?;
        Ok((number("audit_chain.seq", seq)?, digest))
    }
}
