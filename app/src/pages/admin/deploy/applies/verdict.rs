//! How an apply ended: the verdict with its evidence, and what to do.

use leptos::prelude::*;
use service::deploy::{
    ApplyState, ApplyView,
    model::{Action, Receipt, RollbackOutcome, Verdict},
    words::Worded,
};

use super::{
    super::{
        parts::{encode, plan_address, stack_address},
        plan::prune_key,
    },
    live::Told,
};
use crate::ui::{ButtonKind, IconName, LinkButton, Notice, Tone};

/// The verdict; nothing while the apply runs.
pub(super) fn of(told: &Told) -> Option<AnyView> {
    let view = &told.view;
    let words = view.summary.state.words();
    let tone = match view.summary.state {
        ApplyState::Running => return None,
        ApplyState::Succeeded => Tone::Good,
        ApplyState::Cancelled => Tone::Neutral,
        ApplyState::Failed => Tone::Bad,
    };
    let failed: Vec<&Receipt> =
        view.receipts.iter().filter(|one| matches!(one.verdict, Verdict::Failed { .. })).collect();
    let healthy = view.receipts.iter().filter(|one| one.verdict.is_success()).count();
    let title = match view.summary.state {
        ApplyState::Succeeded => "It is done".to_owned(),
        ApplyState::Cancelled => "It was cancelled".to_owned(),
        _ => format!("It failed: {} of {} steps ended well", healthy, view.summary.plan.steps.len()),
    };
    let evidence = (view.summary.state == ApplyState::Succeeded)
        .then(|| view! { <p>"Every container was seen running with the image the plan names, and healthy for the settling time."</p> });
    let acts =
        failed.iter().map(|receipt| acts(receipt, told.good.get(&receipt.step).copied(), told.may)).collect_view();
    let again = again(view).filter(|_| told.may);
    Some(
        view! {
            <Notice tone title>
                <p>{words.text}</p>
                {evidence}
                <ul class="acts">{acts}</ul>
                {again}
            </Notice>
        }
        .into_any(),
    )
}

/// What can be done about a step that failed.
fn acts(receipt: &Receipt, good: Option<u64>, may: bool) -> impl IntoView + use<> {
    let id = receipt.step.as_str();
    let (environment, stack) = id.rsplit_once('/').unwrap_or(("", id));
    let (environment, stack) = (environment.to_owned(), stack.to_owned());
    let restored = matches!(
        &receipt.verdict,
        Verdict::Failed { rollback: Some(RollbackOutcome::Restored { .. } | RollbackOutcome::Removed), .. }
    );
    let back = good
        .filter(|_| may && !restored && !matches!(receipt.action, Action::Remove { .. }))
        .map(|number| format!("{}&rollback={number}", plan_address(&environment, &stack)));
    let plan = plan_address(&environment, &stack);
    let about = format!("{stack} on {environment}");
    let again = format!("Try {about} again");
    let why = receipt.verdict.words().text;
    view! {
        <li class="act">
            <div class="act-about"><strong>{about.clone()}</strong><p>{why}</p></div>
            {may.then(|| view! {
                <LinkButton href=plan kind=ButtonKind::Primary attr:aria-label=again icon=IconName::Refresh>"Try again"</LinkButton>
            })}
            {back.map(|href| view! {
                <LinkButton href attr:aria-label=format!("Roll {about} back") icon=IconName::Undo>"Roll back"</LinkButton>
            })}
            <LinkButton href=stack_address(&environment, &stack) attr:aria-label=format!("Look at {about}") kind=ButtonKind::Ghost>"Look at it"</LinkButton>
        </li>
    }
}

/// After a cancelled apply: the rest of its plan.
fn again(view: &ApplyView) -> Option<impl IntoView + use<>> {
    if view.summary.state != ApplyState::Cancelled {
        return None;
    }
    let done: Vec<&str> =
        view.receipts.iter().filter(|one| one.verdict.is_success()).map(|one| one.step.as_str()).collect();
    let rest: Vec<String> = view
        .summary
        .plan
        .steps
        .iter()
        .map(|step| step.id.as_str())
        .filter(|id| !done.contains(id))
        .map(|id| format!("only={}", encode(id)))
        .collect();
    (!rest.is_empty()).then(|| {
        let prune = prune_key(view.summary.plan.options.prune);
        let href = format!("/admin/plan?prune={prune}&{}", rest.join("&"));
        view! { <div class="actions"><LinkButton href kind=ButtonKind::Primary icon=IconName::Changes>"Plan the rest"</LinkButton></div> }
    })
}
