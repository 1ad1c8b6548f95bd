//! Streams of which each piece takes some making, such as redacting and rendering the lines of a log, are made on the workers:
//! the thread of the connections only hands on what is ready.

use std::pin::pin;

use futures::{Stream, StreamExt as _, stream};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// Pieces made before somebody takes them.
const AHEAD: usize = 2;

/// What a future comes to, on a worker. It ends when nobody waits any more.
pub(super) async fn made<T: Send + 'static>(workers: &Handle, making: impl Future<Output = T> + Send + 'static) -> T {
    let task = AbortOnDropHandle::new(workers.spawn(making.instrument(tracing::Span::current())));
    match task.await {
        Ok(made) => made,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the runtime's end cancels it, and then nobody waits.
            Err(_) => std::future::pending().await,
        },
    }
}

/// The pieces of a stream, made on a worker a little ahead of who takes them, and no longer than somebody does.
pub(super) fn pieces<T: Send + 'static>(
    workers: &Handle,
    stream: impl Stream<Item = T> + Send + 'static,
) -> impl Stream<Item = T> + Send + 'static {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let making = async move {
        let mut stream = pin!(stream);
        while let Some(piece) = stream.next().await {
            if sender.send(piece).await.is_err() {
                break;
            }
        }
    };
    let task = AbortOnDropHandle::new(workers.spawn(making.instrument(tracing::Span::current())));
    stream::unfold((receiver, task), |(mut receiver, task)| async move {
        receiver.recv().await.map(|piece| (piece, (receiver, task)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn no_more_is_made_than_somebody_takes() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let endless = stream::repeat_with(move || counter.fetch_add(1, Ordering::SeqCst));
        let mut taken = Box::pin(pieces(&Handle::current(), endless));
        for wanted in 0..10 {
            assert_eq!(taken.next().await, Some(wanted));
            tokio::task::yield_now().await;
        }
        // Those ahead, the one that waits for room, and the one just taken.
        assert!(made.load(Ordering::SeqCst) <= 10 + AHEAD + 1, "{}", made.load(Ordering::SeqCst));
        drop(taken);
        while Arc::strong_count(&made) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
