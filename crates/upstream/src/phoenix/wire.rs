//! OpenAI's shapes, as far as they are needed. Everything unknown is skipped without being built.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use types::{Model, Usage};

use super::{ChatMessage, ChatRequest, ChatRole};

/// The body of `POST /v1/chat/completions`.
#[derive(Serialize)]
pub(super) struct RequestBody<'a> {
    model: &'a str,
    messages: Vec<RequestMessage<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Serialize)]
struct RequestMessage<'a> {
    role: ChatRole,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> RequestBody<'a> {
    /// `usage`: ask for token counts, which some servers do not know.
    pub(super) fn new(request: &'a ChatRequest, usage: bool) -> Self {
        let message = |message: &'a ChatMessage| RequestMessage { role: message.role, content: &message.content };
        Self {
            model: &request.model,
            messages: request.messages.iter().map(message).collect(),
            stream: true,
            stream_options: usage.then_some(StreamOptions { include_usage: true }),
            temperature: request.temperature,
            max_tokens: request.max_tokens,
        }
    }
}

/// One event of a streamed answer, or the whole of an unstreamed one: they differ in `delta` and `message` only.
#[derive(Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
    #[serde(default)]
    pub(super) error: Option<WireError>,
}

/// One of the answers; only number 0 was asked for.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) index: u32,
    #[serde(default, alias = "message")]
    pub(super) delta: Option<Delta>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

/// A step of the answer.
#[derive(Deserialize)]
pub(super) struct Delta {
    #[serde(default)]
    content: Content,
    #[serde(default)]
    reasoning_content: Option<IgnoredAny>,
    #[serde(default)]
    reasoning: Option<IgnoredAny>,
    #[serde(default)]
    tool_calls: Option<IgnoredAny>,
}

impl Delta {
    /// Whether the model wrote something, be it not for the person (thoughts, tool calls).
    pub(super) fn is_sign_of_life(&self) -> bool {
        !self.content.0.is_empty()
            || self.reasoning_content.is_some()
            || self.reasoning.is_some()
            || self.tool_calls.is_some()
    }

    pub(super) fn into_text(self) -> String {
        self.content.0
    }
}

/// The text of a delta: a string, null, or a list of parts of which the text ones count.
#[derive(Default)]
struct Content(String);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor).map(Self)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, a list of parts, or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<String, A::Error> {
        let mut text = String::new();
        while let Some(Content(part)) = parts.next_element()? {
            text.push_str(&part);
        }
        Ok(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<String, A::Error> {
        let mut text = String::new();
        while let Some(key) = part.next_key::<String>()? {
            if key == "text" {
                text = part.next_value::<Content>()?.0;
            } else {
                part.next_value::<IgnoredAny>()?;
            }
        }
        Ok(text)
    }
}

/// Token counts.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u32>,
    #[serde(default)]
    completion_tokens: Option<u32>,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens.unwrap_or_default(),
            completion_tokens: usage.completion_tokens.unwrap_or_default(),
        }
    }
}

/// The error object; some servers send a bare text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WireError {
    /// OpenAI's.
    Object {
        #[serde(default)]
        message: Option<String>,
        /// A word at OpenAI, a number at vLLM.
        #[serde(default)]
        code: Option<serde_json::Value>,
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// Ollama's.
    Text(String),
    /// Something else.
    Other(IgnoredAny),
}

impl WireError {
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Object { message, .. } => message.as_deref().unwrap_or_default(),
            Self::Text(text) => text,
            Self::Other(_) => "",
        }
    }

    /// The word for programs, if there is one.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Object { code: Some(serde_json::Value::String(code)), .. } => code,
            Self::Object { kind: Some(kind), .. } => kind,
            _ => "",
        }
    }
}

/// An error answer's body. The shapes without `error` are FastAPI's and old vLLM's.
#[derive(Default, Deserialize)]
pub(super) struct ErrorBody {
    #[serde(default)]
    pub(super) error: Option<WireError>,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) object: Option<String>,
}

/// The answer to `GET /v1/models`.
#[derive(Deserialize)]
pub(super) struct ModelList {
    /// Null at an Ollama without models.
    pub(super) data: Option<Vec<WireModel>>,
}

/// One model; the names of the context's size by server.
#[derive(Deserialize)]
pub(super) struct WireModel {
    id: String,
    /// vLLM, SGLang.
    #[serde(default)]
    max_model_len: Option<u32>,
    /// OpenRouter, LiteLLM.
    #[serde(default)]
    context_length: Option<u32>,
    /// llama.cpp.
    #[serde(default)]
    meta: Option<WireModelMeta>,
}

#[derive(Deserialize)]
struct WireModelMeta {
    #[serde(default)]
    n_ctx: Option<u32>,
    #[serde(default)]
    n_ctx_train: Option<u32>,
}

impl From<WireModel> for Model {
    fn from(model: WireModel) -> Self {
        let meta = model.meta.and_then(|meta| meta.n_ctx.or(meta.n_ctx_train));
        Self { id: model.id, context_tokens: model.max_model_len.or(model.context_length).or(meta) }
    }
}
