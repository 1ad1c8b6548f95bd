//! What the server functions do.

use service::ServiceError;
use types::{Problem, ProblemCode, catalog::CatalogVersion};

use super::super::parts::version_address;
use crate::{
    AppError,
    server::{RequestCx, redirect, respond},
};

/// Goes back to a version and leads to the commit that did it.
pub(super) async fn restore(cx: &RequestCx, version: &str, base: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let (version, base) = (read_version(cx, version)?, read_version(cx, base)?);
    let restored = cx.services.deploy().restore(&operator, &version, &base).await;
    match respond(cx, restored.map_err(ServiceError::from))?.commit {
        Some(commit) => redirect(&format!("{}?done=restored", version_address(&commit))),
        None => redirect("/admin/catalog/history?done=same"),
    }
    Ok(())
}

/// Reads a version as a page has sent it along.
pub(in super::super) fn read_version(cx: &RequestCx, text: &str) -> Result<CatalogVersion, AppError> {
    let problem = || {
        let message = "This is no version of the catalog. Open the page again; the address may be cut off.";
        ServiceError::from(Problem::new(ProblemCode::Invalid, message))
    };
    respond(cx, text.parse().map_err(|_| problem()))
}
