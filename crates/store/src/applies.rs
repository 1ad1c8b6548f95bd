//! Applies: what the deployment engine began, and how it ended.

use types::{Millis, Rights, UserId};

pub use types::deploy::ApplyState;

use crate::{
    AuditEntry, Result, Store, StoreError,
    audit::append,
    codec::{Word, number},
    db::{Tx, args},
    locks::{HeldLock, fence},
    rights,
};

/// An apply to be begun.
#[derive(Clone, Debug)]
pub struct NewApply {
    /// Which: a UUIDv7 as text.
    pub id: String,
    /// Who asked for it.
    pub actor: String,
    /// The run that begins it, as it stands in the locks.
    pub owner: String,
    /// The environments it changes.
    pub environments: Vec<String>,
    /// The plan and the stacks it deploys, as JSON.
    pub record: String,
    /// Now.
    pub now: Millis,
    /// What the audit is to hold of it, in the same commit. Its actor is whose apply this is.
    pub audit: Option<AuditEntry>,
}

/// An apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyRow {
    /// Which.
    pub id: String,
    /// Who asked for it.
    pub actor: String,
    /// The run that began it.
    pub owner: String,
    /// The plan and the stacks it deploys, as JSON.
    pub record: String,
    /// Where it stands.
    pub state: ApplyState,
    /// When it began.
    pub began_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// How many entries its journal has.
    pub entries: u64,
}

impl Word for ApplyState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Running, "running"),
        (Self::Succeeded, "succeeded"),
        (Self::Cancelled, "cancelled"),
        (Self::Failed, "failed"),
    ];
}

#[derive(sqlx::FromRow)]
struct ApplyDb {
    id: String,
    actor: String,
    owner: String,
    record: String,
    state: String,
    began_at: i64,
    ended_at: Option<i64>,
    last_entry: i64,
}

impl TryFrom<ApplyDb> for ApplyRow {
    type Error = StoreError;

    fn try_from(row: ApplyDb) -> Result<Self> {
        Ok(Self {
            id: row.id,
            actor: row.actor,
            owner: row.owner,
            record: row.record,
            state: ApplyState::from_word("applies.state", &row.state)?,
            began_at: row.began_at,
            ended_at: row.ended_at,
            entries: number("applies.last_entry", row.last_entry)?,
        })
    }
}

/// Asks the running applies of a person to stop between steps, those that `granted` does not cover any more, or all without any.
/// Gives the ones that were not asked before.
pub(crate) async fn cancel_of(tx: &mut Tx, user: UserId, granted: Option<&Rights>, now: Millis) -> Result<Vec<String>> {
    let running: Vec<(String, String)> = tx
        .all(
            "SELECT a.id, string_agg(e.environment, '\n') FROM applies a JOIN apply_environments e ON e.apply_id = a.id \
             WHERE a.actor_id = $1 AND a.state = 'running' AND a.cancel_asked_at IS NULL GROUP BY a.id ORDER BY a.id",
            args![user],
        )
        .await?;
    let mut cancelled = Vec::new();
    for (id, environments) in running {
        let mut touched = environments.lines();
        if granted.is_some_and(|rights| touched.all(|environment| rights.may_deploy_to(environment))) {
            continue;
        }
        tx.execute("UPDATE applies SET cancel_asked_at = $2 WHERE id = $1", args![&id, now]).await?;
        cancelled.push(id);
    }
    Ok(cancelled)
}

impl Store {
    /// Writes that an apply begins, under the locks that it `held`. On the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `lock_lost` when another has taken one of the locks;
    /// [`StoreError::Conflict`] on `applies_id` when it was begun before, on `apply_environments_environment` when another apply
    /// on one of its environments has not ended; [`StoreError::Conflict`] on `may_not_deploy` when whose it is was disabled or
    /// lost the right meanwhile.
    pub async fn begin_apply(&self, new: &NewApply, held: &[HeldLock]) -> Result<()> {
        let actor = new.audit.as_ref().and_then(|entry| entry.actor);
        let mut tx = self.db.begin_durable().await?;
        if let Some(actor) = actor {
            rights::hold_deployer(&mut tx, actor, &new.environments).await?;
        }
        fence(&mut tx, held).await?;
        tx.execute(
            "INSERT INTO applies (id, actor, actor_id, owner, record, state, began_at, last_entry) \
             VALUES ($1, $2, $3, $4, $5, 'running', $6, 0)",
            args![&new.id, &new.actor, actor, &new.owner, &new.record, new.now],
        )
        .await?;
        let mut environments: Vec<&str> = new.environments.iter().map(String::as_str).collect();
        // In one order, so that two that begin at once don't wait for each other.
        environments.sort_unstable();
        environments.dedup();
        for environment in environments {
            tx.execute(
                "INSERT INTO apply_environments (environment, apply_id, running) VALUES ($1, $2, 1)",
                args![environment, &new.id],
            )
            .await?;
        }
        if let Some(entry) = &new.audit {
            append(&mut tx, entry.clone()).await?;
        }
        tx.commit().await
    }

    /// Writes the end of an apply, under the locks that it `held`. On the disk when this returns. The same end may be written
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `lock_lost` when another has taken one of the locks;
    /// [`StoreError::NotFound`] when there is no such apply; [`StoreError::Conflict`] on `apply_ended` when it ended otherwise,
    /// or `state` is no end.
    pub async fn end_apply(&self, id: &str, state: ApplyState, now: Millis, held: &[HeldLock]) -> Result<()> {
        if state == ApplyState::Running {
            return Err(StoreError::conflict("apply_ended"));
        }
        let mut tx = self.db.begin_durable().await?;
        fence(&mut tx, held).await?;
        let ended = tx
            .execute(
                "UPDATE applies SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'running'",
                args![id, state.word(), now],
            )
            .await?;
        if ended == 0 {
            let (found,): (String,) = tx.one("SELECT state FROM applies WHERE id = $1", args![id]).await?;
            return if found == state.word() { Ok(()) } else { Err(StoreError::conflict("apply_ended")) };
        }
        tx.execute("UPDATE apply_environments SET running = 0 WHERE apply_id = $1", args![id]).await?;
        tx.commit().await
    }

    /// Asks an apply that has not ended to stop between steps. Asking again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn cancel_apply(&self, id: &str, now: Millis) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE applies SET cancel_asked_at = $2 WHERE id = $1 AND state = 'running' AND cancel_asked_at IS NULL",
            args![id, now],
        )
        .await?;
        tx.commit().await
    }

    /// Whether somebody asked an apply to stop.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn apply_cancelled(&self, id: &str) -> Result<bool> {
        let row: Option<(Option<i64>,)> =
            self.db.optional("SELECT cancel_asked_at FROM applies WHERE id = $1", args![id]).await?;
        Ok(row.is_some_and(|(at,)| at.is_some()))
    }

    /// Applies without an end, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn unfinished_applies(&self) -> Result<Vec<ApplyRow>> {
        let rows: Vec<ApplyDb> = self
            .db
            .all(
                "SELECT id, actor, owner, record, state, began_at, ended_at, last_entry FROM applies \
                 WHERE state = 'running' ORDER BY began_at, id",
                args![],
            )
            .await?;
        rows.into_iter().map(ApplyRow::try_from).collect()
    }

    /// One apply.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn apply(&self, id: &str) -> Result<Option<ApplyRow>> {
        let row: Option<ApplyDb> = self
            .db
            .optional(
                "SELECT id, actor, owner, record, state, began_at, ended_at, last_entry FROM applies WHERE id = $1",
                args![id],
            )
            .await?;
        row.map(ApplyRow::try_from).transpose()
    }

    /// The applies of an environment, or of all, latest first: at most `limit`, those before `before` if given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn applies(&self, environment: Option<&str>, before: Option<&str>, limit: u32) -> Result<Vec<ApplyRow>> {
        const OF_ONE: &str = "SELECT a.id, a.actor, a.owner, a.record, a.state, a.began_at, a.ended_at, a.last_entry \
                              FROM apply_environments e JOIN applies a ON a.id = e.apply_id \
                              WHERE e.environment = $3 AND e.apply_id < $1 ORDER BY e.apply_id DESC LIMIT $2";
        const OF_ALL: &str = "SELECT id, actor, owner, record, state, began_at, ended_at, last_entry FROM applies \
                              WHERE id < $1 ORDER BY id DESC LIMIT $2";
        // No identifier reaches `g`: hexadecimal ends at `f`.
        let before = before.unwrap_or("g");
        let rows: Vec<ApplyDb> = match environment {
            Some(environment) => self.db.all(OF_ONE, args![before, limit, environment]).await?,
            None => self.db.all(OF_ALL, args![before, limit]).await?,
        };
        rows.into_iter().map(ApplyRow::try_from).collect()
    }
}
