//! An answer as it comes in: bytes → events → deltas, under time-outs.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sse_stream::{Sse, SseByteStream};
use tokio::time::{Instant, Sleep};
use types::Usage;

use super::{
    ChatDelta, PhoenixError,
    health::Permit,
    refusal::Scrubber,
    wire::{Chunk, ErrorBody, WireError},
};

/// So many bytes may come without completing an event.
const MAX_EVENT: usize = 1024 * 1024;
/// So long the end of the body is waited for after `[DONE]`, in the background, so that the connection can be used again.
const DRAIN: Duration = Duration::from_secs(1);
/// So long token counts are waited for after the answer's last word.
const AFTER_FINISH: Duration = Duration::from_secs(5);

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// What came in, seen from outside of the parser.
#[derive(Default)]
struct Meter {
    chunks: AtomicU64,
    bytes_since_event: AtomicUsize,
}

/// The body under the parser, bounded.
struct Metered {
    body: Body,
    meter: Arc<Meter>,
}

#[derive(Debug, thiserror::Error)]
enum SourceError {
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    #[error("an event is too large")]
    TooLarge,
}

impl Stream for Metered {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.body.as_mut().poll_next(cx));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                self.meter.chunks.fetch_add(1, Ordering::Relaxed);
                let so_far = self.meter.bytes_since_event.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
                Some(if so_far > MAX_EVENT { Err(SourceError::TooLarge) } else { Ok(chunk) })
            }
            Some(Err(error)) => Some(Err(SourceError::Broken(error))),
            None => None,
        })
    }
}

/// Rings when the first token is late, later when nothing at all comes in. One timer, moved only when it rings.
struct Watchdog {
    sleep: Pin<Box<Sleep>>,
    silence: Duration,
    /// None until the first token.
    last_chunk: Option<Instant>,
    chunks: u64,
}

impl Watchdog {
    fn first_token_seen(&mut self) {
        if self.last_chunk.is_none() {
            let now = Instant::now();
            self.last_chunk = Some(now);
            self.sleep.as_mut().reset(now + self.silence);
        }
    }

    /// The answer is complete; what may still come must come soon.
    fn finished(&mut self) {
        self.silence = self.silence.min(AFTER_FINISH);
        self.sleep.as_mut().reset(Instant::now() + self.silence);
    }

    /// To be polled when no event is ready. `chunks`: how many came in so far.
    fn poll(&mut self, cx: &mut Context<'_>, chunks: u64) -> Poll<PhoenixError> {
        if self.last_chunk.is_some() && chunks != self.chunks {
            self.chunks = chunks;
            self.last_chunk = Some(Instant::now());
        }
        loop {
            std::task::ready!(self.sleep.as_mut().poll(cx));
            let Some(last_chunk) = self.last_chunk else { return Poll::Ready(PhoenixError::FirstTokenTimeout) };
            let due = last_chunk + self.silence;
            if due <= Instant::now() {
                return Poll::Ready(PhoenixError::Silence);
            }
            self.sleep.as_mut().reset(due);
        }
    }
}

/// The stream behind [`ChatStream`](super::ChatStream).
pub(super) struct AnswerStream {
    /// Gone at the end or the first error, and with it the connection.
    events: Option<SseByteStream<Metered>>,
    meter: Arc<Meter>,
    watchdog: Watchdog,
    scrubber: Scrubber,
    /// Until the first token: the call's outcome is open.
    permit: Option<Permit>,
    ready: VecDeque<ChatDelta>,
    usage: Option<Usage>,
    finished: bool,
    saw_event: bool,
}

impl AnswerStream {
    /// Reads `body`; the first token is due at `first_token_by`.
    pub(super) fn new(
        body: Body,
        permit: Permit,
        scrubber: Scrubber,
        first_token_by: Instant,
        silence: Duration,
    ) -> Self {
        let meter = Arc::new(Meter::default());
        Self {
            events: Some(SseByteStream::new(Metered { body, meter: Arc::clone(&meter) })),
            meter,
            watchdog: Watchdog {
                sleep: Box::pin(tokio::time::sleep_until(first_token_by)),
                silence,
                last_chunk: None,
                chunks: 0,
            },
            scrubber,
            permit: Some(permit),
            ready: VecDeque::new(),
            usage: None,
            finished: false,
            saw_event: false,
        }
    }

    fn answered(&mut self) {
        self.watchdog.first_token_seen();
        if let Some(permit) = self.permit.take() {
            permit.succeeded();
        }
    }

    /// Ends with an error and closes the connection.
    fn fail(&mut self, error: PhoenixError) -> Poll<Option<Result<ChatDelta, PhoenixError>>> {
        self.events = None;
        tracing::warn!(%error, "an answer of Phoenix broke off");
        if let Some(permit) = self.permit.take() {
            permit.failed(&error);
        }
        Poll::Ready(Some(Err(error)))
    }

    /// Ends well.
    fn end(&mut self) {
        self.answered();
        if !self.finished {
            self.finished = true;
            self.ready.push_back(ChatDelta::Finished { reason: None });
        }
        self.ready.extend(self.usage.take().map(ChatDelta::Usage));
    }

    /// `[DONE]`. The rest of the body is read in the background.
    fn done(&mut self) {
        self.end();
        if let Some(mut events) = self.events.take() {
            tokio::spawn(tokio::time::timeout(DRAIN, async move { while events.next().await.is_some() {} }));
        }
    }

    /// The connection was closed in an orderly way.
    fn closed(&mut self) -> Result<(), PhoenixError> {
        self.events = None;
        if self.finished {
            self.end();
            return Ok(());
        }
        if !self.saw_event && self.meter.bytes_since_event.load(Ordering::Relaxed) > 0 {
            return Err(PhoenixError::NotUnderstood { detail: "the answer holds no events".to_owned() });
        }
        Err(PhoenixError::CutOff)
    }

    fn take_event(&mut self, event: &Sse) -> Result<(), PhoenixError> {
        let data = event.data.as_deref().unwrap_or_default().trim();
        if data.is_empty() {
            return Ok(());
        }
        self.saw_event = true;
        if data == "[DONE]" {
            self.done();
            return Ok(());
        }
        if event.event.as_deref() == Some("error") {
            return Err(self.mid_stream(error_in(data).as_ref()));
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| PhoenixError::NotUnderstood {
            detail: format!("an event is not the expected JSON ({:?})", error.classify()),
        })?;
        if let Some(error) = &chunk.error {
            return Err(self.mid_stream(Some(error)));
        }
        if chunk.choices.is_none() && chunk.usage.is_none() {
            if let Some(error) = error_in(data) {
                return Err(self.mid_stream(Some(&error)));
            }
            return Ok(());
        }
        self.take_chunk(chunk);
        Ok(())
    }

    fn take_chunk(&mut self, chunk: Chunk) {
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        let mut choices = chunk.choices.unwrap_or_default().into_iter();
        let Some(choice) = choices.find(|choice| choice.index == 0) else { return };
        if let Some(delta) = choice.delta {
            if delta.is_sign_of_life() {
                self.answered();
            }
            let text = delta.into_text();
            if !text.is_empty() {
                self.ready.push_back(ChatDelta::Text(text));
            }
        }
        if choice.finish_reason.is_some() && !self.finished {
            self.answered();
            self.watchdog.finished();
            self.finished = true;
            self.ready.push_back(ChatDelta::Finished { reason: choice.finish_reason });
        }
    }

    fn mid_stream(&self, error: Option<&WireError>) -> PhoenixError {
        PhoenixError::MidStream { detail: self.scrubber.clean(error.map(WireError::message).unwrap_or_default()) }
    }
}

/// The error in an event that is nothing else: `{"error": …}`, `{"object": "error", "message": …}`.
fn error_in(data: &str) -> Option<WireError> {
    let body: ErrorBody = serde_json::from_str(data).ok()?;
    body.error.or_else(|| body.message.map(WireError::Text))
}

/// What broke the source.
fn source_error(error: sse_stream::Error) -> PhoenixError {
    match error {
        sse_stream::Error::Body(source) => match source.downcast_ref::<SourceError>() {
            Some(SourceError::TooLarge) => PhoenixError::NotUnderstood {
                detail: format!("an event is larger than {} MiB", MAX_EVENT / 1024 / 1024),
            },
            _ => PhoenixError::CutOff,
        },
        sse_stream::Error::Utf8Parse(_) => PhoenixError::NotUnderstood { detail: "an event is not UTF-8".to_owned() },
        _ => PhoenixError::NotUnderstood { detail: "the event stream is broken".to_owned() },
    }
}

impl Stream for AnswerStream {
    type Item = Result<ChatDelta, PhoenixError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(delta) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(delta)));
            }
            let Some(events) = &mut this.events else { return Poll::Ready(None) };
            match events.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(event))) => {
                    this.meter.bytes_since_event.store(0, Ordering::Relaxed);
                    if let Err(error) = this.take_event(&event) {
                        return this.fail(error);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // Servers exist that break the connection after a complete answer.
                    if !this.finished {
                        return this.fail(source_error(error));
                    }
                    this.events = None;
                    this.end();
                }
                Poll::Ready(None) => {
                    if let Err(error) = this.closed() {
                        return this.fail(error);
                    }
                }
                Poll::Pending => {
                    let chunks = this.meter.chunks.load(Ordering::Relaxed);
                    let error = std::task::ready!(this.watchdog.poll(cx, chunks));
                    if !this.finished {
                        return this.fail(error);
                    }
                    this.events = None;
                    this.end();
                }
            }
        }
    }
}
