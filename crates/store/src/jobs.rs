//! Background jobs as rows: enqueued in the transaction of what they follow from, claimed once, leased, retried.

use types::{GenerationId, JobId, Millis};

use crate::{
    Backend, Result, Store, StoreError,
    batch::Step,
    codec::{Word, number, parse},
    db::{Args, args},
};

/// A job to be enqueued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Which.
    pub id: JobId,
    /// What to do, e.g. `conversation.title`. Holds no comma.
    pub kind: String,
    /// With what, as JSON.
    pub payload: String,
    /// Not before this time.
    pub run_at: Millis,
    /// How often it is tried at most; at least 1.
    pub max_attempts: u32,
    /// While a job with this key waits or runs, another one is not enqueued.
    pub unique_key: Option<String>,
}

/// A job that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Which.
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// With what, as JSON.
    pub payload: String,
    /// Which try this is, from 1.
    pub attempts: u32,
    /// How often it is tried at most.
    pub max_attempts: u32,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// Waits for its time.
    Ready,
    /// Somebody works on it.
    Running,
    /// Done.
    Done,
    /// Given up.
    Failed,
}

impl JobState {
    /// The state as a word, for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }
}

impl Word for JobState {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Ready, "ready"), (Self::Running, "running"), (Self::Done, "done"), (Self::Failed, "failed")];
}

/// How long to wait after a failed try, in milliseconds: 2 s after the first, doubling, at most 10 minutes.
#[must_use]
pub fn retry_delay(attempts: u32) -> Millis {
    let doublings = attempts.saturating_sub(1).min(20);
    (2_000_i64 << doublings).min(600_000)
}

#[derive(sqlx::FromRow)]
struct JobDb {
    id: String,
    kind: String,
    payload: String,
    attempts: i64,
    max_attempts: i64,
}

impl TryFrom<JobDb> for JobRow {
    type Error = StoreError;

    fn try_from(row: JobDb) -> Result<Self> {
        Ok(Self {
            id: parse("jobs.id", &row.id)?,
            kind: row.kind,
            payload: row.payload,
            attempts: number("jobs.attempts", row.attempts)?,
            max_attempts: number("jobs.max_attempts", row.max_attempts)?,
        })
    }
}

/// What a claim looks for; `$1` is the time, `$2` the kinds as `,one,two,`.
macro_rules! due {
    () => {
        "state IN ('ready', 'running') AND due_at <= $1 AND replace($2, ',' || kind || ',', '') <> $2"
    };
}

/// The claim. SQLite has one writer; PostgreSQL must step over rows that another claimer holds.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', owner = $3, due_at = $4, attempts = attempts + 1 \
             WHERE id = (SELECT id FROM jobs WHERE ",
            due!(),
            " ORDER BY due_at, id LIMIT 1 ",
            $lock,
            ") RETURNING id, kind, payload, attempts, max_attempts"
        )
    };
}

/// Enqueues a job. `$1` to `$6` are [`values`]; `WHERE` says on what it hangs.
macro_rules! insert {
    ($when:literal) => {
        concat!(
            "INSERT INTO jobs (id, kind, payload, state, due_at, attempts, max_attempts, unique_key) \
             SELECT $1, $2, $3, 'ready', $4, 0, $5, $6 WHERE ",
            $when,
            " ON CONFLICT (unique_key) WHERE state IN ('ready', 'running') DO NOTHING"
        )
    };
}

fn values(job: &NewJob) -> Args {
    args![job.id, &job.kind, &job.payload, job.run_at, job.max_attempts.max(1), job.unique_key.as_deref()]
}

/// Enqueues in the transaction that ends a generation, if it still runs there.
pub(crate) fn insert_at_end_of(job: &NewJob, generation: GenerationId) -> Step {
    let mut args = values(job);
    args.extend(args![generation]);
    (insert!("EXISTS (SELECT 1 FROM generations g WHERE g.id = $7 AND g.state = 'running')"), args)
}

impl Store {
    /// Enqueues a job. Returns false when an open job with the same unique key exists.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn enqueue(&self, job: &NewJob) -> Result<bool> {
        Ok(self.db.execute(insert!("1 = 1"), values(job)).await? > 0)
    }

    /// Takes the job that has been due longest, of these kinds, for `owner` alone until `lease_until`. A job whose
    /// lease ran out (its process was killed) counts as due; if that was its last try it is given up instead.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn claim_job(
        &self,
        owner: &str,
        kinds: &[&str],
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<JobRow>> {
        let kinds = format!(",{},", kinds.join(",,"));
        // Looking first keeps an idle worker from taking SQLite's write lock.
        let due: Option<(String,)> =
            self.db.optional(concat!("SELECT id FROM jobs WHERE ", due!(), " LIMIT 1"), args![now, &kinds]).await?;
        if due.is_none() {
            return Ok(None);
        }
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE jobs SET state = 'failed', finished_at = $1, error = 'its process stopped during the last try' \
             WHERE state = 'running' AND due_at <= $1 AND attempts >= max_attempts",
            args![now],
        )
        .await?;
        let claim = match tx.backend() {
            Backend::Sqlite => claim!(""),
            Backend::Postgres => claim!("FOR UPDATE SKIP LOCKED"),
        };
        let row: Option<JobDb> = tx.optional(claim, args![now, kinds, owner, lease_until]).await?;
        tx.commit().await?;
        row.map(JobRow::try_from).transpose()
    }

    /// Keeps a claimed job for longer. Returns false when it is no longer `owner`'s: stop working on it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn renew_job(&self, id: JobId, owner: &str, lease_until: Millis) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE jobs SET due_at = $3 WHERE id = $1 AND owner = $2 AND state = 'running'",
                args![id, owner, lease_until],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Marks a claimed job done. Returns false when it was no longer `owner`'s.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn finish_job(&self, id: JobId, owner: &str, now: Millis) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE jobs SET state = 'done', finished_at = $3, error = NULL \
                 WHERE id = $1 AND owner = $2 AND state = 'running'",
                args![id, owner, now],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Gives a claimed job back after a failed try, to be tried again from `run_at` ([`retry_delay`]); after its last
    /// try it is given up. Returns the state it is in then, or none when it was no longer `owner`'s.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn retry_job(
        &self,
        id: JobId,
        owner: &str,
        now: Millis,
        run_at: Millis,
        error: &str,
    ) -> Result<Option<JobState>> {
        let mut tx = self.db.begin().await?;
        let row: Option<(String,)> = tx
            .optional(
                "UPDATE jobs SET state = CASE WHEN attempts < max_attempts THEN 'ready' ELSE 'failed' END, \
                 finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE $3 END, \
                 due_at = $4, owner = NULL, error = $5 \
                 WHERE id = $1 AND owner = $2 AND state = 'running' RETURNING state",
                args![id, owner, now, run_at, error],
            )
            .await?;
        tx.commit().await?;
        row.map(|(state,)| JobState::from_word("jobs.state", &state)).transpose()
    }

    /// Gives a claimed job up. Returns false when it was no longer `owner`'s.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn fail_job(&self, id: JobId, owner: &str, error: &str, now: Millis) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE jobs SET state = 'failed', finished_at = $4, error = $3 \
                 WHERE id = $1 AND owner = $2 AND state = 'running'",
                args![id, owner, error, now],
            )
            .await?;
        Ok(changed > 0)
    }

    /// How many jobs of each kind are in each state.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn job_counts(&self) -> Result<Vec<(String, JobState, i64)>> {
        let rows: Vec<(String, String, i64)> = self
            .db
            .all("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state", args![])
            .await?;
        rows.into_iter()
            .map(|(kind, state, count)| Ok((kind, JobState::from_word("jobs.state", &state)?, count)))
            .collect()
    }

    /// Forgets jobs that ended before `before`, done or given up. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn purge_finished_jobs(&self, before: Millis) -> Result<u64> {
        self.db.execute("DELETE FROM jobs WHERE finished_at < $1", args![before]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_ends_at_ten_minutes() {
        assert_eq!([1, 2, 3, 9, 10, u32::MAX].map(retry_delay), [2_000, 4_000, 8_000, 512_000, 600_000, 600_000]);
    }
}
