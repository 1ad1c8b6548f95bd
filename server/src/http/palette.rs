//! `GET /api/palette`: the places of the command palette, `{"places": [{"label", "hint", "href"}]}`.

use app::{server::RequestCx, shell};
use axum::{
    Extension, Json,
    response::{IntoResponse as _, Response},
};
use http::header;
use serde_json::json;

use super::problem;

/// Lists them for whoever asks.
pub(crate) async fn show(Extension(cx): Extension<RequestCx>) -> Response {
    match shell::places(&cx).await {
        Ok(places) => ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "places": places }))).into_response(),
        Err(error) => problem::json(&error.0),
    }
}
