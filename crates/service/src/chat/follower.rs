//! A reader of a generation of this process.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker, ready},
};

use futures::{Stream, task::AtomicWaker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::{GenerationEvent, GenerationState};

use super::{
    live::{After, Live},
    watch::{LARGE, turn},
};

/// Waits for the right to have a large text in memory.
type Turn = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `Open` is due.
    Begun,
    Following,
    /// Nothing follows.
    Over,
}

/// What follows a number, as a stream that ends after `End`.
pub(super) struct Follower {
    live: Arc<Live>,
    /// Number of the last piece the reader has.
    cursor: u64,
    /// Whether the cursor is a number of this generation's: the first event after `Open` makes it one.
    known: bool,
    stage: Stage,
    /// Who waits to have a large text in memory.
    turns: Arc<Semaphore>,
    waiting: Option<Turn>,
    /// The turn, from before the text is read until the reader asks for what follows, and so has taken it.
    turn: Option<OwnedSemaphorePermit>,
    bell: Arc<Bell>,
    /// Rings the bell.
    ring: Waker,
}

/// Rung by the upstream when it has more. Readers are polled for other reasons, too, and asking the upstream each time would
/// cost more than the bell.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    reader: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.reader.wake();
    }
}

impl Follower {
    pub(super) fn new(live: Arc<Live>, after: u64, turns: Arc<Semaphore>) -> Self {
        live.reading.enter();
        let bell = Arc::new(Bell::default());
        let ring = Waker::from(Arc::clone(&bell));
        Self { live, cursor: after, known: false, stage: Stage::Begun, turns, waiting: None, turn: None, bell, ring }
    }

    /// Reads the upstream, if it has more or nobody does.
    fn read_on(&mut self, cx: &Context<'_>) {
        self.bell.reader.register(cx.waker());
        if self.bell.rung.swap(false, Ordering::AcqRel) || !self.live.reading.is_read_by_reader() {
            self.live.wait_no_more(cx);
            self.live.reading.help(&mut Context::from_waker(&self.ring));
        }
    }

    /// Waits for a turn if what comes next is the whole of a large text.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.known {
            return Poll::Ready(());
        }
        if self.waiting.is_none() {
            if self.live.whole_size(self.cursor).is_none_or(|size| size <= LARGE) {
                return Poll::Ready(());
            }
            self.waiting = Some(Box::pin(turn(Arc::clone(&self.turns))));
        }
        if let Some(waiting) = &mut self.waiting {
            self.turn = ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        Poll::Ready(())
    }
}

impl Stream for Follower {
    type Item = GenerationEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<GenerationEvent>> {
        let this = &mut *self;
        match this.stage {
            Stage::Begun => {
                this.stage = Stage::Following;
                return Poll::Ready(Some(GenerationEvent::Open { generation: this.live.subject.id }));
            }
            Stage::Over => return Poll::Ready(None),
            Stage::Following => {}
        }
        if this.waiting.is_none() {
            this.turn = None;
            this.read_on(cx);
        } else {
            this.live.reading.relieve();
        }
        ready!(this.poll_turn(cx));
        let (n, event) = match ready!(this.live.poll_after(this.cursor, cx)) {
            Some(After::Text(n, text)) => (n, GenerationEvent::Piece { n, text }),
            Some(After::Whole(n, text)) => (n, GenerationEvent::Snapshot { n, text }),
            Some(After::Nothing) | None => {
                this.stage = Stage::Over;
                return Poll::Ready(Some(end_of(&this.live)));
            }
        };
        this.cursor = n;
        this.known = true;
        Poll::Ready(Some(event))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.live.reading.leave();
    }
}

fn end_of(live: &Live) -> GenerationEvent {
    let (state, error) =
        live.ending().map_or((GenerationState::Interrupted, None), |ending| (ending.state, ending.error));
    GenerationEvent::End { state, error }
}
