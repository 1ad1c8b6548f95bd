//! Following an apply across cuts.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use reconcile::{model::ApplyId, wire::WatchEvent};
use sse_stream::SseByteStream;
use tokio::time::timeout;

use super::{
    PortalError,
    transport::{Call, Transport},
};

/// So many bytes may come without completing an event.
const MAX_EVENT: usize = 4 * 1024 * 1024;
/// The longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

type Source = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send + Sync>>;

#[derive(Debug, thiserror::Error)]
enum SourceError {
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    #[error("an event is too large")]
    TooLarge,
}

/// The body under the parser, bounded.
struct Bounded {
    body: Source,
    since_event: Arc<AtomicUsize>,
}

impl Stream for Bounded {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.body.as_mut().poll_next(cx)) {
            Some(Ok(chunk)) => {
                let so_far = self.since_event.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
                // Comments complete no event: a stream that only lives may go on for hours.
                if chunk.starts_with(b":") {
                    self.since_event.store(0, Ordering::Relaxed);
                }
                Some(if so_far > MAX_EVENT { Err(SourceError::TooLarge) } else { Ok(chunk) })
            }
            Some(Err(error)) => Some(Err(SourceError::Broken(error))),
            None => None,
        })
    }
}

struct Open {
    events: SseByteStream<Bounded>,
    since_event: Arc<AtomicUsize>,
}

/// Follows one apply; see [`Portal::watch`](super::Portal::watch). May be dropped at any time.
pub struct Watcher {
    transport: Arc<Transport>,
    apply: ApplyId,
    after: u64,
    open: Option<Open>,
    /// Tries in a row that brought nothing new.
    tries: usize,
    is_over: bool,
}

impl Watcher {
    pub(super) fn new(transport: Arc<Transport>, apply: ApplyId, after: u64) -> Self {
        Self { transport, apply, after, open: None, tries: 0, is_over: false }
    }

    /// The number of the last event, to go on from in another program's life.
    #[must_use]
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// What comes next; none after the end. A cut is mended by asking again from the last number. The call may be dropped and
    /// made again: nothing is lost.
    ///
    /// # Errors
    /// A refusal at once; a failure to connect after [`PortalConfig::reconnects`](super::PortalConfig::reconnects) tries.
    pub async fn next(&mut self) -> Result<Option<WatchEvent>, PortalError> {
        while !self.is_over {
            if self.open.is_none() {
                self.connect().await?;
            }
            let Some(event) = self.read().await? else { continue };
            match event.number() {
                // What was shown already, or was only meant for the connection.
                Some(number) if number <= self.after => continue,
                Some(number) => self.after = number,
                None => {}
            }
            if matches!(event, WatchEvent::Open { .. }) {
                continue;
            }
            self.is_over = matches!(event, WatchEvent::Ended { .. });
            self.tries = 0;
            return Ok(Some(event));
        }
        Ok(None)
    }

    async fn connect(&mut self) -> Result<(), PortalError> {
        let config = &self.transport.config;
        loop {
            if self.tries > 0 {
                let factor = 2_u32.saturating_pow(u32::try_from(self.tries - 1).unwrap_or(u32::MAX));
                tokio::time::sleep(config.retry_pause.saturating_mul(factor).min(LONGEST_PAUSE)).await;
            }
            self.tries += 1;
            let call =
                Call::post(["applies", self.apply.0.as_str(), "events"]).harmless().query("after", Some(self.after));
            match self.transport.open(&call).await {
                Ok(response) => {
                    let since_event = Arc::new(AtomicUsize::new(0));
                    let body =
                        Bounded { body: Box::pin(response.bytes_stream()), since_event: Arc::clone(&since_event) };
                    self.open = Some(Open { events: SseByteStream::new(body), since_event });
                    return Ok(());
                }
                Err(error) if error.is_passing() && self.tries <= config.reconnects => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next event of this connection; none when it has ended, so that another must be made.
    async fn read(&mut self) -> Result<Option<WatchEvent>, PortalError> {
        let Some(open) = &mut self.open else { return Ok(None) };
        let read = timeout(self.transport.config.silence_timeout, open.events.next()).await;
        let Ok(Some(Ok(block))) = read else {
            self.open = None;
            if self.tries > self.transport.config.reconnects {
                return Err(PortalError::NoAnswer { write: false });
            }
            return Ok(None);
        };
        open.since_event.store(0, Ordering::Relaxed);
        let Some(data) = block.data else { return Ok(None) };
        // What a newer server says beside is skipped.
        Ok(serde_json::from_str(&data).ok())
    }
}
