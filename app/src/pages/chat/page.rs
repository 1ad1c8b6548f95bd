//! The chat's pages: the list, a new conversation, a conversation.

use leptos::prelude::*;
use service::{Member, ServiceError};
use types::{
    Conversation, ConversationId, ConversationSettings, Generation, Message, MessageId, MessageStatus, Problem, Thread,
};

use super::{
    composer::ComposerSetup,
    dialogs::{ThreadHead, delete_toast},
    list::{Beside, Column, Side},
    live::Running,
    messages::{MessageList, Shown},
    opening::Opening,
    talk::Talk,
};
use crate::{
    AppError,
    pages::{copy::CopyButtons, parts::done},
    server::{Layout, Page, PageCx, PageResult, RequestCx, redirect, respond},
    ui::{ButtonKind, IconLink, IconName, LinkButton, Mark},
};

/// What to begin with, for whom the empty page is too empty.
const SUGGESTIONS: [&str; 3] = [
    "Explain a hard thing in simple words: ",
    "Improve this text, and say what you changed: ",
    "Write a small program that ",
];

/// What the empty page asks.
const OPENING: &str = "What shall we think about?";

/// The list of conversations; on a desktop with a new one beside it.
///
/// # Errors
/// When the conversations can't be read.
pub async fn list(cx: PageCx) -> PageResult {
    let member = cx.ok(cx.viewer().member())?;
    let column = Column::load(&cx, member, Beside::Nothing).await?;
    let toast = cx.query("deleted").and_then(|id| id.parse::<ConversationId>().ok()).map(delete_toast);
    let setup = setup(&cx, member, None, "/api/send").await;
    let heading = view! { <h2 class="chat-empty-title">{OPENING}</h2> }.into_any();
    let view = move || view! { <Side column /> {opening(setup, heading)} };
    Ok(Page::new("Chat", view).layout(Layout::Chat { thread: false }).toast(toast))
}

/// A conversation that has not begun.
///
/// # Errors
/// When the conversations can't be read.
pub async fn new(cx: PageCx) -> PageResult {
    let member = cx.ok(cx.viewer().member())?;
    let column = Column::load(&cx, member, Beside::New).await?;
    let setup = setup(&cx, member, None, "/api/send").await;
    let heading = view! { <h1 class="chat-empty-title">{OPENING}</h1> }.into_any();
    let view = move || view! { <Side column /> {opening(setup, heading)} };
    Ok(Page::new("New chat", view).layout(Layout::Chat { thread: true }))
}

/// One conversation: its end, or a stretch further up.
///
/// # Errors
/// `NotFound` when there is none, or it is another person's.
pub async fn thread(cx: PageCx) -> PageResult {
    let id: ConversationId = cx.param("id")?;
    let member = cx.ok(cx.viewer().member())?;
    let (thread, at_end) = stretch(&cx, member, id).await?;
    let column = Column::load(&cx, member, Beside::Conversation(id)).await?;
    let setup = setup(&cx, member, Some(&thread.conversation.settings), "/api/send").await;
    let shown = Shown::of(&cx, id);
    let running = thread.messages.iter().rev().find_map(running);
    let title = thread.conversation.title.clone();
    let refresh = running.is_some().then_some(3);
    let toast = done(cx.query("done"), &[("settings", "The settings hold from the next answer on.")]);
    let (rename, settings) = (cx.form("/api/rename"), cx.form("/api/save_settings"));
    let renaming = rename.is_refused() || cx.query("rename").is_some();
    let view = move || {
        let Thread { conversation, messages, earlier } = thread;
        let models = setup.models.clone();
        let list = move || view! { <MessageList messages earlier shown /> };
        view! {
            <Side column />
            <section class="chat-thread" aria-label="Conversation">
                <ThreadHead conversation=conversation.clone() models renaming rename settings />
                {if at_end {
                    view! { <Talk conversation=conversation.id running setup>{list()}</Talk> }.into_any()
                } else {
                    reading(&conversation, list().into_any())
                }}
            </section>
        }
    };
    Ok(Page::new(title, view).layout(Layout::Chat { thread: true }).toast(toast).refresh(refresh))
}

/// The stretch asked for, and whether it is the end: `?before=` leads up, `?at=` to a message that was found.
async fn stretch(cx: &PageCx, member: Member<'_>, id: ConversationId) -> Result<(Thread, bool), AppError> {
    let chat = cx.services().chat();
    let wanted = |name| cx.query(name).and_then(|text| text.parse::<MessageId>().ok());
    if let Some(before) = wanted("before") {
        return Ok((cx.ok(chat.open(member, id, Some(before)).await)?, false));
    }
    let end = cx.ok(chat.open(member, id, None).await)?;
    let Some(at) = wanted("at").filter(|at| end.messages.iter().all(|message| message.id != *at)) else {
        return Ok((end, true));
    };
    let mut above = cx.ok(chat.open(member, id, Some(at)).await)?;
    above.messages.push(cx.ok(chat.message(member, at).await)?);
    Ok((above, false))
}

/// An answer that is being written, for the island to go on with.
fn running(message: &Message) -> Option<Running> {
    (message.status == MessageStatus::Running).then_some(())?;
    Some(Running {
        generation: message.generation?,
        message: message.id,
        last_piece: message.last_piece,
        text: message.text.clone(),
    })
}

/// What the composer needs to know: which models there are, or why there are none.
async fn setup(
    cx: &PageCx,
    member: Member<'_>,
    settings: Option<&ConversationSettings>,
    action: &str,
) -> ComposerSetup {
    let chosen = settings.and_then(|settings| settings.model.clone());
    let form = cx.form(action);
    let (models, unavailable) = match cx.ok(models_soon(cx, member).await) {
        Ok(models) if models.is_empty() => (models, Some("The model server offers no model at the moment.".to_owned())),
        Ok(models) => (models, None),
        Err(error) => (Vec::new(), Some(error.0.message)),
    };
    let selected =
        chosen.filter(|model| unavailable.is_some() || models.contains(model)).or_else(|| models.first().cloned());
    ComposerSetup {
        models,
        selected: selected.unwrap_or_default(),
        text: form.value_or("text", cx.query("text").unwrap_or_default()),
        problem: form.problem.map(|problem| problem.message),
        unavailable,
        again: cx.request.site.path.clone(),
    }
}

/// The models' names. A page does not wait long for them: what was asked goes on and is there the next time.
async fn models_soon(cx: &PageCx, member: Member<'_>) -> Result<Vec<String>, ServiceError> {
    let asked = cx.services().chat().models(member);
    match tokio::time::timeout(std::time::Duration::from_millis(1_500), asked).await {
        Ok(models) => Ok(models?.into_iter().map(|model| model.id).collect()),
        Err(_) => Err(ServiceError::refused(
            types::ProblemCode::UpstreamUnavailable,
            "The model server is slow to answer. Try again in a moment.",
        )),
    }
}

/// The place to begin a conversation.
fn opening(setup: ComposerSetup, heading: AnyView) -> impl IntoView {
    let suggestions = SUGGESTIONS
        .map(|text| {
            let href = format!(
                "/chat/new?text={}",
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
            );
            view! { <li><a class="suggestion" href=href>{text.trim_end_matches([' ', ':'])}"…"</a></li> }
        })
        .collect_view();
    view! {
        <section class="chat-thread chat-new" aria-label="New conversation">
            <header class="thread-head thread-head-bare">
                <IconLink href="/chat" label="All conversations" icon=IconName::ArrowLeft attr:class="btn btn-ghost btn-icon thread-back" />
            </header>
            <div class="chat-empty">
                <Mark />
                {heading}
                <Opening setup />
                <ul class="suggestions">{suggestions}</ul>
            </div>
        </section>
    }
}

/// A stretch that is not the end: to be read, with a way to the end.
fn reading(conversation: &Conversation, list: AnyView) -> AnyView {
    let end = format!("/chat/{}", conversation.id);
    view! {
        <div class="thread" tabindex="0" role="region" aria-label="Messages">
            <CopyButtons>{list}</CopyButtons>
        </div>
        <div class="composer thread-onward">
            <LinkButton href=end kind=ButtonKind::Primary icon=IconName::ArrowDown>"To the end of the conversation"</LinkButton>
        </div>
    }
    .into_any()
}

/// Answers a form that started an answer: leads to its conversation.
pub(super) fn started(cx: &RequestCx, result: Result<Generation, ServiceError>) -> Result<Generation, AppError> {
    respond(cx, result).inspect(|generation| redirect(&format!("/chat/{}", generation.conversation)))
}

/// Answers the form of the settings.
pub(super) fn saved(cx: &RequestCx, id: ConversationId, result: Result<(), ServiceError>) -> Result<(), AppError> {
    respond(cx, result).inspect(|()| redirect(&format!("/chat/{id}?done=settings")))
}

/// The settings as typed into the form.
pub(super) fn settings(
    model: String,
    system_prompt: String,
    temperature: &str,
) -> Result<ConversationSettings, AppError> {
    let temperature = match temperature.trim().replace(',', ".") {
        text if text.is_empty() => None,
        text => {
            Some(text.parse().map_err(|_| Problem::field("temperature", "Write a number from 0 to 2, or nothing."))?)
        }
    };
    Ok(ConversationSettings { model: Some(model).filter(|model| !model.is_empty()), system_prompt, temperature })
}
