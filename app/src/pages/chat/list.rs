//! The column of conversations: by recency, or as found.

use leptos::prelude::*;
use service::Member;
use types::{ConversationId, ConversationPage, ConversationSummary, Millis, SearchHit};

use crate::{
    AppError,
    pages::parts::Hidden,
    server::{PageCx, day},
    ui::{ButtonKind, Icon, IconLink, IconName, Menu, MenuButton, MenuLink},
};

/// What the column shows.
pub(super) struct Column {
    found: Found,
    words: String,
    beside: Beside,
    now: Millis,
}

/// What stands beside the list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing of its own: the list is the page, and its heading the page's.
    Nothing,
    /// A conversation that has not begun.
    New,
    /// A conversation.
    Conversation(ConversationId),
}

enum Found {
    Recent(ConversationPage),
    Hits(Vec<SearchHit>),
}

impl Column {
    /// Loads the page of the list, or the hits of a search. Beside a conversation it is always the first page.
    pub(super) async fn load(cx: &PageCx, member: Member<'_>, beside: Beside) -> Result<Self, AppError> {
        let chat = cx.services().chat();
        let words = cx.query("q").unwrap_or_default().trim().to_owned();
        let before = cx.query("page").filter(|_| beside == Beside::Nothing);
        let found = if words.is_empty() {
            Found::Recent(cx.ok(chat.list(member, before).await)?)
        } else {
            Found::Hits(cx.ok(chat.search(member, &words).await)?)
        };
        Ok(Self { found, words, beside, now: cx.now() })
    }
}

/// The column.
#[component]
pub(super) fn Side(column: Column) -> impl IntoView {
    let Column { found, words, beside, now } = column;
    let is_page = beside == Beside::Nothing;
    let heading = if is_page {
        view! { <h1 class="chat-list-title">"Chat"</h1> }.into_any()
    } else {
        view! { <h2 class="chat-list-title">"Chat"</h2> }.into_any()
    };
    let body = match found {
        Found::Recent(page) => recent(page, beside, now),
        Found::Hits(hits) => found_view(hits, &words),
    };
    view! {
        <section class="chat-list" aria-label="Conversations">
            <div class="chat-list-head">
                {heading}
                <IconLink href="/chat/new" label="New chat" icon=IconName::Plus kind=ButtonKind::Primary />
            </div>
            <form class="search" role="search" method="get" action="/chat">
                <Icon name=IconName::Search />
                <input
                    class="input"
                    type="search"
                    name="q"
                    value=words
                    placeholder="Search"
                    aria-label="Search conversations"
                    enterkeyhint="search"
                    data-slash=""
                />
            </form>
            <div class="conversations">{body}</div>
        </section>
    }
}

fn recent(page: ConversationPage, beside: Beside, now: Millis) -> AnyView {
    let is_page = beside == Beside::Nothing;
    let ConversationPage { conversations, next } = page;
    if conversations.is_empty() {
        return view! { <p class="muted list-empty">"No conversations here yet."</p> }.into_any();
    }
    let days = conversations
        .chunk_by(|a, b| day(a.updated_at, now) == day(b.updated_at, now))
        .map(|group| {
            let name = group.first().map_or("", |first| day(first.updated_at, now));
            let entries = group.iter().map(|conversation| entry(conversation, beside)).collect_view();
            let heading = if is_page {
                view! { <h2 class="list-day">{name}</h2> }.into_any()
            } else {
                view! { <h3 class="list-day">{name}</h3> }.into_any()
            };
            view! { {heading}<ul class="list">{entries}</ul> }
        })
        .collect_view();
    let more = next.map(|next| {
        view! { <p class="list-more"><a class="btn btn-ghost" href=format!("/chat?page={next}")>"Older"</a></p> }
    });
    view! { {days}{more} }.into_any()
}

fn entry(conversation: &ConversationSummary, beside: Beside) -> impl IntoView + use<> {
    let id = conversation.id;
    let title = conversation.title.clone();
    view! {
        <li class="conversation">
            <a
                class="conversation-link"
                href=format!("/chat/{id}")
                aria-current=(beside == Beside::Conversation(id)).then_some("page")
            >
                <span class="conversation-title">{title.clone()}</span>
            </a>
            <Menu id=format!("c-{id}") label=format!("More: {title}")>
                <MenuLink href=format!("/chat/{id}?rename=1") icon=IconName::Edit>"Rename"</MenuLink>
                <form class="menu-form" method="post" action="/api/delete_conversation">
                    <Hidden name="conversation" value=id.to_string() />
                    <MenuButton icon=IconName::Trash danger=true>"Delete"</MenuButton>
                </form>
            </Menu>
        </li>
    }
}

fn found_view(hits: Vec<SearchHit>, words: &str) -> AnyView {
    if hits.is_empty() {
        return view! {
            <p class="muted list-empty">"Nothing found for “"{words.to_owned()}"”. "<a href="/chat">"All conversations"</a></p>
        }
        .into_any();
    }
    let hits = hits.into_iter().map(|hit| hit_view(hit, words)).collect_view();
    view! {
        <p class="list-more"><a class="btn btn-ghost" href="/chat">"All conversations"</a></p>
        <ul class="list">{hits}</ul>
    }
    .into_any()
}

fn hit_view(hit: SearchHit, words: &str) -> impl IntoView + use<> {
    let SearchHit { conversation, message, excerpt } = hit;
    let id = conversation.id;
    let href = message.map_or_else(|| format!("/chat/{id}"), |message| format!("/chat/{id}?at={message}#m-{message}"));
    let excerpt = marked(&excerpt, words)
        .into_iter()
        .map(|(text, found)| if found { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() })
        .collect_view();
    view! {
        <li class="conversation">
            <a class="conversation-link" href=href>
                <span class="conversation-title">{conversation.title}</span>
                <span class="conversation-excerpt">{excerpt}</span>
            </a>
        </li>
    }
}

/// An excerpt cut at the words that were looked for, whatever their case (ASCII's; others must match as typed).
fn marked(excerpt: &str, words: &str) -> Vec<(String, bool)> {
    let (lower, words) = (excerpt.to_ascii_lowercase(), words.to_ascii_lowercase());
    let mut parts = Vec::new();
    let mut done = 0;
    for (at, found) in lower.match_indices(words.as_str()).filter(|(_, found)| !found.is_empty()) {
        parts.push((excerpt[done..at].to_owned(), false));
        done = at + found.len();
        parts.push((excerpt[at..done].to_owned(), true));
    }
    parts.push((excerpt[done..].to_owned(), false));
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn found_words_are_marked_whatever_their_case() {
        let parts = marked("Über Bread and bread", "bread");
        let marks: Vec<_> = parts.iter().map(|(text, found)| (text.as_str(), *found)).collect();
        assert_eq!(marks, [("Über ", false), ("Bread", true), (" and ", false), ("bread", true)]);
        assert_eq!(marked("x", "").len(), 1);
    }
}
