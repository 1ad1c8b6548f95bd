//! The island that begins a conversation: it sends the first message and goes to the conversation's own page, which follows
//! the answer.

use leptos::{prelude::*, task::spawn_local};

use super::{
    api,
    composer::{Composer, ComposerSetup, Composing, Draft},
};
use crate::browser;

/// The composer of a new conversation.
#[island]
pub fn Opening(setup: ComposerSetup) -> impl IntoView {
    let state = Composing::new(None, setup.problem.clone());
    Effect::new(move |_| state.begin());
    let send = move |draft: Draft| {
        state.sending.set(true);
        state.problem.set(None);
        spawn_local(async move {
            match api::send(None, draft.text.clone(), draft.model.clone()).await {
                Ok(generation) => browser::go(&format!("/chat/{}", generation.conversation)),
                Err(error) => state.refused(&draft, error.0.message),
            }
        });
    };
    view! { <Composer conversation=None setup state on_send=send on_stop=|| () /> }
}
