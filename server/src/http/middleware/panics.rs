//! A panic in one request is that request's trouble only: it becomes the 500 page with the trace id.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
};

use app::server::RequestCx;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::StatusCode;
use types::{Problem, ProblemCode};

use crate::http::problem;

/// Runs a handler; a panic becomes a problem. `cx` is made only then. Rendering the page may panic as well (it may be
/// the culprit); then a fixed page answers.
pub(crate) async fn guard(
    handler: impl Future<Output = Response>,
    count: &AtomicU64,
    wants_page: bool,
    cx: impl FnOnce() -> RequestCx,
) -> Response {
    let panic = match AssertUnwindSafe(handler).catch_unwind().await {
        Ok(response) => return response,
        Err(panic) => panic,
    };
    tracing::error!(panic = words(panic.as_ref()), "a request panicked");
    count.fetch_add(1, Ordering::SeqCst);
    metrics::counter!(crate::telemetry::metrics::PANICS).increment(1);
    let internal = Problem::new(
        ProblemCode::Internal,
        "Something went wrong on our side; nothing you typed caused it. Try again. If it stays, give the administrator \
         the trace id: the cause is in the log under it.",
    );
    std::panic::catch_unwind(AssertUnwindSafe(|| problem::respond(&cx(), wants_page, internal)))
        .unwrap_or_else(|_| (StatusCode::INTERNAL_SERVER_ERROR, app::shell::respond_panic()).into_response())
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}
