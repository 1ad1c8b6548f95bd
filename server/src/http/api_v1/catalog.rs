//! The catalog: what it says, what is wrong with it, and changes to it.

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use service::{
    Deployer,
    deploy::{Edit, import_plan},
};
use types::{
    catalog::CatalogVersion,
    deploy::{ImportRequest, RestoreRequest, SaveRequest},
};

use super::{
    body::{Json, Params},
    caller::Caller,
};

/// Commits in one answer, unless asked otherwise.
const PAGE: u32 = 50;

/// `GET /api/v1/catalog`.
pub(super) async fn contents(caller: Caller<Deployer>) -> Response {
    caller.read(|deploy, operator| async move { deploy.catalog(&operator).await.map(|view| view.contents()) }).await
}

/// How deep to look.
#[derive(Deserialize)]
pub(super) struct Depth {
    #[serde(default)]
    deep: bool,
}

/// `GET /api/v1/catalog/findings`.
pub(super) async fn findings(caller: Caller<Deployer>, Params(Depth { deep }): Params<Depth>) -> Response {
    caller.read(|deploy, operator| async move { deploy.validate(&operator, deep).await }).await
}

/// `POST /api/v1/catalog/edits`.
pub(super) async fn save(caller: Caller, Json(asked): Json<SaveRequest<Edit>>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            let SaveRequest { base, message, edits } = asked;
            deploy.save(&operator, &base, edits, &message).await
        })
        .await
}

/// Which commits.
#[derive(Deserialize)]
pub(super) struct Commits {
    file: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/catalog/history`.
pub(super) async fn history(caller: Caller, Params(asked): Params<Commits>) -> Response {
    caller
        .read(|deploy, operator| async move {
            deploy.history(&operator, asked.file.as_deref(), asked.limit.unwrap_or(PAGE)).await
        })
        .await
}

/// Between which versions.
#[derive(Deserialize)]
pub(super) struct Versions {
    from: CatalogVersion,
    to: CatalogVersion,
}

/// `GET /api/v1/catalog/difference`.
pub(super) async fn difference(caller: Caller, Params(Versions { from, to }): Params<Versions>) -> Response {
    caller.read(|deploy, operator| async move { deploy.difference(&operator, &from, &to).await }).await
}

/// `POST /api/v1/catalog/restore`.
pub(super) async fn restore(caller: Caller, Json(asked): Json<RestoreRequest>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            deploy.restore(&operator, &asked.version, &asked.base).await
        })
        .await
}

/// `GET /api/v1/catalog/import`.
pub(super) async fn plan_import(caller: Caller) -> Response {
    caller
        .read(|deploy, operator| async move {
            deploy.plan_import(&operator).await.map(|(import, version)| import_plan(import, version))
        })
        .await
}

/// `POST /api/v1/catalog/import`.
pub(super) async fn import(caller: Caller, Json(ImportRequest { base }): Json<ImportRequest>) -> Response {
    caller.write(StatusCode::OK, |deploy, operator| async move { deploy.import(&operator, &base).await }).await
}

/// `GET /api/v1/catalog/divergence`.
pub(super) async fn divergence(caller: Caller) -> Response {
    caller.read(|deploy, operator| async move { deploy.divergence(&operator).await }).await
}

/// `POST /api/v1/catalog/sync`.
pub(super) async fn sync(caller: Caller) -> Response {
    caller.write(StatusCode::OK, |deploy, operator| async move { deploy.sync(&operator).await }).await
}
