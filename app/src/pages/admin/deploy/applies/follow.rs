//! Following an apply on its page, whatever the network does: after a loss it is asked for again from the last number.

use futures::StreamExt;
use leptos::{prelude::*, task::spawn_local};

use super::Frame;
use crate::browser::{
    dom,
    stream::{self, StreamError},
    wait::pause_or_wake,
};

/// The first pause after a loss, and the longest, in milliseconds.
const PAUSE_MS: (i32, i32) = (250, 8_000);

/// Puts the parts of the page in place as they come.
#[island]
pub fn Follow(
    /// The apply.
    apply: String,
    /// The journal's last entry on the page.
    after: u64,
) -> impl IntoView {
    let said = RwSignal::new("");
    Effect::new(move |_| spawn_local(follow(apply.clone(), after, said)));
    view! { <p class="live-line" role="status">{move || said.get()}</p> }
}

async fn follow(apply: String, mut after: u64, said: RwSignal<&'static str>) {
    let mut pause = PAUSE_MS.0;
    loop {
        match stream::open(&format!("/api/stream/applies/{apply}?after={after}")).await {
            Ok(events) => {
                said.set("");
                let mut events = std::pin::pin!(events);
                while let Some(Ok(data)) = events.next().await {
                    let Ok(frame) = serde_json::from_str::<Frame>(&data) else { break };
                    (after, pause) = (frame.n, PAUSE_MS.0);
                    show(&frame);
                    if frame.ended {
                        said.set("The apply has ended.");
                        return;
                    }
                }
            }
            Err(StreamError::Refused(_)) => return said.set("It can't be followed any more. Load the page again."),
            Err(StreamError::Lost) => {}
        }
        said.set("The line is lost; what you see may be out of date. Trying again.");
        pause_or_wake(pause).await;
        pause = (pause * 2).min(PAUSE_MS.1);
    }
}

fn show(frame: &Frame) {
    for part in &frame.parts {
        if let Some(element) = dom::by_id(&part.id) {
            dom::set_html(&element, &part.html);
        }
    }
}
