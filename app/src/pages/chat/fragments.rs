//! Parts of a conversation as HTML, for the island to put in place.

use leptos::prelude::*;
use types::{ConversationId, MessageId};

use super::{
    api::{Earlier, Finished},
    messages::{Shown, article},
};
use crate::{
    AppError,
    server::{RequestCx, respond},
};

/// One message, as fresh as it is, and the conversation's title.
pub(super) async fn finished(
    cx: &RequestCx,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Finished, AppError> {
    let member = respond(cx, cx.viewer.member())?;
    let message = respond(cx, cx.services.chat().message(member, message).await)?;
    let title = title(cx, conversation).await?;
    Ok(Finished { html: article(message, &Shown::plain(conversation)).to_html(), title })
}

/// The conversation's title.
pub(super) async fn title(cx: &RequestCx, conversation: ConversationId) -> Result<String, AppError> {
    let member = respond(cx, cx.viewer.member())?;
    Ok(respond(cx, cx.services.chat().head(member, conversation).await)?.title)
}

/// The messages above one.
pub(super) async fn earlier(
    cx: &RequestCx,
    conversation: ConversationId,
    before: MessageId,
) -> Result<Earlier, AppError> {
    let member = respond(cx, cx.viewer.member())?;
    let thread = respond(cx, cx.services.chat().open(member, conversation, Some(before)).await)?;
    let shown = Shown::plain(conversation);
    let html = thread.messages.into_iter().map(|message| article(message, &shown).to_html()).collect();
    Ok(Earlier { html, earlier: thread.earlier })
}
