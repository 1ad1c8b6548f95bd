//! Revisions: what was applied to a stack and proved healthy, numbered without gaps.

use types::Millis;

use crate::{
    Result, Store, StoreError,
    codec::number,
    db::args,
    locks::{HeldLock, fence},
};

/// A revision to be kept.
#[derive(Clone, Debug)]
pub struct NewRevision {
    /// The environment.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
    /// One more than the stack's last, from 1.
    pub number: u64,
    /// The apply that made it.
    pub apply: String,
    /// Who asked for it.
    pub actor: String,
    /// All of it, as JSON.
    pub body: String,
    /// When it was proved healthy.
    pub at: Millis,
}

/// A revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// The environment.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
    /// Its number, from 1.
    pub number: u64,
    /// The apply that made it.
    pub apply: String,
    /// Who asked for it.
    pub actor: String,
    /// All of it, as JSON.
    pub body: String,
    /// When it was proved healthy.
    pub at: Millis,
    /// Whether it is what was applied last, and the stack was not removed since.
    pub applied: bool,
}

#[derive(sqlx::FromRow)]
struct RevisionDb {
    environment: String,
    stack: String,
    number: i64,
    apply_id: String,
    actor: String,
    body: String,
    kept_at: i64,
    applied: i64,
}

impl TryFrom<RevisionDb> for RevisionRow {
    type Error = StoreError;

    fn try_from(row: RevisionDb) -> Result<Self> {
        Ok(Self {
            environment: row.environment,
            stack: row.stack,
            number: number("revisions.number", row.number)?,
            apply: row.apply_id,
            actor: row.actor,
            body: row.body,
            at: row.kept_at,
            applied: row.applied != 0,
        })
    }
}

fn rows(rows: Vec<RevisionDb>) -> Result<Vec<RevisionRow>> {
    rows.into_iter().map(RevisionRow::try_from).collect()
}

impl Store {
    /// Keeps a revision, which then counts as applied, under the locks that its apply `held`. On the disk when this returns.
    /// Written again by its apply, the later text stays and no second revision comes of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `lock_lost` when another has taken one of the locks;
    /// [`StoreError::Conflict`] on `revisions_number` when its number is not the next, so another was kept meanwhile; on
    /// `revisions_apply_id_environment_stack` when its apply kept one under another number.
    pub async fn keep_revision(&self, new: &NewRevision, held: &[HeldLock]) -> Result<()> {
        let mut tx = self.db.begin_durable().await?;
        fence(&mut tx, held).await?;
        // In line, so that what is read here still holds at the commit.
        tx.raise("revisions").await?;
        let again = tx
            .execute(
                "UPDATE revisions SET body = $5, kept_at = $6 \
                 WHERE environment = $1 AND stack = $2 AND number = $3 AND apply_id = $4",
                args![&new.environment, &new.stack, new.number, &new.apply, &new.body, new.at],
            )
            .await?;
        if again > 0 {
            return tx.commit().await;
        }
        let (last,): (Option<i64>,) = tx
            .one(
                "SELECT max(number) FROM revisions WHERE environment = $1 AND stack = $2",
                args![&new.environment, &new.stack],
            )
            .await?;
        let last: u64 = number("revisions.number", last.unwrap_or(0))?;
        if last.checked_add(1) != Some(new.number) {
            return Err(StoreError::conflict("revisions_number"));
        }
        tx.execute(
            "UPDATE revisions SET applied = 0 WHERE environment = $1 AND stack = $2 AND applied = 1",
            args![&new.environment, &new.stack],
        )
        .await?;
        tx.execute(
            "INSERT INTO revisions (environment, stack, number, apply_id, actor, body, kept_at, applied) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
            args![&new.environment, &new.stack, new.number, &new.apply, &new.actor, &new.body, new.at],
        )
        .await?;
        tx.commit().await
    }

    /// Writes that a stack was removed, under the locks that the apply `held`: its revisions stay, none counts as applied. On
    /// the disk when this returns. Returns whether one did.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `lock_lost` when another has taken one of the locks; [`StoreError::Unavailable`] when the
    /// database does not answer.
    pub async fn forget_applied(&self, environment: &str, stack: &str, held: &[HeldLock]) -> Result<bool> {
        let mut tx = self.db.begin_durable().await?;
        fence(&mut tx, held).await?;
        let forgotten = tx
            .execute(
                "UPDATE revisions SET applied = 0 WHERE environment = $1 AND stack = $2 AND applied = 1",
                args![environment, stack],
            )
            .await?;
        tx.commit().await?;
        Ok(forgotten > 0)
    }

    /// The revisions of a stack, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn revisions(&self, environment: &str, stack: &str) -> Result<Vec<RevisionRow>> {
        rows(
            self.db
                .all(
                    "SELECT environment, stack, number, apply_id, actor, body, kept_at, applied FROM revisions \
                     WHERE environment = $1 AND stack = $2 ORDER BY number",
                    args![environment, stack],
                )
                .await?,
        )
    }

    /// What counts as applied on an environment: one revision a stack, by the stacks' names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn applied_revisions(&self, environment: &str) -> Result<Vec<RevisionRow>> {
        rows(
            self.db
                .all(
                    "SELECT environment, stack, number, apply_id, actor, body, kept_at, applied FROM revisions \
                     WHERE environment = $1 AND applied = 1 ORDER BY stack",
                    args![environment],
                )
                .await?,
        )
    }
}
