//! The steps of a diagnosis, as far as they came.

use leptos::prelude::*;
use service::deploy::environments::{
    Bound, BoundHow, DiagnosisStep, Outcome, Verdict, Walk, WalkAct, WalkEnd, check_words, finding_words, verdict_words,
};
use types::Millis;

use crate::{
    pages::parts::When,
    ui::{Chip, IconName, Notice, Tone},
};

/// Seconds until a page with an act under way loads itself again.
pub(super) const AGAIN_S: u32 = 2;

/// What was done last for a machine, and how it went.
pub(super) fn shown(walk: Walk, now: Millis) -> impl IntoView {
    let Walk { act, began_at, steps, end, .. } = walk;
    let running = end.is_none();
    let word = match act {
        WalkAct::Test => "Tested",
        WalkAct::Bind => "Bound",
        WalkAct::Rebind => "Bound to the catalog's address",
    };
    let steps = steps.iter().map(step).collect_view();
    view! {
        <section id="steps" aria-labelledby="steps-title">
            <div class="block-head">
                <h2 id="steps-title">"The way to it"</h2>
                <span class="cell-sub">{if running { "Begun " } else { word }}" "<When at=began_at now /></span>
            </div>
            {end.map(ended)}
            {running.then(|| view! {
                <div class="summary" role="status" data-reload=AGAIN_S.to_string()>
                    <Chip icon=IconName::Clock tone=Tone::Accent>"Under way"</Chip>
                    <span class="muted">"A host that is silent takes Portainer a minute. It goes on whatever becomes of this page."</span>
                </div>
            })}
            <ol class="rows checks">{steps}</ol>
        </section>
    }
}

fn ended(end: WalkEnd) -> AnyView {
    match end {
        WalkEnd::Tested(diagnosis) => {
            let (tone, title) = match diagnosis.verdict {
                Verdict::Connected => (Tone::Good, "Connected"),
                Verdict::Ready => (Tone::Accent, "Ready to be bound"),
                Verdict::Unclear => (Tone::Warn, "Not clear yet"),
                Verdict::Broken => (Tone::Bad, "Something stands in the way"),
            };
            view! { <Notice tone title>{verdict_words(diagnosis.verdict)}</Notice> }.into_any()
        }
        WalkEnd::Bound(bound) => {
            let text = bound_words(&bound);
            view! { <Notice tone=Tone::Good title="It is an environment">{text}</Notice> }.into_any()
        }
        WalkEnd::Refused(problem) => {
            view! { <Notice tone=Tone::Bad title="It did not come about"><p>{problem.message}</p></Notice> }.into_any()
        }
    }
}

fn bound_words(bound: &Bound) -> String {
    let how = match &bound.how {
        BoundHow::Registered => "was registered".to_owned(),
        BoundHow::Found => "was registered already, at this address".to_owned(),
        BoundHow::FoundOtherwise => "was registered already, without an agent".to_owned(),
        BoundHow::Moved { from } => format!("was moved here from {from}"),
    };
    format!("Portainer has {} as number {}; it {how}.", bound.target.environment, bound.id)
}

fn step(step: &DiagnosisStep) -> impl IntoView + use<> {
    let (icon, tone, word) = match step.outcome {
        Outcome::Passed => (IconName::Check, Tone::Good, "Passed"),
        Outcome::Noted => (IconName::Info, Tone::Neutral, "Noted"),
        Outcome::Failed => (IconName::Alert, Tone::Bad, "Failed"),
        Outcome::Skipped => (IconName::Clock, Tone::Neutral, "Not looked at"),
    };
    let (detail, remedy) = finding_words(&step.finding);
    // A step that failed on the way of another is not to be mended here.
    let remedy = remedy.filter(|_| matches!(step.outcome, Outcome::Failed | Outcome::Noted));
    let took = (step.outcome != Outcome::Skipped).then(|| took_words(step.took_ms));
    view! {
        <li class="rowitem check-row">
            <div class="rowitem-text">
                <span class="cell-title">{check_words(step.check)}</span>
                <span class="cell-sub image">{detail}</span>
                {remedy.map(|text| view! { <span class="remedy">{text}</span> })}
            </div>
            {took.map(|text| view! { <span class="cell-sub num">{text}</span> })}
            <Chip icon tone>{word}</Chip>
        </li>
    }
}

fn took_words(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

#[cfg(test)]
mod tests {
    use super::took_words;

    #[test]
    fn times_are_short() {
        assert_eq!(
            (took_words(0).as_str(), took_words(999).as_str(), took_words(3_250).as_str()),
            ("0 ms", "999 ms", "3.2 s")
        );
    }
}
