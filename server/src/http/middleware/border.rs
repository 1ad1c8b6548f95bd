//! What happens to every request, first and last: it gets a trace id and an address, is refused if it is not for us or not
//! from us, and leaves with its headers, one log line and its metrics.

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use tracing::Instrument as _;
use types::{Problem, ProblemCode};

use super::{bearer, client_ip, host::Known, limits, origin, panics, security, session, trace};
use crate::{
    http::{
        facts::{self, Facts, Peer},
        problem,
    },
    state::AppState,
    telemetry::metrics as names,
};

/// Health checks ask by address, whatever name they use; metrics are guarded by address and token.
const ANY_HOST: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The outermost layer. See [`crate::http::router`] for the order inside.
pub(crate) async fn cross(
    State(state): State<AppState>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let client = client_ip::client(peer.ip(), request.headers(), &state.trusted_proxies);
    let trace_id = trace::trace_id(request.headers(), client.through_trusted, state.services.world());
    let span = tracing::info_span!("request", trace_id);
    let method = request.method().clone();
    async {
        let origin = facts::origin(client, trace_id.clone(), request.headers());
        let facts = Facts {
            origin: origin.clone(),
            client,
            subdomain: None,
            path: Arc::from(path_and_query(request.uri())),
            host: host(&request),
            wants_page: facts::wants_page(request.headers()) && !bearer::is_api(request.uri().path()),
            speculative: facts::speculative(&method, request.headers()),
        };
        let mut response = session::from(origin, admit(&state, facts, request, next)).await;
        if let Ok(value) = HeaderValue::from_str(&trace_id) {
            response.headers_mut().insert(trace::TRACE_ID, value);
        }
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            // Part of the body may be unread, so nothing can follow on this connection.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        security::add(response.headers_mut(), state.hosts.secure());
        record(&method, client.address, &response, started);
        response
    }
    .instrument(span)
    .await
}

async fn admit(state: &AppState, mut facts: Facts, mut request: Request, next: Next) -> Response {
    let wants_page = facts.wants_page;
    if !ANY_HOST.contains(&request.uri().path()) {
        let Some(known) = facts.host.as_deref().and_then(|host| state.hosts.find(host)) else {
            return misdirected(state);
        };
        to_main_host(state, known, &mut facts, &mut request);
    }
    let is_api = bearer::is_api(request.uri().path());
    let by_token = bearer::token(request.uri().path(), request.headers()).is_some();
    if !by_token && !origin::is_allowed(request.method(), request.headers(), &state.hosts) {
        tracing::warn!(
            origin = ?request.headers().get(header::ORIGIN),
            site = ?request.headers().get("sec-fetch-site"),
            "refused a write that did not come from our own pages"
        );
        let refusal = Problem::new(
            ProblemCode::Forbidden,
            "This came from another site, so nothing was done. Open the page here and send it again.",
        );
        return problem::respond(&state.stranger(&facts), wants_page, refusal);
    }
    let (body_limit, time_limit) = match is_api {
        true => (limits::API_BODY_LIMIT, state.tuning.api_timeout),
        false => (limits::BODY_LIMIT, state.tuning.request_timeout),
    };
    let mut request = match limits::refuse_large(request, body_limit).await {
        Ok(request) => request,
        Err(too_large) => return problem::respond(&state.stranger(&facts), wants_page, too_large),
    };
    request.extensions_mut().insert(facts.clone());
    let answer = async {
        match limits::in_time(next.run(request), time_limit).await {
            Ok(response) => response,
            Err(late) => problem::respond(&state.stranger(&facts), wants_page, late),
        }
    };
    panics::guard(answer, &state.panics, wants_page, || state.stranger(&facts)).await
}

/// Gives a page on a subdomain the path it has on the main host.
fn to_main_host(state: &AppState, known: Known, facts: &mut Facts, request: &mut Request) {
    facts.subdomain = known.subdomain;
    let path = state.hosts.canonical(known.subdomain, request.uri().path(), |path| state.site.has(path));
    if path == request.uri().path() {
        return;
    }
    let full = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = full.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
        facts.path = Arc::from(full);
    }
}

fn misdirected(state: &AppState) -> Response {
    let words = format!(
        "This server does not answer under that name. It is {}. If the name is right, set THINKHEADS_PUBLIC_URL to it.\n",
        state.public_url
    );
    (StatusCode::MISDIRECTED_REQUEST, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
}

fn host(request: &Request) -> Option<Arc<str>> {
    let from_uri = request.uri().authority().map(|authority| authority.as_str());
    let from_header = || request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    from_uri.or_else(from_header).map(Arc::from)
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// The access log's line and the metrics. Routes are named by their pattern: a path may hold an invitation's token.
fn record(method: &Method, client: IpAddr, response: &Response, started: Instant) {
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    let route = response.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::info!(
        target: "thinkheads::access",
        %method, route, status, %client,
        ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!(names::REQUESTS, &labels).increment(1);
    metrics::histogram!(names::REQUEST_SECONDS, "route" => route.to_owned()).record(elapsed.as_secs_f64());
}

/// Remembers which route matched, for [`record`]: only layers inside the router know it.
pub(crate) async fn name_route(matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}
