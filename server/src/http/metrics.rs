//! `/metrics`, in Prometheus' text format.
//!
//! Answered to this machine and to the configured networks when they ask directly, and to whoever has the token. A
//! request that was forwarded is never "this machine": a tunnel's inner end is on loopback too.

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::{facts::Facts, middleware::client_ip};
use crate::{state::AppState, telemetry};

/// The format's media type.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics endpoint.
pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(state): State<AppState>, Extension(facts): Extension<Facts>, headers: HeaderMap) -> Response {
    if !is_near(&state, &facts) && !has_token(&state, &headers) {
        let words = "Metrics are for this machine, the trusted networks, and holders of THINKHEADS_METRICS_TOKEN.\n";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response();
    }
    telemetry::metrics::read_jobs(&state.services).await;
    state.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, TEXT)], state.metrics.render()).into_response()
}

fn is_near(state: &AppState, facts: &Facts) -> bool {
    let address = facts.client.address;
    !facts.client.forwarded && (address.is_loopback() || client_ip::is_trusted(address, &state.trusted_proxies))
}

fn has_token(state: &AppState, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match (&state.metrics_token, given) {
        (Some(token), Some(given)) => token.expose_secret().as_bytes().ct_eq(given.as_bytes()).into(),
        _ => false,
    }
}
