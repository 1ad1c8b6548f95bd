//! One commit: who, when, why, and what it changed. And what nobody committed yet.

use leptos::prelude::*;
use service::{
    Operator,
    deploy::{HandEdits, OneRevision, words::short},
};
use types::{Millis, Problem};

use super::{
    super::parts::{Area, AreaTabs, history_crumbs, ok, operator, restore_address},
    changes::{counted, file_changes},
};
use crate::{
    AppError,
    pages::parts::{Hidden, When},
    server::{Page, PageCx, PageResult, ToastNote},
    ui::{Button, ButtonKind, EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Stands in the address for what nobody committed yet.
const NOW: &str = "now";

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when there is no such commit.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let version: String = cx.param("version")?;
    if !cx.services().deploy().has_catalog(&operator) {
        return Err(AppError::not_found("There is no catalog yet, so it has no history. Begin at Deployments."));
    }
    if version == NOW {
        return uncommitted(cx, operator).await;
    }
    let one = ok(&cx, cx.services().deploy().catalog_revision(&operator, &version).await)?;
    let said = match cx.query("done") {
        Some("restored") => Some("Restored. Nothing is deployed until you apply it."),
        Some("imported") => Some("Rewritten. Nothing is deployed until you apply it."),
        _ => None,
    };
    let problem = cx.form("/api/restore_catalog").problem;
    let toast = said.filter(|_| one.is_newest && problem.is_none()).map(|text| done_and_undo(text, &one));
    let now = cx.now();
    let tab = one.revision.subject.clone();
    Ok(Page::new(tab, move || shown(one, problem, now)).toast(toast))
}

/// Says what was done and offers to take it back.
fn done_and_undo(text: &str, one: &OneRevision) -> ToastNote {
    let note = ToastNote::new(text);
    let Some(before) = one.before.clone() else { return note };
    let (version, base) = (before.to_string(), one.now.to_string());
    note.action(move || {
        view! {
            <form method="post" action="/api/restore_catalog">
                <Hidden name="version" value=version />
                <Hidden name="base" value=base />
                <Button kind=ButtonKind::Ghost icon=IconName::Undo>"Undo"</Button>
            </form>
        }
    })
}

fn shown(one: OneRevision, problem: Option<Problem>, now: Millis) -> impl IntoView {
    let OneRevision { revision, before, files, is_newest, .. } = one;
    let commit = short(&revision.commit).to_owned();
    let back = match (is_newest, before) {
        (true, Some(before)) => before.commit.map(|parent| (restore_address(&parent), "Undo this change")),
        (true, None) => None,
        (false, _) => Some((restore_address(&revision.commit), "Restore this version")),
    };
    let summary = if files.is_empty() { "No file of the catalog changed".to_owned() } else { counted(&files) };
    let body = Some(revision.body).filter(|text| !text.is_empty());
    let (author, email, at) = (revision.author_name, revision.author_email, revision.at);
    view! {
        {history_crumbs()}
        <PageHeader title=revision.subject>
            {back.map(|(href, words)| view! { <LinkButton href icon=IconName::Undo>{words}</LinkButton> })}
            {is_newest.then(|| view! { <LinkButton href="/admin/plan" kind=ButtonKind::Primary icon=IconName::Changes>"Review changes"</LinkButton> })}
        </PageHeader>
        <AreaTabs current=Area::Catalog />
        <div class="stack">
            {problem.map(|problem| view! {
                <Notice tone=Tone::Bad title="It was not taken back"><p>{problem.message}</p></Notice>
            })}
            <p class="reading-text"><span title=email>{author}</span>" · "<When at now />" · commit "<code title=revision.commit>{commit}</code>" · "{summary}</p>
            {body.map(|text| view! { <p class="commit-body">{text}</p> })}
            {file_changes(&files)}
        </div>
    }
}

/// What was changed by hand and not committed.
async fn uncommitted(cx: PageCx, operator: Operator) -> PageResult {
    let HandEdits { now, files } = ok(&cx, cx.services().deploy().hand_edits(&operator).await)?;
    let undo = now.commit.as_deref().filter(|_| now.is_dirty()).map(restore_address);
    Ok(Page::new("Changed by hand", move || {
        let body = if files.is_empty() {
            view! {
                <EmptyState icon=IconName::Check title="Everything is committed" text="The files in the catalog's folder are those of the newest commit.">
                    <LinkButton href="/admin/catalog/history">"History"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <Notice tone=Tone::Warn title="Nobody committed this yet">
                    <p>"It counts already. It becomes a commit of its own, “Hand edit”, before the next change to the same files; or commit it with git in the catalog's folder."</p>
                </Notice>
                <p class="reading-text">{counted(&files)}</p>
                {file_changes(&files)}
            }
            .into_any()
        };
        view! {
            {history_crumbs()}
            <PageHeader title="Changed by hand" lead="What stands in the catalog's folder and differs from the newest commit.">
                {undo.map(|href| view! { <LinkButton href icon=IconName::Undo>"Undo all of it"</LinkButton> })}
            </PageHeader>
            <AreaTabs current=Area::Catalog />
            <div class="stack">{body}</div>
        }
    }))
}
