//! Claims jobs, runs a bounded number of them, keeps their leases, and settles how they ended.

use std::time::Duration;

use store::{JobRow, retry_delay};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use types::Millis;

use super::{
    JobError,
    kinds::{Kind, Kinds, Pause},
};
use crate::{Context, metric, world::millis};

/// Time for running jobs to end when the process stops.
const GRACE: Duration = Duration::from_secs(5);
/// How often to make sure that recurring jobs are planned: one that was given up has no successor.
const PLAN_EVERY: Duration = Duration::from_secs(10 * 60);
/// Longest error text kept with a job.
const ERROR_CHARS: usize = 2_000;

pub(super) async fn run(context: &Context, kinds: &Kinds, stop: CancellationToken) {
    let settings = context.settings.jobs;
    let owner = context.settings.instance.clone();
    let mut running = JoinSet::new();
    let mut plan_at = Duration::ZERO;
    while !stop.is_cancelled() {
        let now = context.world.elapsed();
        if now >= plan_at {
            plan_at = now + PLAN_EVERY;
            plan_recurring(context, kinds).await;
        }
        while running.len() < settings.concurrency.max(1) {
            match claim(context, kinds, &owner).await {
                Some((kind, job)) => {
                    let (context, owner) = (context.clone(), owner.clone());
                    running.spawn(async move { work(&context, kind, job, &owner).await });
                }
                None => break,
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = context.queue.woken.notified(), if running.len() < settings.concurrency.max(1) => {}
            Some(_) = running.join_next() => {}
            () = tokio::time::sleep(settings.poll) => {}
        }
    }
    let ended = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::info!("jobs were cut off by the stop; they will be taken up again");
    }
}

/// Makes sure that each recurring kind has its one open row.
async fn plan_recurring(context: &Context, kinds: &Kinds) {
    for next in kinds.all().filter_map(|kind| kind.next) {
        plan(context, next(&context.queue, Pause::None)).await;
    }
}

async fn plan(context: &Context, row: Result<store::NewJob, crate::ServiceError>) {
    let planned = match row {
        Ok(row) => context.store.enqueue(&row).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    if let Err(error) = planned {
        tracing::error!(error = &error as &dyn std::error::Error, "could not plan a recurring job");
    }
}

async fn claim(context: &Context, kinds: &Kinds, owner: &str) -> Option<(Kind, JobRow)> {
    let now = context.world.now();
    let lease_until = now.saturating_add(millis(context.settings.jobs.lease));
    match context.store.claim_job(owner, &kinds.names(), now, lease_until).await {
        Ok(job) => job.and_then(|job| Some((kinds.get(&job.kind)?, job))),
        Err(error) => {
            tracing::warn!(%error, "could not look for jobs; trying on");
            None
        }
    }
}

async fn work(context: &Context, kind: Kind, job: JobRow, owner: &str) {
    // In a task of its own, so that a panic ends the job and not the runner.
    let mut handle = AbortOnDropHandle::new(tokio::spawn((kind.start)(context.clone(), job.payload.clone())));
    let outcome = tokio::select! {
        ended = &mut handle => match ended {
            Ok(outcome) => outcome,
            Err(_) => Err(JobError::retryable("the job panicked; the log has the place")),
        },
        () = lease_lost(context, &job, owner) => {
            metric::job(kind.name, "lost");
            tracing::warn!(job = %job.id, kind = kind.name, "lost the lease of a job; whoever holds it now goes on");
            return;
        }
    };
    if let Err(error) = settle(context, kind, &job, owner, outcome).await {
        tracing::warn!(job = %job.id, kind = kind.name, %error, "could not note how a job ended; it will run again");
    }
}

/// Renews the lease for as long as it is ours; resolves when it is not.
async fn lease_lost(context: &Context, job: &JobRow, owner: &str) {
    let lease = context.settings.jobs.lease;
    loop {
        tokio::time::sleep(lease / 3).await;
        let until = context.world.now().saturating_add(millis(lease));
        match context.store.renew_job(job.id, owner, until).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(job = %job.id, %error, "could not renew the lease of a job; trying on"),
        }
    }
}

async fn settle(
    context: &Context,
    kind: Kind,
    job: &JobRow,
    owner: &str,
    outcome: Result<(), JobError>,
) -> Result<(), store::StoreError> {
    let Context { store, world, .. } = context;
    let mut over = true;
    match outcome {
        Ok(()) => {
            store.finish_job(job.id, owner, world.now()).await?;
            metric::job(kind.name, "done");
        }
        Err(error) if error.is_retryable() && job.attempts < job.max_attempts => {
            over = false;
            let now = world.now();
            let wait = pause(job.attempts, world.fraction());
            store.retry_job(job.id, owner, now, now.saturating_add(wait), &shortened(&error)).await?;
            metric::job(kind.name, "retried");
            tracing::info!(job = %job.id, kind = kind.name, %error, wait_ms = wait, "a job will be tried again");
        }
        Err(error) => {
            store.fail_job(job.id, owner, &shortened(&error), world.now()).await?;
            metric::job(kind.name, "failed");
            tracing::error!(job = %job.id, kind = kind.name, %error, attempts = job.attempts, "a job failed for good");
        }
    }
    if over && let Some(next) = kind.next {
        plan(context, next(&context.queue, Pause::Whole)).await;
    }
    Ok(())
}

/// The store's delay; half of it is chance, so that jobs that failed together do not come back together.
fn pause(attempts: u32, fraction: f64) -> Millis {
    let half = retry_delay(attempts) / 2;
    let chance = (fraction * half as f64) as Millis;
    half + chance
}

fn shortened(error: &JobError) -> String {
    error.to_string().chars().take(ERROR_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_half_fixed_and_half_chance() {
        assert_eq!(pause(1, 0.0) * 2, retry_delay(1));
        assert!(pause(7, 0.3) > pause(7, 0.2));
        assert!(pause(u32::MAX, 0.999) < retry_delay(u32::MAX));
    }
}
