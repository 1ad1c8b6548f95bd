//! What every call passes: the record, faults on purpose, the set-up window, who calls, CSRF.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State as Extract},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    Generation, Shared,
    answer::{Error, Query},
    server::DropConnection,
    state::{FakeCall, Fault, State},
};

const MAX_BODY: usize = 64 * 1024 * 1024;
pub(super) const COOKIE: &str = "portainer_api_key";

/// What handlers share.
#[derive(Clone)]
pub(super) struct Cx {
    pub(super) shared: Arc<Shared>,
    /// The server stops.
    pub(super) stop: CancellationToken,
}

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) user: i64,
    pub(super) name: String,
    pub(super) administrator: bool,
    /// With a key, not a token.
    pub(super) by_key: bool,
}

/// Public routes ignore any credential.
fn is_public(method: &Method, path: &str) -> bool {
    match path {
        "/api/status" | "/api/system/status" | "/api/settings/public" | "/api/users/admin/check" => {
            method == Method::GET
        }
        "/api/auth" | "/api/users/admin/init" => method == Method::POST,
        _ => path.starts_with("/api/stacks/webhooks/") && method == Method::POST,
    }
}

/// Changes that only an administrator may make.
fn is_for_administrators(method: &Method, path: &str) -> bool {
    *method != Method::GET && path.starts_with("/api/endpoints") && !path.contains("/docker/")
        || path.ends_with("/associate")
}

/// A call that is under way, until it is answered or the caller is gone.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.edit(|state| state.calls_now -= 1);
    }
}

/// The layer.
pub(super) async fn gate(Extract(cx): Extract<Cx>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return StatusCode::BAD_REQUEST.into_response() };
    let path = parts.uri.path().strip_prefix(cx.shared.config.prefix.as_str()).unwrap_or_default().to_owned();
    let route = format!("{} {path}", parts.method);
    let query = Query::read(parts.uri.query());
    cx.shared.edit(|state| {
        state.note(FakeCall {
            method: parts.method.to_string(),
            path: path.clone(),
            query: query.0.clone(),
            headers: headers(&parts.headers),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
    });
    let _under_way = UnderWay(Arc::clone(&cx.shared));
    let fault = fault(&cx, &route).await;
    match fault {
        Some(Fault::Fail { status, body, .. }) => return failed(status, body),
        Some(Fault::Drop { after_effect: false, .. }) => return broken(),
        _ => {}
    }
    let now = cx.shared.now();
    let admitted = cx.shared.edit(|state| admit(state, &parts.method, &path, &parts.uri, &parts.headers, &query, now));
    let mut answer = match admitted {
        Err(refusal) => *refusal,
        Ok(caller) => {
            let cookie = cookie(&parts.headers).is_some();
            let mut request = Request::from_parts(parts, Body::from(body));
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            request.extensions_mut().insert(Arc::new(query));
            // In its own task: Portainer goes on when the caller hangs up.
            let running = tokio::spawn(next.run(request));
            if let Some(Fault::Gateway { after, .. }) = fault {
                tokio::time::sleep(after).await;
                return failed(504, "<html>Gateway Time-out</html>".into());
            }
            let mut answer = match running.await {
                Ok(answer) => answer,
                Err(_) => return broken(),
            };
            if cookie && answer.status().is_success() {
                answer.headers_mut().insert("x-csrf-token", header::HeaderValue::from_static("fresh"));
            }
            answer
        }
    };
    if matches!(fault, Some(Fault::Drop { after_effect: true, .. })) {
        answer = broken();
    }
    answer
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// Delays, and gives the fault that is due.
async fn fault(cx: &Cx, route: &str) -> Option<Fault> {
    let (delay, due) = cx.shared.edit(|state| {
        let mut delay = std::time::Duration::ZERO;
        let mut due = None;
        for (pattern, fault) in &mut state.faults {
            if !route.starts_with(pattern.as_str()) {
                continue;
            }
            match fault {
                Fault::Delay(time) => delay += *time,
                Fault::Fail { left, .. } | Fault::Drop { left, .. } | Fault::Gateway { left, .. }
                    if *left > 0 && due.is_none() =>
                {
                    *left -= 1;
                    due = Some(fault.clone());
                }
                _ => {}
            }
        }
        (delay, due)
    });
    if !delay.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = cx.stop.cancelled() => {}
        }
    }
    due
}

fn failed(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, [(header::CONTENT_TYPE, "text/html")], text).into_response(),
        body => (status, axum::Json(body)).into_response(),
    }
}

fn broken() -> Response {
    let mut answer = Response::new(super::answer::broken_body());
    answer.extensions_mut().insert(DropConnection);
    answer
}

/// Who calls, or why not. The order of the checks is Portainer's.
fn admit(
    state: &mut State,
    method: &Method,
    path: &str,
    uri: &axum::http::Uri,
    headers: &HeaderMap,
    query: &Query,
    now: i64,
) -> Result<Option<Caller>, Box<Response>> {
    let refuse = |error: Error| Box::new(error.into_response());
    // Exempt by their exact address only.
    let exempt = uri.query().is_none() && matches!(path, "/api/status" | "/api/settings/public");
    if state.check_window(now) && !exempt {
        let error = Error::plain(303, "Administrator initialization timeout");
        let mut answer = error.into_response();
        answer.headers_mut().insert("redirect-reason", header::HeaderValue::from_static("AdminInitTimeout"));
        return Err(Box::new(answer));
    }
    let key = header(headers, "x-api-key").or_else(|| query_in_any_case(query, "x-api-key"));
    let cookie = cookie(headers);
    let bearer = header(headers, "authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    if key.is_some() && header(headers, "authorization").is_some() && cookie.is_none() {
        return Err(refuse(Error::plain(403, "api key and auth header are not allowed at the same time")));
    }
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe && cookie.is_some() && header(headers, "x-csrf-token").is_none() {
        return Err(Box::new((StatusCode::FORBIDDEN, "Forbidden - CSRF token not found in request").into_response()));
    }
    if state.generation == Generation::Newer && !safe && (has(headers, "origin") || has(headers, "referer")) {
        return Err(Box::new((StatusCode::FORBIDDEN, "Forbidden - origin invalid").into_response()));
    }
    if state.backup_running && !safe {
        return Err(refuse(Error::plain(408, "Request timeout exceeded")));
    }
    if is_public(method, path) {
        return Ok(None);
    }
    let by_key = key.is_some();
    let user = match (key, cookie.or(bearer).or_else(|| query.get("token").map(str::to_owned))) {
        (Some(key), _) => state.keys.iter_mut().find(|row| row.raw == key).map(|row| {
            row.last_used = now / 1000;
            row.user
        }),
        (None, Some(token)) => state.tokens.get(&token).copied(),
        (None, None) => {
            return Err(refuse(Error::new(401, "A valid authorization token is missing", "Unauthorized")));
        }
    };
    let Some(user) = user else { return Err(refuse(Error::new(401, "Invalid JWT token", "Unauthorized"))) };
    let Some(row) = state.users.iter().find(|row| row.id == user) else {
        return Err(refuse(Error::new(401, "An authorization token is invalid", "Unauthorized")));
    };
    if !row.administrator && is_for_administrators(method, path) {
        return Err(refuse(Error::new(403, "Access denied", "Access denied to resource")));
    }
    Ok(Some(Caller { user, name: row.name.clone(), administrator: row.administrator, by_key }))
}

fn has(headers: &HeaderMap, name: &str) -> bool {
    headers.contains_key(name)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn query_in_any_case(query: &Query, name: &str) -> Option<String> {
    query.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = header(headers, "cookie")?;
    cookies.split(';').find_map(|one| one.trim().strip_prefix(COOKIE)?.strip_prefix('=').map(str::to_owned))
}

/// The body of a fault that was given none.
pub(super) fn default_fault() -> Value {
    json!({ "message": "Failed on purpose", "details": "Failed on purpose" })
}
