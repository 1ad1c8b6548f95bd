//! Scripted answers.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use super::events;

/// Holds an answer until a test opens it. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn passed(&self) {
        let mut state = self.0.subscribe();
        let _open = state.wait_for(|open| *open).await;
    }
}

/// A step of an answer's body.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Sent as one chunk.
    Bytes(Bytes),
    Wait(Duration),
    Gate(Gate),
    /// Nothing more comes; the connection stays open.
    Stall,
    /// The connection breaks.
    Cut,
    /// Numbered tokens, one event each.
    Tokens {
        /// None: without end.
        count: Option<u64>,
        /// 0: as fast as they are taken.
        per_second: f64,
    },
}

/// What happens before the body.
#[derive(Clone, Debug)]
pub(super) enum Head {
    /// Nothing, ever: the connection is accepted and stays silent.
    Stall,
    Answer {
        status: u16,
        content_type: Option<String>,
        headers: Vec<(String, String)>,
    },
}

/// How one call is answered: a head, then steps. Without [`done`](Self::done) the body just ends.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) head: Head,
    pub(super) before_head: Vec<Step>,
    pub(super) steps: VecDeque<Step>,
    pub(super) every_byte: bool,
}

impl Script {
    fn with_head(status: u16, content_type: Option<&str>) -> Self {
        let head = Head::Answer { status, content_type: content_type.map(str::to_owned), headers: Vec::new() };
        Self { head, before_head: Vec::new(), steps: VecDeque::new(), every_byte: false }
    }

    /// An event stream without content yet.
    #[must_use]
    pub fn sse() -> Self {
        Self::with_head(200, Some("text/event-stream; charset=utf-8"))
    }

    /// A complete answer of these tokens, with usage and `[DONE]`.
    #[must_use]
    pub fn answer(tokens: &[&str]) -> Self {
        let count = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        Self::sse().role().tokens(tokens).finish("stop").usage(7, count).done()
    }

    /// Numbered tokens without end. `per_second` 0: as fast as they are taken.
    #[must_use]
    pub fn endless(per_second: f64) -> Self {
        Self::sse().role().step(Step::Tokens { count: None, per_second })
    }

    /// `count` tokens whose text is the microseconds since the start of the stand-in, then usage and `[DONE]`.
    #[must_use]
    pub fn timed(count: u64, per_second: f64) -> Self {
        let tokens = u32::try_from(count).unwrap_or(u32::MAX);
        let script = Self::sse().step(Step::Tokens { count: Some(count), per_second });
        script.finish("stop").usage(1, tokens).done()
    }

    /// Any status with any body and content type (none: no such header).
    #[must_use]
    pub fn body(status: u16, content_type: Option<&str>, body: impl Into<Bytes>) -> Self {
        Self::with_head(status, content_type).bytes(body)
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, Some("application/json"), body.to_string())
    }

    /// A refusal in OpenAI's shape.
    #[must_use]
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &events::error(message, code))
    }

    /// Accepts the request and never answers.
    #[must_use]
    pub fn stall_before_head() -> Self {
        Self { head: Head::Stall, ..Self::sse() }
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Head::Answer { headers, .. } = &mut self.head {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Holds the head until the gate opens.
    #[must_use]
    pub fn gate_before_head(mut self, gate: &Gate) -> Self {
        self.before_head.push(Step::Gate(gate.clone()));
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }

    /// Sends these bytes as one chunk.
    #[must_use]
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    /// The event that only names the role, as real servers send first.
    #[must_use]
    pub fn role(self) -> Self {
        self.bytes(events::role())
    }

    /// One token.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(events::token(text))
    }

    /// Tokens, one event and one chunk each.
    #[must_use]
    pub fn tokens(self, tokens: &[&str]) -> Self {
        tokens.iter().fold(self, |script, token| script.text(token))
    }

    /// One event with this JSON as data.
    #[must_use]
    pub fn event(self, data: &Value) -> Self {
        self.bytes(events::data(data))
    }

    /// A comment line.
    #[must_use]
    pub fn comment(self, text: &str) -> Self {
        self.bytes(format!(": {text}\n\n"))
    }

    /// The event with the finish reason.
    #[must_use]
    pub fn finish(self, reason: &str) -> Self {
        self.bytes(events::finish(reason))
    }

    /// The event with the token counts.
    #[must_use]
    pub fn usage(self, prompt: u32, completion: u32) -> Self {
        self.bytes(events::usage(prompt, completion))
    }

    /// `[DONE]`.
    #[must_use]
    pub fn done(self) -> Self {
        self.bytes("data: [DONE]\n\n")
    }

    /// Pauses.
    #[must_use]
    pub fn wait(self, pause: Duration) -> Self {
        self.step(Step::Wait(pause))
    }

    /// Waits until the gate opens.
    #[must_use]
    pub fn gate(self, gate: &Gate) -> Self {
        self.step(Step::Gate(gate.clone()))
    }

    /// Sends nothing more and keeps the connection open.
    #[must_use]
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// Breaks the connection.
    #[must_use]
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Sends an error in the middle of the stream.
    #[must_use]
    pub fn error(self, message: &str) -> Self {
        let event = events::data(&events::error(message, "internal_error"));
        self.bytes(event)
    }

    /// Sends every byte of the body as a chunk of its own.
    #[must_use]
    pub fn every_byte(mut self) -> Self {
        self.every_byte = true;
        self
    }

    /// Tokens with a pause after each.
    pub(super) fn paced(mut self, tokens: impl Iterator<Item = String>, pause: Duration) -> Self {
        for token in tokens {
            self = self.text(&token);
            if !pause.is_zero() {
                self = self.wait(pause);
            }
        }
        self
    }
}
