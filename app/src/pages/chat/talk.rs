//! The island around a conversation: sends, follows the answer, and puts the server's rendering in its place at the end.

use leptos::{
    ev::{Event, MouseEvent},
    prelude::*,
    task::spawn_local,
};
use types::{ConversationId, Generation, GenerationId, GenerationState, MessageId, ProblemCode};

use super::{
    api,
    composer::{Composer, ComposerSetup, Composing, Draft},
    live::{self, Growing, Pair, Running},
    watch::{Ending, watch},
};
use crate::{
    browser::{dom, wait::pause},
    pages::copy,
    ui::{Icon, IconName},
};

/// When to look for the title that a model finds after the first answer, in milliseconds after it.
const TITLE_LOOKS_MS: [i32; 3] = [1_500, 3_000, 6_000];

/// A conversation at its end.
#[island]
pub fn Talk(
    conversation: ConversationId,
    running: Option<Running>,
    setup: ComposerSetup,
    children: Children,
) -> impl IntoView {
    let generation = running.as_ref().map(|running| running.generation);
    let talk = Talking {
        conversation,
        composing: Composing::new(generation, setup.problem.clone()),
        said: RwSignal::new(""),
        at_end: RwSignal::new(true),
    };
    Effect::new(move |_| match running.clone() {
        Some(running) => talk.attach(running),
        None => talk.composing.begin(),
    });
    view! {
        <div
            class="thread"
            id="thread"
            tabindex="0"
            role="region"
            aria-label="Messages"
            on:click=move |event| talk.on_click(event)
            on:scroll=move |_: Event| talk.on_scroll()
        >
            {children()}
        </div>
        <button
            class="btn btn-icon thread-jump"
            type="button"
            aria-label="To the end"
            title="To the end"
            hidden=move || talk.at_end.get()
            on:click=move |_| talk.jump()
        >
            <Icon name=IconName::ArrowDown />
        </button>
        <Composer
            conversation=Some(conversation)
            setup
            state=talk.composing
            on_send=move |draft| talk.send(draft)
            on_stop=move || talk.stop()
        />
        <p class="sr-only" role="status">{move || talk.said.get()}</p>
    }
}

/// The island's state.
#[derive(Clone, Copy)]
struct Talking {
    conversation: ConversationId,
    composing: Composing,
    /// What is read aloud: beginnings and ends, not every word.
    said: RwSignal<&'static str>,
    /// Whether the end is in sight.
    at_end: RwSignal<bool>,
}

impl Talking {
    /// Goes on with an answer that was being written when the page was made: after a reload, in a second tab, on another device.
    fn attach(self, running: Running) {
        let Some(article) = live::message(running.message) else { return };
        let Some(growing) = Growing::new(&article, running.text) else { return };
        spawn_local(self.follow(growing, running.generation, running.last_piece, vec![running.message]));
    }

    /// Shows the message at once, sends it, and follows the answer.
    fn send(self, draft: Draft) {
        let Some(pair) = Pair::show(&draft.text) else { return };
        self.composing.sending.set(true);
        self.composing.problem.set(None);
        spawn_local(async move {
            match api::send(Some(self.conversation), draft.text.clone(), draft.model.clone()).await {
                Ok(generation) => self.sent(&pair, &generation).await,
                Err(error) => {
                    pair.remove();
                    let why = match error.0.code {
                        ProblemCode::Offline => {
                            "The server can't be reached, so it is not certain that your message arrived. Load the page \
                             again before you send it once more."
                                .to_owned()
                        }
                        _ => error.0.message,
                    };
                    self.composing.refused(&draft, why);
                }
            }
        });
    }

    async fn sent(self, pair: &Pair, generation: &Generation) {
        dom::set_attribute(&pair.prompt, "id", &format!("m-{}", generation.prompt));
        dom::set_attribute(&pair.answer, "id", &format!("m-{}", generation.message));
        self.composing.sending.set(false);
        let Some(growing) = Growing::new(&pair.answer, String::new()) else { return };
        self.follow(growing, generation.id, 0, vec![generation.prompt, generation.message]).await;
    }

    /// Follows an answer to its end, then puts the server's rendering of these messages in place.
    async fn follow(self, growing: Growing, generation: GenerationId, after: u64, messages: Vec<MessageId>) {
        self.composing.running.set(Some(generation));
        self.said.set("The answer is being written.");
        let line = |there: bool| self.said.set(if there { "" } else { "The line is cut. Trying again." });
        let ending = watch(generation, after, |event| growing.take(event), line).await;
        self.composing.running.set(None);
        match ending {
            Ending::Done(state) => {
                self.said.set(match state {
                    GenerationState::Complete => "The answer is complete.",
                    GenerationState::Stopped => "The answer was stopped.",
                    _ => "The answer broke off.",
                });
                for message in messages {
                    self.settle(message).await;
                }
                self.look_for_title().await;
            }
            Ending::Refused(problem) => self.composing.problem.set(Some(problem.message)),
        }
    }

    /// Puts the server's rendering of a message in place: colours, actions, tokens and time.
    async fn settle(self, id: MessageId) {
        let Ok(finished) = api::message_html(self.conversation, id).await else { return };
        let Some(article) = live::message(id) else { return };
        let had_focus = dom::has_focus(&article);
        let change = || dom::replace(&article, &finished.html);
        match live::scroller() {
            Some(scroller) => dom::keeping_place(&scroller, change),
            None => change(),
        }
        show_title(&finished.title);
        if had_focus {
            self.composing.focus();
        }
    }

    /// The first answer gets the conversation a title a moment later.
    async fn look_for_title(self) {
        let first = live::messages().is_some_and(|messages| dom::child_count(&messages) <= 2);
        if !first {
            return;
        }
        for ms in TITLE_LOOKS_MS {
            pause(ms).await;
            match api::title(self.conversation).await {
                Ok(title) if show_title(&title) => return,
                _ => {}
            }
        }
    }

    fn stop(self) {
        if let Some(generation) = self.composing.running.get_untracked() {
            spawn_local(async move {
                if let Err(error) = api::stop(generation, Some(self.conversation)).await {
                    self.composing.problem.set(Some(error.0.message));
                }
            });
        }
    }

    fn on_click(self, event: MouseEvent) {
        if let Some(link) = dom::around(event.target(), "a[data-before]") {
            event.prevent_default();
            spawn_local(self.load_earlier(link));
        } else {
            copy::on_click(event);
        }
    }

    /// Puts the messages above in place; the reader's line stays where it is, because the list's position counts from its end.
    async fn load_earlier(self, link: crate::browser::Element) {
        let Some(before) = link.get_attribute("data-before").and_then(|id| id.parse().ok()) else { return };
        let Ok(earlier) = api::earlier_html(self.conversation, before).await else { return };
        let Some(place) = link.closest(".thread-earlier").ok().flatten() else { return };
        if let Some(next) = place.next_element_sibling() {
            dom::insert_before(&next, &earlier.html);
        }
        match earlier.earlier {
            Some(before) => {
                dom::set_attribute(&link, "data-before", &before.to_string());
                dom::set_attribute(&link, "href", &format!("/chat/{}?before={before}", self.conversation));
            }
            None => place.remove(),
        }
    }

    fn on_scroll(self) {
        let at_end = live::scroller().is_none_or(|scroller| dom::is_at_end(&scroller));
        if self.at_end.get_untracked() != at_end {
            self.at_end.set(at_end);
        }
    }

    fn jump(self) {
        if let Some(scroller) = live::scroller() {
            dom::to_end(&scroller);
        }
    }
}

/// Shows the conversation's title where it stands; says whether it is another one than before.
fn show_title(title: &str) -> bool {
    let Some(place) = dom::find_in_page(".thread-title").filter(|place| dom::text(place) != title) else {
        return false;
    };
    dom::set_text(&place, title);
    if let Some(entry) = dom::find_in_page(".conversation-link[aria-current] .conversation-title") {
        dom::set_text(&entry, title);
    }
    dom::set_page_title(&format!("{title} · ThinkHeads"));
    true
}
