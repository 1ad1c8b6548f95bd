//! Small pieces that several pages show.

use leptos::prelude::*;
use types::Millis;

use crate::server::{ToastNote, exact, machine, relative};

/// A time: how long ago in words, the exact one in the title.
#[component]
pub(crate) fn When(at: Millis, now: Millis) -> impl IntoView {
    view! { <time datetime=machine(at) title=exact(at)>{relative(at, now)}</time> }
}

/// A hidden field that names what a form acts upon.
#[component]
pub(crate) fn Hidden(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value /> }
}

/// The message for `?done=word`, from the words a page knows. Anything else says nothing: addresses are not trusted to speak.
pub(crate) fn done(word: Option<&str>, known: &[(&str, &'static str)]) -> Option<ToastNote> {
    let word = word?;
    known.iter().find(|(name, _)| *name == word).map(|(_, text)| ToastNote::new(*text))
}

/// A text as it stands in an address's query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
