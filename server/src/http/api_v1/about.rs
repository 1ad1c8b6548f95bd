//! What the server says of itself and of its caller.

use app::server::RequestCx;
use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use types::{User, deploy::ServerInfo};

use super::openapi;
use crate::{http::problem, state::AppState};

/// `GET /api/v1/server`.
pub(super) async fn server() -> Json<ServerInfo> {
    Json(ServerInfo {
        product: ServerInfo::PRODUCT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: ServerInfo::API,
    })
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn document(State(state): State<AppState>) -> Json<serde_json::Value> {
    Json(openapi::document(&state.public_url))
}

/// `GET /api/v1/me`.
pub(super) async fn me(Extension(cx): Extension<RequestCx>) -> Response {
    match cx.viewer.signed_in() {
        Ok(person) => Json::<User>(person.user().clone()).into_response(),
        Err(error) => {
            let found = problem::from_service(&error, &cx.viewer.origin().trace_id);
            problem::ask_for_token(problem::json(&found))
        }
    }
}
