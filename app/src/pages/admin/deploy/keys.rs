//! The key `/`: to the search field.

use leptos::{ev, prelude::*};

use crate::browser::dom;

/// Lets `/` lead to the field marked `data-slash`, unless something is being typed.
#[island]
pub fn SlashKey() -> impl IntoView {
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, |event| {
            let typing = dom::around(event.target(), "input, textarea, select").is_some();
            let held = event.ctrl_key() || event.meta_key() || event.alt_key();
            if event.key() == "/"
                && !typing
                && !held
                && let Some(field) = dom::find_in_page("[data-slash]")
            {
                event.prevent_default();
                dom::focus(&field);
            }
        });
        on_cleanup(move || handle.remove());
    });
    view! { <kbd class="key" aria-hidden="true">"/"</kbd> }
}
