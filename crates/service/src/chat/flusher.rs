//! The one task that writes running answers to the database: what is new a few times a second in one transaction for all
//! of them, and each ending as soon as it is there. While the database fails, the text waits in memory and readers go on.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use store::{FinishedGeneration, NewJob, PieceBatch, StoreError};
use tokio::time::{Duration, Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use types::{GenerationId, GenerationState};

use super::{
    Chat, Inner,
    live::{Cause, Live},
    readings,
    title::TitlePayload,
};
use crate::{jobs::Job, world::millis};

/// Writing may take at most about one part in this many of the time, or the next round waits longer: with many answers at a
/// time each round touches a page for each of them, and fewer rounds cost less than they lose.
const SHARE: u32 = 256;
/// The longest pause between two rounds that makes.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How often to look for stop requests from other processes.
const STOPS_EVERY: Duration = Duration::from_millis(500);
/// How often to forget what ended and to look for generations of dead processes.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// While the database fails: the first pause, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Readers are told of an end once it is stored, or after this long when the database fails.
const END_UNTOLD: Duration = Duration::from_secs(2);
/// At shutdown, the longest time for the last writes.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// Endings written at the same time.
const PARALLEL: usize = 8;

impl Chat {
    /// Writes running answers to the database until `stop`. Then answers under way get a grace; what is not done by then
    /// is kept as interrupted. Returns when everything is written or the database has failed for too long.
    pub async fn run(&self, stop: CancellationToken) {
        let hub = &self.inner.hub;
        let mut flusher = Flusher::new(Arc::clone(&self.inner));
        // Only the waiting is ever cut short: a write that was begun is seen through.
        while stop.run_until_cancelled(flusher.wait()).await.is_some() {
            flusher.work().await;
        }
        hub.close();
        let grace = Instant::now() + self.inner.settings.chat.grace;
        while !hub.running().is_empty() && timeout_at(grace, flusher.wait()).await.is_ok() {
            flusher.work().await;
        }
        let last_writes = async {
            while !hub.unstored().is_empty() {
                hub.running().iter().for_each(|live| live.call_off(Cause::Shutdown));
                flusher.wait().await;
                flusher.work().await;
            }
        };
        // When the time is up, what could not be written is left to the next process: it finds the pieces so far.
        let _ = timeout(LAST_WRITES, last_writes).await;
        for live in self.inner.hub.unstored() {
            tracing::error!(generation = %live.subject.id, "the end of an answer could not be written before the stop");
            live.announce();
        }
    }
}

/// What comes round from time to time.
struct Every {
    pause: Duration,
    due: Instant,
}

impl Every {
    fn new(pause: Duration) -> Self {
        Self { pause, due: Instant::now() + pause }
    }

    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = now >= self.due;
        if due {
            self.due = now + self.pause;
        }
        due
    }
}

struct Flusher {
    inner: Arc<Inner>,
    flush_at: Instant,
    leases: Every,
    stops: Every,
    sweep: Every,
    /// While the database fails: the pause that was last waited for, and when to try again.
    failing: Option<(Duration, Instant)>,
}

impl Flusher {
    fn new(inner: Arc<Inner>) -> Self {
        let leases = Every::new(inner.settings.chat.lease / 3);
        Self {
            inner,
            flush_at: Instant::now(),
            leases,
            stops: Every::new(STOPS_EVERY),
            sweep: Every::new(SWEEP_EVERY),
            failing: None,
        }
    }

    /// Waits for something to do.
    async fn wait(&self) {
        let next = self.failing.map_or(self.flush_at, |(_, retry_at)| retry_at);
        tokio::select! {
            () = self.inner.hub.ended.notified() => {}
            () = sleep_until(next) => {}
        }
    }

    /// Does what is to be done now.
    async fn work(&mut self) {
        let began = Instant::now();
        let flush = began >= self.flush_at;
        if flush {
            self.inner.hub.running().iter().for_each(|live| live.reading.look_after());
        }
        if self.failing.is_some_and(|(_, retry_at)| began < retry_at) {
            self.announce_late();
            return;
        }
        let done = self.round(flush).await;
        self.note(done);
        if flush {
            let pause = (began.elapsed() * SHARE).min(LONGEST_PAUSE).max(self.inner.settings.chat.flush_every);
            self.flush_at = Instant::now() + pause;
        }
    }

    /// Endings always; pieces and the rest when their time has come.
    async fn round(&mut self, flush: bool) -> Result<(), StoreError> {
        self.inner.clear_former_life().await?;
        self.settle().await?;
        if !flush {
            return Ok(());
        }
        self.flush().await?;
        let live: Vec<GenerationId> = self.inner.hub.unstored().iter().map(|live| live.subject.id).collect();
        let busy = !live.is_empty();
        let sweep = self.sweep.is_due();
        // Only what is in memory: a row of ours that no task writes must run out and be marked. Also before looking for
        // the dead: a machine that slept must not bury its own.
        if busy && (self.leases.is_due() || sweep) {
            let until = self.inner.world.now().saturating_add(millis(self.inner.settings.chat.lease));
            self.inner.store.renew_leases(&live, until).await?;
        }
        if busy && self.stops.is_due() {
            for id in self.inner.store.stop_requested(&self.inner.settings.instance).await? {
                if let Some(live) = self.inner.hub.get(id) {
                    live.call_off(Cause::Person);
                }
            }
        }
        if sweep {
            self.inner.hub.sweep();
            let dead = self.inner.store.interrupt_expired(self.inner.world.now(), None).await?;
            if !dead.is_empty() {
                tracing::warn!(count = dead.len(), "answers whose process is gone are marked as interrupted");
            }
        }
        Ok(())
    }

    /// Writes what is new of all running answers, in one transaction.
    async fn flush(&self) -> Result<(), StoreError> {
        let (lives, batches): (Vec<Arc<Live>>, Vec<PieceBatch>) = self
            .inner
            .hub
            .unstored()
            .into_iter()
            .filter_map(|live| {
                let (n, text) = live.unflushed()?;
                let generation = live.subject.id;
                Some((live, PieceBatch { generation, n, text }))
            })
            .unzip();
        if batches.is_empty() {
            return Ok(());
        }
        match self.inner.store.append_pieces(&batches).await {
            Ok(()) => lives.iter().for_each(|live| live.set_flushed()),
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // One bad row must not hold up the others.
            Err(_) => {
                let mut outcome = Ok(());
                for (live, batch) in lives.iter().zip(&batches) {
                    match self.inner.store.append_pieces(std::slice::from_ref(batch)).await {
                        // Gone: purged meanwhile. There already: an earlier write whose answer was lost.
                        Ok(()) | Err(StoreError::NotFound | StoreError::Conflict { .. }) => live.set_flushed(),
                        Err(error @ StoreError::Unavailable(_)) => return Err(error),
                        Err(error) => outcome = Err(error),
                    }
                }
                return outcome;
            }
        }
        readings::flushed();
        Ok(())
    }

    /// Writes the endings that are not written, several at a time, and tells the readers.
    async fn settle(&self) -> Result<(), StoreError> {
        let mut ended = self.inner.hub.unstored();
        ended.retain(|live| live.ending().is_some());
        if ended.is_empty() {
            return Ok(());
        }
        stream::iter(ended)
            // Boxed, because they are large and moved about.
            .map(|live| settle_one(&self.inner, live).boxed())
            .buffer_unordered(PARALLEL)
            .fold(Ok(()), async |all, one| all.and(one))
            .await
    }

    fn note(&mut self, done: Result<(), StoreError>) {
        match (done, self.failing) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                tracing::info!("the database takes the text of answers again");
                self.failing = None;
                // Other processes need a moment, too, before they can say that they are alive.
                self.sweep.due = Instant::now() + self.inner.settings.chat.lease;
            }
            (Err(error), failing) => {
                readings::flush_failed();
                if failing.is_none() {
                    tracing::error!(%error, "the text of answers cannot be written; it waits in memory");
                }
                let pause = failing.map_or(RETRY.0, |(pause, _)| (pause * 2).min(RETRY.1));
                self.failing = Some((pause, Instant::now() + pause));
                self.announce_late();
            }
        }
    }

    /// While the database fails, readers do not wait for it forever.
    fn announce_late(&self) {
        for live in self.inner.hub.unstored() {
            if live.ended_for().is_some_and(|age| age >= END_UNTOLD) {
                live.announce();
            }
        }
    }
}

async fn settle_one(inner: &Inner, live: Arc<Live>) -> Result<(), StoreError> {
    let Some(last) = live.unstored() else { return Ok(()) };
    let ended = readings::Ended::from(&last);
    let wants_title = last.ending.state == GenerationState::Complete && live.subject.first_exchange;
    let job = if wants_title { title_job(inner, &live) } else { None };
    let asked = job.is_some();
    let finished = FinishedGeneration {
        id: live.subject.id,
        state: last.ending.state,
        text: last.text,
        error: last.ending.error,
        usage: last.usage,
        first_token_ms: last.first_token.map(millis),
        duration_ms: Some(millis(last.duration)),
        last_piece: last.last_piece,
        now: inner.world.now(),
        job,
    };
    match inner.store.finish_generation(finished).await {
        Ok(true) if asked => inner.queue.wake(),
        Ok(true) => {}
        // Written by an earlier try whose answer was lost, purged with its conversation, or taken for dead.
        Ok(false) | Err(StoreError::NotFound) => {
            tracing::debug!(generation = %live.subject.id, "an answer had ended in the database already");
        }
        Err(error) => return Err(error),
    }
    let first = live.set_stored();
    inner.hub.set_stored(live.subject.id);
    live.announce();
    if first {
        readings::generation_stored(&ended);
    }
    Ok(())
}

/// The job that finds a title. A title is a nicety: a failure is logged and that is all.
fn title_job(inner: &Inner, live: &Live) -> Option<NewJob> {
    let subject = &live.subject;
    let payload = TitlePayload { user: subject.user, conversation: subject.conversation, answer: subject.message };
    let key = format!("{}:{}", TitlePayload::NAME, subject.conversation);
    let row = inner.queue.row(&payload, Some(key));
    row.inspect_err(|error| {
        tracing::warn!(conversation = %subject.conversation, %error, "could not ask for a title");
    })
    .ok()
}
