//! `/healthz`: the process answers. `/readyz`: it can do its work.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::json;

use crate::state::AppState;

/// `GET /healthz`.
pub(crate) async fn alive() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Database, migrations and blobs decide; upstreams are told, as pages work without them. Anybody may ask, so particulars
/// of a failure go to the log and not into the answer.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    let readiness = state.services.health().readiness().await;
    let checks: Vec<_> = readiness
        .checks
        .iter()
        .map(|check| {
            if check.required && !check.ok {
                tracing::error!(check = check.name, detail = check.detail, "not ready");
            }
            json!({ "name": check.name, "ok": check.ok, "required": check.required })
        })
        .collect();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": readiness.ready, "checks": checks }))).into_response()
}
