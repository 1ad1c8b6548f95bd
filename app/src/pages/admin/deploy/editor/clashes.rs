//! What two people changed at once: both versions side by side, and the choice.

use leptos::prelude::*;
use service::deploy::{Clash, Part};

use super::difference;
use crate::{
    pages::{admin::deploy::parts::many, parts::Hidden},
    ui::{Actions, Button, ButtonKind, Notice, Segment, Segmented, Tone},
};

/// The form that brings the draft together with the catalog.
pub(super) fn all(clashes: &[Clash], seen: String, problem: Option<String>) -> impl IntoView + use<> {
    let count = many(clashes.len(), "part");
    let parts = clashes.iter().map(one).collect_view();
    view! {
        <Notice tone=Tone::Warn title="Somebody else changed the catalog meanwhile">
            <p>{format!("You both changed {count}. Say whose version is taken; what only one of you changed goes together by itself. Nothing is lost: their version stays in the history, and your draft as it is now can be brought back.")}</p>
        </Notice>
        {problem.map(|text| view! { <Notice tone=Tone::Bad><p>{text}</p></Notice> })}
        <form class="form" method="post" action="/api/rebase_draft">
            <Hidden name="seen" value=seen />
            {parts}
            <Actions>
                <Button kind=ButtonKind::Primary>"Bring them together"</Button>
            </Actions>
        </form>
    }
}

fn one(clash: &Clash) -> impl IntoView + use<> {
    let title = match &clash.part {
        Part::Stack(name) => format!("Stack {name}"),
        other => other.to_string(),
    };
    let key = format!("side.{}", clash.part.key());
    let base = clash.base.clone().unwrap_or_default();
    let side = |heading: &'static str, text: &Option<String>| {
        let label = format!("{title}: {}", heading.to_lowercase());
        let body = match text {
            Some(text) => difference::of_text(&base, text, label),
            None => view! { <p class="muted">"Taken away."</p> }.into_any(),
        };
        view! { <div class="side-by-side-part"><h3>{heading}</h3>{body}</div> }
    };
    let (theirs, mine) = (side("In the catalog now", &clash.theirs), side("In your draft", &clash.mine));
    let refused = clash.refused.clone();
    let can_be_mine = refused.is_none();
    let mut options = vec![Segment::new("theirs", "Take theirs")];
    if can_be_mine {
        options.push(Segment::new("mine", "Take mine"));
    }
    view! {
        <section class="clash">
            <h2>{title.clone()}</h2>
            {refused.map(|why| view! { <p>{format!("Yours can't be taken: {why}")}</p> })}
            <div class="side-by-side">{theirs}{mine}</div>
            <Segmented name=key label=format!("Whose version of {title}") options />
        </section>
    }
}
