//! Following an apply: `POST /api/v1/applies/{id}/events?after=N`, a response of type `text/event-stream`.
//!
//! Every watcher reads the journal, so each sees the same from its own number on, whichever process applies.

use axum::{
    extract::{Path, State},
    response::Response,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use service::{
    Onlooker,
    deploy::{Watched, Watching, model::ApplyId, wire::WatchEvent},
};
use types::Permission;

use super::{body::Params, caller::Caller};
use crate::{http::streams, state::AppState};

#[derive(Deserialize)]
pub(super) struct From {
    /// Number of the last entry the watcher has.
    #[serde(default)]
    after: u64,
}

/// The handler.
pub(super) async fn follow(
    State(state): State<AppState>,
    caller: Caller<Onlooker>,
    Path(id): Path<String>,
    Params(From { after }): Params<From>,
) -> Response {
    let apply = ApplyId(id);
    let watching = match caller.deploy.watch(&caller.proof, &apply, after).await {
        Ok(watching) => watching,
        Err(error) => return caller.refuse(error),
    };
    let open = encode(&WatchEvent::Open { apply, after });
    let rest = stream::unfold(watching, next);
    let sessions = state.services.sessions().clone();
    let closing = state.closing.clone();
    let by = caller.by;
    let over = async move {
        let revoked = async {
            match by {
                Some((user, session)) => sessions.revoked(user, session, Permission::Look).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = revoked => {}
            () = closing.cancelled() => {}
        }
    };
    let events = stream::once(async { open }).chain(rest).take_until(Box::pin(over));
    streams::respond(events, state.tuning.heartbeat)
}

/// What comes next. The stream just ends when the journal can't be read: its watcher comes again from its number.
async fn next(mut watching: Watching) -> Option<(Bytes, Watching)> {
    let event = match watching.next().await {
        Ok(Some(Watched::Event(number, event))) => WatchEvent::Event { number, event },
        Ok(Some(Watched::Receipt(number, receipt))) => WatchEvent::Receipt { number, receipt },
        Ok(Some(Watched::Ended(verdict))) => WatchEvent::Ended { verdict },
        Ok(None) => return None,
        Err(error) => {
            tracing::warn!(%error, "a journal can't be read on; its watchers must come again");
            return None;
        }
    };
    Some((encode(&event), watching))
}

/// One server-sent event. JSON holds no line break, so `data:` is one line.
fn encode(event: &WatchEvent) -> Bytes {
    let id = event.number().map(|number| format!("id: {number}\n")).unwrap_or_default();
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("{id}event: {}\ndata: {data}\n\n", event.name()).into()
}
