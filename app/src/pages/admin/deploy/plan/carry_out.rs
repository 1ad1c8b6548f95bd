//! The form that carries a plan out, and the one that narrows it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use service::deploy::{Ask, Review, model::Plan, removed, words::Worded};

use super::{
    super::{containers::capital, parts::many},
    ask,
    steps::CHOOSING,
};
use crate::{
    pages::parts::Hidden,
    server::FormState,
    ui::{Button, ButtonKind, Choice, IconName},
};

/// The bar with the button that does it.
pub(super) fn bar(review: &Review, form: &FormState) -> impl IntoView + use<> {
    let plan = &review.plan;
    let goes: Vec<(String, String)> =
        removed(plan).map(|step| (step.environment.clone(), step.stack.clone())).collect();
    let destroys = !goes.is_empty();
    let kind = if destroys { ButtonKind::Danger } else { ButtonKind::Primary };
    let fields = goes
        .into_iter()
        .enumerate()
        .map(|(index, (environment, stack))| {
            let name = format!("confirm[{index}]");
            let id = format!("confirm-{index}");
            let typed = form.value(&name);
            view! {
                <div class="field">
                    <label class="field-label" for=id.clone()>
                        "Type "<code>{stack.clone()}</code>" to remove it from "{environment}
                    </label>
                    <input class="input" id=id name=name value=typed autocomplete="off" required=true />
                </div>
            }
        })
        .collect_view();
    let fingerprint = plan.fingerprint.as_str().to_owned();
    let (what, words) = (summary(plan), button_words(plan));
    view! {
        <form class="carry-out" method="post" action="/api/apply_plan">
            <Hidden name="fingerprint" value=fingerprint />
            {destroys.then(|| view! { <div class="carry-out-confirm">{fields}</div> })}
            <div class="carry-out-line">
                <p class="carry-out-what">{what}</p>
                <Button kind icon=IconName::Play>{words}</Button>
            </div>
        </form>
    }
}

fn summary(plan: &Plan) -> String {
    let environments: BTreeSet<&str> = plan.steps.iter().map(|step| step.environment.as_str()).collect();
    let names = environments.into_iter().collect::<Vec<_>>().join(", ");
    format!("{} on {names}", many(plan.steps.len(), "step"))
}

/// What the button does, by name if it is one thing.
fn button_words(plan: &Plan) -> String {
    match plan.steps.as_slice() {
        [one] => format!("{} {}", capital(&one.action.title()), one.stack),
        many => format!("Apply {} steps", many.len()),
    }
}

/// How the plan is made, to be made otherwise. Removing what no catalog names is for whoever may do it `everywhere`.
pub(super) fn options(asked: &Ask, environments: &[String], narrows: bool, everywhere: bool) -> impl IntoView + use<> {
    let environment = asked.environment.clone().unwrap_or_default();
    let every =
        std::iter::once((String::new(), if everywhere { "Every environment" } else { "Each of yours" }.to_owned()));
    let places = every.chain(environments.iter().map(|name| (name.clone(), name.clone()))).collect();
    let prune = [("", "Remove nothing"), ("managed", "Remove what it dropped"), ("all", "Remove everything else")];
    let failure = [("", "On failure: stop"), ("continue", "On failure: go on"), ("roll_back", "On failure: roll back")];
    let (pruned, failed) = (ask::prune_key(asked.prune), ask::failure_key(asked.on_failure));
    view! {
        <form class="filters" id=CHOOSING method="get" action="/admin/plan" aria-label="How to plan">
            <Choice name="env" label="Environment" options=places selected=environment />
            {everywhere.then(|| view! { <Choice name="prune" label="What is not in the catalog" options=owned(&prune) selected=pruned /> })}
            <Choice name="on_failure" label="When a step fails" options=owned(&failure) selected=failed />
            <Button>{if narrows { "Plan with these" } else { "Plan" }}</Button>
            {narrows.then(|| view! { <Hidden name="chosen" value=ask::chosen_key(asked) /> })}
        </form>
    }
}

fn owned(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect()
}
