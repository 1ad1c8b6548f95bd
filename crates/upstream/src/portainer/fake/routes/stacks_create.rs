//! Creating stacks, in Portainer's order: checks, number, files, deployment, and only then the row. Newer versions save the row first.

use std::sync::Arc;

use axum::{
    Extension, RequestExt as _,
    body::to_bytes,
    extract::{Multipart, Path, Request, State as Extract},
};

use super::super::{
    Generation, Shared,
    answer::{Error, Outcome, Payload, Query, ok},
    deploy::{Deployment, NAMESPACE, PROJECT, deploy},
    gate::{Caller, Cx},
    git::{self, CloneError},
    render,
    state::{AutoUpdateRow, GitRow, StackRow},
};
use crate::portainer::stacks::stored_name;

const MAX_BODY: usize = 64 * 1024 * 1024;
/// What the newer generation calls a stack that is being deployed, or failed. Ours: the real numbers are not known, and a client
/// must not count on any.
pub(super) const DEPLOYING: i64 = 3;
const FAILED: i64 = 4;

/// Portainer serves the old address by the new one.
pub(super) async fn legacy(
    cx: Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    caller: Extension<Caller>,
    request: Request,
) -> Outcome {
    let kind = match query.number("type")? {
        1 => "swarm",
        2 => "standalone",
        _ => return Err(Error::plain(400, "Invalid value for query parameter: type")),
    };
    let method = query.get("method").unwrap_or_default().to_owned();
    create(cx, Extension(query), caller, Path((kind.to_owned(), method)), request).await
}

pub(super) async fn create(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Extension(caller): Extension<Caller>,
    Path((kind, method)): Path<(String, String)>,
    request: Request,
) -> Outcome {
    let swarm = match kind.as_str() {
        "swarm" => true,
        "standalone" => false,
        _ => return Err(Error::plain(400, "Invalid value for query parameter: type")),
    };
    let environment = query.number("endpointId")?;
    let (mut row, name) = match method.as_str() {
        "string" | "repository" => {
            let headers = request.headers().clone();
            let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Error::payload("EOF"))?;
            read(&Payload::read(&headers, &body)?, &method, swarm)?
        }
        "file" => read_form(request, swarm).await?,
        _ => return Err(Error::plain(400, "Invalid value for query parameter: method")),
    };
    if cx.shared.state().environment(environment).is_none() {
        return Err(Error::not_found("an environment"));
    }
    row.kind = if swarm { 1 } else { 2 };
    row.environment = environment;
    row.name = stored_name(&name);
    row.status = 1;
    row.created = cx.shared.now_s();
    row.created_by = caller.name;
    check_webhook(&cx.shared, &row)?;
    check_name(&cx.shared, &row)?;
    row.id = cx.shared.edit(super::super::state::State::draw_stack);
    fetch(&cx.shared, &mut row).await?;
    match cx.shared.config.generation {
        Generation::V2_23 => {
            let deployed = deploy(&cx.shared, &Deployment::of(&row)).await;
            deployed.map_err(|error| Error::plain(500, &error))?;
            cx.shared.edit(|state| state.stacks.push(row.clone()));
        }
        Generation::Newer => {
            row.status = DEPLOYING;
            row.deployments.push((DEPLOYING, row.created, String::new()));
            cx.shared.edit(|state| state.stacks.push(row.clone()));
            tokio::spawn(in_background(Arc::clone(&cx.shared), row.clone()));
        }
    }
    ok(render::stack(&row, cx.shared.config.generation))
}

async fn in_background(shared: Arc<Shared>, row: StackRow) {
    let outcome = deploy(&shared, &Deployment::of(&row)).await;
    let now = shared.now_s();
    shared.edit(|state| {
        if let Some(row) = state.stack_mut(row.id) {
            row.status = if outcome.is_ok() { 1 } else { FAILED };
            row.deployments.push((row.status, now, outcome.err().unwrap_or_default()));
        }
    });
}

fn read(payload: &Payload, method: &str, swarm: bool) -> Result<(StackRow, String), Error> {
    let name = payload.text("Name");
    if name.is_empty() {
        return Err(Error::payload("Invalid stack name"));
    }
    let swarm_id = payload.text("SwarmID");
    if swarm && swarm_id.is_empty() {
        return Err(Error::payload("Invalid Swarm ID"));
    }
    let mut row = StackRow {
        swarm_id,
        env: payload.pairs("Env"),
        from_template: payload.flag("FromAppTemplate"),
        entry_point: "docker-compose.yml".to_owned(),
        prune: swarm.then_some(false),
        ..StackRow::default()
    };
    if method == "string" {
        let text = payload.text("StackFileContent");
        if text.is_empty() {
            return Err(Error::payload("Invalid stack file content"));
        }
        row.files.insert(row.entry_point.clone(), text);
        return Ok((row, name));
    }
    let url = payload.text("RepositoryURL");
    let url = if swarm { url } else { url.strip_suffix('/').unwrap_or(&url).to_owned() };
    if !git::is_address(&url) {
        return Err(Error::payload("Invalid repository URL. Must correspond to a valid URL format"));
    }
    let login = (payload.text("RepositoryUsername"), payload.text("RepositoryPassword"));
    let authenticated = payload.flag("RepositoryAuthentication");
    if authenticated && login.1.is_empty() {
        return Err(Error::payload("Invalid repository credentials. Password must be specified"));
    }
    let file = payload.text("ComposeFile");
    if !file.is_empty() {
        row.entry_point = file;
    }
    row.additional_files = payload.texts("AdditionalFiles");
    row.auto_update = auto_update(payload)?;
    row.git = Some(GitRow {
        url,
        reference: payload.text("RepositoryReferenceName"),
        file: row.entry_point.clone(),
        login: authenticated.then_some(login),
        commit: String::new(),
        tls_skip_verify: payload.flag("TLSSkipVerify"),
    });
    Ok((row, name))
}

pub(super) fn auto_update(payload: &Payload) -> Result<Option<AutoUpdateRow>, Error> {
    let Some(update) = payload.object("AutoUpdate") else { return Ok(None) };
    let row = AutoUpdateRow {
        interval: update.text("Interval"),
        webhook: update.text("Webhook"),
        force_update: update.flag("ForceUpdate"),
        force_pull: update.flag("ForcePullImage"),
    };
    if row.interval.is_empty() && row.webhook.is_empty() {
        return Err(Error::payload("Webhook or Interval must be provided"));
    }
    if !row.webhook.is_empty() && uuid::Uuid::parse_str(&row.webhook).is_err() {
        return Err(Error::payload("invalid Webhook format"));
    }
    if !row.interval.is_empty() && crate::portainer::stacks::interval_seconds(&row.interval).is_none() {
        return Err(Error::payload("invalid Interval format"));
    }
    Ok(Some(row))
}

async fn read_form(request: Request, swarm: bool) -> Result<(StackRow, String), Error> {
    let mut row = StackRow { entry_point: "docker-compose.yml".to_owned(), ..StackRow::default() };
    let mut name = String::new();
    if let Ok(mut form) = request.extract::<Multipart, _>().await {
        while let Ok(Some(field)) = form.next_field().await {
            let key = field.name().unwrap_or_default().to_owned();
            let text = field.text().await.unwrap_or_default();
            match key.as_str() {
                "Name" => name = text,
                "SwarmID" => row.swarm_id = text,
                "file" => {
                    row.files.insert(row.entry_point.clone(), text);
                }
                "Env" => {
                    let pairs = Payload::read(&Default::default(), format!("{{\"Env\":{text}}}").as_bytes())?;
                    row.env = pairs.pairs("Env");
                }
                _ => {}
            }
        }
    }
    if name.is_empty() {
        return Err(Error::payload("Invalid stack name"));
    }
    if swarm && row.swarm_id.is_empty() {
        return Err(Error::payload("Invalid Swarm ID"));
    }
    if row.files.is_empty() {
        return Err(Error::payload("Invalid Compose file. Ensure that the Compose file is uploaded correctly"));
    }
    Ok((row, name))
}

fn check_webhook(shared: &Shared, row: &StackRow) -> Result<(), Error> {
    let Some(webhook) = row.auto_update.as_ref().map(|update| &update.webhook).filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let state = shared.state();
    let mut others = state.stacks.iter().filter_map(|other| other.auto_update.as_ref());
    if others.any(|other| other.webhook == *webhook) {
        return Err(Error::plain(409, &format!("Webhook ID: {webhook} already exists")));
    }
    Ok(())
}

/// Rows and live containers. Compose adopts containers that no row knows; swarm does not.
fn check_name(shared: &Shared, row: &StackRow) -> Result<(), Error> {
    let taken = || Error::plain(409, &format!("A stack with the normalized name '{}' already exists", row.name));
    shared.edit(|state| {
        if row.kind == 2 {
            let there = |other: &StackRow| other.environment == row.environment && other.name == row.name;
            state.stacks.retain(|other| other.kind != 1 || !there(other));
        }
        let host = state.host_of(row.environment).filter(|host| host.up).ok_or_else(|| {
            Error::new(500, "Unable to check for name collision", "Cannot connect to the Docker daemon")
        })?;
        let runs = host.containers.iter().any(|one| one.is_of(PROJECT, &row.name) || one.is_of(NAMESPACE, &row.name));
        let row_here = state.stacks.iter().any(|other| other.environment == row.environment && other.name == row.name);
        let row_anywhere = state.stacks.iter().any(|other| other.name == row.name);
        if row_here || runs && (row.kind == 1 || row_anywhere) {
            return Err(taken());
        }
        Ok(())
    })
}

async fn fetch(shared: &Shared, row: &mut StackRow) -> Result<(), Error> {
    let Some(git) = &mut row.git else { return Ok(()) };
    let wanted: Vec<String> =
        std::iter::once(row.entry_point.clone()).chain(row.additional_files.iter().flatten().cloned()).collect();
    let checkout = git::clone(shared, &git.url, &git.reference, git.login.as_ref(), &wanted).await;
    let checkout = checkout.map_err(|error| match error {
        CloneError::Credentials => Error::plain(500, "Invalid git credential"),
        CloneError::Other(text) => Error::plain(500, &format!("unable to clone git repository: {text}")),
    })?;
    git.commit = checkout.commit;
    row.files = checkout.files;
    Ok(())
}
