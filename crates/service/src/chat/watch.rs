//! Following a generation "from number N": in this process, in another one, or after it has ended.

use std::{collections::VecDeque, sync::Arc};

use futures::{
    Stream,
    future::{AbortHandle, Abortable},
    stream,
};
use store::StoreError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, sleep},
};
use tokio_util::task::AbortOnDropHandle;
use types::{GenerationEvent, GenerationId, GenerationState, Problem, ProblemCode, UserId};

use super::{
    Chat, Inner,
    live::{After, Live},
    watchers::Watching,
};
use crate::{Member, ServiceError};

/// How often a generation of another process is looked at.
const POLL: Duration = Duration::from_millis(250);
/// The longest pause between two looks while the database fails.
const POLL_FAILING: Duration = Duration::from_secs(2);
/// A text that cannot be given in bits and is longer than this, in bytes, waits for its turn.
const LARGE: usize = 1024 * 1024;
/// How many of those are in memory at the same time. The longest has 16 MiB, and is there once more as it leaves.
pub(super) const LARGE_AT_ONCE: usize = 4;
/// When a person follows too many answers, when to try again.
const RETRY_S: u32 = 5;

impl Chat {
    /// Follows a generation. The first event is `Open`, at once; then the text after piece `after`; the last is `End`.
    /// `after` is the number in the last event that was seen, or a message's `last_piece`. Several events may be joined
    /// into one, so that a slow reader costs no memory. The stream also ends, without `End`, when the session is ended.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation of this person; `TooManyRequests` when the person follows as many as is
    /// allowed.
    pub async fn watch(
        &self,
        member: Member<'_>,
        id: GenerationId,
        after: u64,
    ) -> Result<impl Stream<Item = GenerationEvent> + Send + 'static + use<>, ServiceError> {
        let user = member.user().id;
        let source = match self.inner.hub.get(id) {
            Some(live) if live.subject.user == user => Source::Live(live),
            Some(_) => return Err(not_found()),
            None => {
                self.inner.store.generation(user, id).await?.ok_or_else(not_found)?;
                Source::Stored { inner: Arc::clone(&self.inner), id, user, aligned: false, pause: Duration::ZERO }
            }
        };
        let most = self.inner.settings.chat.streams_per_person;
        let watching = self.inner.watchers.enter(user, most).ok_or_else(|| too_many(most))?;
        // In a task of its own: looking at it with each piece would cost more than the piece.
        let (end, ending) = AbortHandle::new_pair();
        let revoked = self.inner.sessions.revoked(user, member.session());
        let listening = AbortOnDropHandle::new(tokio::spawn(async move {
            revoked.await;
            end.abort();
        }));
        let watcher = Watcher {
            source,
            cursor: after,
            ready: VecDeque::from([GenerationEvent::Open { generation: id }]),
            turns: Arc::clone(&self.inner.large_texts),
            turn: None,
            _watching: watching,
            _listening: listening,
        };
        Ok(Abortable::new(stream::unfold(watcher, Watcher::next), ending))
    }
}

fn not_found() -> ServiceError {
    ServiceError::not_found("That answer")
}

fn too_many(most: usize) -> ServiceError {
    let message = format!(
        "You follow {most} answers at the same time, which is the limit. Close some pages of the chat; this one goes on by \
         itself when you load it again."
    );
    Problem { retry_after_s: Some(RETRY_S), ..Problem::new(ProblemCode::TooManyRequests, message) }.into()
}

struct Watcher {
    source: Source,
    /// Number of the last piece the reader has.
    cursor: u64,
    ready: VecDeque<GenerationEvent>,
    /// Who waits to have a large text in memory.
    turns: Arc<Semaphore>,
    /// The turn, from before the text is read until the reader asks for what follows, and so has taken it.
    turn: Option<OwnedSemaphorePermit>,
    _watching: Watching,
    /// Ends the stream when its session is ended.
    _listening: AbortOnDropHandle<()>,
}

enum Source {
    /// In this process.
    Live(Arc<Live>),
    /// In the database only: ended, or being written by another process.
    Stored {
        inner: Arc<Inner>,
        id: GenerationId,
        user: UserId,
        /// Whether the reader's text is known to end where a stored batch ends.
        aligned: bool,
        pause: Duration,
    },
    /// Nothing follows.
    Done,
}

impl Watcher {
    async fn next(mut self) -> Option<(GenerationEvent, Self)> {
        self.turn = None;
        loop {
            if let Some(event) = self.ready.pop_front() {
                if matches!(event, GenerationEvent::End { .. }) {
                    self.source = Source::Done;
                }
                return Some((event, self));
            }
            match &mut self.source {
                Source::Live(live) => {
                    let live = Arc::clone(live);
                    let news = live.news();
                    let ended = live.is_announced();
                    if live.whole_size(self.cursor).is_some_and(|size| size > LARGE) && self.turn.is_none() {
                        self.turn = turn(&self.turns).await;
                    }
                    if let Some(event) = from_live(&live, &mut self.cursor) {
                        return Some((event, self));
                    }
                    if ended {
                        self.ready.push_back(end_of(&live));
                    } else {
                        news.await;
                    }
                }
                Source::Stored { inner, id, user, aligned, pause } => {
                    sleep(*pause).await;
                    // Boxed, because most readers never come here and each carries the room for it.
                    match Box::pin(look(inner, *user, *id, &mut self.cursor, aligned, &mut self.turn)).await {
                        Ok(events) => {
                            self.ready = events;
                            *pause = POLL;
                            if self.ready.is_empty() {
                                self.turn = None;
                            }
                        }
                        Err(error) => {
                            tracing::debug!(generation = %id, %error, "could not look at an answer; trying again");
                            *pause = (*pause * 2).clamp(POLL, POLL_FAILING);
                        }
                    }
                }
                Source::Done => return None,
            }
        }
    }
}

fn from_live(live: &Live, cursor: &mut u64) -> Option<GenerationEvent> {
    let (n, event) = match live.after(*cursor) {
        After::Nothing => return None,
        After::Text(n, text) => (n, GenerationEvent::Piece { n, text }),
        After::Whole(n, text) => (n, GenerationEvent::Snapshot { n, text }),
    };
    *cursor = n;
    Some(event)
}

/// Waits for a turn. None never comes: the semaphore is not closed.
async fn turn(turns: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(turns).acquire_owned().await.ok()
}

fn end_of(live: &Live) -> GenerationEvent {
    let (state, error) =
        live.ending().map_or((GenerationState::Interrupted, None), |ending| (ending.state, ending.error));
    GenerationEvent::End { state, error }
}

/// One look at a generation in the database: what is new since `cursor`.
async fn look(
    inner: &Inner,
    user: UserId,
    id: GenerationId,
    cursor: &mut u64,
    aligned: &mut bool,
    turned: &mut Option<OwnedSemaphorePermit>,
) -> Result<VecDeque<GenerationEvent>, StoreError> {
    let mut events = VecDeque::new();
    let Some(row) = inner.store.generation(user, id).await? else {
        // Its conversation was deleted, which stops it.
        events.push_back(GenerationEvent::End { state: GenerationState::Stopped, error: None });
        return Ok(events);
    };
    let running = row.state == GenerationState::Running;
    if running && *aligned {
        let pieces = inner.store.pieces_after(id, *cursor).await?;
        if let Some((n, _)) = pieces.last() {
            let n = *n;
            *cursor = n;
            events.push_back(GenerationEvent::Piece { n, text: pieces.into_iter().map(|(_, text)| text).collect() });
        }
        return Ok(events);
    }
    if turned.is_none() && inner.store.text_size(row.message).await? > LARGE as u64 {
        *turned = turn(&inner.large_texts).await;
    }
    let message = inner.store.message(user, row.message).await?.map(|(_, message)| message);
    let error = message.as_ref().and_then(|message| message.error.clone());
    if let Some(message) = message {
        // A reader may be ahead of what was stored while the generation runs, but not after its end.
        if message.last_piece > *cursor || (!running && message.last_piece != *cursor) {
            *cursor = message.last_piece;
            events.push_back(GenerationEvent::Snapshot { n: message.last_piece, text: message.text });
        }
        *aligned = message.last_piece == *cursor;
    }
    if !running {
        events.push_back(GenerationEvent::End { state: row.state, error });
    }
    Ok(events)
}
