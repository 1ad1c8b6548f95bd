//! Phoenix, the inference server: an OpenAI-compatible API with streaming. See `README.md` in this folder.

mod breaker;
mod client;
mod config;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
mod health;
mod models;
#[cfg(test)]
mod partitions;
mod refusal;
mod stream;
mod whole;
mod wire;

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures::Stream;
use types::{Model, ServiceState, ServiceStatus, Usage};

pub use client::PhoenixClient;
pub use config::{Clock, PhoenixConfig};
pub use error::PhoenixError;

/// A service that writes answers.
#[async_trait]
pub trait Inference: Send + Sync {
    /// The models on offer, at most [`PhoenixConfig::models_ttl`] old.
    ///
    /// # Errors
    /// Any [`PhoenixError`]: a list that ran out is not served while Phoenix is down, see [`last_models`](Self::last_models).
    async fn models(&self) -> Result<Vec<Model>, PhoenixError>;

    /// The models as last seen, however long ago; empty before the first answer. For pages that show a choice anyway.
    fn last_models(&self) -> Vec<Model>;

    /// Starts an answer. Returns when Phoenix has accepted the request.
    ///
    /// # Errors
    /// Any [`PhoenixError`] that can show before the first byte of the answer; later ones come through the stream.
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, PhoenixError>;

    /// What the last call told about Phoenix. Makes no call itself.
    fn status(&self) -> ServiceStatus;
}

/// Builds the client, or [`NoPhoenix`] when no address is set.
///
/// # Errors
/// [`PhoenixError::Misconfigured`] if the settings cannot work.
pub fn connect(config: PhoenixConfig) -> Result<Arc<dyn Inference>, PhoenixError> {
    if config.url.is_none() {
        return Ok(Arc::new(NoPhoenix));
    }
    Ok(Arc::new(PhoenixClient::new(config)?))
}

/// Stands where no inference server is configured: every call says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPhoenix;

#[async_trait]
impl Inference for NoPhoenix {
    async fn models(&self) -> Result<Vec<Model>, PhoenixError> {
        Err(PhoenixError::NotConfigured)
    }

    fn last_models(&self) -> Vec<Model> {
        Vec::new()
    }

    async fn chat(&self, _request: ChatRequest) -> Result<ChatStream, PhoenixError> {
        Err(PhoenixError::NotConfigured)
    }

    fn status(&self) -> ServiceStatus {
        ServiceStatus {
            state: ServiceState::NotConfigured,
            observed_at: None,
            detail: Some(PhoenixError::NotConfigured.message()),
        }
    }
}

/// What to answer.
#[derive(Clone, PartialEq)]
pub struct ChatRequest {
    /// The model to ask.
    pub model: String,
    /// The conversation so far, oldest first.
    pub messages: Vec<ChatMessage>,
    /// 0.0 to 2.0; none leaves it to Phoenix.
    pub temperature: Option<f64>,
    /// At most so many tokens; none leaves it to Phoenix.
    pub max_tokens: Option<u32>,
    /// The person as an opaque id, sent as `X-Phoenix-User` for fair queueing; empty sends none.
    pub user: String,
    /// W3C trace context to pass on.
    pub traceparent: Option<String>,
}

impl std::fmt::Debug for ChatRequest {
    /// Without the messages: what a person wrote does not belong into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatRequest")
            .field("model", &self.model)
            .field("messages", &self.messages.len())
            .field("temperature", &self.temperature)
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

/// One message of the conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: ChatRole,
    /// The text.
    pub content: String,
}

impl std::fmt::Debug for ChatMessage {
    /// Without the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatMessage").field("role", &self.role).field("bytes", &self.content.len()).finish()
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Standing instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// An answer as it comes in. Ends after the last delta or the first error. Dropping it closes the connection at once, so
/// that the GPU is free.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatDelta, PhoenixError>> + Send>>;

/// A step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatDelta {
    /// Text to append, never empty.
    Text(String),
    /// The model says it is finished. Usage may still follow.
    Finished {
        /// `stop`, `length`, …; none when the server ended the stream without a reason.
        reason: Option<String>,
    },
    /// Token counts.
    Usage(Usage),
}
