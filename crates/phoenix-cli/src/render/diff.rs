//! What changes between two versions.

use std::fmt::Write as _;

use service::deploy::{
    Also, Proposal,
    diff::{Change, StackDiff},
    words::{self, short, short_digest},
};

use super::{indented, plan};
use crate::terminal::{Paint, Tone, clean};

/// What going back, carrying over or releasing would do.
pub(crate) fn proposal(proposal: &Proposal, paint: Paint) -> String {
    let stack = proposal.also.stack();
    let what = match &proposal.also {
        Also::Rollback { to, .. } => {
            let to = to.map_or_else(|| "the one before".to_owned(), |number| number.to_string());
            format!("Rolls {}/{} back to revision {to} and holds it there.", stack.environment, stack.stack)
        }
        Also::Promote { from, revision, .. } => {
            let which = revision.map_or_else(|| "newest revision".to_owned(), |number| format!("revision {number}"));
            format!("Carries {} over from {from} ({which}) to {} and holds it there.", stack.stack, stack.environment)
        }
        Also::Release { .. } => format!("Lets the catalog decide about {}/{} again.", stack.environment, stack.stack),
    };
    let mut text = format!("{}\n", paint.paint(Tone::Strong, &clean(&what)));
    text.push_str(&difference(&proposal.difference, paint));
    text.push('\n');
    text.push_str(&plan(&proposal.plan, paint));
    text
}

fn difference(diff: &StackDiff, paint: Paint) -> String {
    let mut text = String::new();
    let line = |before: Option<String>, after: Option<String>, name: &str| match (before, after) {
        (None, Some(after)) => paint.paint(Tone::Good, &format!("+ {name}: {after}")),
        (Some(before), None) => paint.paint(Tone::Bad, &format!("- {name}: {before}")),
        (before, after) => paint
            .paint(Tone::Warn, &format!("~ {name}: {} → {}", before.unwrap_or_default(), after.unwrap_or_default())),
    };
    if let Some((before, after)) = &diff.commits {
        let commit = |one: &Option<String>| {
            Some(one.as_deref().map_or_else(|| "a text".to_owned(), |one| short(one).to_owned()))
        };
        let _ = writeln!(text, "  {}", line(commit(before), commit(after), "commit"));
    }
    for one in &diff.variables {
        let shown =
            |value: &Option<service::deploy::model::Shown>| value.as_ref().map(|value| clean(&words::shown(value)));
        let _ = writeln!(text, "  {}", line(shown(&one.before), shown(&one.after), &clean(&one.name)));
    }
    for one in &diff.images {
        let digest = |digest: &Option<String>| {
            Some(digest.as_deref().map_or_else(|| "unknown".to_owned(), |digest| short_digest(digest).to_owned()))
        };
        let _ =
            writeln!(text, "  {}", line(digest(&one.before), digest(&one.after), &format!("image of {}", one.service)));
    }
    for hunk in diff.compose.iter().flat_map(|compose| &compose.hunks) {
        let _ =
            writeln!(text, "  {}", paint.paint(Tone::Place, &format!("@@ compose file, line {} @@", hunk.after_line)));
        for one in &hunk.lines {
            let (sign, tone) = match one.change {
                Change::Kept => (' ', Tone::Plain),
                Change::Removed => ('-', Tone::Bad),
                Change::Added => ('+', Tone::Good),
            };
            let _ = writeln!(text, "  {}", paint.paint(tone, &format!("{sign} {}", clean(&one.text))));
        }
    }
    if text.is_empty() {
        text = indented("Nothing differs from what is wanted now.", 2);
    }
    text
}

/// A unified difference, coloured.
pub(crate) fn unified(text: &str, paint: Paint) -> String {
    text.lines()
        .map(|line| {
            let tone = match line.as_bytes().first() {
                _ if line.starts_with("+++") || line.starts_with("---") => Tone::Strong,
                Some(b'+') => Tone::Good,
                Some(b'-') => Tone::Bad,
                Some(b'@') => Tone::Place,
                _ => Tone::Plain,
            };
            format!("{}\n", paint.paint(tone, &clean(line)))
        })
        .collect()
}
