//! A plan as people read it: what hurts first, then what is done and why, what is in the way, and in which order.

use std::{collections::BTreeMap, fmt::Write as _};

use service::deploy::{
    model::{Action, Plan, Risk, Step, StepId},
    words::{Surface, Worded as _, moment},
};

use super::count;
use crate::terminal::{Paint, Tone, clean};

/// The plan.
pub(crate) fn plan(plan: &Plan, paint: Paint) -> String {
    let mut text = String::new();
    let commit = service::deploy::words::short(&plan.catalog_commit);
    let dirty = if plan.catalog_commit.contains('+') { " with changes that are not committed" } else { "" };
    // Writing to a String can't fail.
    let _ = writeln!(text, "Plan of catalog {commit}{dirty}, {}", moment(plan.made_at));
    warnings(plan, paint, &mut text);
    steps(plan, paint, &mut text);
    blocked(plan, paint, &mut text);
    order(plan, paint, &mut text);
    let _ = writeln!(text, "\n{}", summary(plan, paint));
    text
}

fn warnings(plan: &Plan, paint: Paint, text: &mut String) {
    if plan.warnings.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", paint.paint(Tone::Strong, "Warnings"));
    for warning in &plan.warnings {
        let place = match warning.stack.as_str() {
            "" => warning.environment.clone(),
            stack => format!("{}/{stack}", warning.environment),
        };
        let words = warning.words();
        let sign = paint.paint(Tone::Warn, "!");
        let _ = writeln!(
            text,
            "  {sign} {}: {}",
            paint.paint(Tone::Strong, &clean(&place)),
            clean(&words.full(Surface::Terminal))
        );
    }
}

const fn sign(action: &Action) -> (&'static str, Tone) {
    match action {
        Action::Create => ("+", Tone::Good),
        Action::Adopt { .. } => ("+", Tone::Warn),
        Action::Update { .. } | Action::Redeploy { .. } | Action::Configure { .. } => ("~", Tone::Warn),
        Action::Rename { .. } | Action::Recreate { .. } => ("±", Tone::Bad),
        Action::Remove { .. } => ("-", Tone::Bad),
    }
}

fn steps(plan: &Plan, paint: Paint, text: &mut String) {
    let mut environments: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        environments.entry(&step.environment).or_default().push(step);
    }
    for (environment, steps) in environments {
        let _ = writeln!(text, "\n{}", paint.paint(Tone::Strong, &clean(environment)));
        for step in steps {
            let (sign, tone) = sign(&step.action);
            let risk = match step.risk {
                Risk::None | Risk::Interrupts => paint.paint(Tone::Faint, &step.risk.title()),
                Risk::TakesDownOnFailure | Risk::DownBetween => paint.paint(Tone::Warn, &step.risk.title()),
                Risk::Removes => paint.paint(Tone::Bad, &step.risk.title()),
            };
            let _ = writeln!(
                text,
                "  {} {}  {}, {risk}",
                paint.paint(tone, sign),
                paint.paint(Tone::Strong, &clean(&step.stack)),
                step.action.title()
            );
            for reason in &step.reasons {
                let _ = writeln!(text, "      {}", clean(&reason.words().full(Surface::Terminal)));
            }
            if !step.depends_on.is_empty() {
                let needs: Vec<&str> = step.depends_on.iter().map(StepId::as_str).collect();
                let _ = writeln!(text, "      {}", paint.paint(Tone::Faint, &format!("After {}.", needs.join(", "))));
            }
        }
    }
}

fn blocked(plan: &Plan, paint: Paint, text: &mut String) {
    if plan.blocked.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", paint.paint(Tone::Strong, "Blocked"));
    for one in &plan.blocked {
        let place = format!("{}/{}", one.stack.environment, one.stack.stack);
        let words = one.cause.words();
        let _ = writeln!(
            text,
            "  {} {}  {}\n      {}",
            paint.paint(Tone::Bad, "✘"),
            paint.paint(Tone::Strong, &clean(&place)),
            clean(&words.title),
            clean(&words.full(Surface::Terminal))
        );
    }
}

/// The order, where there is one to tell.
fn order(plan: &Plan, paint: Paint, text: &mut String) {
    let mut environments: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for wave in &plan.waves {
        let names: Vec<&str> =
            wave.steps.iter().map(|id| plan.step(id).map_or(id.as_str(), |step| step.stack.as_str())).collect();
        environments.entry(&wave.environment).or_default().push(names.join(", "));
    }
    environments.retain(|_, waves| waves.len() > 1);
    if environments.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", paint.paint(Tone::Strong, "Order"));
    for (environment, waves) in environments {
        let _ = writeln!(text, "  {}: {}", clean(environment), clean(&waves.join(", then ")));
    }
}

fn summary(plan: &Plan, paint: Paint) -> String {
    let mut actions: BTreeMap<&'static str, usize> = BTreeMap::new();
    for step in &plan.steps {
        let what = match step.action {
            Action::Create => "to create",
            Action::Update { .. } => "to update",
            Action::Redeploy { .. } => "to redeploy",
            Action::Configure { .. } => "to configure",
            Action::Adopt { .. } => "to adopt",
            Action::Rename { .. } => "to rename",
            Action::Recreate { .. } => "to recreate",
            Action::Remove { .. } => "to remove",
        };
        *actions.entry(what).or_default() += 1;
    }
    let mut parts: Vec<String> = actions.into_iter().map(|(what, number)| format!("{number} {what}")).collect();
    if !plan.blocked.is_empty() {
        parts.push(paint.paint(Tone::Bad, &format!("{} blocked", plan.blocked.len())));
    }
    parts.push(format!("{} in step", plan.unchanged.len()));
    if plan.is_in_step() {
        return format!(
            "{} {} in step: nothing to do.",
            paint.paint(Tone::Good, "✔"),
            count(plan.unchanged.len(), "stack is", "stacks are")
        );
    }
    format!("{}.", parts.join(", "))
}

/// The stacks that go away.
pub(crate) fn removals(plan: &Plan) -> Vec<String> {
    plan.steps.iter().filter(|step| step.risk == Risk::Removes).map(|step| step.stack.clone()).collect()
}
