//! A container's log: followed (`POST /api/stream/containers/…`), or kept as a file (`GET /api/logs/…`).

use std::collections::HashMap;

use app::{
    pages::admin::deploy::container::live::{self, LogAsk},
    server::RequestCx,
};
use axum::{
    Extension,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use http::{HeaderValue, header};
use service::deploy::ContainerRef;
use types::Permission;

use super::{problem, streams, working};
use crate::state::AppState;

/// Environment, stack, container.
type Names = Path<(String, String, String)>;

fn named(Path((environment, stack, container)): Names) -> ContainerRef {
    ContainerRef::new(&environment, &stack, &container)
}

/// `POST /api/stream/containers/{environment}/{stack}/{container}`: the last lines, then what is written. Ends when the container
/// does, when nobody reads it any more, with the session, and with the process.
pub(crate) async fn follow(
    State(state): State<AppState>,
    Extension(cx): Extension<RequestCx>,
    names: Names,
    query: Query<HashMap<String, String>>,
) -> Response {
    let trace_id = &cx.viewer.origin().trace_id;
    let (person, onlooker) = match (cx.viewer.signed_in(), cx.viewer.onlooker()) {
        (Ok(person), Ok(onlooker)) => (person, onlooker),
        (Err(error), _) | (_, Err(error)) => return problem::json(&problem::with_trace(error.problem(), trace_id)),
    };
    let revoked = cx.services.sessions().revoked(person.user().id, person.session(), Permission::Look);
    let counted = match cx.services.chat().count_stream(person) {
        Ok(counted) => counted,
        Err(error) => return problem::json(&problem::from_service(&error, trace_id)),
    };
    let closing = state.closing.clone();
    let over = async move {
        tokio::select! {
            () = revoked => {}
            () = closing.cancelled() => {}
        }
    };
    let ask = LogAsk::of(|name| query.get(name).cloned());
    let (services, at) = (cx.services.clone(), named(names));
    let begin = async move { live::frames(&services, onlooker, at, ask).await };
    match working::made(&state.workers, begin).await {
        Ok(frames) => {
            let blocks = frames.map(move |one| {
                let _ = &counted;
                streams::frame(&one, one.ended)
            });
            let made = working::pieces(&state.workers, blocks);
            streams::respond(made.take_until(Box::pin(over)), state.tuning.heartbeat)
        }
        Err(error) => problem::json(&problem::from_service(&error, trace_id)),
    }
}

/// `GET /api/logs/{environment}/{stack}/{container}`: the newest lines as a text to keep.
pub(crate) async fn download(Extension(cx): Extension<RequestCx>, names: Names) -> Response {
    let trace_id = &cx.viewer.origin().trace_id;
    let onlooker = match cx.viewer.onlooker() {
        Ok(onlooker) => onlooker,
        Err(error) => return problem::json(&problem::with_trace(error.problem(), trace_id)),
    };
    match live::file(&cx.services, &onlooker, &named(names)).await {
        Ok((name, text)) => {
            // The name is of letters, digits, `-`, `_` and dots.
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
                .unwrap_or(HeaderValue::from_static("attachment"));
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
                (header::CONTENT_DISPOSITION, disposition),
            ];
            (headers, text).into_response()
        }
        Err(error) => problem::json(&problem::from_service(&error, trace_id)),
    }
}
