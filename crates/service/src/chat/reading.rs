//! Who reads an answer's upstream: its own task, or its one reader on the task's behalf.
//!
//! A piece that the task reads has to wake the reader's connection, which is a second task to run for each piece, often on
//! another processor that has to be woken first. So a reader who is alone reads the upstream itself when it is waked, and the
//! task rests. The task goes on as soon as the reader leaves, is not alone any more, or does not come back for more: a slow
//! phone must not hold up what the store is told, nor another reader.

use std::{
    pin::Pin,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::task::AtomicWaker;

use super::live::Ending;

/// Reads the upstream to its end.
pub(super) type Relay = Pin<Box<dyn Future<Output = Ending> + Send>>;

enum State {
    /// Not begun.
    Idle,
    Running(Relay),
    /// A reader has read to the end; the task has not heard of it.
    Ended(Ending),
    Over,
}

/// The upstream of one answer, and who is woken when it has more.
pub(super) struct Reading {
    state: Mutex<State>,
    /// The answer's own task.
    task: AtomicWaker,
    readers: AtomicUsize,
    /// Whether the upstream wakes a reader and not the task.
    by_reader: AtomicBool,
    /// Whether a reader was at it since [`Reading::look_after`].
    helped: AtomicBool,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::Idle),
            task: AtomicWaker::new(),
            readers: AtomicUsize::new(0),
            by_reader: AtomicBool::new(false),
            helped: AtomicBool::new(false),
        }
    }

    /// Poisoned by a panic of the relay: it panics again when it is polled, and so ends the task.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives it something to read.
    pub(super) fn begin(&self, relay: Relay) {
        *self.state() = State::Running(relay);
    }

    /// Drops the upstream, and with it its connection.
    pub(super) fn let_go(&self) {
        // Named, so that it is dropped when nothing is locked any more.
        let _state = std::mem::replace(&mut *self.state(), State::Over);
        self.by_reader.store(false, Ordering::Release);
    }

    /// Resolves at the upstream's end. For the answer's own task.
    pub(super) async fn to_the_end(&self) -> Ending {
        std::future::poll_fn(|cx| {
            self.task.register(cx.waker());
            let mut state = self.state();
            self.by_reader.store(false, Ordering::Release);
            match std::mem::replace(&mut *state, State::Over) {
                State::Running(mut relay) => {
                    let polled = relay.as_mut().poll(cx);
                    if polled.is_pending() {
                        *state = State::Running(relay);
                    }
                    polled
                }
                State::Ended(ending) => Poll::Ready(ending),
                State::Idle | State::Over => Poll::Pending,
            }
        })
        .await
    }

    /// Reads what there is, for a reader, who is woken when there is more. Does nothing when the reader is not the only one.
    pub(super) fn help(&self, cx: &mut Context<'_>) {
        if self.readers.load(Ordering::Acquire) != 1 {
            self.relieve();
            return;
        }
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            // The task is at it, and tells the readers.
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return,
        };
        let State::Running(relay) = &mut *state else { return };
        self.by_reader.store(true, Ordering::Release);
        self.helped.store(true, Ordering::Release);
        if let Poll::Ready(ending) = relay.as_mut().poll(cx) {
            *state = State::Ended(ending);
            drop(state);
            self.relieve();
        }
    }

    /// Whether the upstream wakes a reader and not the task.
    pub(super) fn is_read_by_reader(&self) -> bool {
        self.by_reader.load(Ordering::Acquire)
    }

    /// The task goes on, if a reader did its work.
    pub(super) fn relieve(&self) {
        if self.by_reader.swap(false, Ordering::AcqRel) {
            self.task.wake();
        }
    }

    /// To be called from time to time: the task goes on if a reader does its work and has not been seen since the last time.
    pub(super) fn look_after(&self) {
        if !self.helped.swap(false, Ordering::AcqRel) {
            self.relieve();
        }
    }

    /// One more reader.
    pub(super) fn enter(&self) {
        if self.readers.fetch_add(1, Ordering::AcqRel) > 0 {
            self.relieve();
        }
    }

    /// One reader less.
    pub(super) fn leave(&self) {
        self.readers.fetch_sub(1, Ordering::AcqRel);
        self.relieve();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::{Arc, atomic::AtomicU32},
        task::{Wake, Waker},
    };

    use tokio::sync::mpsc;
    use types::GenerationState;

    use super::*;

    /// Counts how often a task would have been run.
    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    struct Someone {
        woken: Arc<Woken>,
        waker: Waker,
    }

    impl Someone {
        fn new() -> Self {
            let woken = Arc::new(Woken::default());
            Self { waker: Waker::from(Arc::clone(&woken)), woken }
        }

        /// How often it was woken since it was last asked.
        fn woken(&self) -> u32 {
            self.woken.0.swap(0, Ordering::SeqCst)
        }

        fn help(&self, reading: &Reading) {
            reading.help(&mut Context::from_waker(&self.waker));
        }

        fn poll(&self, task: Pin<&mut impl Future<Output = Ending>>) -> Poll<Ending> {
            task.poll(&mut Context::from_waker(&self.waker))
        }
    }

    /// An upstream that counts what was read.
    fn upstream(reading: &Reading) -> (mpsc::UnboundedSender<()>, Arc<AtomicU32>) {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let read = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&read);
        reading.begin(Box::pin(async move {
            while receiver.recv().await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
            }
            Ending { state: GenerationState::Complete, error: None }
        }));
        (sender, read)
    }

    #[test]
    fn the_only_reader_reads_and_the_task_rests_until_the_end() {
        let reading = Reading::new();
        let (sender, read) = upstream(&reading);
        let (task, reader) = (Someone::new(), Someone::new());
        let mut end = pin!(reading.to_the_end());
        assert!(task.poll(end.as_mut()).is_pending());
        sender.send(()).unwrap();
        assert_eq!(task.woken(), 1, "nobody reads yet");
        assert!(task.poll(end.as_mut()).is_pending());

        reading.enter();
        reader.help(&reading);
        for n in 2..5 {
            sender.send(()).unwrap();
            assert_eq!((task.woken(), reader.woken()), (0, 1));
            reader.help(&reading);
            assert_eq!(read.load(Ordering::SeqCst), n);
        }
        drop(sender);
        reader.help(&reading);
        assert_eq!(task.woken(), 1);
        assert!(task.poll(end.as_mut()).is_ready());
    }

    #[test]
    fn the_task_goes_on_when_its_reader_leaves_or_is_not_alone_or_does_not_come_back() {
        type Event = fn(&Reading, &Someone);
        let events: [Event; 4] = [
            |reading, _| reading.leave(),
            |reading, _| reading.enter(),
            |reading, _| {
                reading.look_after();
                reading.look_after();
            },
            // Two who came at the same time as one began to help.
            |reading, reader| {
                reading.readers.store(2, Ordering::SeqCst);
                reader.help(reading);
            },
        ];
        for event in events {
            let reading = Reading::new();
            let (sender, read) = upstream(&reading);
            let (task, reader) = (Someone::new(), Someone::new());
            let mut end = pin!(reading.to_the_end());
            assert!(task.poll(end.as_mut()).is_pending());
            reading.enter();
            reader.help(&reading);
            reading.look_after();
            assert_eq!(task.woken(), 0, "it was seen");
            event(&reading, &reader);
            assert_eq!(task.woken(), 1);
            assert!(task.poll(end.as_mut()).is_pending());
            sender.send(()).unwrap();
            assert_eq!((task.woken(), reader.woken()), (1, 0));
            assert!(task.poll(end.as_mut()).is_pending());
            assert_eq!(read.load(Ordering::SeqCst), 1);
        }
    }

    #[test]
    fn let_go_closes_the_upstream() {
        let reading = Reading::new();
        let (sender, _) = upstream(&reading);
        let reader = Someone::new();
        reading.enter();
        reader.help(&reading);
        reading.let_go();
        assert!(sender.is_closed());
        reader.help(&reading);
        reading.leave();
    }
}
