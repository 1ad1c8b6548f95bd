//! What was done: applies and revisions.

use std::fmt::Write as _;

use serde::Serialize;
use service::deploy::{
    ApplyState, ApplySummary, ApplyView, Millis,
    model::{Action, Event, Intent, Pin, PinOrigin, Plan, Receipt, Revision},
    words::{Surface, Worded as _, lasting, moment, short},
};

use super::{count, deploy::receipts};
use crate::terminal::{Cell, Paint, Table, Tone, clean};

/// An apply in a list, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct SummaryJson<'a> {
    apply: &'a str,
    actor: &'a str,
    state: &'static str,
    began_at: Millis,
    ended_at: Option<Millis>,
    catalog_commit: &'a str,
    steps: Vec<StepJson<'a>>,
}

#[derive(Debug, Serialize)]
struct StepJson<'a> {
    step: &'a str,
    action: &'a Action,
}

impl<'a> From<&'a ApplySummary> for SummaryJson<'a> {
    fn from(one: &'a ApplySummary) -> Self {
        let step = |step: &'a service::deploy::model::Step| StepJson { step: step.id.as_str(), action: &step.action };
        Self {
            apply: &one.id.0,
            actor: &one.actor,
            state: state(one.state),
            began_at: one.began_at,
            ended_at: one.ended_at,
            catalog_commit: &one.plan.catalog_commit,
            steps: one.plan.steps.iter().map(step).collect(),
        }
    }
}

/// An apply with all that was written of it, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct ApplyJson<'a> {
    #[serde(flatten)]
    summary: SummaryJson<'a>,
    plan: &'a Plan,
    calls: &'a [Intent],
    receipts: &'a [Receipt],
    events: &'a [Event],
}

impl<'a> From<&'a ApplyView> for ApplyJson<'a> {
    fn from(view: &'a ApplyView) -> Self {
        Self {
            summary: (&view.summary).into(),
            plan: &view.summary.plan,
            calls: &view.intents,
            receipts: &view.receipts,
            events: &view.events,
        }
    }
}

const fn state(state: ApplyState) -> &'static str {
    match state {
        ApplyState::Running => "running",
        ApplyState::Succeeded => "succeeded",
        ApplyState::Cancelled => "cancelled",
        ApplyState::Failed => "failed",
    }
}

const fn tone(state: ApplyState) -> Tone {
    match state {
        ApplyState::Succeeded => Tone::Good,
        ApplyState::Running | ApplyState::Cancelled => Tone::Warn,
        ApplyState::Failed => Tone::Bad,
    }
}

fn took(one: &ApplySummary) -> String {
    one.ended_at.map(|ended| lasting(ended - one.began_at)).unwrap_or_default()
}

/// Applies, as they come.
pub(crate) fn history(applies: &[ApplySummary], paint: Paint) -> String {
    if applies.is_empty() {
        return "Nothing was applied yet.\n".to_owned();
    }
    let mut table = Table::new(&["APPLY", "BEGAN", "TOOK", "BY", "STATE", "STEPS"]);
    for one in applies {
        let steps: Vec<&str> = one.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let shown = match steps.as_slice() {
            [first, second, third, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second}, {third} and {} more", rest.len())
            }
            all => all.join(", "),
        };
        table.row(vec![
            Cell::from(&one.id.0),
            Cell::from(moment(one.began_at)),
            Cell::from(took(one)),
            Cell::from(&one.actor),
            Cell::new(tone(one.state), one.state.title()),
            Cell::from(shown),
        ]);
    }
    table.render(paint)
}

/// One apply with all its steps.
pub(crate) fn apply(view: &ApplyView, paint: Paint) -> String {
    let one = &view.summary;
    let mut text = String::new();
    let _ = writeln!(text, "Apply {} by {}", paint.paint(Tone::Strong, &one.id.0), clean(&one.actor));
    let _ = writeln!(text, "  began    {}", moment(one.began_at));
    if let Some(ended) = one.ended_at {
        let _ = writeln!(text, "  ended    {} after {}", moment(ended), took(one));
    }
    let _ = writeln!(text, "  catalog  {}", short(&one.plan.catalog_commit));
    let _ = writeln!(text, "  state    {}", paint.paint(tone(one.state), &one.state.words().full(Surface::Terminal)));
    let _ = writeln!(
        text,
        "  made     {} in {}\n",
        count(view.intents.len(), "call", "calls"),
        count(one.plan.steps.len(), "step", "steps")
    );
    text.push_str(&receipts(&one.plan, &view.receipts, paint));
    text
}

/// Revisions, as they come.
pub(crate) fn revisions(revisions: &[Revision], pin: Option<&Pin>, paint: Paint) -> String {
    if revisions.is_empty() {
        return "Nothing was applied there yet.\n".to_owned();
    }
    let mut table = Table::new(&["REV", "WHEN", "BY", "ACTION", "COMMIT", "CATALOG", "NOTE"]);
    let newest = revisions.iter().map(|one| one.number).max();
    for one in revisions {
        let mut notes: Vec<String> = Vec::new();
        if Some(one.number) == newest {
            notes.push("newest".to_owned());
        }
        if pin.is_some_and(|pin| pin.revision == one.number && pin.origin == PinOrigin::Rollback) {
            notes.push("held here".to_owned());
        }
        if one.compose.is_none() {
            notes.push("no text, can't be brought back".to_owned());
        }
        let commit = match &one.source {
            service::deploy::model::DesiredSource::Git { commit, .. } => short(commit).to_owned(),
            service::deploy::model::DesiredSource::Text { .. } => match &one.pin {
                Some(pin) => format!("held at {}", pin.revision),
                None => "text".to_owned(),
            },
        };
        table.row(vec![
            Cell::new(Tone::Strong, one.number.to_string()),
            Cell::from(moment(one.at)),
            Cell::from(&one.actor),
            Cell::from(one.action.title()),
            Cell::from(commit),
            Cell::from(short(&one.catalog_commit)),
            Cell::new(Tone::Faint, notes.join(", ")),
        ]);
    }
    table.render(paint)
}
