//! Differences of texts, line by line.

use leptos::prelude::*;
use service::deploy::diff::{self, Change};
use types::catalog::FileChange;

/// Lines of a difference that are shown at first; a longer one is folded in.
const SHORT: usize = 60;

/// How a file changes.
pub(super) fn of_file(change: &FileChange) -> impl IntoView + use<> {
    let (before, after) = (change.before.clone().unwrap_or_default(), change.after.clone().unwrap_or_default());
    let word = match (&change.before, &change.after) {
        (None, _) => " is new",
        (_, None) => " goes away",
        _ if before == after => " changes in a secret that is not shown",
        _ => "",
    };
    let (lines, hunks) = hunks(&before, &after);
    let path = change.path.clone();
    let label = format!("How {path} changes");
    view! {
        <details class="diff-fold" open=lines <= SHORT>
            <summary><span><code>{path}</code>{word}</span></summary>
            {(lines > 0).then(|| view! { <pre class="diff" tabindex="0" role="region" aria-label=label><code>{hunks}</code></pre> })}
        </details>
    }
}

/// How one text becomes another, as lines; a text that stays as it is shows that.
pub(super) fn of_text(before: &str, after: &str, label: String) -> AnyView {
    let (lines, hunks) = hunks(before, after);
    if lines == 0 {
        return view! { <p class="muted">"As it was."</p> }.into_any();
    }
    view! { <pre class="diff" tabindex="0" role="region" aria-label=label><code>{hunks}</code></pre> }.into_any()
}

fn hunks(before: &str, after: &str) -> (usize, Vec<AnyView>) {
    let text = diff::text(before, after);
    let count = text.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let views = text.hunks.iter().map(|hunk| {
        let place = format!("line {}\n", hunk.after_line);
        let lines = hunk
            .lines
            .iter()
            .map(|line| {
                let (sign, change) = match line.change {
                    Change::Kept => (' ', "kept"),
                    Change::Removed => ('-', "removed"),
                    Change::Added => ('+', "added"),
                };
                view! { <span class="diff-line" data-change=change>{format!("{sign} {}\n", line.text)}</span> }
            })
            .collect_view();
        view! { <span class="diff-place">{place}</span>{lines} }.into_any()
    });
    (count, views.collect())
}
