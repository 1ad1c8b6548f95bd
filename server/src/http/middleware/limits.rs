//! How large a request may be and how long it may take.
//!
//! Headers and idle connections have their limit in the accept loop ([`crate::http::accept`]), which alone sees bytes.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    response::Response,
};
use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::LengthLimitError;
use types::{Problem, ProblemCode};

/// The largest body outside uploads. Room for the longest message and system prompt.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// The largest body of the JSON API: a plan of some thousand steps, or all files of a catalog at once.
pub(crate) const API_BODY_LIMIT: usize = 8 * 1024 * 1024;
/// A refused body is read on up to here, so that its sender gets to read the refusal and not a broken connection.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Refuses a body that says it is too large. One that does not say is cut while it is read: [`read`].
pub(crate) async fn refuse_large(request: Request, limit: usize) -> Result<Request, Problem> {
    if request.body().size_hint().lower() <= u64::try_from(limit).unwrap_or(u64::MAX) {
        return Ok(request);
    }
    drain(request.into_body()).await;
    Err(too_large(limit))
}

/// Reads a whole body, at most [`BODY_LIMIT`].
pub(crate) async fn read(body: Body) -> Result<Bytes, Problem> {
    read_up_to(body, BODY_LIMIT).await
}

/// Reads a whole body, at most `limit` bytes.
pub(crate) async fn read_up_to(body: Body, limit: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let too_long = std::error::Error::source(&error).is_some_and(|cause| cause.is::<LengthLimitError>());
        if too_long {
            return too_large(limit);
        }
        Problem::new(ProblemCode::Invalid, "The request broke off before it was complete. Send it again.")
    })
}

/// Answers with a problem when a handler takes too long to begin its answer. Streams begin theirs at once.
pub(crate) async fn in_time(handler: impl Future<Output = Response>, limit: Duration) -> Result<Response, Problem> {
    tokio::time::timeout(limit, handler).await.map_err(|_| {
        tracing::warn!(limit_s = limit.as_secs(), "a request took too long and was given up");
        Problem::new(
            ProblemCode::UpstreamUnavailable,
            "This took too long and was given up. It may be done or not: look before you try again.",
        )
    })
}

async fn drain(body: Body) {
    let mut left = DRAIN_LIMIT;
    let mut pieces = body.into_data_stream();
    let reading = async {
        while let Some(Ok(piece)) = pieces.next().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

fn too_large(limit: usize) -> Problem {
    let mib = limit / (1024 * 1024);
    Problem::new(ProblemCode::TooLarge, format!("That is too large: a request may have {mib} MiB. Send less at once."))
}
