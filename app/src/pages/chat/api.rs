//! What a person does in a conversation. Each works as a plain form, which then leads back to the conversation; islands use
//! the value.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use types::{ConversationId, Generation, GenerationId, MessageId};

use crate::AppError;

/// A stretch of messages above those shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// The messages as HTML, oldest first.
    pub html: String,
    /// Where the next stretch above begins; none at the top.
    pub earlier: Option<MessageId>,
}

/// A message that is no longer being written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// The message as HTML.
    pub html: String,
    /// The conversation's title, which may just have been found.
    pub title: String,
}

/// Sends a message, into a new conversation if none is named, and starts its answer.
#[server(name = SendMessage, prefix = "/api", endpoint = "send")]
pub async fn send(
    /// The conversation.
    conversation: Option<ConversationId>,
    /// The message, markdown.
    text: String,
    /// The model to ask; empty for the conversation's own.
    model: Option<String>,
) -> Result<Generation, AppError> {
    use service::chat::SendRequest;

    use super::page::started;
    let cx = crate::server::request()?;
    let model = model.filter(|model| !model.is_empty());
    let request = SendRequest { conversation, text, model, parent: None };
    let member = crate::server::respond(&cx, cx.viewer.member())?;
    started(&cx, cx.services.chat().send(member, request).await)
}

/// Sends a changed version of one of the person's messages, as another branch.
#[server(prefix = "/api", endpoint = "edit_message")]
pub async fn edit_message(
    /// The message.
    message: MessageId,
    /// The message, markdown.
    text: String,
) -> Result<Generation, AppError> {
    use super::page::started;
    let cx = crate::server::request()?;
    let member = crate::server::respond(&cx, cx.viewer.member())?;
    started(&cx, cx.services.chat().edit(member, message, text).await)
}

/// Writes an answer once more, as another branch.
#[server(prefix = "/api", endpoint = "regenerate")]
pub async fn regenerate(
    /// The message.
    message: MessageId,
) -> Result<Generation, AppError> {
    use super::page::started;
    let cx = crate::server::request()?;
    let member = crate::server::respond(&cx, cx.viewer.member())?;
    started(&cx, cx.services.chat().regenerate(member, message, None).await)
}

/// Goes on with an answer that was cut off.
#[server(prefix = "/api", endpoint = "carry_on")]
pub async fn carry_on(
    /// The message.
    message: MessageId,
) -> Result<Generation, AppError> {
    use super::page::started;
    let cx = crate::server::request()?;
    let member = crate::server::respond(&cx, cx.viewer.member())?;
    started(&cx, cx.services.chat().carry_on(member, message).await)
}

/// Stops an answer; the text so far is kept.
#[server(prefix = "/api", endpoint = "stop")]
pub async fn stop(
    /// The answer's generation.
    generation: GenerationId,
    /// The conversation.
    conversation: Option<ConversationId>,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().stop(member, generation).await)?;
    server::redirect(&conversation.map_or_else(|| "/chat".to_owned(), |id| format!("/chat/{id}")));
    Ok(())
}

/// Gives a conversation a title of the person's own.
#[server(prefix = "/api", endpoint = "rename")]
pub async fn rename(
    /// The conversation.
    conversation: ConversationId,
    /// The new title.
    title: String,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().rename(member, conversation, &title).await)?;
    server::redirect(&format!("/chat/{conversation}"));
    Ok(())
}

/// Deletes a conversation; the list then offers to bring it back.
#[server(prefix = "/api", endpoint = "delete_conversation")]
pub async fn delete(
    /// The conversation.
    conversation: ConversationId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().delete(member, conversation).await)?;
    server::redirect(&format!("/chat?deleted={conversation}"));
    Ok(())
}

/// Brings a deleted conversation back.
#[server(prefix = "/api", endpoint = "restore_conversation")]
pub async fn restore(
    /// The conversation.
    conversation: ConversationId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().restore(member, conversation).await)?;
    server::redirect(&format!("/chat/{conversation}"));
    Ok(())
}

/// Sets a conversation's model, system prompt and temperature.
#[server(prefix = "/api", endpoint = "save_settings")]
pub async fn save_settings(
    /// The conversation.
    conversation: ConversationId,
    /// The model to ask; empty for the conversation's own.
    model: String,
    /// What is said to the model first.
    system_prompt: String,
    /// A number, or nothing.
    temperature: String,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    let settings = super::page::settings(model, system_prompt, &temperature)?;
    super::page::saved(&cx, conversation, cx.services.chat().settings(member, conversation, settings).await)
}

/// Shows another version of a message, and what followed it.
#[server(prefix = "/api", endpoint = "select_branch")]
pub async fn select_branch(
    /// The conversation.
    conversation: ConversationId,
    /// The message.
    message: MessageId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().select_branch(member, conversation, message).await)?;
    server::redirect(&format!("/chat/{conversation}#m-{message}"));
    Ok(())
}

/// A message as the page shows it, with the conversation's title.
#[server(prefix = "/api", endpoint = "message_html")]
pub async fn message_html(
    /// The conversation.
    conversation: ConversationId,
    /// The message.
    message: MessageId,
) -> Result<Finished, AppError> {
    let cx = crate::server::request()?;
    super::fragments::finished(&cx, conversation, message).await
}

/// The conversation's title, which a model may have found meanwhile.
#[server(prefix = "/api", endpoint = "title")]
pub async fn title(
    /// The conversation.
    conversation: ConversationId,
) -> Result<String, AppError> {
    let cx = crate::server::request()?;
    super::fragments::title(&cx, conversation).await
}

/// The messages above `before`, as the page shows them.
#[server(prefix = "/api", endpoint = "earlier_html")]
pub async fn earlier_html(
    /// The conversation.
    conversation: ConversationId,
    /// The first message that is shown.
    before: MessageId,
) -> Result<Earlier, AppError> {
    let cx = crate::server::request()?;
    super::fragments::earlier(&cx, conversation, before).await
}

/// A message's own text, to copy: markdown, not what it looks like.
#[server(prefix = "/api", endpoint = "message_text")]
pub async fn message_text(
    /// The message.
    message: MessageId,
) -> Result<String, AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.member())?;
    respond(&cx, cx.services.chat().message(member, message).await).map(|message| message.text)
}
