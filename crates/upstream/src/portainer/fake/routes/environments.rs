//! Environments.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, RequestExt as _,
    body::Bytes,
    extract::{Multipart, Path, Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::IntoResponse as _,
};
use serde_json::{Value, json};

use super::super::{
    answer::{Error, Outcome, Payload, Query, no_content, ok},
    gate::Cx,
    host::{AgentScript, FakeContainer},
    render,
    state::{EnvironmentRow, State},
};

pub(super) async fn list(Extract(cx): Extract<Cx>, Extension(query): Extension<Arc<Query>>) -> Outcome {
    let state = cx.shared.state();
    let all: Vec<&EnvironmentRow> = state.environments.iter().collect();
    let among = |name: &str, number: fn(&EnvironmentRow) -> i64, row: &EnvironmentRow| {
        let wanted = query.numbers(name);
        wanted.is_empty() || wanted.contains(&number(row))
    };
    let search = query.get("search").map(str::to_lowercase);
    let mut found = all.clone();
    found.retain(|row| {
        query.get("name").is_none_or(|name| name == row.name)
            && search.as_ref().is_none_or(|text| row.name.to_lowercase().contains(text) || row.url.contains(text))
            && among("status", |row| row.status, row)
            && among("types", |row| row.kind, row)
            && among("groupIds", |row| row.group, row)
            && among("endpointIds", |row| row.id, row)
            && !query.numbers("excludeIds").contains(&row.id)
    });
    let total = found.len();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let (start, limit) = (number("start"), number("limit"));
    let limit = if limit == 0 { usize::MAX } else { limit };
    let shown = found.into_iter().skip(start.saturating_sub(1)).take(limit);
    let shown: Value = shown.map(|row| render::environment(row, !query.flag("excludeSnapshots"))).collect();
    let mut answer = axum::Json(shown).into_response();
    for (name, count) in [("x-total-count", total), ("x-total-available", all.len())] {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(count));
    }
    Ok(answer)
}

pub(super) async fn inspect(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path(id): Path<i64>,
) -> Outcome {
    let state = cx.shared.state();
    let row = state.environment(id).ok_or_else(missing)?;
    ok(render::environment(row, !query.flag("excludeSnapshot")))
}

fn missing() -> Error {
    Error::not_found("an environment")
}

/// Only a multipart form is read. Anything else looks empty.
async fn form(request: Request) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let Ok(mut form) = request.extract::<Multipart, _>().await else { return fields };
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        if let Ok(text) = field.text().await {
            fields.insert(name, text);
        }
    }
    fields
}

pub(super) async fn create(Extract(cx): Extract<Cx>, request: Request) -> Outcome {
    let form = form(request).await;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let name = field("Name").to_owned();
    if name.is_empty() {
        return Err(Error::payload("Invalid environment name"));
    }
    let kind: i64 = field("EndpointCreationType").parse().unwrap_or(0);
    if !(1..=5).contains(&kind) {
        return Err(Error::payload("Invalid environment type value"));
    }
    let is_true = |name: &str| field(name) == "true";
    if is_true("TLS") && !is_true("TLSSkipVerify") && !form.contains_key("TLSCACertFile") {
        return Err(Error::payload("Invalid CA certificate file. Ensure that the file is uploaded correctly"));
    }
    if is_true("TLS") && !is_true("TLSSkipClientVerify") && !form.contains_key("TLSCertFile") {
        return Err(Error::payload("Invalid certificate file. Ensure that the file is uploaded correctly"));
    }
    let tags: Vec<i64> = match field("TagIds") {
        "" => Vec::new(),
        text => serde_json::from_str(text).map_err(|_| Error::payload("Invalid TagIds parameter"))?,
    };
    let skips = is_true("TLS") && is_true("TLSSkipVerify") && is_true("TLSSkipClientVerify");
    let now = cx.shared.now_s();
    cx.shared.edit(|state| {
        if state.environments.iter().any(|row| row.name == name) {
            return Err(Error::plain(409, "Name is not unique"));
        }
        let mut row = EnvironmentRow {
            id: 0,
            name,
            url: match field("URL") {
                "" => "unix:///var/run/docker.sock".to_owned(),
                url if url.contains("://") => url.to_owned(),
                url => format!("tcp://{url}"),
            },
            public_url: field("PublicURL").to_owned(),
            group: field("GroupID").parse().unwrap_or(1),
            tags,
            kind,
            status: 1,
            snapshot: None,
        };
        if kind == 2 {
            ping(state, &row.url, skips)?;
        }
        row.id = state.draw_environment();
        let paired_elsewhere = state.host_at(&row.url).is_some_and(|host| host.agent == AgentScript::PairedElsewhere);
        if paired_elsewhere || !take_snapshot(state, &mut row, now) {
            let details =
                if paired_elsewhere { "Agent already paired with another Portainer instance" } else { "No answer" };
            return Err(Error::new(500, "Unable to initiate communications with environment", details));
        }
        let shown = render::environment(&row, true);
        state.environments.push(row);
        ok(shown)
    })
}

/// Always over TLS; only with both checks off is the agent's own certificate good.
fn ping(state: &mut State, url: &str, skips: bool) -> Result<(), Error> {
    let failed = |details: &str| Error::new(500, "Unable to get environment type", details);
    if !skips {
        return Err(failed("tls: failed to verify certificate: x509: certificate signed by unknown authority"));
    }
    match state.host_at(url) {
        Some(host) if host.up && host.agent != AgentScript::Silent => Ok(()),
        _ => Err(failed(&format!("Get \"{url}/ping\": context deadline exceeded"))),
    }
}

pub(super) async fn update(Extract(cx): Extract<Cx>, Path(id): Path<i64>, headers: HeaderMap, body: Bytes) -> Outcome {
    let payload = Payload::read(&headers, &body)?;
    cx.shared.edit(|state| {
        state.environment(id).ok_or_else(missing)?;
        let name = payload.text_if_sent("Name");
        if state.environments.iter().any(|row| row.id != id && Some(&row.name) == name.as_ref()) {
            return Err(Error::plain(409, "Name is not unique"));
        }
        let row = state.environments.iter_mut().find(|row| row.id == id).ok_or_else(missing)?;
        row.name = name.unwrap_or_else(|| row.name.clone());
        row.url = payload.text_if_sent("URL").unwrap_or_else(|| row.url.clone());
        row.public_url = payload.text_if_sent("PublicURL").unwrap_or_else(|| row.public_url.clone());
        row.group = payload.number("GroupID").unwrap_or(row.group);
        row.tags = payload.numbers("TagIDs").unwrap_or_else(|| row.tags.clone());
        ok(render::environment(row, true))
    })
}

/// Stacks stay, as orphans.
pub(super) async fn delete(Extract(cx): Extract<Cx>, Path(id): Path<i64>) -> Outcome {
    cx.shared.edit(|state| {
        state.environment(id).ok_or_else(missing)?;
        state.environments.retain(|row| row.id != id);
        no_content()
    })
}

/// 204 even if the host does not answer; the row then says so.
pub(super) async fn snapshot(Extract(cx): Extract<Cx>, Path(id): Path<i64>) -> Outcome {
    let now = cx.shared.now_s();
    cx.shared.edit(|state| {
        let mut row = state.environment(id).cloned().ok_or_else(missing)?;
        row.status = if take_snapshot(state, &mut row, now) { 1 } else { 2 };
        replace(state, row);
        no_content()
    })
}

/// Never notices that a host is down.
pub(super) async fn snapshot_all(Extract(cx): Extract<Cx>) -> Outcome {
    let now = cx.shared.now_s();
    cx.shared.edit(|state| {
        for mut row in state.environments.clone() {
            if take_snapshot(state, &mut row, now) {
                row.status = 1;
                replace(state, row);
            }
        }
        no_content()
    })
}

fn replace(state: &mut State, row: EnvironmentRow) {
    if let Some(old) = state.environments.iter_mut().find(|old| old.id == row.id) {
        *old = row;
    }
}

/// Looks at the host; false if it does not answer.
pub(in crate::portainer::fake) fn take_snapshot(state: &mut State, row: &mut EnvironmentRow, now: i64) -> bool {
    let Some(host) = state.host_at(&row.url).filter(|host| host.up && host.agent == AgentScript::Answers) else {
        return false;
    };
    let count = |test: &dyn Fn(&FakeContainer) -> bool| host.containers.iter().filter(|one| test(one)).count();
    let running = count(&|one| one.look(now * 1000).state == "running");
    row.snapshot = Some(json!({
        "Time": now,
        "DockerVersion": "27.1.2",
        "Swarm": host.swarm_id.is_some(),
        "TotalCPU": 4,
        "TotalMemory": 8_589_934_592_i64,
        "ContainerCount": host.containers.len(),
        "RunningContainerCount": running,
        "StoppedContainerCount": host.containers.len() - running,
        "HealthyContainerCount": count(&|one| one.look(now * 1000).health == Some("healthy")),
        "UnhealthyContainerCount": count(&|one| one.look(now * 1000).health == Some("unhealthy")),
        "VolumeCount": 2,
        "ImageCount": host.images.len(),
        "ServiceCount": 0,
        "StackCount": 0,
        "NodeCount": i32::from(host.swarm_id.is_some()),
        "GpuUseAll": false,
        "GpuUseList": null,
        "IsPodman": false,
        "DockerSnapshotRaw": { "Containers": [], "Volumes": {}, "Networks": [], "Images": [], "Info": {}, "Version": {} },
    }));
    true
}
