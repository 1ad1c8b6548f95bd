//! What a step changes: variables by name, images by service, compose texts by line.

use leptos::prelude::*;
use service::deploy::{
    diff::{Change, ImageChange, Line, StackDiff, TextDiff, VariableChange},
    model::{Reason, Shown, Step},
    words::{short, short_digest, shown},
};

use crate::ui::{Icon, IconName};

/// Lines of a text that are shown at first; a longer one is folded in.
const SHORT: usize = 24;

/// The variables a step changes, as its reasons tell them against what runs; without such reasons as the difference has them.
fn variables(step: &Step, difference: Option<&StackDiff>) -> Vec<VariableChange> {
    let told: Vec<VariableChange> = step.reasons.iter().filter_map(told).collect();
    if told.is_empty() { difference.map(|one| one.variables.clone()).unwrap_or_default() } else { told }
}

fn told(reason: &Reason) -> Option<VariableChange> {
    let (name, before, after) = match reason {
        Reason::VariableAdded { name, value } => (name, None, Some(value)),
        Reason::VariableChanged { name, from, to } => (name, Some(from), Some(to)),
        Reason::VariableRemoved { name } => (name, Some(&Shown::Hidden), None),
        _ => return None,
    };
    Some(VariableChange { name: name.clone(), before: before.cloned(), after: after.cloned() })
}

/// Whether the table of variables tells this reason already.
pub(super) fn is_told(reason: &Reason) -> bool {
    told(reason).is_some()
}

/// All that a step changes.
pub(super) fn of_step(step: &Step, difference: Option<&StackDiff>) -> impl IntoView + use<> {
    let commits = difference.and_then(|one| one.commits.clone()).map(|(before, after)| {
        let word = |commit: Option<String>| commit.map_or_else(|| "a text".to_owned(), |commit| short(&commit).to_owned());
        view! {
            <p class="change-line">
                "Commit "<code>{word(before)}</code><Icon name=IconName::ArrowRight /><span class="sr-only">" becomes "</span><code>{word(after)}</code>
            </p>
        }
    });
    let changed = variables(step, difference);
    let table = (!changed.is_empty()).then(|| variable_table(&step.stack, changed));
    let images = difference.map(|one| one.images.clone()).unwrap_or_default();
    let images = (!images.is_empty()).then(|| image_list(images));
    let compose = difference
        .and_then(|one| one.compose.clone())
        .filter(|text| !text.hunks.is_empty())
        .map(|text| compose_text(&step.stack, &text));
    view! {
        {commits}
        {table}
        {images}
        {compose}
    }
}

fn variable_table(stack: &str, changes: Vec<VariableChange>) -> impl IntoView + use<> {
    let caption = format!("Variables of {stack} that change");
    let rows = changes.into_iter().map(variable_row).collect_view();
    view! {
        <table class="variables">
            <caption class="sr-only">{caption}</caption>
            <thead class="sr-only"><tr><th scope="col">"Variable"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn variable_row(change: VariableChange) -> impl IntoView {
    let VariableChange { name, before, after } = change;
    let side = |value: Option<Shown>, class: &'static str, none: &'static str| match value {
        None => view! { <td class="muted">{none}</td> }.into_any(),
        Some(Shown::Plain(text)) => view! { <td><code class=class>{text}</code></td> }.into_any(),
        Some(other) => {
            view! { <td><span class="secret"><Icon name=IconName::Key />{shown(&other)}</span></td> }.into_any()
        }
    };
    view! {
        <tr>
            <th scope="row"><code>{name}</code></th>
            {side(before, "before", "not set")}
            {side(after, "after", "removed")}
        </tr>
    }
}

fn image_list(images: Vec<ImageChange>) -> impl IntoView {
    let word = |digest: &Option<String>| {
        digest.as_deref().map_or_else(|| "unknown".to_owned(), |text| short_digest(text).to_owned())
    };
    images
        .into_iter()
        .map(|one| {
            view! {
                <p class="change-line">
                    "Image of "{one.service.clone()}": "<code>{word(&one.before)}</code><Icon name=IconName::ArrowRight />
                    <span class="sr-only">" becomes "</span><code>{word(&one.after)}</code>
                </p>
            }
        })
        .collect_view()
}

fn compose_text(stack: &str, text: &TextDiff) -> impl IntoView + use<> {
    let lines: usize = text.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let (mut added, mut removed) = (0, 0);
    for line in text.hunks.iter().flat_map(|hunk| &hunk.lines) {
        match line.change {
            Change::Added => added += 1,
            Change::Removed => removed += 1,
            Change::Kept => {}
        }
    }
    let label = format!("Compose text of {stack} that changes");
    let hunks = text
        .hunks
        .iter()
        .map(|hunk| {
            let place = format!("line {}", hunk.after_line);
            let lines = hunk.lines.iter().map(line).collect_view();
            view! { <span class="diff-place">{place}"\n"</span>{lines} }
        })
        .collect_view();
    view! {
        <details class="diff-fold" open=lines <= SHORT>
            <summary>{format!("Compose text: {added} lines added, {removed} removed")}</summary>
            <pre class="diff" tabindex="0" role="region" aria-label=label><code>{hunks}</code></pre>
        </details>
    }
}

fn line(line: &Line) -> impl IntoView + use<> {
    let (sign, change) = match line.change {
        Change::Kept => (' ', "kept"),
        Change::Removed => ('-', "removed"),
        Change::Added => ('+', "added"),
    };
    let text = format!("{sign} {}\n", line.text);
    view! { <span class="diff-line" data-change=change>{text}</span> }
}
