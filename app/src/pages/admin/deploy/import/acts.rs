//! What the server functions do.

use service::{
    ServiceError,
    deploy::{Edit, SECRETS_FILE, is_catalog_path},
};
use types::Problem;

use super::super::{history::acts::read_version, parts::version_address};
use crate::{
    AppError,
    server::{RequestCx, redirect, respond},
};

/// Rewrites older forms and leads to the commit that did it.
pub(super) async fn import(cx: &RequestCx, base: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let base = read_version(cx, base)?;
    let imported = cx.services.deploy().import(&operator, &base).await;
    match respond(cx, imported.map_err(ServiceError::from))?.commit {
        Some(commit) => redirect(&format!("{}?done=imported", version_address(&commit))),
        None => redirect("/admin/catalog/import"),
    }
    Ok(())
}

/// Puts a file's text into the draft and leads there.
pub(super) async fn bring(cx: &RequestCx, path: String, text: String) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let path = path.trim().to_owned();
    let problem = match path.as_str() {
        SECRETS_FILE => {
            Some("The vault is changed by its own means alone: values in it are encrypted for this machine.")
        }
        path if !is_catalog_path(path) => Some(
            "This is no file of the catalog: those are phoenix_*.json, what is under stacks/, and *.yml or *.yaml files.",
        ),
        _ => None,
    };
    if let Some(message) = problem {
        return respond(cx, Err(Problem::field("path", message).into()));
    }
    // Browsers send line ends as mail does.
    let edit = Edit::SetText { path, text: Some(text.replace("\r\n", "\n")) };
    respond(cx, cx.services.deploy().draft_edit(&operator, vec![edit]).await.map_err(ServiceError::from))?;
    redirect("/admin/catalog/draft");
    Ok(())
}
