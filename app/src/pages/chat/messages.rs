//! Messages as HTML.

use leptos::prelude::*;
use types::{BranchPosition, ConversationId, Message, MessageId, MessageRole, MessageStatus, Usage};

use super::highlight;
use crate::{
    markdown,
    pages::parts::Hidden,
    server::{FormState, PageCx},
    ui::{Actions, Button, ButtonKind, Icon, IconButton, IconLink, IconName, LinkButton, Notice, Tone},
};

/// How messages are shown.
#[derive(Clone)]
pub(super) struct Shown {
    /// Their conversation.
    pub(super) conversation: ConversationId,
    /// The message that is being edited.
    pub(super) editing: Option<MessageId>,
    /// The edit that was refused.
    pub(super) edit: FormState,
}

impl Shown {
    /// As the page's address and its refused form say.
    pub(super) fn of(cx: &PageCx, conversation: ConversationId) -> Self {
        let edit = cx.form("/api/edit_message");
        let refused = edit.is_refused().then(|| edit.value("message"));
        let editing = refused.as_deref().or_else(|| cx.query("edit")).and_then(|id| id.parse().ok());
        Self { conversation, editing, edit }
    }

    /// Without anything being edited.
    pub(super) fn plain(conversation: ConversationId) -> Self {
        Self { conversation, editing: None, edit: FormState::default() }
    }
}

/// A stretch of messages with the way up, and the blanks for messages to come.
#[component]
pub(super) fn MessageList(messages: Vec<Message>, earlier: Option<MessageId>, shown: Shown) -> impl IntoView {
    let id = shown.conversation;
    view! {
        <div class="thread-body" id="messages">
            {earlier.map(|before| view! { <EarlierLink id before /> })}
            {messages.into_iter().map(|message| article(message, &shown)).collect_view()}
        </div>
        <template id="blank-user">
            <article class="message message-user" aria-label="You"><div class="message-text"></div></article>
        </template>
        <template id="blank-answer">
            <article class="message message-answer" data-status="running" aria-label="Answer"><h2 class="sr-only">"Answer"</h2><div class="prose"></div></article>
        </template>
    }
}

/// The way to the messages above.
#[component]
pub(super) fn EarlierLink(id: ConversationId, before: MessageId) -> impl IntoView {
    view! {
        <p class="thread-earlier">
            <a class="btn" href=format!("/chat/{id}?before={before}") data-before=before.to_string()>"Earlier messages"</a>
        </p>
    }
}

/// One message.
pub(super) fn article(message: Message, shown: &Shown) -> AnyView {
    match message.role {
        MessageRole::User => prompt(message, shown).into_any(),
        MessageRole::Assistant => answer(message, shown).into_any(),
    }
}

fn prompt(message: Message, shown: &Shown) -> impl IntoView + use<> {
    let Message { id, text, branch, .. } = message;
    let conversation = shown.conversation;
    let body = if shown.editing == Some(id) {
        edit_form(id, &text, shown).into_any()
    } else {
        view! { <div class="message-text">{text}</div> }.into_any()
    };
    view! {
        <article class="message message-user" id=format!("m-{id}") aria-label="You">
            {body}
            <footer class="message-foot">
                <div class="message-actions">
                    {leaf(branch, conversation)}
                    <IconLink href=format!("/chat/{conversation}?edit={id}#m-{id}") label="Edit and send again" icon=IconName::Edit />
                    {copy_button()}
                </div>
            </footer>
        </article>
    }
}

fn edit_form(id: MessageId, text: &str, shown: &Shown) -> impl IntoView + use<> {
    let conversation = shown.conversation;
    let value = shown.edit.value_or("text", text);
    let problem = shown.edit.problem.as_ref().map(|problem| problem.message.clone());
    view! {
        <form class="message-edit" method="post" action="/api/edit_message">
            {problem.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            <Hidden name="message" value=id.to_string() />
            <label class="sr-only" for=format!("edit-{id}")>"Your message"</label>
            <textarea class="input" id=format!("edit-{id}") name="text" rows="3" required=true autofocus=true>{value}</textarea>
            <Actions>
                <Button kind=ButtonKind::Primary>"Send"</Button>
                <LinkButton href=format!("/chat/{conversation}#m-{id}")>"Cancel"</LinkButton>
            </Actions>
        </form>
    }
}

fn answer(message: Message, shown: &Shown) -> impl IntoView + use<> {
    let running = message.status == MessageStatus::Running;
    let html = markdown::to_html_with(&message.text, &highlight::code);
    let id = message.id;
    let conversation = shown.conversation;
    let branch = message.branch;
    let foot = (!running).then(|| {
        view! {
            <footer class="message-foot">
                <div class="message-actions">
                    {leaf(branch, conversation)}
                    {(!message.text.is_empty()).then(copy_button)}
                    {act("/api/regenerate", id, "Write it once more", IconName::Refresh)}
                </div>
                {facts(&message)}
            </footer>
        }
    });
    let still = running.then(|| {
        view! { <noscript><p><a class="btn" href=format!("/chat/{conversation}")>"Refresh"</a></p></noscript> }
    });
    view! {
        <article class="message message-answer" id=format!("m-{id}") data-status=status_word(message.status) aria-label="Answer">
            <h2 class="sr-only">"Answer"</h2>
            <div class="prose" inner_html=html></div>
            {ending(&message)}
            {still}
            {foot}
        </article>
    }
}

const fn status_word(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Running => "running",
        MessageStatus::Complete => "complete",
        MessageStatus::Stopped => "stopped",
        MessageStatus::Interrupted => "interrupted",
        MessageStatus::Failed => "failed",
    }
}

/// What is said below an answer that did not come to its own end.
fn ending(message: &Message) -> Option<AnyView> {
    let (tone, title) = match message.status {
        MessageStatus::Running | MessageStatus::Complete => return None,
        MessageStatus::Stopped => (Tone::Neutral, "Stopped"),
        MessageStatus::Interrupted => (Tone::Warn, "Interrupted"),
        MessageStatus::Failed => (Tone::Bad, "This did not work"),
    };
    let id = message.id;
    let why = message.error.clone().unwrap_or_default();
    let carry_on = (!message.text.is_empty()).then(|| {
        view! {
            <form method="post" action="/api/carry_on">
                <Hidden name="message" value=id.to_string() />
                <Button icon=IconName::Play>"Continue"</Button>
            </form>
        }
    });
    Some(
        view! {
            <Notice tone title>
                {(!why.is_empty()).then(|| view! { <p>{why}</p> })}
                <Actions>
                    {carry_on}
                    <form method="post" action="/api/regenerate">
                        <Hidden name="message" value=id.to_string() />
                        <Button icon=IconName::Refresh>"Try again"</Button>
                    </form>
                </Actions>
            </Notice>
        }
        .into_any(),
    )
}

fn facts(message: &Message) -> impl IntoView + use<> {
    let model = message.model.clone();
    let tokens = message.usage.map(|Usage { completion_tokens, .. }| format!("{completion_tokens} tokens"));
    let time = message.duration_ms.map(seconds);
    let span = |text: String| view! { <span>{text}</span> };
    view! { <p class="message-facts">{model.map(span)}{tokens.map(span)}{time.map(span)}</p> }
}

/// Milliseconds as people read them.
fn seconds(ms: i64) -> String {
    let tenths = (ms.max(0) + 50) / 100;
    match tenths {
        0..600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} min {} s", tenths / 600, tenths % 600 / 10),
    }
}

fn copy_button() -> impl IntoView {
    view! {
        <button class="btn btn-ghost btn-icon copy-button" type="button" data-copy="message" aria-label="Copy" title="Copy">
            <Icon name=IconName::Copy />
            <Icon name=IconName::Check />
        </button>
    }
}

fn act(action: &'static str, id: MessageId, label: &'static str, icon: IconName) -> impl IntoView {
    view! {
        <form method="post" action=action>
            <Hidden name="message" value=id.to_string() />
            <IconButton label icon />
        </form>
    }
}

/// Leafing through versions: each step shows another branch from now on, so it is a post.
fn leaf(branch: BranchPosition, conversation: ConversationId) -> Option<impl IntoView> {
    let BranchPosition { index, count, previous, next } = branch;
    let step = move |to: Option<MessageId>, label: &'static str, icon: IconName| {
        view! {
            <button
                class="btn btn-icon btn-ghost"
                type="submit"
                name="message"
                value=to.map(|id| id.to_string())
                disabled=to.is_none()
                aria-label=label
                title=label
            >
                <Icon name=icon />
            </button>
        }
    };
    (count > 1).then(|| {
        view! {
            <form class="leaf" method="post" action="/api/select_branch" aria-label="Versions">
                <Hidden name="conversation" value=conversation.to_string() />
                {step(previous, "Version before", IconName::ChevronLeft)}
                <span class="num">{format!("{index}/{count}")}</span>
                {step(next, "Version after", IconName::ChevronRight)}
            </form>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(3_141), "3.1 s");
        assert_eq!(seconds(49), "0.0 s");
        assert_eq!(seconds(125_000), "2 min 5 s");
    }
}
