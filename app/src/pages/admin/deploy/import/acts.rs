//! What the server functions do.

use service::ServiceError;

use super::super::{history::read_version, parts::version_address};
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
