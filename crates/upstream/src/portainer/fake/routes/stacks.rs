//! Reading stacks, and files of repositories.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State as Extract},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::super::{
    answer::{Error, Outcome, Payload, Query, ok},
    gate::{Caller, Cx},
    git::{self, CloneError},
    render,
    state::StackRow,
};

pub(super) async fn list(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Extension(caller): Extension<Caller>,
) -> Outcome {
    let filters: Value = match query.get("filters") {
        Some(text) => serde_json::from_str(text).map_err(|_| bad_filter())?,
        None => json!({}),
    };
    let environment = match filters.get("EndpointID") {
        None | Some(Value::Null) => None,
        // A quoted number is none.
        Some(value) => Some(value.as_i64().ok_or_else(bad_filter)?).filter(|id| *id != 0),
    };
    let swarm = filters.get("SwarmID").and_then(Value::as_str).filter(|id| !id.is_empty());
    let orphans = filters.get("IncludeOrphanedStacks").and_then(Value::as_bool).unwrap_or(false);
    if orphans && !caller.administrator {
        return Err(Error::plain(403, "Permission denied to access orphaned stacks"));
    }
    let state = cx.shared.state();
    let wanted = |row: &&StackRow| match (environment, swarm) {
        (None, None) => true,
        (environment, swarm) => {
            row.kind == 2 && Some(row.environment) == environment
                || row.kind == 1 && Some(row.swarm_id.as_str()) == swarm
        }
    };
    ok(state.stacks.iter().filter(wanted).map(|row| render::stack(row, state.generation)).collect())
}

fn bad_filter() -> Error {
    Error::new(400, "Invalid query parameter: filters", "json: cannot unmarshal")
}

pub(super) fn missing() -> Error {
    Error::not_found("a stack")
}

pub(super) async fn inspect(Extract(cx): Extract<Cx>, Path(id): Path<i64>) -> Outcome {
    let state = cx.shared.state();
    let row = state.stack(id).ok_or_else(missing)?;
    ok(render::stack(row, state.generation))
}

pub(super) async fn file(Extract(cx): Extract<Cx>, Path(id): Path<i64>) -> Outcome {
    let state = cx.shared.state();
    let row = state.stack(id).ok_or_else(missing)?;
    let text = row.files.get(&row.entry_point).ok_or_else(|| {
        let details = format!("open /data/compose/{id}/{}: no such file or directory", row.entry_point);
        Error::new(500, "Unable to retrieve Compose file from disk", details)
    })?;
    ok(json!({ "StackFileContent": text }))
}

pub(super) async fn preview(Extract(cx): Extract<Cx>, headers: HeaderMap, body: Bytes) -> Outcome {
    let payload = Payload::read(&headers, &body)?;
    let (url, path) = (payload.text("repository"), payload.text("targetFile"));
    if !git::is_address(&url) {
        return Err(Error::payload("invalid repository URL. Must correspond to a valid URL format"));
    }
    if path.is_empty() {
        return Err(Error::payload("invalid target filename"));
    }
    // Unlike elsewhere, not the remote's default branch.
    let reference = Some(payload.text("reference")).filter(|text| !text.is_empty());
    let reference = reference.unwrap_or_else(|| "refs/heads/main".to_owned());
    let login = Some((payload.text("username"), payload.text("password"))).filter(|(user, _)| !user.is_empty());
    let wanted = [path.clone()];
    // A clone by name would take a tag for a branch.
    let cloned = match git::commit(&cx.shared, &url, &reference, login.as_ref()).await {
        Ok(_) => git::clone(&cx.shared, &url, &reference, login.as_ref(), &wanted).await,
        Err(error) => Err(error),
    };
    match cloned {
        Ok(checkout) => ok(json!({ "FileContent": checkout.files.get(&path) })),
        Err(CloneError::Credentials) => Err(Error::plain(400, "Invalid git credential")),
        Err(CloneError::Other(error)) => Err(Error::new(500, "Unable to clone git repository", error)),
    }
}
