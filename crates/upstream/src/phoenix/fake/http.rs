//! The stand-in's routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    ReceivedRequest, Shared, events, play,
    sample::Asked,
    script::{Head, Script, Step},
};

#[derive(Clone)]
struct Cx {
    shared: Arc<Shared>,
    stop: CancellationToken,
}

pub(super) fn router(shared: Arc<Shared>, stop: CancellationToken) -> Router {
    let cx = Cx { shared, stop };
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .layer(middleware::from_fn_with_state(cx.clone(), check_key))
        .route("/healthz", get(async || "ok"))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(cx)
}

/// Refuses calls without the key, if one is required.
async fn check_key(State(cx): State<Cx>, request: Request, next: Next) -> Response {
    if let Some(key) = &cx.shared.config.api_key {
        let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if sent.and_then(|value| value.strip_prefix("Bearer ")) != Some(key) {
            note(&cx, request.method(), request.uri(), request.headers(), Value::Null);
            let body = events::error("Incorrect API key provided.", "invalid_api_key");
            return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
        }
    }
    next.run(request).await
}

fn note(cx: &Cx, method: &Method, uri: &Uri, headers: &HeaderMap, body: Value) {
    cx.shared.received(|| ReceivedRequest {
        method: method.to_string(),
        target: uri.to_string(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
    });
}

async fn latency(cx: &Cx) {
    let pause = cx.shared.knobs().latency;
    if pause > Duration::ZERO {
        tokio::time::sleep(pause).await;
    }
}

async fn models(State(cx): State<Cx>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    note(&cx, &method, &uri, &headers, Value::Null);
    latency(&cx).await;
    let script = cx.shared.knobs().model_scripts.pop_front();
    if let Some(script) = script {
        return play(&cx, script, None).await;
    }
    let list: Vec<Value> = (cx.shared.models().iter())
        .map(|id| json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "fake", "max_model_len": 32768 }))
        .collect();
    Json(json!({ "object": "list", "data": list })).into_response()
}

async fn chat(State(cx): State<Cx>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let guard = play::CallGuard::new(Arc::clone(&cx.shared));
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let asked = Asked::read(&body);
    note(&cx, &method, &uri, &headers, body);
    latency(&cx).await;
    let script = cx.shared.knobs().scripts.pop_front();
    if let Some(script) = script {
        return play(&cx, script, Some(guard)).await;
    }
    let script = match asked.script(&cx.shared.models()) {
        None => {
            let message = format!("The model `{}` does not exist.", asked.model);
            Script::refusal(404, "model_not_found", &message)
        }
        Some(_) if !asked.stream => {
            Script::json(200, &events::completion(&asked.model, &asked.text(), asked.prompt_tokens))
        }
        Some(script) => script,
    };
    play(&cx, script, Some(guard)).await
}

async fn play(cx: &Cx, script: Script, guard: Option<play::CallGuard>) -> Response {
    for step in &script.before_head {
        if let Step::Gate(gate) = step {
            tokio::select! {
                () = gate.passed() => {}
                () = cx.stop.cancelled() => return broken(),
            }
        }
    }
    let Head::Answer { status, content_type, headers } = script.head else {
        let _call = guard;
        cx.stop.cancelled().await;
        return broken();
    };
    let body = play::body(script.steps, script.every_byte, guard, cx.shared.started, cx.stop.clone());
    let mut response = Response::builder().status(status).header(header::CACHE_CONTROL, "no-store");
    if let Some(content_type) = content_type {
        response = response.header(header::CONTENT_TYPE, content_type);
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap_or_else(|error| {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("the script is not playable: {error}")).into_response()
    })
}

/// The server stops: the connection breaks without an answer.
fn broken() -> Response {
    let cut = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("stopped"))]);
    Response::new(Body::from_stream(cut))
}
