//! Applies in lists.

use std::collections::BTreeSet;

use leptos::prelude::*;
use service::deploy::{
    ApplyState, ApplySummary,
    words::{Worded, lasting},
};
use types::Millis;

use super::super::{containers::capital, parts::many};
use crate::{
    pages::parts::When,
    ui::{Chip, Icon, IconName, Tone},
};

/// What an apply does, in a line.
pub(in super::super) fn apply_title(apply: &ApplySummary) -> String {
    let environments: BTreeSet<&str> = apply.plan.steps.iter().map(|step| step.environment.as_str()).collect();
    let names = environments.into_iter().collect::<Vec<_>>().join(", ");
    match apply.plan.steps.as_slice() {
        [one] => format!("{} {} on {names}", capital(&one.action.title()), one.stack),
        steps => format!("{} on {names}", many(steps.len(), "step")),
    }
}

/// Where an apply stands.
#[component]
pub(in super::super) fn ApplyChip(state: ApplyState) -> impl IntoView {
    let (icon, tone) = match state {
        ApplyState::Running => (IconName::Play, Tone::Accent),
        ApplyState::Succeeded => (IconName::Check, Tone::Good),
        ApplyState::Cancelled => (IconName::Stop, Tone::Neutral),
        ApplyState::Failed => (IconName::Alert, Tone::Bad),
    };
    view! { <Chip icon tone>{capital(&state.title())}</Chip> }
}

/// An apply in a list.
#[component]
pub(in super::super) fn ApplyRow(apply: ApplySummary, now: Millis) -> impl IntoView {
    let title = apply_title(&apply);
    let took = apply.ended_at.map(|at| format!(" · took {}", lasting(at - apply.began_at)));
    view! {
        <li>
            <a class="rowitem rowitem-link matter" href=format!("/admin/applies/{}", apply.id)>
                <ApplyChip state=apply.state />
                <div class="rowitem-text">
                    <span class="cell-title">{title}</span>
                    <span class="cell-sub"><When at=apply.began_at now />" by "{apply.actor}{took}</span>
                </div>
                <Icon name=IconName::ChevronRight />
            </a>
        </li>
    }
}
