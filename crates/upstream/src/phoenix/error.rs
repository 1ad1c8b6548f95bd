//! What may go wrong with Phoenix, in words the owner understands.

/// Why Phoenix did not give what was asked. [`message`](Self::message) says cause and remedy; neither the key nor a person's
/// text is ever part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum PhoenixError {
    /// 401 or 403: the API key is missing or wrong.
    Unauthorised,
    /// The asked-for model is not offered.
    UnknownModel {
        /// The name that was asked for.
        model: String,
    },
    /// 429: the queue is full or the key's quota is used up.
    TooManyRequests {
        /// Seconds to wait, if Phoenix told.
        retry_after_s: Option<u32>,
    },
    /// The conversation does not fit into the model's context.
    TooLong {
        /// What Phoenix said about it.
        detail: String,
    },
    /// Another refusal (4xx, or a redirect, which is never followed).
    Refused {
        /// The HTTP status.
        status: u16,
        /// What Phoenix said.
        detail: String,
    },
    /// 5xx.
    ServerError {
        /// The HTTP status.
        status: u16,
    },
    /// Nobody listens, the name does not resolve, or the connection broke before an answer.
    Unreachable,
    /// No connection within the time-out.
    ConnectTimeout,
    /// Connected, but no token (or no answer) within the time-out.
    FirstTokenTimeout,
    /// The answer stopped in the middle for longer than the time-out.
    Silence,
    /// The connection was closed in mid-answer.
    CutOff,
    /// Phoenix reported an error in mid-answer.
    MidStream {
        /// What Phoenix said.
        detail: String,
    },
    /// The answer is not what an OpenAI-compatible server sends.
    NotUnderstood {
        /// What was found instead.
        detail: String,
    },
    /// Not asked: the last calls failed, so new ones wait for a while.
    CircuitOpen {
        /// Seconds until the next try is let through; at least 1.
        retry_in_s: u32,
    },
    /// No `PHOENIX_URL` is set.
    NotConfigured,
    /// The settings cannot work: an address that is not http(s), a key with forbidden characters, no CA certificates.
    Misconfigured {
        /// What is wrong.
        detail: String,
    },
}

impl PhoenixError {
    /// Cause and remedy, for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Unauthorised => "Phoenix refused the API key. Check PHOENIX_API_KEY (or PHOENIX_API_KEY_FILE) on this server.".to_owned(),
            Self::UnknownModel { model } => {
                format!("Phoenix does not offer the model “{model}”. Choose another model, or load this one on Phoenix.")
            }
            Self::TooManyRequests { retry_after_s: Some(seconds) } => {
                format!("Phoenix is busy: too many requests are waiting. Try again in {}.", seconds_in_words(*seconds))
            }
            Self::TooManyRequests { retry_after_s: None } => {
                "Phoenix is busy: too many requests are waiting. Try again in a minute.".to_owned()
            }
            Self::TooLong { detail } => with_detail(
                "This conversation is longer than the model can read. Start a new conversation, shorten the message, or choose a model with a larger context.",
                detail,
            ),
            Self::Refused { status, detail } => with_detail(
                &format!("Phoenix refused the request (HTTP {status}). Check that PHOENIX_URL points at an OpenAI-compatible server and that the conversation's settings are valid."),
                detail,
            ),
            Self::ServerError { status: 503 } => {
                "Phoenix is not ready (HTTP 503). It may still be loading the model. Try again in a minute.".to_owned()
            }
            Self::ServerError { status } => {
                format!("Phoenix has an internal problem (HTTP {status}). Try again; if it stays, look at the logs of the inference server on Phoenix.")
            }
            Self::Unreachable => {
                "Phoenix cannot be reached. Check that it is switched on, that its inference server runs, and that PHOENIX_URL is right.".to_owned()
            }
            Self::ConnectTimeout => {
                "Phoenix did not accept a connection in time. Check that it is switched on and that the network between this server and Phoenix works.".to_owned()
            }
            Self::FirstTokenTimeout => {
                "Phoenix accepted the request but did not begin to answer in time. It may be overloaded or still loading the model. Try again in a minute.".to_owned()
            }
            Self::Silence => {
                "Phoenix stopped in the middle of the answer. The text so far is kept; use “continue” to go on.".to_owned()
            }
            Self::CutOff => {
                "The connection to Phoenix broke in the middle of the answer. The text so far is kept; use “continue” to go on.".to_owned()
            }
            Self::MidStream { detail } => {
                with_detail("Phoenix reported an error in the middle of the answer. The text so far is kept; try again.", detail)
            }
            Self::NotUnderstood { detail } => with_detail(
                "The server at PHOENIX_URL did not answer as an OpenAI-compatible server does. Check the address, and that no login page or proxy stands in between.",
                detail,
            ),
            Self::CircuitOpen { retry_in_s } => format!(
                "Phoenix failed several times in a row, so this server waits before it asks again. Next try in {}.",
                seconds_in_words(*retry_in_s)
            ),
            Self::NotConfigured => "No inference server is configured. Set PHOENIX_URL on this server and restart it.".to_owned(),
            Self::Misconfigured { detail } => with_detail("The settings for Phoenix cannot work. Check PHOENIX_URL and PHOENIX_API_KEY.", detail),
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::TooManyRequests { .. }
            | Self::ServerError { .. }
            | Self::Unreachable
            | Self::ConnectTimeout
            | Self::FirstTokenTimeout
            | Self::Silence
            | Self::CutOff
            | Self::MidStream { .. }
            | Self::CircuitOpen { .. } => true,
            Self::Unauthorised
            | Self::UnknownModel { .. }
            | Self::TooLong { .. }
            | Self::Refused { .. }
            | Self::NotUnderstood { .. }
            | Self::NotConfigured
            | Self::Misconfigured { .. } => false,
        }
    }

    /// Whether this says that Phoenix is down, as opposed to "this request was not acceptable". Counts for the breaker and the
    /// status.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::ServerError { .. }
                | Self::Unreachable
                | Self::ConnectTimeout
                | Self::FirstTokenTimeout
                | Self::Silence
                | Self::CutOff
        )
    }
}

fn with_detail(text: &str, detail: &str) -> String {
    if detail.is_empty() { text.to_owned() } else { format!("{text} It said: {detail}") }
}

fn seconds_in_words(seconds: u32) -> String {
    if seconds == 1 { "1 second".to_owned() } else { format!("{seconds} seconds") }
}
