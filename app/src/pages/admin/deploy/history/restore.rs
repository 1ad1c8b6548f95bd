//! Going back to a version: what would change is read first, then it is done, as a new commit.

use leptos::prelude::*;
use service::deploy::{RestoreReview, words::short};
use types::catalog::{Diagnostic, Severity};

use super::{
    super::{
        findings::diagnostics,
        parts::{Area, AreaTabs, history_crumbs, many, ok, operator, version_address},
    },
    changes::{counted, file_changes},
    refused::refused,
};
use crate::{
    AppError,
    pages::parts::{Hidden, When},
    server::{Page, PageCx, PageResult},
    ui::{Button, ButtonKind, EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when there is no such commit, or it can't be restored.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let version: String = cx.param("version")?;
    let deploy = cx.services().deploy();
    if !deploy.has_catalog(&operator) {
        return Err(AppError::not_found("There is no catalog yet, so nothing can be restored. Begin at Deployments."));
    }
    let review = ok(&cx, deploy.review_restore(&operator, &version).await)?;
    let form = cx.form("/api/restore_catalog");
    // Both sides: what others did since the page was read stands above what restoring would do now.
    let theirs = match form.value("base").parse() {
        Ok(read) if form.is_refused() => {
            deploy.difference(&operator, &read, &review.preview.base).await.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let now = cx.now();
    let title = format!("Restore {}", short(&review.revision.commit));
    let tab = title.clone();
    let view = move || {
        let revision = &review.revision;
        let href = version_address(&revision.commit);
        let (subject, author, at) = (revision.subject.clone(), revision.author_name.clone(), revision.at);
        let refused = form.problem.clone().map(|problem| refused(problem, &theirs, "restored"));
        view! {
            {history_crumbs()}
            <PageHeader title lead="What would change is shown here first. Restoring is a new commit: it deploys nothing, and can be undone." />
            <AreaTabs current=Area::Catalog />
            <div class="stack">
                {refused}
                <p class="reading-text">"The version of "<a href=href>{subject}</a>", by "{author}", "<When at now />"."</p>
                {body(&review)}
            </div>
        }
    };
    Ok(Page::new(tab, view))
}

fn body(review: &RestoreReview) -> AnyView {
    let RestoreReview { revision, preview } = review;
    if preview.files.is_empty() {
        return view! {
            <EmptyState icon=IconName::Check title="Nothing would change" text="The catalog is as it was at this version. The vault's values are not part of a restore.">
                <LinkButton href="/admin/catalog/history">"History"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let errors: Vec<Diagnostic> =
        preview.reading.diagnostics.iter().filter(|one| one.severity == Severity::Error).cloned().collect();
    let worse = (!errors.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Warn title=format!("The catalog would have {} then", many(errors.len(), "error"))>
                <p>"What they concern can't be deployed until it is mended."</p>
                {diagnostics(&errors)}
            </Notice>
        }
    });
    let words = format!("Restore {}", short(&revision.commit));
    let (version, base) = (revision.commit.clone(), preview.base.to_string());
    let subject = revision.subject.clone();
    view! {
        {worse}
        <section aria-labelledby="changes">
            <div class="block-head"><h2 id="changes">{format!("What restoring changes: {}", counted(&preview.files))}</h2></div>
            {file_changes(&preview.files)}
        </section>
        <form class="carry-out" method="post" action="/api/restore_catalog">
            <Hidden name="version" value=version />
            <Hidden name="base" value=base />
            <div class="carry-out-line">
                <p class="carry-out-what">"Back to “"{subject}"”. The vault stays as it is."</p>
                <Button kind=ButtonKind::Primary icon=IconName::Undo>{words}</Button>
            </div>
        </form>
    }
    .into_any()
}
