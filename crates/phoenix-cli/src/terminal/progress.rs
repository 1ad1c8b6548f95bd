//! An apply as it goes on: on a terminal one moving line for each step under way, elsewhere a line with its time for each event.

use std::{collections::BTreeMap, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use service::deploy::{
    Millis,
    model::{Event, EventKind, StepId, Verdict},
    words::{Worded as _, lasting, moment},
};

use super::{Paint, Tone};

/// See the module.
pub(crate) struct Progress {
    live: Option<MultiProgress>,
    paint: Paint,
    under_way: BTreeMap<StepId, ProgressBar>,
    began: BTreeMap<StepId, Millis>,
}

impl Progress {
    pub(crate) fn new(live: bool, paint: Paint) -> Self {
        Self { live: live.then(MultiProgress::new), paint, under_way: BTreeMap::new(), began: BTreeMap::new() }
    }

    /// Takes an event; what is to be written for good comes back.
    pub(crate) fn take(&mut self, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::StepBegun { step } => {
                self.began.insert(step.clone(), event.at);
                self.begin(step);
            }
            EventKind::StepEnded { step, verdict } => {
                self.end(step);
                return Some(self.line(event, &self.ended(step, verdict, event.at)));
            }
            _ => {}
        }
        if self.live.is_none() {
            return Some(self.line(event, &event.words().title));
        }
        let Some(step) = step_of(&event.kind) else {
            return matches!(event.kind, EventKind::Begun { resumed: true }).then(|| event.words().text);
        };
        let title = event.words().title;
        let what = title.strip_prefix(&format!("{step}: ")).unwrap_or(&title);
        if let Some(bar) = self.under_way.get(step) {
            bar.set_message(what.to_owned());
        }
        None
    }

    /// Writes above what moves.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.live {
            Some(live) => live.suspend(write),
            None => write(),
        }
    }

    fn begin(&mut self, step: &StepId) {
        let Some(live) = &self.live else { return };
        let bar = live.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {msg}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_prefix(step.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.under_way.insert(step.clone(), bar);
    }

    fn end(&mut self, step: &StepId) {
        if let Some(bar) = self.under_way.remove(step) {
            bar.finish_and_clear();
        }
    }

    fn ended(&self, step: &StepId, verdict: &Verdict, at: Millis) -> String {
        let words = verdict.words();
        let (sign, tone) = match verdict {
            Verdict::Healthy | Verdict::Removed => ("✔", Tone::Good),
            Verdict::Failed { .. } => ("✘", Tone::Bad),
            Verdict::Skipped { .. } => ("-", Tone::Faint),
        };
        let took = self.began.get(step).map(|began| format!(" after {}", lasting(at - began))).unwrap_or_default();
        format!("{} {step}: {}{took}", self.paint.paint(tone, sign), self.paint.paint(tone, &words.title))
    }

    fn line(&self, event: &Event, text: &str) -> String {
        match &self.live {
            Some(_) => text.to_owned(),
            None => format!("{}  {text}", self.paint.paint(Tone::Faint, &moment(event.at))),
        }
    }
}

const fn step_of(kind: &EventKind) -> Option<&StepId> {
    match kind {
        EventKind::StepBegun { step }
        | EventKind::Calling { step, .. }
        | EventKind::OutcomeUnknown { step, .. }
        | EventKind::Container { step, .. }
        | EventKind::Settling { step }
        | EventKind::RollingBack { step }
        | EventKind::StepEnded { step, .. } => Some(step),
        EventKind::Begun { .. } | EventKind::Ended { .. } => None,
    }
}
