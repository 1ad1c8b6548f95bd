//! What would be done, in its order: environments, waves, steps.

use std::collections::BTreeMap;

use leptos::prelude::*;
use service::deploy::{
    Review,
    diff::StackDiff,
    model::{Action, Reason, Risk, Step, StepId},
    words::Worded,
};

use super::{
    super::{
        containers::capital,
        parts::{Finding, environment_address, stack_address},
    },
    differences,
};
use crate::ui::{Chip, IconName, Tone};

/// The form that the boxes of steps belong to.
pub(super) const CHOOSING: &str = "choosing";

/// The steps by environment and wave. With `choosing`, each has a box to leave it out.
pub(super) fn all(review: &Review, choosing: bool) -> impl IntoView + use<> {
    let mut environments: BTreeMap<&str, BTreeMap<u32, Vec<&Step>>> = BTreeMap::new();
    for step in &review.plan.steps {
        environments.entry(&step.environment).or_default().entry(step.wave).or_default().push(step);
    }
    environments
        .into_iter()
        .map(|(name, waves)| {
            let several = waves.len() > 1;
            let id = format!("on-{name}");
            let lists = waves
                .into_values()
                .enumerate()
                .map(|(index, steps)| wave(index, several, &steps, review, choosing))
                .collect_view();
            view! {
                <section class="plan-environment" aria-labelledby=id.clone()>
                    <div class="block-head"><h2 id=id.clone()><a class="card-name" href=environment_address(name)>{name.to_owned()}</a></h2></div>
                    {lists}
                </section>
            }
        })
        .collect_view()
}

fn wave(index: usize, several: bool, steps: &[&Step], review: &Review, choosing: bool) -> impl IntoView + use<> {
    let heading = several.then(|| {
        let words = if index == 0 { "First".to_owned() } else { "Then, when those are healthy".to_owned() };
        view! { <h3 class="wave">{words}</h3> }
    });
    let items = steps.iter().map(|one| step(one, review.differences.get(&one.id), choosing)).collect_view();
    view! {
        {heading}
        <ul class="steps">{items}</ul>
    }
}

fn step(step: &Step, difference: Option<&StackDiff>, choosing: bool) -> impl IntoView + use<> {
    let verb = capital(&step.action.title());
    let icon = action_icon(&step.action);
    let label = format!("{verb} {} on {}", step.stack, step.environment);
    let choice = choosing.then(|| {
        view! {
            <label class="step-choice">
                <input class="check-input" type="checkbox" name="only" value=step.id.as_str().to_owned() checked=true form=CHOOSING aria-label=label />
            </label>
        }
    });
    let reasons: Vec<&Reason> = step.reasons.iter().filter(|reason| !differences::is_told(reason)).collect();
    let reasons = reasons
        .into_iter()
        .map(|reason| view! { <Finding words=reason.words() icon=IconName::Info /> })
        .collect::<Vec<_>>();
    let waits = waits_for(&step.depends_on);
    let what = match step.risk {
        Risk::TakesDownOnFailure | Risk::DownBetween => {
            format!("{} {}", step.action.words().text, step.risk.words().text)
        }
        Risk::None | Risk::Interrupts | Risk::Removes => step.action.words().text,
    };
    view! {
        <li class="step" data-tone=risk_tone(step.risk).as_str()>
            <div class="step-head">
                {choice}
                <div class="step-name">
                    <Chip icon tone=Tone::Accent>{verb}</Chip>
                    <a class="cell-title" href=stack_address(&step.environment, &step.stack)>{step.stack.clone()}</a>
                </div>
                <RiskChip risk=step.risk />
            </div>
            <p class="muted">{what}</p>
            {(!reasons.is_empty()).then(|| view! { <ul class="findings">{reasons}</ul> })}
            {differences::of_step(step, difference)}
            {waits.map(|text| view! { <p class="cell-sub">{text}</p> })}
        </li>
    }
}

fn waits_for(steps: &[StepId]) -> Option<String> {
    let names: Vec<&str> =
        steps.iter().map(|id| id.as_str().rsplit_once('/').map_or(id.as_str(), |(_, stack)| stack)).collect();
    (!names.is_empty()).then(|| format!("Waits for {}.", names.join(", ")))
}

/// What a step costs.
#[component]
pub(super) fn RiskChip(risk: Risk) -> impl IntoView {
    let icon = match risk {
        Risk::None => IconName::Check,
        Risk::Interrupts => IconName::Clock,
        Risk::TakesDownOnFailure | Risk::DownBetween => IconName::Alert,
        Risk::Removes => IconName::Trash,
    };
    view! { <Chip icon tone=risk_tone(risk)>{capital(&risk.title())}</Chip> }
}

const fn risk_tone(risk: Risk) -> Tone {
    match risk {
        Risk::None | Risk::Interrupts => Tone::Neutral,
        Risk::TakesDownOnFailure | Risk::DownBetween => Tone::Warn,
        Risk::Removes => Tone::Bad,
    }
}

const fn action_icon(action: &Action) -> IconName {
    match action {
        Action::Create => IconName::Plus,
        Action::Update { .. } | Action::Configure { .. } => IconName::Edit,
        Action::Redeploy { .. } | Action::Recreate { .. } => IconName::Refresh,
        Action::Adopt { .. } => IconName::Link,
        Action::Rename { .. } => IconName::ArrowRight,
        Action::Remove { .. } => IconName::Trash,
    }
}
