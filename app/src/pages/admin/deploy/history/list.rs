//! The commits of the catalog, newest first.

use leptos::prelude::*;
use service::deploy::{Asked, History, words::short};
use types::{
    Millis,
    catalog::{CatalogVersion, Revision},
};

use super::super::{
    parts::{Area, AreaTabs, catalog_crumbs, encode, history_address, many, ok, operator, version_address},
    reading::Reading,
};
use crate::{
    pages::parts::{When, done},
    server::{Page, PageCx, PageResult},
    ui::{Chip, EmptyState, Icon, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Commits on one page.
const SHOWN: u32 = 40;
/// Files of a commit that are named in the list.
const NAMED: usize = 3;

/// What acts on these pages lead back with.
const DONE: &[(&str, &str)] = &[("same", "Nothing was changed: the catalog is that version already.")];

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when there is no such commit to count from; when git fails.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let deploy = cx.services().deploy();
    let (file, from) = (cx.query("file").map(ToOwned::to_owned), cx.query("from").map(ToOwned::to_owned));
    let reading = Reading::of(&cx, &operator);
    let history = if deploy.has_catalog(&operator) {
        let skip = cx.query("skip").and_then(|text| text.parse().ok()).unwrap_or(0);
        let asked = Asked { file: file.as_deref(), from: from.as_deref(), skip, most: SHOWN };
        Some(ok(&cx, deploy.history_stretch(&operator, &asked).await)?)
    } else {
        None
    };
    let now = cx.now();
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let lead = match &file {
            Some(file) => format!("The commits that changed {file}."),
            None => "Every change of the catalog: who, when and what. Each can be gone back to.".to_owned(),
        };
        let body = match history {
            None => reading.nothing().into_any(),
            Some(history) => commits(&history, file.as_deref(), now).into_any(),
        };
        let whole =
            file.as_ref().map(|_| view! { <LinkButton href="/admin/catalog/history">"The whole catalog"</LinkButton> });
        view! {
            {catalog_crumbs()}
            <PageHeader title="History" lead>{whole}</PageHeader>
            <AreaTabs current=Area::Catalog />
            <div class="stack">{body}</div>
        }
    };
    Ok(Page::new("History", view).toast(toast))
}

fn commits(history: &History, file: Option<&str>, now: Millis) -> impl IntoView + use<> {
    let stretch = &history.stretch;
    let is_first = stretch.skip == 0;
    let hand_edits = is_first.then(|| by_hand(&history.now)).flatten();
    let rows = stretch.revisions.iter().map(|one| row(one, history, now)).collect_view();
    let body = if stretch.revisions.is_empty() {
        let (title, text) = match (is_first, file) {
            (false, _) => ("That is all", "There are no earlier commits."),
            (true, Some(_)) => {
                ("Nothing was committed", "No commit changes this file. It may be new, or called otherwise.")
            }
            (true, None) => {
                ("Nothing was committed yet", "Save a change to the catalog: each becomes a commit, and is kept here.")
            }
        };
        view! { <EmptyState icon=IconName::Clock title text /> }.into_any()
    } else {
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    let address = |skip: u32| {
        let start = history_address(file);
        let sign = if start.contains('?') { '&' } else { '?' };
        let from = stretch.from.as_deref().map(encode).unwrap_or_default();
        format!("{start}{sign}from={from}&skip={skip}")
    };
    let shown = u32::try_from(stretch.revisions.len()).unwrap_or(0);
    let older = stretch.more.then(|| address(stretch.skip + shown));
    let newest = (!is_first).then(|| history_address(file));
    view! {
        {hand_edits}
        {body}
        <div class="actions">
            {newest.map(|href| view! { <LinkButton href>"Newest"</LinkButton> })}
            {older.map(|href| view! { <LinkButton href icon=IconName::ArrowDown>"Older"</LinkButton> })}
        </div>
    }
}

/// Says that the catalog's folder holds changes that nobody committed.
fn by_hand(now: &CatalogVersion) -> Option<AnyView> {
    if !now.is_dirty() {
        return None;
    }
    let text = named(now.edits.keys().cloned().collect());
    Some(
        view! {
            <Notice tone=Tone::Warn title="Changed by hand and not committed">
                <p>{text}". It counts already: what you see and deploy is the files as they stand."</p>
                <div class="actions"><LinkButton href="/admin/catalog/history/now">"Show the changes"</LinkButton></div>
            </Notice>
        }
        .into_any(),
    )
}

fn row(one: &Revision, history: &History, now: Millis) -> impl IntoView + use<> {
    let is_newest = history.now.commit.as_ref() == Some(&one.commit);
    let files = named(one.files.clone());
    let files = Some(files).filter(|text| !text.is_empty()).map(|text| format!(" · {text}"));
    let (author, at) = (one.author_name.clone(), one.at);
    view! {
        <li>
            <a class="rowitem rowitem-link matter" href=version_address(&one.commit)>
                <code>{short(&one.commit).to_owned()}</code>
                <div class="rowitem-text">
                    <span class="cell-title">{one.subject.clone()}</span>
                    <span class="cell-sub">{author}" · "<When at now />{files}</span>
                </div>
                {is_newest.then(|| view! { <Chip icon=IconName::Check tone=Tone::Good>"Newest"</Chip> })}
                <Icon name=IconName::ChevronRight />
            </a>
        </li>
    }
}

/// A few names of files, and how many more.
fn named(files: Vec<String>) -> String {
    let more = files.len().saturating_sub(NAMED);
    let names = files.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{names} and {}", many(more, "more file")) } else { names }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_few_files_are_named() {
        let files = |count: usize| (0..count).map(|n| format!("f{n}")).collect();
        assert_eq!(named(files(0)), "");
        assert_eq!(named(files(3)), "f0, f1, f2");
        assert_eq!(named(files(4)), "f0, f1, f2 and 1 more file");
    }
}
