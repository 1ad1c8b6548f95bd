//! Where a message is written. A plain form before the island wakes, and without it.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html::{Select, Textarea},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use types::{ConversationId, GenerationId};

use crate::{
    browser,
    ui::{Icon, IconName, LinkButton, Notice, Tone},
};

/// What the composer starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposerSetup {
    /// The models on offer.
    pub models: Vec<String>,
    /// The one taken.
    pub selected: String,
    /// What stands in the box already.
    pub text: String,
    /// Why the last message was refused.
    pub problem: Option<String>,
    /// Why nothing can be sent now.
    pub unavailable: Option<String>,
    /// The page to load again when it may work once more.
    pub again: String,
}

/// A message to send.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) model: Option<String>,
}

/// The composer's state, for the island around it.
#[derive(Clone, Copy)]
pub(super) struct Composing {
    /// The answer being written.
    pub(super) running: RwSignal<Option<GenerationId>>,
    /// Whether a message is on its way.
    pub(super) sending: RwSignal<bool>,
    /// Why something did not work.
    pub(super) problem: RwSignal<Option<String>>,
    area: NodeRef<Textarea>,
    model: NodeRef<Select>,
}

impl Composing {
    pub(super) fn new(running: Option<GenerationId>, problem: Option<String>) -> Self {
        Self {
            running: RwSignal::new(running),
            sending: RwSignal::new(false),
            problem: RwSignal::new(problem),
            area: NodeRef::new(),
            model: NodeRef::new(),
        }
    }

    /// Takes what was written, if it may be sent now.
    fn take(self) -> Option<Draft> {
        let area = self.area.get_untracked()?;
        let busy = self.sending.get_untracked() || self.running.get_untracked().is_some();
        if busy || area.value().trim().is_empty() {
            return None;
        }
        let model = self.model.get_untracked().map(|select| select.value());
        Some(Draft { text: browser::dom::take_value(&area), model })
    }

    /// A message was not sent: it goes back into the box, with the reason.
    pub(super) fn refused(self, draft: &Draft, why: String) {
        if let Some(area) = self.area.get_untracked() {
            browser::dom::give_back(&area, &draft.text);
        }
        self.sending.set(false);
        self.problem.set(Some(why));
    }

    /// Moves the keyboard to the box when the page is there, unless it is in use elsewhere.
    pub(super) fn begin(self) {
        if browser::dom::nothing_has_focus() {
            self.focus();
        }
    }

    /// Moves the keyboard to the box, unless that would open the keyboard of a phone.
    pub(super) fn focus(self) {
        if let Some(area) = self.area.get_untracked().filter(|_| !browser::is_touch()) {
            browser::dom::focus(&area);
        }
    }
}

/// The composer.
#[component]
pub(super) fn Composer(
    /// The conversation, unless it is a new one.
    conversation: Option<ConversationId>,
    /// What it starts with.
    setup: ComposerSetup,
    /// Its state.
    state: Composing,
    /// Called with what is to be sent.
    on_send: impl Fn(Draft) + Copy + 'static,
    /// Called when the answer is to stop.
    on_stop: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let ComposerSetup { models, selected, text, unavailable, again, .. } = setup;
    let off = unavailable.is_some();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(draft) = state.take() {
            on_send(draft);
        }
    };
    let key = move |event: KeyboardEvent| on_key(&event, on_stop);
    // Told to whoever drives the page from outside: from now on keys and buttons do what the island makes them do.
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    view! {
        <form class="composer" method="post" action="/api/send" data-awake=move || awake.get().then_some("") on:submit=submit>
            {unavailable.map(|why| view! { <Unavailable why again /> })}
            {move || state.problem.get().map(|why| view! { <Notice tone=Tone::Bad>{why}</Notice> })}
            {conversation.map(|id| view! { <input type="hidden" name="conversation" value=id.to_string() /> })}
            <div class="composer-box">
                <label class="sr-only" for="composer-text">"Message"</label>
                <textarea
                    class="composer-text"
                    id="composer-text"
                    name="text"
                    rows="1"
                    placeholder="Ask anything"
                    required=true
                    disabled=off
                    enterkeyhint="enter"
                    node_ref=state.area
                    on:keydown=key
                >
                    {text}
                </textarea>
                <div class="composer-row">
                    {(!models.is_empty()).then(|| view! { <ModelPicker models selected state /> })}
                    <span class="composer-hint">"Enter to send"</span>
                    {move || match state.running.get() {
                        Some(generation) => view! { <StopButton generation on_stop /> }.into_any(),
                        None => send_button(off, state).into_any(),
                    }}
                </div>
            </div>
            <p class="composer-note">"Models can be wrong. Check what matters."</p>
        </form>
    }
}

/// Enter sends, unless it ends a word of an input method, makes a line with Shift, or comes from a phone's keyboard.
fn on_key(event: &KeyboardEvent, on_stop: impl Fn()) {
    match event.key().as_str() {
        // 229: some input methods end their word with a key that does not say it is theirs.
        "Enter" if !event.shift_key() && !event.is_composing() && event.key_code() != 229 && !browser::is_touch() => {
            event.prevent_default();
            if let Some(area) = browser::dom::around(event.target(), "textarea") {
                browser::dom::submit(&area);
            }
        }
        "Escape" => on_stop(),
        _ => {}
    }
}

#[component]
fn Unavailable(why: String, again: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Warn title="No answers at the moment">
            <p>{why}" What was said before can still be read, searched and renamed."</p>
            <p class="actions"><LinkButton href=again icon=IconName::Refresh>"Try again"</LinkButton></p>
        </Notice>
    }
}

#[component]
fn ModelPicker(models: Vec<String>, selected: String, state: Composing) -> impl IntoView {
    let options = models
        .into_iter()
        .map(|model| {
            let taken = model == selected;
            view! { <option value=model.clone() selected=taken>{model.clone()}</option> }
        })
        .collect_view();
    view! {
        <span class="composer-model">
            <select name="model" aria-label="Model" node_ref=state.model>{options}</select>
        </span>
    }
}

fn send_button(off: bool, state: Composing) -> impl IntoView {
    view! {
        <button
            class="btn btn-primary btn-icon composer-send"
            type="submit"
            aria-label="Send"
            title="Send"
            disabled=move || off || state.sending.get()
        >
            <Icon name=IconName::Send />
        </button>
    }
}

/// Without the island it posts the whole form to another address.
#[component]
fn StopButton(generation: GenerationId, on_stop: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        on_stop();
    };
    view! {
        <button
            class="btn btn-icon composer-stop"
            type="submit"
            formaction="/api/stop"
            formnovalidate=true
            name="generation"
            value=generation.to_string()
            aria-label="Stop"
            title="Stop"
            on:click=click
        >
            <Icon name=IconName::Stop />
        </button>
    }
}
