//! What is wrong with the catalog: file, line, what, and how to mend it.

use leptos::prelude::*;
use types::catalog::{Diagnostic, Severity};

use crate::ui::{Icon, IconName, Tone};

/// How bad a finding is, as a colour.
pub(super) const fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Neutral,
    }
}

/// How bad a finding is, as a word.
pub(super) const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Note",
    }
}

/// A list of what is wrong.
pub(super) fn diagnostics(all: &[Diagnostic]) -> impl IntoView + use<> {
    let items = all.iter().map(diagnostic).collect_view();
    view! { <ul class="findings">{items}</ul> }
}

fn diagnostic(one: &Diagnostic) -> impl IntoView + use<> {
    let tone = severity_tone(one.severity);
    let icon = if one.severity == Severity::Info { IconName::Info } else { IconName::Alert };
    let place = format!("{}:{}:{}", one.file, one.line, one.column);
    let pointer = Some(one.pointer.clone()).filter(|pointer| !pointer.is_empty());
    view! {
        <li class="finding" data-tone=tone.as_str()>
            <Icon name=icon />
            <div>
                <p><span class="sr-only">{severity_word(one.severity)}": "</span>{one.message.clone()}</p>
                {(!one.remedy.is_empty()).then(|| view! { <p class="muted">{one.remedy.clone()}</p> })}
                <p class="cell-sub"><code class="path">{place}</code>{pointer.map(|pointer| view! { " · "<code class="path">{pointer}</code> })}</p>
            </div>
        </li>
    }
}
