//! What the server functions do: one call of the use cases each, and where it leads.

use std::collections::BTreeMap;

use service::ServiceError;
use types::{Problem, ProblemCode};

use super::{narrowed::with_page, shown::Shown};
use crate::{
    AppError,
    pages::admin::deploy::{editor::acts::taken_address, parts::catalog_stack_address},
    server::{RequestCx, local_path, redirect, respond},
};

/// Where the person's draft is read and saved.
const DRAFT: &str = "/admin/catalog/draft";

/// Takes the switches that were turned into the draft.
pub(super) async fn switch(
    cx: &RequestCx,
    shown: &str,
    on: &BTreeMap<String, String>,
    next: &str,
    then: &str,
) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let problem =
        || ServiceError::from(Problem::new(ProblemCode::Invalid, "This form is not whole. Open the list again."));
    let shown = respond(cx, Shown::read(shown).ok_or_else(problem))?;
    let switched = cx.services.deploy().draft_switch(&operator, &shown.turned_by(on)).await;
    let draft = respond(cx, switched.map_err(ServiceError::from))?;
    let list = local_path(Some(next));
    match then.parse::<usize>() {
        Ok(page) => redirect(&with_page(list, page)),
        Err(_) if draft.is_changed() => redirect(DRAFT),
        Err(_) => redirect("/admin/catalog?done=same"),
    }
    Ok(())
}

fn refuse_taken(cx: &RequestCx, to: &str) -> Result<(), AppError> {
    match taken_address(to.trim()) {
        Some(problem) => respond(cx, Err(ServiceError::from(Problem::field("to", problem)))),
        None => Ok(()),
    }
}

/// Gives a stack another name.
pub(super) async fn rename(cx: &RequestCx, from: &str, to: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    refuse_taken(cx, to)?;
    respond(cx, cx.services.deploy().draft_rename(&operator, from, to).await.map_err(ServiceError::from))?;
    redirect(DRAFT);
    Ok(())
}

/// Adds a copy of a stack and leads to its form.
pub(super) async fn copy(cx: &RequestCx, from: &str, to: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    refuse_taken(cx, to)?;
    respond(cx, cx.services.deploy().draft_copy(&operator, from, to).await.map_err(ServiceError::from))?;
    redirect(&catalog_stack_address(to.trim()));
    Ok(())
}

/// Takes a stack away.
pub(super) async fn remove(cx: &RequestCx, name: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    respond(cx, cx.services.deploy().draft_remove(&operator, name).await.map_err(ServiceError::from))?;
    redirect(DRAFT);
    Ok(())
}

/// Asks the remote how both stand. A failure is kept with the answer and shown there, so it leads back all the same.
pub(super) async fn compare(cx: &RequestCx) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let compared = cx.services.deploy().compare_remote(&operator).await.is_ok();
    redirect(if compared { "/admin/catalog?done=compared" } else { "/admin/catalog" });
    Ok(())
}

/// Brings both sides in step.
pub(super) async fn sync(cx: &RequestCx) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    respond(cx, cx.services.deploy().sync_remote(&operator).await.map_err(ServiceError::from))?;
    redirect("/admin/catalog?done=synced");
    Ok(())
}
