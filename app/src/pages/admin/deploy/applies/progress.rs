//! How far each step of an apply is, read out of its journal.

use std::collections::BTreeMap;

use service::deploy::{
    ApplyState, ApplyView,
    model::{Call, Condition, EventKind, Receipt, Step, StepId},
};
use types::Millis;

/// A step on its way.
pub(super) struct Progress<'a> {
    /// The step.
    pub(super) step: &'a Step,
    /// Where it is.
    pub(super) phase: Phase<'a>,
    /// When it began.
    pub(super) began: Option<Millis>,
    /// Its containers as they were last told: name, service, condition.
    pub(super) containers: BTreeMap<&'a str, (&'a str, Condition)>,
}

/// Where a step is.
pub(super) enum Phase<'a> {
    /// Not begun; it may still be.
    Waiting,
    /// Begun, and nothing was called yet.
    Begun,
    /// A call is under way.
    Calling(&'a Call),
    /// A call broke off; what became of it is being looked for.
    Unsure(&'a Call),
    /// Deployed, and not yet well.
    Watching,
    /// As desired; it must stay so for a while.
    Settling,
    /// Being brought back.
    RollingBack,
    /// Ended.
    Ended(&'a Receipt),
    /// The apply ended without a word about it.
    Untold,
}

/// The steps of an apply in the plan's order.
pub(super) fn of(view: &ApplyView) -> Vec<Progress<'_>> {
    let over = view.summary.state != ApplyState::Running;
    let receipts: BTreeMap<&StepId, &Receipt> = view.receipts.iter().map(|one| (&one.step, one)).collect();
    let mut steps: Vec<Progress<'_>> = view
        .summary
        .plan
        .steps
        .iter()
        .map(|step| Progress { step, phase: Phase::Waiting, began: None, containers: BTreeMap::new() })
        .collect();
    let mut by_id: BTreeMap<&StepId, &mut Progress<'_>> = steps.iter_mut().map(|one| (&one.step.id, one)).collect();
    for event in &view.events {
        take(&mut by_id, &event.kind, event.at);
    }
    for (id, receipt) in receipts {
        if let Some(one) = by_id.get_mut(id) {
            one.phase = Phase::Ended(receipt);
            one.began = Some(receipt.started_at);
        }
    }
    drop(by_id);
    if over {
        for one in steps.iter_mut().filter(|one| !matches!(one.phase, Phase::Ended(_))) {
            one.phase = Phase::Untold;
        }
    }
    steps
}

fn take<'a>(steps: &mut BTreeMap<&StepId, &mut Progress<'a>>, kind: &'a EventKind, at: Millis) {
    let mut on = |step: &StepId, change: &mut dyn FnMut(&mut Progress<'a>)| {
        if let Some(one) = steps.get_mut(step) {
            change(one);
        }
    };
    match kind {
        EventKind::StepBegun { step } => on(step, &mut |one| {
            one.began = Some(one.began.unwrap_or(at));
            one.phase = Phase::Begun;
        }),
        EventKind::Calling { step, call } => on(step, &mut |one| one.phase = Phase::Calling(call)),
        EventKind::OutcomeUnknown { step, call } => on(step, &mut |one| one.phase = Phase::Unsure(call)),
        EventKind::Container { step, service, container, condition } => on(step, &mut |one| {
            one.containers.insert(container, (service, *condition));
            if !matches!(one.phase, Phase::RollingBack) {
                one.phase = Phase::Watching;
            }
        }),
        EventKind::Settling { step } => on(step, &mut |one| one.phase = Phase::Settling),
        EventKind::RollingBack { step } => on(step, &mut |one| one.phase = Phase::RollingBack),
        EventKind::Begun { .. } | EventKind::StepEnded { .. } | EventKind::Ended { .. } => {}
    }
}
