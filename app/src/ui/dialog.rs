//! Dialogs on the browser's own popovers: opened by a [`super::PopButton`], closed by Escape, a click outside or their
//! close button, all without script.

use leptos::prelude::*;

use super::{Icon, IconName};

/// A dialog in the middle of the page; a sheet from below on a phone.
#[component]
pub fn Dialog(
    /// The id by which it is opened.
    #[prop(into)]
    id: String,
    /// Its heading.
    #[prop(into)]
    title: String,
    /// Whether it is a panel at the right edge.
    #[prop(optional)]
    panel: bool,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    view! {
        <dialog
            class=if panel { "dialog dialog-panel" } else { "dialog" }
            id=id.clone()
            popover="auto"
            aria-labelledby=title_id.clone()
        >
            <div class="dialog-head">
                <h2 class="dialog-title" id=title_id.clone()>
                    {title}
                </h2>
                <button
                    class="btn btn-icon btn-ghost"
                    type="button"
                    popovertarget=id.clone()
                    popovertargetaction="hide"
                    aria-label="Close"
                    title="Close"
                >
                    <Icon name=IconName::Close />
                </button>
            </div>
            <div class="dialog-body">{children()}</div>
        </dialog>
    }
}
