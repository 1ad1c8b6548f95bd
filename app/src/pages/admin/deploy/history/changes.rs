//! How the catalog's files differ between two versions, line by line.

use leptos::prelude::*;
use service::deploy::SECRETS_FILE;
use types::catalog::FileChange;

use super::super::parts::{history_address, many};
use crate::ui::{Chip, IconName, Tone};

/// Lines of a file's difference that are shown unfolded.
const SHORT: usize = 60;
/// Lines of a file's difference that are shown at all: more is no reading matter, and git on the machine itself has it.
const MOST: usize = 1_500;

/// The files that differ, each with its lines.
pub(in super::super) fn file_changes(files: &[FileChange]) -> impl IntoView + use<> {
    let items = files.iter().map(file).collect_view();
    view! { <ul class="steps">{items}</ul> }
}

/// "3 files change", for a heading.
pub(in super::super) fn counted(files: &[FileChange]) -> String {
    many(files.len(), "file")
}

fn file(change: &FileChange) -> impl IntoView + use<> {
    let (icon, tone, word) = match (&change.before, &change.after) {
        (None, _) => (IconName::Plus, Tone::Good, "Added"),
        (_, None) => (IconName::Trash, Tone::Bad, "Removed"),
        _ => (IconName::Edit, Tone::Accent, "Changed"),
    };
    let path = change.path.clone();
    let href = history_address(Some(&path));
    view! {
        <li class="step">
            <div class="step-head">
                <div class="step-name">
                    <Chip icon tone>{word}</Chip>
                    <a class="path" href=href title="The history of this file"><code>{path}</code></a>
                </div>
            </div>
            {lines(change)}
        </li>
    }
}

fn lines(change: &FileChange) -> AnyView {
    if change.unified.is_empty() {
        let text = match (&change.before, &change.after) {
            (Some(before), Some(after)) if before == after => {
                "What changes is a secret in plain text, which is not shown. Move it into the vault."
            }
            _ => "It has no lines, or can't be read as a text.",
        };
        return view! { <p class="muted">{text}</p> }.into_any();
    }
    let all: Vec<&str> = change.unified.lines().collect();
    let count = |sign: char| all.iter().filter(|line| line.starts_with(sign)).count();
    let summary = format!("{} added, {} removed", many(count('+'), "line"), count('-'));
    let more = all.len().saturating_sub(MOST);
    let shown = all.iter().take(MOST).map(|text| line(text)).collect_view();
    let label = format!("Difference of {}", change.path);
    let is_open = all.len() <= SHORT && change.path != SECRETS_FILE;
    view! {
        <details class="diff-fold" open=is_open>
            <summary>{summary}</summary>
            <pre class="diff" tabindex="0" role="region" aria-label=label><code>{shown}</code></pre>
            {(more > 0).then(|| view! { <p class="muted">{format!("and {}; git in the catalog's folder shows them", many(more, "more line"))}</p> })}
        </details>
    }
    .into_any()
}

/// A line of a difference in unified form.
fn line(text: &str) -> AnyView {
    let change = match text.as_bytes().first() {
        Some(b'@') => return view! { <span class="diff-place">{format!("{}\n", place(text))}</span> }.into_any(),
        Some(b'\\') => {
            return view! { <span class="diff-place">"no line end at the end of the file\n"</span> }.into_any();
        }
        Some(b'+') => "added",
        Some(b'-') => "removed",
        _ => "kept",
    };
    let (sign, rest) = text.split_at_checked(1).unwrap_or((" ", ""));
    view! { <span class="diff-line" data-change=change>{format!("{sign} {rest}\n")}</span> }.into_any()
}

/// `@@ -3,7 +3,8 @@` as people say it.
fn place(text: &str) -> String {
    let at = text.split('+').nth(1).and_then(|rest| rest.split([',', ' ']).next()).unwrap_or_default();
    format!("line {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_line_afterwards() {
        assert_eq!(place("@@ -3,7 +12,8 @@"), "line 12");
        assert_eq!(place("@@ -0,0 +1 @@"), "line 1");
    }
}
