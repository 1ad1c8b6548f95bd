//! Jobs: once, again after a failure, again after a death, and one sweep an hour.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::JobState;
use tokio_util::sync::CancellationToken;

use super::{Job, JobError, kinds::Kinds, runner};
use crate::{Context, tests::House, world::millis};

/// How often each probe has run, by its name: jobs of several tests share the type.
static RUNS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The lease in these tests.
const LEASE: Duration = Duration::from_millis(60);
static WORKING: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Serialize, Deserialize)]
struct Probe {
    name: String,
    /// What happens, run by run; all further runs succeed.
    script: Vec<Fate>,
}

#[derive(Clone, Serialize, Deserialize)]
enum Fate {
    Retry,
    Fail,
    Panic,
}

#[async_trait]
impl Job for Probe {
    const NAME: &'static str = "test.probe";
    const MAX_ATTEMPTS: u32 = 3;

    async fn run(self, _: &Context) -> Result<(), JobError> {
        let run = {
            let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
            runs.push(self.name.clone());
            runs.iter().filter(|name| **name == self.name).count() - 1
        };
        match self.script.get(run) {
            None => Ok(()),
            Some(Fate::Retry) => Err(JobError::retryable("try again")),
            Some(Fate::Fail) => Err(JobError::permanent("never")),
            Some(Fate::Panic) => panic!("a scripted panic"),
        }
    }
}

/// Waits until the test lets it go, and is never let go.
#[derive(Serialize, Deserialize)]
struct Endless {}

#[async_trait]
impl Job for Endless {
    const NAME: &'static str = "test.endless";

    async fn run(self, _: &Context) -> Result<(), JobError> {
        struct Working;
        impl Drop for Working {
            fn drop(&mut self) {
                WORKING.fetch_sub(1, Ordering::SeqCst);
            }
        }
        WORKING.fetch_add(1, Ordering::SeqCst);
        let _working = Working;
        std::future::pending().await
    }
}

fn runs(name: &str) -> usize {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|run| *run == name).count()
}

fn probe(name: &str, script: &[Fate]) -> Probe {
    Probe { name: name.into(), script: script.to_vec() }
}

/// The house with a quick runner in it.
struct Works {
    house: House,
    context: Context,
    stop: CancellationToken,
    runner: tokio::task::JoinHandle<()>,
}

impl Works {
    async fn begin(kinds: Kinds) -> Self {
        let mut settings = crate::tests::lenient();
        settings.jobs.poll = Duration::from_millis(5);
        settings.jobs.lease = LEASE;
        let house = House::with(settings).await;
        let context = house.services.0.context.clone();
        let stop = CancellationToken::new();
        let runner = tokio::spawn({
            let (context, stop) = (context.clone(), stop.clone());
            async move { runner::run(&context, &kinds, stop).await }
        });
        Self { house, context, stop, runner }
    }

    /// Leaves a job. False when one with the same key is open already.
    async fn leave<J: Job>(&self, job: &J, key: Option<String>) -> bool {
        let row = self.context.queue.row(job, key).unwrap();
        let new = self.house.store.enqueue(&row).await.unwrap();
        self.context.queue.wake();
        new
    }

    /// Waits until so many jobs of a kind are in a state.
    async fn until(&self, kind: &str, state: JobState, count: i64) {
        until(&format!("{count} {kind} {state:?}"), async || {
            let counts = self.house.store.job_counts().await.unwrap();
            counts.iter().any(|(k, s, n)| k == kind && *s == state && *n == count)
        })
        .await;
    }

    async fn end(self) {
        self.stop.cancel();
        self.runner.await.unwrap();
    }
}

#[tokio::test]
async fn a_job_runs_once_and_its_key_keeps_a_twin_out() {
    let works = Works::begin(Kinds::none()).await;
    let key = || Some("the one".to_owned());
    assert!(works.leave(&probe("once", &[]), key()).await);
    assert!(!works.leave(&probe("once", &[]), key()).await);
    works.end().await;

    let works = Works::begin(Kinds::none().with::<Probe>()).await;
    assert!(works.leave(&probe("once", &[]), key()).await);
    works.until(Probe::NAME, JobState::Done, 1).await;
    assert_eq!(runs("once"), 1);
    assert!(works.leave(&probe("once", &[]), key()).await, "the key is free again");
    works.until(Probe::NAME, JobState::Done, 2).await;
    works.end().await;
}

#[tokio::test]
async fn failures_are_tried_again_later_and_given_up_in_the_end() {
    let works = Works::begin(Kinds::none().with::<Probe>()).await;
    let leave = async |job: Probe| assert!(works.leave(&job, None).await);
    leave(probe("mends", &[Fate::Retry, Fate::Panic])).await;
    for tries in 1..=2 {
        until("another try", async || runs("mends") == tries).await;
        works.until(Probe::NAME, JobState::Ready, 1).await;
        assert_eq!(runs("mends"), tries, "not before its time");
        works.house.world.advance(Duration::from_secs(600));
    }
    works.until(Probe::NAME, JobState::Done, 1).await;
    assert_eq!(runs("mends"), 3);

    leave(probe("hopeless", &[Fate::Fail])).await;
    works.until(Probe::NAME, JobState::Failed, 1).await;
    assert_eq!(runs("hopeless"), 1);
    works.end().await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_run_after_its_lease() {
    let works = Works::begin(Kinds::none()).await;
    works.leave(&probe("orphan", &[]), None).await;
    let now = works.house.world.now();
    let claimed = works.house.store.claim_job("killed", &[Probe::NAME], now, now + 60_000).await.unwrap();
    assert!(claimed.is_some());

    let stop = CancellationToken::new();
    let runner = tokio::spawn({
        let (context, stop) = (works.context.clone(), stop.clone());
        async move { runner::run(&context, &Kinds::none().with::<Probe>(), stop).await }
    });
    works.house.world.advance(Duration::from_secs(59));
    works.context.queue.wake();
    works.leave(&probe("behind the orphan", &[]), None).await;
    works.until(Probe::NAME, JobState::Done, 1).await;
    assert_eq!(runs("orphan"), 0, "the lease still holds");
    works.house.world.advance(Duration::from_secs(1));
    works.until(Probe::NAME, JobState::Done, 2).await;
    assert_eq!(runs("orphan"), 1);
    stop.cancel();
    runner.await.unwrap();
    works.end().await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waited).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test]
async fn a_lease_is_renewed_while_working_and_a_lost_one_stops_the_work() {
    let works = Works::begin(Kinds::none().with::<Endless>()).await;
    let (world, store) = (&works.house.world, &works.house.store);
    works.leave(&Endless {}, None).await;
    until("the work begins", async || WORKING.load(Ordering::SeqCst) == 1).await;
    for _ in 0..3 {
        world.advance(Duration::from_secs(60));
        let renewed = (world.now() + millis(LEASE)).to_string();
        until("the lease is renewed", async || {
            let due = works.house.database.rows(store, "SELECT CAST(due_at AS TEXT) FROM jobs").await.unwrap();
            due == [renewed.clone()]
        })
        .await;
    }
    // As if this process had slept for an hour and another had taken the job.
    let later = world.now() + 3_600_000;
    assert!(store.claim_job("heir", &[Endless::NAME], later, later + 60_000).await.unwrap().is_some());
    until("the work is dropped", async || WORKING.load(Ordering::SeqCst) == 0).await;
    works.end().await;
}

#[tokio::test]
async fn the_sweep_comes_back_every_hour_and_only_once() {
    let works = Works::begin(Kinds::standard()).await;
    works.until("maintenance", JobState::Done, 1).await;
    works.until("maintenance", JobState::Ready, 1).await;
    let second = works.house.second(crate::tests::lenient()).await;
    let stop = CancellationToken::new();
    let runner = tokio::spawn({
        let (second, stop) = (second.clone(), stop.clone());
        async move { second.jobs().run(stop).await }
    });
    works.house.world.advance(Duration::from_secs(60 * 60));
    works.until("maintenance", JobState::Done, 2).await;
    works.until("maintenance", JobState::Ready, 1).await;
    stop.cancel();
    runner.await.unwrap();
    works.end().await;
}
