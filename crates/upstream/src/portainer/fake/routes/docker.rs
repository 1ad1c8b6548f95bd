//! Docker through the proxy. Docker's own errors have no `details`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State as Extract},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use types::catalog::ImageName;

use super::{
    super::{
        answer::{Error, Query},
        compose::Service,
        deploy::{PROJECT, SERVICE},
        gate::Cx,
        host::{Behaviour, FakeContainer, Host, hex, image_id},
        state::State,
    },
    docker_logs, docker_measures,
};

/// Docker's error.
pub(super) fn refusal(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(json!({ "message": message }))).into_response()
}

fn shown(value: Value) -> Response {
    axum::Json(value).into_response()
}

pub(super) async fn proxy(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path((environment, path)): Path<(i64, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = cx.shared.now();
    let logs = docker_logs::wanted(&method, without_version(&path)).map(str::to_owned);
    let answer = cx.shared.edit(|state| {
        if state.environment(environment).is_none() {
            return Err(Box::new(Error::not_found("an environment").into_response()));
        }
        // What the real proxy answers when nobody is there.
        let Some(host) = state.host_of(environment).filter(|host| host.up) else {
            return Err(Box::new(StatusCode::BAD_GATEWAY.into_response()));
        };
        Ok(route(host, &method, without_version(&path), &query, &headers, &body, now))
    });
    match (answer, logs) {
        (Ok(None), Some(container)) => docker_logs::stream(&cx, environment, &container, &query),
        (Ok(None), None) => refusal(404, "page not found"),
        (Ok(Some(answer)), _) => answer,
        (Err(refusal), _) => *refusal,
    }
}

/// Without `v1.43/` before it.
fn without_version(path: &str) -> &str {
    match path.split_once('/') {
        Some((version, rest)) if version.starts_with("v1.") => rest,
        _ => path,
    }
}

/// None: not here.
fn route(
    host: &mut Host,
    method: &Method,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
    body: &[u8],
    now: i64,
) -> Option<Response> {
    let get = *method == Method::GET;
    if let Some(image) = path.strip_prefix("images/").and_then(|rest| rest.strip_suffix("/json")).filter(|_| get) {
        return Some(inspect_image(host, image));
    }
    let parts: Vec<&str> = path.split('/').collect();
    Some(match (method.as_str(), parts.as_slice()) {
        ("GET", ["_ping"]) => "OK".into_response(),
        ("GET", ["info"]) => shown(info(host)),
        ("GET", ["version"]) => {
            shown(json!({ "Version": "27.1.2", "ApiVersion": "1.46", "Os": "linux", "Arch": "amd64" }))
        }
        ("GET", ["swarm"]) => match &host.swarm_id {
            Some(id) => shown(json!({ "ID": id, "Spec": { "Name": "default" } })),
            None => refusal(503, "This node is not a swarm manager. Use \"docker swarm init\" or join one."),
        },
        ("GET", ["containers", "json"]) => list(host, query, now),
        ("POST", ["containers", "create"]) => create(host, query, body, now),
        ("GET", ["containers", id, "json"]) => match host.find(id) {
            Some(container) => {
                container.polls += 1;
                shown(inspect(container, now))
            }
            None => no_container(id),
        },
        ("POST", ["containers", id, "restart"]) => match host.restart(id, now) {
            true => StatusCode::NO_CONTENT.into_response(),
            false => no_container(id),
        },
        ("GET", ["containers", id, "stats"]) => match host.find(id) {
            Some(container) => shown(docker_measures::stats(container, query, now)),
            None => no_container(id),
        },
        ("GET", ["events"]) => docker_measures::events(host, query),
        ("GET", ["containers", id, "logs"]) => match host.find(id) {
            Some(_) => return None,
            None => no_container(id),
        },
        ("GET", ["images", "json"]) => shown(host.images.iter().map(|image| image_value(image)).collect()),
        ("POST", ["images", "create"]) => pull(host, query, headers),
        _ => return None,
    })
}

pub(super) fn no_container(id: &str) -> Response {
    refusal(404, &format!("No such container: {id}"))
}

fn list(host: &mut Host, query: &Query, now: i64) -> Response {
    let labels = wanted_labels(query);
    let all = query.flag("all");
    let mut found = Vec::new();
    for container in &mut host.containers {
        if !has_labels(container, &labels) {
            continue;
        }
        container.polls += 1;
        if all || container.look(now).state == "running" {
            found.push(summary(container, now));
        }
    }
    shown(Value::Array(found))
}

/// The labels of the query's filter, each with its value if it names one.
pub(super) fn wanted_labels(query: &Query) -> Vec<(String, Option<String>)> {
    let filters: Value = query.get("filters").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let labels = filters.get("label").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    labels
        .map(|label| match label.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (label.to_owned(), None),
        })
        .collect()
}

pub(super) fn has_labels(container: &FakeContainer, labels: &[(String, Option<String>)]) -> bool {
    labels.iter().all(|(name, value)| {
        let label = container.labels.get(name);
        label.is_some() && (value.is_none() || label == value.as_ref())
    })
}

fn summary(container: &FakeContainer, now: i64) -> Value {
    let look = container.look(now);
    let ports: Vec<Value> = (container.service.ports.iter())
        .map(|(host, inside)| json!({ "IP": "0.0.0.0", "PrivatePort": inside, "PublicPort": host, "Type": "tcp" }))
        .collect();
    json!({
        "Id": container.id,
        "Names": [format!("/{}", container.name)],
        "Image": container.service.image,
        "ImageID": image_id(&container.service.image),
        "Command": "run",
        "Created": container.started / 1000,
        "Ports": ports,
        "Labels": container.labels,
        "State": look.state,
        "Status": look.status,
        "HostConfig": { "NetworkMode": "default" },
        "NetworkSettings": { "Networks": {} },
        "Mounts": [],
        "Portainer": { "ResourceControl": null },
    })
}

pub(super) fn stamp(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map(|time| format!("{time:.9}")).unwrap_or_default()
}

fn inspect(container: &FakeContainer, now: i64) -> Value {
    let look = container.look(now);
    let env: Vec<String> =
        container.service.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // A command that is not there: Docker repeats the command line, with whatever values stand in it.
    let error = match look.exit_code {
        127 => format!(
            "failed to create task for container: exec: \"{}\": executable file not found in $PATH",
            env.join(" ")
        ),
        _ => String::new(),
    };
    let mut state = json!({
        "Status": look.state,
        "Running": look.state == "running",
        "Paused": false,
        "Restarting": look.state == "restarting",
        "OOMKilled": false,
        "Dead": false,
        "Pid": 4711,
        "ExitCode": look.exit_code,
        "Error": error,
        "StartedAt": stamp(container.started),
        "FinishedAt": if look.state == "running" { "0001-01-01T00:00:00Z".to_owned() } else { stamp(now) },
    });
    if let Some(health) = look.health {
        let failing = i64::from(health == "unhealthy");
        let output = if failing == 1 { "connection refused" } else { "ok" };
        state["Health"] = json!({
            "Status": health,
            "FailingStreak": failing * 3,
            "Log": [{ "Start": stamp(now), "End": stamp(now), "ExitCode": failing, "Output": output }],
        });
    }
    let ports: Value = (container.service.ports.iter())
        .map(|(host, inside)| (format!("{inside}/tcp"), json!([{ "HostIp": "0.0.0.0", "HostPort": host.to_string() }])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "Id": container.id,
        "Created": stamp(container.started),
        "Path": "run",
        "Args": [],
        "State": state,
        "Image": image_id(&container.service.image),
        "Name": format!("/{}", container.name),
        "RestartCount": look.restarts,
        "Platform": "linux",
        "HostConfig": { "NetworkMode": "default", "RestartPolicy": { "Name": "unless-stopped", "MaximumRetryCount": 0 } },
        "Config": {
            "Hostname": &container.id[..12],
            "Image": container.service.image,
            "Tty": container.service.tty,
            "Env": env,
            "Labels": container.labels,
        },
        "NetworkSettings": { "Networks": {}, "Ports": ports },
        "Mounts": [],
        "Portainer": { "ResourceControl": null },
    })
}

fn info(host: &Host) -> Value {
    let state = if host.swarm_id.is_some() { "active" } else { "inactive" };
    json!({
        "ID": hex(host.name.as_bytes()),
        "Name": host.name,
        "ServerVersion": "27.1.2",
        "OperatingSystem": "Ubuntu 24.04 LTS",
        "OSType": "linux",
        "Architecture": "x86_64",
        "NCPU": 4,
        "MemTotal": 8_589_934_592_i64,
        "Containers": host.containers.len(),
        "ContainersRunning": host.containers.len(),
        "ContainersPaused": 0,
        "ContainersStopped": 0,
        "Images": host.images.len(),
        "Swarm": { "LocalNodeState": state },
    })
}

fn image_value(image: &str) -> Value {
    let name = ImageName::parse(image);
    let repository = name.repository;
    let digest = name.digest.map_or_else(|| image_id(&format!("{image} in its registry")), str::to_owned);
    json!({
        "Id": image_id(image),
        "RepoTags": [image],
        "RepoDigests": [format!("{repository}@{digest}")],
        "Created": "2025-11-01T10:00:00.123456789Z",
        "Size": 192_000_000,
        "Architecture": "amd64",
        "Os": "linux",
    })
}

fn inspect_image(host: &Host, wanted: &str) -> Response {
    match host.images.iter().find(|image| *image == wanted || image_id(image) == wanted) {
        Some(image) => shown(image_value(image)),
        None => refusal(404, &format!("No such image: {wanted}")),
    }
}

/// 200 at once; failure comes as a line.
fn pull(host: &mut Host, query: &Query, headers: &HeaderMap) -> Response {
    let repository = query.get("fromImage").unwrap_or_default();
    let named = repository.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let (tag, image) = match query.get("tag") {
        None if named => ("", repository.to_owned()),
        None => ("latest", format!("{repository}:latest")),
        Some(digest) if digest.contains(':') => (digest, format!("{repository}@{digest}")),
        Some(tag) => (tag, format!("{repository}:{tag}")),
    };
    let mut lines = vec![json!({ "status": format!("Pulling from {repository}"), "id": tag })];
    if headers.contains_key("x-registry-auth") && repository.starts_with("private/") {
        lines.push(json!({ "status": "Login Succeeded" }));
    }
    if host.can_pull(&image) {
        host.images.insert(image.clone());
        lines.push(json!({
            "status": "Downloading",
            "progressDetail": { "current": 4_194_304, "total": 8_388_608 },
            "progress": "[=====>     ]",
            "id": "aabbccddeeff",
        }));
        lines.push(json!({ "status": "Pull complete", "progressDetail": {}, "id": "aabbccddeeff" }));
        lines.push(json!({ "status": format!("Status: Downloaded newer image for {image}") }));
    } else {
        let error = format!("manifest for {image} not found: manifest unknown: manifest unknown");
        lines.push(json!({ "errorDetail": { "message": error }, "error": error }));
    }
    let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    ([(header::CONTENT_TYPE, "application/json")], docker_logs::in_small_pieces(text.into_bytes())).into_response()
}

/// Docker answers 201; the proxy makes it 200.
fn create(host: &mut Host, query: &Query, body: &[u8], now: i64) -> Response {
    let config: Value = serde_json::from_slice(body).unwrap_or_default();
    let image = config.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !host.images.contains(&image) {
        return refusal(404, &format!("No such image: {image}"));
    }
    let name = query.get("name").unwrap_or("unnamed").to_owned();
    let labels: BTreeMap<String, String> =
        config.get("Labels").cloned().and_then(|labels| serde_json::from_value(labels).ok()).unwrap_or_default();
    host.start(bare(&name, image), name.clone(), labels, now);
    let id = host.find(&name).map(|one| one.id.clone());
    shown(json!({ "Id": id, "Warnings": [], "Portainer": { "ResourceControl": { "Id": 1 } } }))
}

fn bare(name: &str, image: String) -> Service {
    Service {
        name: name.to_owned(),
        image,
        ports: Vec::new(),
        environment: BTreeMap::new(),
        has_healthcheck: false,
        tty: false,
    }
}

/// Containers of a compose project started on the host's own command line.
pub(in crate::portainer::fake) fn run_by_hand(host: &mut Host, project: &str, service: &str, now: i64) {
    let labels = [(PROJECT, project), (SERVICE, service)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let service = bare(service, "busybox:latest".to_owned());
    let name = format!("{project}-{}-1", service.name);
    host.start(service, name, labels.into(), now);
}

/// The log of a container, as far as it is written: whether it has a terminal, the lines, and whether the container is
/// still there.
pub(super) fn log_of(
    state: &mut State,
    environment: i64,
    container: &str,
) -> Option<(bool, Vec<super::super::host::Written>, bool)> {
    let host = state.host_of(environment).filter(|host| host.up)?;
    let found = host.find(container)?;
    let ends = matches!(found.behaviour, Behaviour::Exits(_));
    Some((found.service.tty, found.log.clone(), ends))
}
