//! Background jobs: rows that are claimed once, retried with growing pauses, and survive the death of their process.
//!
//! A kind of job is a type that implements [`Job`]: its fields are the payload. [`Queue::row`] makes it into a row, which
//! is written in the transaction of what it follows from. Whoever runs it may die at any point, so a job must be safe to
//! run again.

mod kinds;
mod maintenance;
mod runner;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use store::NewJob;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Context, ServiceError, World};

use kinds::Kinds;

/// Why a job did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    message: String,
    retryable: bool,
}

impl JobError {
    /// Worth another try later.
    #[must_use]
    pub fn retryable(message: impl Into<String>) -> Self {
        Self { message: message.into(), retryable: true }
    }

    /// Will never succeed.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), retryable: false }
    }

    /// Whether another try is worth it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl From<store::StoreError> for JobError {
    fn from(error: store::StoreError) -> Self {
        Self::retryable(format!("the database failed: {error}"))
    }
}

/// One kind of background work; the implementing type is its payload.
#[async_trait]
pub(crate) trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the database. Never changes once released.
    const NAME: &'static str;
    /// Tries before it counts as failed.
    const MAX_ATTEMPTS: u32 = 5;
    /// Runs again this long after each end. Such a job exists once among all processes.
    const EVERY: Option<Duration> = None;

    /// Does the work. May be cut off and run again at any point.
    async fn run(self, context: &Context) -> Result<(), JobError>;
}

/// The way to leave a job. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue {
    world: World,
    woken: Arc<Notify>,
}

impl Queue {
    pub(crate) fn new(world: World) -> Self {
        Self { world, woken: Arc::default() }
    }

    /// The job's row; call [`Queue::wake`] once it is committed. While a job with the same
    /// `unique_key` is open, the store drops this one.
    pub(crate) fn row<J: Job>(&self, job: &J, unique_key: Option<String>) -> Result<NewJob, ServiceError> {
        self.row_in(job, unique_key, Duration::ZERO)
    }

    fn row_in<J: Job>(&self, job: &J, unique_key: Option<String>, wait: Duration) -> Result<NewJob, ServiceError> {
        Ok(NewJob {
            id: self.world.id(),
            kind: J::NAME.into(),
            payload: serde_json::to_string(job)
                .map_err(|error| ServiceError::defect("writing a job's payload", error))?,
            run_at: self.world.now().saturating_add(crate::world::millis(wait)),
            max_attempts: J::MAX_ATTEMPTS,
            unique_key,
        })
    }

    /// Tells the runner of this process to look now instead of at its next round.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }
}

/// Runs background jobs.
pub struct Jobs {
    context: Context,
    kinds: Kinds,
}

impl Jobs {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, kinds: Kinds::standard() }
    }

    /// Runs jobs until `stop`. Those in work then get a few seconds; what is not done by then is taken up again by
    /// whoever finds its lease run out.
    pub async fn run(&self, stop: CancellationToken) {
        runner::run(&self.context, &self.kinds, stop).await;
    }
}
