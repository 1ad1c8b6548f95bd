//! Conversations, messages, and the events of a generation.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, GenerationId, MessageId, Millis};

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// Where a message stands. A person's message is `Complete` from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being written.
    Running,
    /// All there.
    Complete,
    /// Stopped by the person; the text so far is kept.
    Stopped,
    /// The server or the upstream went away; the text so far is kept and may be continued.
    Interrupted,
    /// The upstream refused or failed; `error` says why. Text so far, if any, is kept.
    Failed,
}

/// Token counts as the upstream reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
}

/// A message's place among its siblings: versions made by "edit" or "regenerate".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchPosition {
    /// 1-based place of the shown version.
    pub index: u32,
    /// How many versions there are; 1 means no branching.
    pub count: u32,
    /// The version before, if any.
    pub previous: Option<MessageId>,
    /// The version after, if any.
    pub next: Option<MessageId>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// The message it answers or follows; none for the first.
    pub parent: Option<MessageId>,
    /// Who speaks.
    pub role: MessageRole,
    /// Markdown, byte for byte as typed or as the upstream sent it.
    pub text: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why it failed or was interrupted, for people.
    pub error: Option<String>,
    /// Token counts, if the upstream told.
    pub usage: Option<Usage>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<i64>,
    /// Milliseconds from the request to the end.
    pub duration_ms: Option<i64>,
    /// When it was made.
    pub created_at: Millis,
    /// Place among its siblings.
    pub branch: BranchPosition,
    /// The generation that is writing it, while `Running`.
    pub generation: Option<GenerationId>,
    /// Number of the last piece contained in `text`, to go on watching from; 0 if none.
    pub last_piece: u64,
}

/// What a person may set for one conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConversationSettings {
    /// The model to ask; none means the first that is offered.
    pub model: Option<String>,
    /// Goes before the messages; empty means none. At most 20,000 characters.
    pub system_prompt: String,
    /// 0.0 to 2.0; none leaves it to the upstream.
    pub temperature: Option<f64>,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Which.
    pub id: ConversationId,
    /// Its title, never empty.
    pub title: String,
    /// When something was last said in it.
    pub updated_at: Millis,
}

/// One page of the conversation list, most recent first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// The page's entries.
    pub conversations: Vec<ConversationSummary>,
    /// Pass as `before` to get the next page; none at the end.
    pub next: Option<String>,
}

/// A conversation's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// Its title, never empty.
    pub title: String,
    /// Its settings.
    pub settings: ConversationSettings,
    /// The last message of the shown branch.
    pub leaf: Option<MessageId>,
    /// When something was last said in it.
    pub updated_at: Millis,
}

/// A stretch of the shown branch, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// The conversation's head.
    pub conversation: Conversation,
    /// The stretch.
    pub messages: Vec<Message>,
    /// Pass as `before` to get the messages above; none at the top.
    pub earlier: Option<MessageId>,
}

/// A place where a search found its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The conversation.
    pub conversation: ConversationSummary,
    /// The message, when it was found in a message and not in the title.
    pub message: Option<MessageId>,
    /// Text around the find, plain.
    pub excerpt: String,
}

/// A model the upstream offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// The name to ask for.
    pub id: String,
    /// Its context in tokens, if the upstream tells (vLLM's `max_model_len`).
    pub context_tokens: Option<u32>,
}

/// What a send, an edit, a regeneration or a continuation started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// The generation to watch or to stop.
    pub id: GenerationId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The person's message it answers.
    pub prompt: MessageId,
    /// The message it writes.
    pub message: MessageId,
}

/// How a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationState {
    /// Waiting for the first token, or writing.
    Running,
    /// The upstream said it is finished.
    Complete,
    /// The person stopped it.
    Stopped,
    /// Cut off: server restart, upstream gone in mid-answer.
    Interrupted,
    /// Refused or failed.
    Failed,
}

/// What a watcher of a generation is told. On the wire: one server-sent event each, `event:` the snake-case name, `data:`
/// this as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GenerationEvent {
    /// Sent at once, before anything is known.
    Open {
        /// The generation watched.
        generation: GenerationId,
    },
    /// Text to append. `n` numbers the last piece contained; ask "from `n`" to go on after it.
    Piece {
        /// Number of the last piece contained.
        n: u64,
        /// The text.
        text: String,
    },
    /// Replaces all text shown so far (the asked-for pieces are no longer kept one by one).
    Snapshot {
        /// Number of the last piece contained.
        n: u64,
        /// The whole text.
        text: String,
    },
    /// The end. Nothing follows.
    End {
        /// How it ended.
        state: GenerationState,
        /// Why, for people, unless complete or stopped.
        error: Option<String>,
    },
}
