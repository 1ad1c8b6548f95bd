//! Short words that something happened, with a way back.

use leptos::prelude::*;

use super::{Icon, Tone};

/// The place where toasts appear; announced politely. Once per page.
#[component]
pub fn Toasts(
    /// [`Toast`]s, or nothing.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div id="toasts" class="toasts" role="status" aria-live="polite">
            {children.map(|children| children())}
        </div>
    }
}

/// One toast.
#[component]
pub fn Toast(
    /// What happened.
    #[prop(into)]
    text: String,
    /// How it went.
    #[prop(default = Tone::Good)]
    tone: Tone,
    /// A form with "Undo", if it can be undone.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="toast" data-tone=tone.as_str()>
            <Icon name=tone.icon() />
            <p class="toast-text">{text}</p>
            {children.map(|children| children())}
        </div>
    }
}
