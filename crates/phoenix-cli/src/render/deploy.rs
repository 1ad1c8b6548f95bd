//! How an apply ended, and what moved before one began.

use std::fmt::Write as _;

use serde::Serialize;
use service::deploy::{
    model::{ApplyVerdict, Plan, Receipt, Verdict},
    words::{Surface, Worded as _, lasting},
};

use super::{count, indented};
use crate::terminal::{Paint, Tone, clean};

/// How an apply ended, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Applied<'a> {
    pub(crate) apply: &'a str,
    pub(crate) verdict: ApplyVerdict,
    pub(crate) receipts: &'a [Receipt],
}

/// How an apply ended: what failed and why, with the last lines of logs.
pub(crate) fn applied(apply: &str, verdict: ApplyVerdict, plan: &Plan, all: &[Receipt], paint: Paint) -> String {
    let well = all.iter().filter(|one| one.verdict.is_success()).count();
    let words = verdict.words();
    let (sign, tone) = match verdict {
        ApplyVerdict::Succeeded => ("✔", Tone::Good),
        ApplyVerdict::Cancelled => ("-", Tone::Warn),
        ApplyVerdict::Failed => ("✘", Tone::Bad),
    };
    let mut text = String::new();
    if verdict != ApplyVerdict::Succeeded {
        let _ = writeln!(text, "\n{}", receipts(plan, all, paint).trim_end());
    }
    let _ = writeln!(
        text,
        "\n{} {} {well} of {} as desired. Apply {apply}.",
        paint.paint(tone, sign),
        paint.paint(tone, &words.full(Surface::Terminal)),
        count(plan.steps.len(), "step", "steps")
    );
    text
}

/// The steps of a plan with what became of each.
pub(super) fn receipts(plan: &Plan, receipts: &[Receipt], paint: Paint) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let Some(receipt) = receipts.iter().find(|one| one.step == step.id) else {
            let _ = writeln!(text, "{} {}  {}, not ended", paint.paint(Tone::Faint, "·"), step.id, step.action.title());
            continue;
        };
        let words = receipt.verdict.words();
        let (sign, tone) = match receipt.verdict {
            Verdict::Healthy | Verdict::Removed => ("✔", Tone::Good),
            Verdict::Failed { .. } => ("✘", Tone::Bad),
            Verdict::Skipped { .. } => ("-", Tone::Faint),
        };
        let revision = receipt.revision.map(|number| format!(", revision {number}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {}  {}: {}{revision}, {}",
            paint.paint(tone, sign),
            paint.paint(Tone::Strong, step.id.as_str()),
            receipt.action.title(),
            clean(&words.title),
            lasting(receipt.ended_at - receipt.started_at)
        );
        if !receipt.verdict.is_success() {
            text.push_str(&indented(&clean(&words.full(Surface::Terminal)), 4));
        }
        if !receipt.last_logs.is_empty() {
            text.push_str("    Last lines of the log:\n");
        }
        for line in &receipt.last_logs {
            let _ = writeln!(
                text,
                "      {} {}",
                paint.paint(Tone::Faint, &format!("{} |", clean(&line.service))),
                clean(&line.text)
            );
        }
    }
    text
}

/// What moved between two plans.
pub(crate) fn moved(old: &Plan, fresh: &Plan) -> String {
    let mut parts = Vec::new();
    if old.catalog_commit != fresh.catalog_commit {
        parts.push("the catalog was changed".to_owned());
    }
    let gone: Vec<&str> =
        old.steps.iter().filter(|step| fresh.step(&step.id).is_none()).map(|step| step.id.as_str()).collect();
    let new: Vec<&str> =
        fresh.steps.iter().filter(|step| old.step(&step.id).is_none()).map(|step| step.id.as_str()).collect();
    let other: Vec<&str> = old
        .steps
        .iter()
        .filter(|step| fresh.step(&step.id).is_some_and(|now| now.action != step.action || now.reasons != step.reasons))
        .map(|step| step.id.as_str())
        .collect();
    let mut tell = |names: &[&str], what: &str| {
        if !names.is_empty() {
            parts.push(format!("{} {what}", names.join(", ")));
        }
    };
    tell(&gone, "would not be changed any more");
    tell(&new, "would be changed too");
    tell(&other, "would be changed for other reasons");
    if parts.is_empty() {
        parts.push("what runs is not what it was".to_owned());
    }
    format!("What moved: {}.", parts.join("; "))
}
