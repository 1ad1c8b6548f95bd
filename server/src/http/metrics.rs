//! `/metrics`, in Prometheus' text format.
//!
//! Answered to whoever has the token. Without it only to this machine, and only while the whole site is local: no trusted
//! proxies, a local public URL, a local `Host`, and no header that says the request was forwarded. A tunnel's or a proxy's
//! inner end is on loopback too, and not every one says that it forwards.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::facts::Facts;
use crate::{state::AppState, telemetry};

/// The format's media type.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Extension(facts): Extension<Facts>,
    headers: HeaderMap,
) -> Response {
    if !is_near(&state, &facts) && !has_token(&state, &headers) {
        let words = "Metrics are for holders of THINKHEADS_METRICS_TOKEN (send it as a bearer token), and for this machine \
                     while the site is local and nothing stands in front.\n";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response();
    }
    telemetry::metrics::read_jobs(&state.services).await;
    state.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, TEXT)], state.metrics.render()).into_response()
}

fn is_near(state: &AppState, facts: &Facts) -> bool {
    let local = facts.host.as_deref().and_then(|host| state.hosts.find(host)).is_some_and(|known| known.local);
    facts.client.address.is_loopback()
        && !facts.client.forwarded
        && state.trusted_proxies.is_empty()
        && state.hosts.is_local()
        && local
}

fn has_token(state: &AppState, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match (&state.metrics_token, given) {
        (Some(token), Some(given)) => token.expose_secret().as_bytes().ct_eq(given.as_bytes()).into(),
        _ => false,
    }
}
