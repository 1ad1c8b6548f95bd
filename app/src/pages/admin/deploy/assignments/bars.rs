//! What stands above the catalog's list: the remote, the draft that waits, and what is wrong with the catalog as a whole.

use leptos::prelude::*;
use service::{
    Deploy, Operator,
    deploy::{Compared, Draft, Reading, RemotePlace},
};
use types::{
    Millis,
    catalog::{Diagnostic, DiagnosticCode, Divergence, Severity},
};

use super::super::{findings::diagnostics, history::changes::counted, parts::many};
use crate::{
    pages::parts::When,
    ui::{Button, ButtonKind, Chip, IconName, LinkButton, Notice, Tone},
};

/// How the catalog stands towards its remote, if it has one.
pub(super) fn remote(deploy: &Deploy, operator: &Operator, now: Millis) -> Option<AnyView> {
    let place = deploy.remote_place(operator)?;
    let compared = deploy.has_catalog(operator).then(|| deploy.remote_compared(operator))?;
    Some(remote_bar(place, compared, now).into_any())
}

fn remote_bar(place: RemotePlace, compared: Option<Compared>, now: Millis) -> impl IntoView {
    let (tone, icon, word) = match compared.as_ref().map(|one| &one.outcome) {
        None => (Tone::Neutral, IconName::Question, "Not compared yet".to_owned()),
        Some(Err(_)) => (Tone::Bad, IconName::Alert, "Could not be compared".to_owned()),
        Some(Ok(divergence)) => standing(divergence),
    };
    let at = compared.as_ref().map(|one| one.at);
    let why = compared.as_ref().and_then(|one| one.outcome.as_ref().err().cloned());
    let both = compared.as_ref().and_then(|one| one.outcome.as_ref().ok()).is_some_and(Divergence::is_diverged);
    let in_step = compared
        .as_ref()
        .and_then(|one| one.outcome.as_ref().ok())
        .is_some_and(|one| one.ours.is_empty() && one.theirs.is_empty());
    view! {
        <div class="remote">
            <div class="remote-text">
                <Chip icon tone>{word}</Chip>
                <p class="reading-text">"Remote "<code class="path">{place.address}</code>", branch "<code>{place.branch}</code>{at.map(|at| view! { " · "<When at now /> })}</p>
            </div>
            <div class="actions">
                {(!in_step).then(|| view! { <form method="post" action="/api/sync_catalog"><Button icon=IconName::Refresh>"Sync"</Button></form> })}
                <form method="post" action="/api/compare_remote"><Button kind=ButtonKind::Ghost>"Compare again"</Button></form>
            </div>
        </div>
        {why.map(|text| view! { <Notice tone=Tone::Bad title="The remote could not be asked"><p>{text}</p></Notice> })}
        {both.then(|| view! {
            <Notice tone=Tone::Warn title="Both sides went on">
                <p>"Commits stand here that are not there, and the other way round. Nothing is ever overwritten: merge them by hand with git in the catalog's folder, then sync."</p>
            </Notice>
        })}
    }
}

/// "2 ahead, 1 behind".
fn standing(divergence: &Divergence) -> (Tone, IconName, String) {
    match (divergence.ours.len(), divergence.theirs.len()) {
        (0, 0) => (Tone::Good, IconName::Check, "In step".to_owned()),
        (ahead, 0) => (Tone::Accent, IconName::ArrowUp, format!("{ahead} ahead")),
        (0, behind) => (Tone::Accent, IconName::ArrowDown, format!("{behind} behind")),
        (ahead, behind) => (Tone::Warn, IconName::Alert, format!("{ahead} ahead, {behind} behind")),
    }
}

/// Says that a draft waits, or that the catalog's folder holds changes that nobody committed.
pub(super) fn draft(draft: &Draft, now: Millis) -> impl IntoView + use<> {
    let differing = many(draft.base.version.edits.len(), "file");
    let by_hand = draft.base.version.is_dirty().then(|| {
        view! {
            <Notice tone=Tone::Neutral title="Changed by hand and not committed">
                <p>{differing}" in the catalog's folder not as in the newest commit. What you see here is the files as they stand."</p>
                <div class="actions"><LinkButton href="/admin/catalog/history/now">"Show the changes"</LinkButton></div>
            </Notice>
        }
    });
    let waits = draft.changed_at.map(|at| {
        let clashes = !draft.clashes.is_empty();
        let what = match draft.diff() {
            files if files.is_empty() => "Something is half typed".to_owned(),
            files => format!("{} changed", counted(&files)),
        };
        let (tone, title) = match clashes {
            true => (Tone::Warn, "Your draft waits, and somebody else changed the same"),
            false => (Tone::Accent, "Your draft waits"),
        };
        view! {
            <Notice tone title>
                <p>{what}", last "<When at now />". It is yours alone until you save it."</p>
                <div class="actions"><LinkButton href="/admin/catalog/draft" icon=IconName::Changes>{if clashes { "Decide" } else { "Review and save" }}</LinkButton></div>
            </Notice>
        }
    });
    view! {
        {by_hand}
        {waits}
    }
}

/// What is wrong with the catalog as a whole, and older forms in it.
pub(super) fn catalog_wide(reading: &Reading) -> impl IntoView + use<> {
    let is_wide = |one: &&Diagnostic| {
        one.stack.is_none() && one.severity != Severity::Info && one.code != DiagnosticCode::OlderForm
    };
    let wide: Vec<Diagnostic> = reading.diagnostics.iter().filter(is_wide).cloned().collect();
    let count = wide.len();
    let wide = (count > 0).then(|| {
        view! {
            <details class="warned" open=count <= 3>
                <summary>{many(count, "finding")}" about the catalog as a whole"</summary>
                {diagnostics(&wide)}
            </details>
        }
    });
    let older = reading.diagnostics.iter().filter(|one| one.code == DiagnosticCode::OlderForm).count();
    let older = (older > 0).then(|| {
        view! { <p class="muted">{many(older, "part")}" in a form of older tools. "<a href="/admin/catalog/import">"Look what each becomes"</a></p> }
    });
    view! {
        {wide}
        {older}
    }
}
