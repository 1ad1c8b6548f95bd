//! Pages and server functions are made on the runtime's workers, beside the thread of the connections.

use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{facts::Facts, middleware::session};
use crate::state::AppState;

/// Answers on a worker. The body is whole and compressed when it comes back, so that nothing of it is made on the thread of the
/// connections. Not for responses that are streams.
pub(crate) async fn answer(
    State(state): State<AppState>,
    Extension(facts): Extension<Facts>,
    request: Request,
    next: Next,
) -> Response {
    let work = session::from(facts.origin, async move {
        let (parts, body) = next.run(request).await.into_parts();
        match to_bytes(body, usize::MAX).await {
            Ok(whole) => Response::from_parts(parts, Body::from(whole)),
            Err(error) => {
                tracing::error!(%error, "a page broke off while it was made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    });
    let working = AbortOnDropHandle::new(state.workers.spawn(work.instrument(tracing::Span::current())));
    match working.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the runtime's end cancels it, and then nobody reads this.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}
