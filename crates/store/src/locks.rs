//! Locks: one apply on an environment at a time, across processes.
//!
//! Each change is a compare-and-set on owner and epoch. Times are those of the caller, so processes that share locks need
//! clocks that agree to within a fraction of a lock's life.

use types::Millis;

use crate::{
    Result, Store, StoreError,
    codec::number,
    db::{Tx, args},
};

/// A lock that is held, or was until it lapsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// The environment.
    pub environment: String,
    /// Who holds it.
    pub owner: String,
    /// Rises with every acquisition, also after it was given back.
    pub epoch: u64,
    /// Since when.
    pub acquired_at: Millis,
    /// When it was renewed last.
    pub renewed_at: Millis,
    /// From this time on another may take it.
    pub expires_at: Millis,
}

/// A lock as whoever took it knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// The environment.
    pub environment: String,
    /// Who took it.
    pub owner: String,
    /// The epoch it was taken under.
    pub epoch: u64,
}

/// Goes on only while nobody else has taken one of these locks, and keeps it so until the transaction ends: the rows are
/// changed to what they are, so that who would take one waits. A lock that has lapsed and was not taken still counts.
///
/// # Errors
/// [`StoreError::Conflict`] on `lock_lost`.
pub(crate) async fn fence(tx: &mut Tx, held: &[HeldLock]) -> Result<()> {
    let mut held: Vec<&HeldLock> = held.iter().collect();
    // In one order, so that two that hold several don't wait for each other.
    held.sort_unstable_by(|one, other| one.environment.cmp(&other.environment));
    for lock in held {
        let found = tx
            .execute(
                "UPDATE locks SET epoch = epoch WHERE environment = $1 AND owner = $2 AND epoch = $3",
                args![&lock.environment, &lock.owner, lock.epoch],
            )
            .await?;
        if found == 0 {
            return Err(StoreError::conflict("lock_lost"));
        }
    }
    Ok(())
}

/// What became of an attempt to take a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockAttempt {
    /// It was free, or had lapsed, and is the caller's now.
    Taken(LockRow),
    /// Somebody holds it, perhaps the caller.
    Held(LockRow),
}

#[derive(sqlx::FromRow)]
struct LockDb {
    environment: String,
    owner: Option<String>,
    epoch: i64,
    acquired_at: i64,
    renewed_at: i64,
    expires_at: i64,
}

impl TryFrom<LockDb> for LockRow {
    type Error = StoreError;

    fn try_from(row: LockDb) -> Result<Self> {
        Ok(Self {
            environment: row.environment,
            owner: row.owner.ok_or_else(|| StoreError::Corrupt("column locks.owner is empty".into()))?,
            epoch: number("locks.epoch", row.epoch)?,
            acquired_at: row.acquired_at,
            renewed_at: row.renewed_at,
            expires_at: row.expires_at,
        })
    }
}

impl Store {
    /// Takes the lock of an environment until `expires_at`, if nobody holds it or it lapsed by `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn acquire_lock(
        &self,
        environment: &str,
        owner: &str,
        now: Millis,
        expires_at: Millis,
    ) -> Result<LockAttempt> {
        let mut tx = self.db.begin().await?;
        let taken: Option<LockDb> = tx
            .optional(
                "INSERT INTO locks (environment, owner, epoch, acquired_at, renewed_at, expires_at) \
                 VALUES ($1, $2, 1, $3, $3, $4) \
                 ON CONFLICT (environment) DO UPDATE SET owner = excluded.owner, epoch = locks.epoch + 1, \
                 acquired_at = excluded.acquired_at, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at \
                 WHERE locks.owner IS NULL OR locks.expires_at <= excluded.acquired_at \
                 RETURNING environment, owner, epoch, acquired_at, renewed_at, expires_at",
                args![environment, owner, now, expires_at],
            )
            .await?;
        if let Some(taken) = taken {
            tx.commit().await?;
            return Ok(LockAttempt::Taken(taken.try_into()?));
        }
        // The refused statement holds the row, so it still reads as it did.
        let held: LockDb = tx
            .one(
                "SELECT environment, owner, epoch, acquired_at, renewed_at, expires_at FROM locks WHERE environment = $1",
                args![environment],
            )
            .await?;
        Ok(LockAttempt::Held(held.try_into()?))
    }

    /// Puts the lapse of a lock off to `expires_at`. Returns whether it was still held under this owner and epoch at `now`: one
    /// that lapsed can't be renewed, even if nobody took it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn renew_lock(
        &self,
        environment: &str,
        owner: &str,
        epoch: u64,
        now: Millis,
        expires_at: Millis,
    ) -> Result<bool> {
        let renewed = self
            .db
            .execute(
                "UPDATE locks SET renewed_at = $4, expires_at = $5 \
                 WHERE environment = $1 AND owner = $2 AND epoch = $3 AND expires_at > $4",
                args![environment, owner, epoch, now, expires_at],
            )
            .await?;
        Ok(renewed > 0)
    }

    /// Gives a lock back. Returns whether it was held under this owner and epoch; if not, nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn release_lock(&self, environment: &str, owner: &str, epoch: u64) -> Result<bool> {
        let released = self
            .db
            .execute(
                "UPDATE locks SET owner = NULL WHERE environment = $1 AND owner = $2 AND epoch = $3",
                args![environment, owner, epoch],
            )
            .await?;
        Ok(released > 0)
    }

    /// The locks that are held at `now`, by environment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn locks(&self, now: Millis) -> Result<Vec<LockRow>> {
        let rows: Vec<LockDb> = self
            .db
            .all(
                "SELECT environment, owner, epoch, acquired_at, renewed_at, expires_at FROM locks \
                 WHERE owner IS NOT NULL AND expires_at > $1 ORDER BY environment",
                args![now],
            )
            .await?;
        rows.into_iter().map(LockRow::try_from).collect()
    }
}
