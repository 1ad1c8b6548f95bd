//! Following an answer (`POST /api/stream/generations/{id}?after=N`) or an apply (`POST /api/stream/applies/{id}?after=N`):
//! responses of type `text/event-stream`.
//!
//! POST, because tunnels buffer what they can cache; the first event at once and a sign of life on silence, because they
//! cut silent responses. Each event is one buffer, written by hand: a thousand of these may be open.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use app::{pages::admin::deploy::applies::live as applies, server::RequestCx};
use axum::{
    Extension,
    body::{Body, HttpBody},
    extract::{Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::{HeaderName, HeaderValue, header};
use hyper::body::Frame;
use serde::Deserialize;
use service::deploy::model::ApplyId;
use tokio::time::{Instant, Sleep, sleep};
use types::{GenerationEvent, GenerationId, Permission, Problem, ProblemCode};

use super::problem;
use crate::state::AppState;

/// A comment: readers skip it.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

#[derive(Deserialize)]
pub(crate) struct From {
    /// Number of the last piece the reader has.
    #[serde(default)]
    after: u64,
}

/// `POST /api/stream/generations/{id}?after=N`.
pub(crate) async fn generation(
    State(state): State<AppState>,
    Extension(cx): Extension<RequestCx>,
    id: Path<String>,
    from: Result<Query<From>, QueryRejection>,
) -> Response {
    let trace_id = &cx.viewer.origin().trace_id;
    let refuse = |problem| problem::json(&problem::with_trace(problem, trace_id));
    let Ok(id) = id.parse::<GenerationId>() else {
        return refuse(Problem::new(ProblemCode::NotFound, "There is no such answer. Reload the page."));
    };
    let Ok(Query(From { after })) = from else {
        return refuse(Problem::field("after", "`after` is the number of the last piece you have, 0 for none."));
    };
    let member = match cx.viewer.member() {
        Ok(member) => member,
        Err(error) => return refuse(error.problem()),
    };
    match cx.services.chat().watch(member, id, after).await {
        Ok(events) => respond(
            events.map(|event| Block { last: matches!(event, GenerationEvent::End { .. }), bytes: encode(&event) }),
            state.tuning.heartbeat,
        ),
        Err(error) => refuse(problem::from_service(&error, trace_id)),
    }
}

/// `POST /api/stream/applies/{id}?after=N`: the parts of the apply's page as they change.
pub(crate) async fn apply(
    State(state): State<AppState>,
    Extension(cx): Extension<RequestCx>,
    Path(id): Path<String>,
    from: Result<Query<From>, QueryRejection>,
) -> Response {
    let trace_id = &cx.viewer.origin().trace_id;
    let refuse = |problem| problem::json(&problem::with_trace(problem, trace_id));
    let Ok(Query(From { after })) = from else {
        return refuse(Problem::field("after", "`after` is the number of the last entry you have, 0 for none."));
    };
    let (person, onlooker) = match (cx.viewer.signed_in(), cx.viewer.onlooker()) {
        (Ok(person), Ok(onlooker)) => (person, onlooker),
        (Err(error), _) | (_, Err(error)) => return refuse(error.problem()),
    };
    // Ends with its session, and with the right to look.
    let revoked = cx.services.sessions().revoked(person.user().id, person.session(), Permission::Look);
    let closing = state.closing.clone();
    let over = async move {
        tokio::select! {
            () = revoked => {}
            () = closing.cancelled() => {}
        }
    };
    match applies::frames(&cx.services, onlooker, cx.viewer.deployer().ok(), ApplyId(id), after).await {
        Ok(frames) => {
            let blocks = frames.map(|one| frame(&one, one.ended));
            respond(blocks.take_until(Box::pin(over)), state.tuning.heartbeat)
        }
        Err(error) => refuse(problem::from_service(&error, trace_id)),
    }
}

/// One event as it leaves.
pub(crate) struct Block {
    bytes: Bytes,
    /// Whether none comes after it.
    last: bool,
}

impl std::convert::From<Bytes> for Block {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, last: false }
    }
}

/// Answers with a stream of events, each as the bytes of one block.
pub(crate) fn respond<B: Into<Block> + 'static>(
    events: impl Stream<Item = B> + Send + 'static,
    heartbeat: Duration,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // `no-transform` keeps proxies from compressing, and so from waiting for more.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    let lines = Lines {
        events: Box::pin(events),
        heartbeat,
        ended: false,
        spoke: Instant::now(),
        silence: Box::pin(sleep(heartbeat)),
    };
    (headers, Body::new(lines)).into_response()
}

/// Events as bytes, with a heartbeat in silence.
struct Lines<S> {
    events: Pin<Box<S>>,
    heartbeat: Duration,
    /// Whether the last event was given.
    ended: bool,
    /// When the last line left.
    spoke: Instant,
    /// Moved only when it rings: setting a timer anew with each piece would cost more than asking for the time.
    silence: Pin<Box<Sleep>>,
}

impl<B: Into<Block>, S: Stream<Item = B>> HttpBody for Lines<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        let line = match this.events.as_mut().poll_next(cx) {
            Poll::Ready(Some(block)) => {
                let Block { bytes, last } = block.into();
                this.ended = last;
                bytes
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => loop {
                ready!(this.silence.as_mut().poll(cx));
                let (now, due) = (Instant::now(), this.spoke + this.heartbeat);
                if due <= now {
                    this.silence.as_mut().reset(now + this.heartbeat);
                    break HEARTBEAT;
                }
                this.silence.as_mut().reset(due);
            },
        };
        this.spoke = Instant::now();
        Poll::Ready(Some(Ok(Frame::data(line))))
    }

    /// The last event and the end of the response leave together: a reader who stops at that event has then read the whole
    /// response, and its connection serves the next request.
    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

/// One piece of an answer, or its end.
fn encode(event: &GenerationEvent) -> Bytes {
    let (name, length) = match event {
        GenerationEvent::Open { .. } => ("open", 40),
        GenerationEvent::Piece { text, .. } => ("piece", text.len()),
        GenerationEvent::Snapshot { text, .. } => ("snapshot", text.len()),
        GenerationEvent::End { .. } => ("end", 40),
    };
    line(name, length, |line| match event {
        // As serde writes it, in half the time: this is written for every word of every answer.
        GenerationEvent::Piece { n, text } => write_piece(line, *n, text),
        _ => serde_json::to_writer(line, event),
    })
}

/// One value as an event named `frame`.
pub(crate) fn frame(value: &impl serde::Serialize, last: bool) -> Block {
    Block { bytes: line("frame", 0, |line| serde_json::to_writer(line, value)), last }
}

/// One server-sent event of about `length` bytes. JSON holds no line break, so `data:` is one line.
fn line(name: &str, length: usize, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> Bytes {
    let mut line = Vec::with_capacity(length + length / 8 + 64);
    line.extend_from_slice(b"event: ");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\ndata: ");
    // Writing these types to memory can't fail.
    let _ = write(&mut line);
    line.extend_from_slice(b"\n\n");
    line.into()
}

fn write_piece(line: &mut Vec<u8>, n: u64, text: &str) -> serde_json::Result<()> {
    line.extend_from_slice(br#"{"type":"piece","n":"#);
    serde_json::to_writer(&mut *line, &n)?;
    line.extend_from_slice(br#","text":"#);
    serde_json::to_writer(&mut *line, text)?;
    line.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_its_text() {
        let event = GenerationEvent::Piece { n: 3, text: "two\nlines\r\n\u{2028}and \u{1f980}".into() };
        let line = encode(&event);
        let text = std::str::from_utf8(&line).unwrap();
        let data = text.strip_prefix("event: piece\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        assert!(!data.contains(['\n', '\r']));
        assert_eq!(data, serde_json::to_string(&event).unwrap(), "byte for byte what serde makes of it");
        assert_eq!(serde_json::from_str::<GenerationEvent>(data).unwrap(), event);
    }
}
