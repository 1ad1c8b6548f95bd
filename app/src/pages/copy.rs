//! Copy buttons: every `[data-copy]` inside an island that listens here. `code` copies the block it stands in, `message` the
//! markdown of its message, `#id` the value of that field.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use super::chat::api;
use crate::browser::{Element, clipboard, dom, wait::pause};

/// How long a button says that it is done.
const DONE_MS: i32 = 2_000;

/// Copy buttons on a page that is otherwise plain.
#[island]
pub fn CopyButtons(children: Children) -> impl IntoView {
    view! { <div class="contents" on:click=on_click>{children()}</div> }
}

/// Handles a click, if it was on a copy button.
pub(crate) fn on_click(event: MouseEvent) {
    if let Some(button) = dom::around(event.target(), "[data-copy]") {
        spawn_local(async move {
            let Some(text) = wanted(&button).await else { return };
            let done = if clipboard::copy(&text).await { "yes" } else { "no" };
            dom::set_attribute(&button, "data-done", done);
            pause(DONE_MS).await;
            drop(button.remove_attribute("data-done"));
        });
    }
}

/// The text a button is to copy.
async fn wanted(button: &Element) -> Option<String> {
    match button.get_attribute("data-copy")?.as_str() {
        "code" => Some(dom::text(&dom::find(&button.closest(".code").ok()??, "pre")?)),
        "message" => {
            let article = button.closest("article").ok()??;
            let id = article.id().strip_prefix("m-")?.parse().ok()?;
            let shown = || dom::find(&article, ".prose, .message-text").map(|body| dom::text(&body));
            api::message_text(id).await.ok().or_else(shown)
        }
        field => dom::value(&dom::by_id(field.strip_prefix('#')?)?),
    }
}
