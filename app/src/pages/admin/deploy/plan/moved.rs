//! What moved since a plan was read.

use leptos::prelude::*;
use service::deploy::{
    Movement,
    model::{Plan, StepId},
    movement,
    words::short,
};

use crate::ui::{Notice, Tone};

/// Says what moved between the plan that was read and the one shown now; `before` is none when it is no longer kept.
pub(super) fn notice(before: Option<&Plan>, now: &Plan, message: String) -> AnyView {
    let Some(before) = before else {
        return view! { <Notice tone=Tone::Bad title="Nothing was done"><p>{message}</p></Notice> }.into_any();
    };
    let Movement { catalog, new, gone, changed, touched } = movement(before, now);
    let nothing = catalog.is_none() && [&new, &gone, &changed, &touched].iter().all(|one| one.is_empty());
    let catalog = catalog.map(|(from, to)| {
        let text = format!("The catalog moved from {} to {}.", short(&from), short(&to));
        view! { <li>{text}</li> }
    });
    let lines = [
        (new, "New in the plan"),
        (gone, "No longer in the plan"),
        (changed, "Changed in the plan"),
        (touched, "Moved on the live side, with the same to do"),
    ]
    .map(|(steps, words)| line(&steps, words));
    let message = if nothing {
        message
    } else {
        "Something moved since you read the plan, so nothing was done. Below is the plan as it is now.".to_owned()
    };
    view! {
        <Notice tone=Tone::Bad title="It moved">
            <p>{message}</p>
            <ul class="moved">{catalog}{lines.into_iter().collect_view()}</ul>
        </Notice>
    }
    .into_any()
}

fn line(steps: &[StepId], words: &'static str) -> Option<impl IntoView + use<>> {
    let names = steps.iter().map(StepId::as_str).collect::<Vec<_>>().join(", ");
    (!steps.is_empty()).then(|| view! { <li><strong>{words}": "</strong>{names}</li> })
}
