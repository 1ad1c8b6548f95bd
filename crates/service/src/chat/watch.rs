//! Following a generation "from number N": in this process, in another one, or after it has ended.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{
    Stream, StreamExt,
    future::{AbortHandle, Abortable, Either},
    stream,
};
use store::StoreError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, sleep},
};
use tokio_util::task::AbortOnDropHandle;
use types::{GenerationEvent, GenerationId, GenerationState, Permission, Problem, ProblemCode, UserId};

use super::{Chat, Inner, follower::Follower, watchers::Watching};
use crate::{Member, ServiceError, SignedIn};

/// How often a generation of another process is looked at.
const POLL: Duration = Duration::from_millis(250);
/// The longest pause between two looks while the database fails.
const POLL_FAILING: Duration = Duration::from_secs(2);
/// A text that cannot be given in bits and is longer than this, in bytes, waits for its turn.
pub(super) const LARGE: usize = 1024 * 1024;
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
        let live = match self.inner.hub.get(id) {
            Some(live) if live.subject.user == user => Some(live),
            Some(_) => return Err(not_found()),
            None => {
                self.inner.store.generation(user, id).await?.ok_or_else(not_found)?;
                None
            }
        };
        let most = self.inner.settings.chat.streams_per_person;
        let watching = self.inner.watchers.enter(user, most).ok_or_else(|| too_many(most))?;
        // In a task of its own: looking at it with each piece would cost more than the piece.
        let (end, ending) = AbortHandle::new_pair();
        let revoked = self.inner.sessions.revoked(user, member.session(), Permission::Member);
        let listening = AbortOnDropHandle::new(tokio::spawn(async move {
            revoked.await;
            end.abort();
        }));
        let events = match live {
            Some(live) => Either::Left(Follower::new(live, after, Arc::clone(&self.inner.large_texts))),
            // Boxed, because few readers are of this kind and each would carry the room for it.
            None => Either::Right(Box::pin(Stored::events(Arc::clone(&self.inner), user, id, after))),
        };
        Ok(Abortable::new(Watched { events, _watching: watching, _listening: listening }, ending))
    }
}

impl Chat {
    /// Counts a stream of another kind against the same bound, for as long as what this gives lives: whatever it follows, it
    /// costs memory and a connection.
    ///
    /// # Errors
    /// `TooManyRequests` when the person follows as many as is allowed.
    pub fn count_stream(&self, person: SignedIn<'_>) -> Result<impl Send + 'static + use<>, ServiceError> {
        let most = self.inner.settings.chat.streams_per_person;
        self.inner.watchers.enter(person.user().id, most).ok_or_else(|| too_many(most))
    }
}

/// What belongs to a reader for as long as they read.
struct Watched<S> {
    events: S,
    _watching: Watching,
    /// Ends the stream when its session is ended.
    _listening: AbortOnDropHandle<()>,
}

impl<S: Stream + Unpin> Stream for Watched<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.events.poll_next_unpin(cx)
    }
}

fn not_found() -> ServiceError {
    ServiceError::not_found("That answer")
}

fn too_many(most: usize) -> ServiceError {
    let message = format!(
        "You follow {most} answers or logs at the same time, which is the limit. Close some of those pages; this one goes on \
         when you load it again."
    );
    Problem { retry_after_s: Some(RETRY_S), ..Problem::new(ProblemCode::TooManyRequests, message) }.into()
}

/// A reader of a generation in the database only: ended, or being written by another process.
struct Stored {
    inner: Arc<Inner>,
    id: GenerationId,
    user: UserId,
    /// Number of the last piece the reader has.
    cursor: u64,
    /// Whether the reader's text is known to end where a stored batch ends.
    aligned: bool,
    pause: Duration,
    ready: VecDeque<GenerationEvent>,
    /// The turn, from before a large text is read until the reader asks for what follows, and so has taken it.
    turn: Option<OwnedSemaphorePermit>,
    over: bool,
}

impl Stored {
    fn events(inner: Arc<Inner>, user: UserId, id: GenerationId, after: u64) -> impl Stream<Item = GenerationEvent> {
        let begun = Self {
            inner,
            id,
            user,
            cursor: after,
            aligned: false,
            pause: Duration::ZERO,
            ready: VecDeque::from([GenerationEvent::Open { generation: id }]),
            turn: None,
            over: false,
        };
        stream::unfold(begun, Self::next)
    }

    async fn next(mut self) -> Option<(GenerationEvent, Self)> {
        self.turn = None;
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.over = matches!(event, GenerationEvent::End { .. });
                return Some((event, self));
            }
            if self.over {
                return None;
            }
            sleep(self.pause).await;
            let Self { inner, id, user, cursor, aligned, turn, .. } = &mut self;
            match look(inner, *user, *id, cursor, aligned, turn).await {
                Ok(events) => {
                    self.ready = events;
                    self.pause = POLL;
                    if self.ready.is_empty() {
                        self.turn = None;
                    }
                }
                Err(error) => {
                    tracing::debug!(generation = %self.id, %error, "could not look at an answer; trying again");
                    self.pause = (self.pause * 2).clamp(POLL, POLL_FAILING);
                }
            }
        }
    }
}

/// Waits for a turn. None never comes: the semaphore is not closed.
pub(super) async fn turn(turns: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    turns.acquire_owned().await.ok()
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
        *turned = turn(Arc::clone(&inner.large_texts)).await;
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
