//! A model whose tokens are time stamps: each token is the moment it was sent, so that a reader knows how long it travelled.
//! OpenAI's streaming shape. The model's name says how much and how fast: `stamps-COUNT-PER_SECOND`.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    body::Body,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt as _,
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use crate::Failure;

/// Microseconds since the epoch; the same clock for every process of the run.
#[expect(clippy::disallowed_methods, reason = "two processes compare this clock")]
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Serves until the process is ended; prints its address first.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let router = Router::new()
        .route(
            "/v1/models",
            get(async || Json(json!({ "object": "list", "data": [{ "id": "stamps-100-50", "object": "model" }] }))),
        )
        .route("/v1/chat/completions", post(complete));
    // Without it the kernel holds back each second small write, and the yardstick would be slower than what it measures.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("bench: could not switch off Nagle: {error}");
        }
    });
    axum::serve(listener, router).await?;
    Ok(())
}

#[derive(Deserialize)]
struct Request {
    model: String,
    #[serde(default)]
    stream: bool,
}

async fn complete(Json(request): Json<Request>) -> Response {
    if !request.stream {
        return Json(json!({ "choices": [{ "message": { "role": "assistant", "content": "Stamps" }, "finish_reason": "stop" }] }))
            .into_response();
    }
    let mut parts = request.model.split('-').skip(1).map(|part| part.parse::<u64>().unwrap_or(1));
    let (count, per_second) = (parts.next().unwrap_or(1), parts.next().unwrap_or(1).max(1));
    let events = stamps(count, Duration::from_secs_f64(1.0 / per_second as f64));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

fn stamps(count: u64, pause: Duration) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let begun = Instant::now();
    stream::unfold(0, move |n| async move {
        if n > count {
            return None;
        }
        tokio::time::sleep_until(begun + pause * u32::try_from(n).unwrap_or(u32::MAX)).await;
        let event = if n == count {
            concat!(
                r#"data: {"id":"s","object":"chat.completion.chunk","model":"stamps","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
                "\n\ndata: [DONE]\n\n"
            )
            .to_owned()
        } else {
            format!(
                r#"data: {{"id":"s","object":"chat.completion.chunk","model":"stamps","choices":[{{"index":0,"delta":{{"content":"{} "}},"finish_reason":null}}]}}{}"#,
                now_us(),
                "\n\n"
            )
        };
        Some((Ok(Bytes::from(event)), n + 1))
    })
}
