//! A stack's entry as a text: with numbered lines and what is wrong in them, and as a box to type in.

use std::collections::BTreeMap;

use leptos::prelude::*;
use types::catalog::{Diagnostic, DiagnosticCode, Severity};

use super::acts::address;
use crate::{
    pages::chat::highlight,
    ui::{Actions, Button, ButtonKind, Icon, Tone},
};

/// Lines of a text that are shown at first; a longer one scrolls.
const MOST_LINES: usize = 5_000;

const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Neutral,
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Note",
    }
}

/// What would be right, as it is done on these pages.
fn remedy(one: &Diagnostic) -> String {
    match one.code {
        DiagnosticCode::UnknownSecret => "Store it: “Store a new secret” among the variables.".to_owned(),
        DiagnosticCode::PlainSecret => {
            "Store it as a new secret among the variables, which takes it out of here. Change it at its origin too: older commits keep it."
                .to_owned()
        }
        _ => one.remedy.clone(),
    }
}

/// What is wrong, most serious first. With `here`, places are lines of the text shown below and lead there.
pub(super) fn findings(all: &[Diagnostic], here: bool) -> impl IntoView + use<> {
    let mut all: Vec<Diagnostic> = all.to_vec();
    all.sort_by_key(|one| (std::cmp::Reverse(one.severity), one.line, one.column));
    let items = all
        .into_iter()
        .map(|one| {
            let (tone, remedy) = (tone(one.severity), remedy(&one));
            let place = if here {
                view! { <a class="place" href=format!("#L{}", one.line)>{format!("Line {}", one.line)}</a> }.into_any()
            } else {
                view! { <span class="place">{format!("{}:{}", one.file, one.line)}</span> }.into_any()
            };
            view! {
                <li class="finding" data-tone=tone.as_str()>
                    <Icon name=tone.icon() />
                    <div>
                        <p><span class="sr-only">{word(one.severity)}": "</span>{place}" "{one.message}</p>
                        <p class="muted">{remedy}</p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="findings">{items}</ul> }
}

/// A text with numbered lines, coloured by its language, with the lines marked that something is wrong in.
pub(super) fn numbered(
    text: &str,
    language: &str,
    label: String,
    all: &[Diagnostic],
    anchors: bool,
) -> impl IntoView + use<> {
    let mut worst: BTreeMap<u32, Severity> = BTreeMap::new();
    for one in all {
        let known = worst.entry(one.line).or_insert(one.severity);
        *known = (*known).max(one.severity);
    }
    let count = text.lines().count().clamp(1, MOST_LINES);
    let numbers = (1..=u32::try_from(count).unwrap_or(u32::MAX))
        .map(|number| {
            let severity = worst.get(&number).copied();
            let id = anchors.then(|| format!("L{number}"));
            let about =
                severity.map(|severity| view! { <span class="sr-only">{format!(" {}", word(severity))}</span> });
            view! {
                <span class="line-number" id=id data-tone=severity.map(|severity| tone(severity).as_str())>
                    {number.to_string()}{about}"\n"
                </span>
            }
        })
        .collect_view();
    let code = match highlight::code(language, text) {
        Some(html) => view! { <code inner_html=html></code> }.into_any(),
        None => view! { <code>{text.to_owned()}</code> }.into_any(),
    };
    view! {
        <div class="numbered" tabindex="0" role="region" aria-label=label>
            <pre class="line-numbers">{numbers}</pre>
            <pre class="numbered-text">{code}</pre>
        </div>
    }
}

/// The box to type the text in. Kept a moment after the last key, or by the button.
pub(super) fn editor(stack: &str, text: &str, seen: String, is_refused: bool) -> impl IntoView + use<> {
    let rows = (text.lines().count() + 2).clamp(12, 40).to_string();
    let page = format!("{}?as=text", address(stack, ""));
    let refused = is_refused.then_some("");
    let (stack, text) = (stack.to_owned(), text.to_owned());
    view! {
        <form class="form" method="post" action="/api/keep_stack_text" autocomplete="off" data-draft="" data-page=page data-refused=refused>
            <input type="hidden" name="stack" value=stack />
            <input type="hidden" name="seen" id="seen" data-live="" value=seen />
            <div class="field">
                <label class="field-label" for="text">"The stack's entry, as JSON"</label>
                <textarea
                    class="input code-input"
                    id="text"
                    name="text"
                    rows=rows
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    aria-describedby="text-findings"
                >
                    // The first line end after the tag is not part of the text.
                    {format!("\n{text}")}
                </textarea>
            </div>
            <Actions>
                <Button kind=ButtonKind::Primary>"Keep"</Button>
                <output class="said muted" data-said=""></output>
            </Actions>
        </form>
    }
}
