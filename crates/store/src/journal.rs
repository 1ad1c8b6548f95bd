//! The journal of an apply: what it was about to do, and what became of it. Entries are added, never changed.

use types::Millis;

use crate::{
    Result, Store, StoreError,
    codec::{Word, number},
    db::args,
    locks::{HeldLock, fence},
};

/// An entry to be appended.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The apply it belongs to.
    pub apply: String,
    /// What it is.
    pub kind: EntryKind,
    /// The step it is about, if it is about one.
    pub step: Option<String>,
    /// What it says, as JSON.
    pub body: String,
    /// When it happened.
    pub at: Millis,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number in its apply, from 1, without gaps.
    pub seq: u64,
    /// What it is.
    pub kind: EntryKind,
    /// The step it is about, if it is about one.
    pub step: Option<String>,
    /// What it says, as JSON.
    pub body: String,
    /// When it happened.
    pub at: Millis,
}

/// Kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A call that is about to be made.
    Intent,
    /// The end of a step. Of several for one step the last counts.
    Receipt,
    /// Something for those who watch. May also follow the end of the apply.
    Event,
}

impl Word for EntryKind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Intent, "intent"), (Self::Receipt, "receipt"), (Self::Event, "event")];
}

#[derive(sqlx::FromRow)]
struct EntryDb {
    seq: i64,
    kind: String,
    step: Option<String>,
    body: String,
    written_at: i64,
}

impl TryFrom<EntryDb> for EntryRow {
    type Error = StoreError;

    fn try_from(row: EntryDb) -> Result<Self> {
        Ok(Self {
            seq: number("journal.seq", row.seq)?,
            kind: EntryKind::from_word("journal.kind", &row.kind)?,
            step: row.step,
            body: row.body,
            at: row.written_at,
        })
    }
}

impl Store {
    /// Appends to the journal of an apply, if nobody else has taken one of the locks that its writer `held` (none for an event,
    /// which anybody may write). On the disk when this returns. Returns the entry's number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `lock_lost` when another has taken a lock;
    /// [`StoreError::NotFound`] when there is no such apply; [`StoreError::Conflict`] on `apply_ended` when it has ended and the
    /// entry is no event: whoever writes it was taken for dead, and another has finished.
    pub async fn append_entry(&self, new: &NewEntry, held: &[HeldLock]) -> Result<u64> {
        let mut tx = self.db.begin_durable().await?;
        fence(&mut tx, held).await?;
        let seq: Option<(i64,)> = tx
            .optional(
                "UPDATE applies SET last_entry = last_entry + 1 WHERE id = $1 AND (state = 'running' OR $2 = 'event') \
                 RETURNING last_entry",
                args![&new.apply, new.kind.word()],
            )
            .await?;
        let Some((seq,)) = seq else {
            let _: (String,) = tx.one("SELECT state FROM applies WHERE id = $1", args![&new.apply]).await?;
            return Err(StoreError::conflict("apply_ended"));
        };
        tx.execute(
            "INSERT INTO journal (apply_id, seq, kind, step, body, written_at) VALUES ($1, $2, $3, $4, $5, $6)",
            args![&new.apply, seq, new.kind.word(), new.step.as_deref(), &new.body, new.at],
        )
        .await?;
        tx.commit().await?;
        number("journal.seq", seq)
    }

    /// The entries of an apply with a number above `after`, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn entries_after(&self, apply: &str, after: u64) -> Result<Vec<EntryRow>> {
        let rows: Vec<EntryDb> = self
            .db
            .all(
                "SELECT seq, kind, step, body, written_at FROM journal WHERE apply_id = $1 AND seq > $2 ORDER BY seq",
                args![apply, after],
            )
            .await?;
        rows.into_iter().map(EntryRow::try_from).collect()
    }
}
