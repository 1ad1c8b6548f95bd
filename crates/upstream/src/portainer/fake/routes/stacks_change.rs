//! Changing stacks. What is not sent is reset; an environment that is not sent is number 0.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State as Extract},
    http::HeaderMap,
};

use super::{
    super::{
        Generation, Shared,
        answer::{Error, Outcome, Payload, Query, no_content, ok},
        deploy::{self, Deployment},
        gate::{Caller, Cx},
        git::{self, CloneError},
        host::Host,
        render,
        state::StackRow,
    },
    stacks::missing,
    stacks_create::auto_update,
};

/// The stack, re-homed to the environment asked for: Portainer trusts the query more than the row.
fn rehomed(shared: &Shared, id: i64, environment: i64) -> Result<StackRow, Error> {
    let state = shared.state();
    let mut row = state.stack(id).cloned().ok_or_else(missing)?;
    if state.environment(environment).is_none() {
        let text = "Unable to find the environment/endpoint associated to the stack inside the database";
        return Err(Error::new(404, text, "Object not found inside the database"));
    }
    row.environment = environment;
    Ok(row)
}

fn optional(query: &Query) -> i64 {
    query.number("endpointId").unwrap_or(0)
}

/// Saves a changed row and shows it.
fn save(shared: &Shared, row: StackRow) -> Outcome {
    shared.edit(|state| {
        let shown = render::stack(&row, state.generation);
        let old = state.stack_mut(row.id).ok_or_else(missing)?;
        *old = row;
        ok(shown)
    })
}

fn touched(mut row: StackRow, shared: &Shared, caller: &Caller) -> StackRow {
    row.status = 1;
    row.updated = shared.now_s();
    row.updated_by.clone_from(&caller.name);
    if shared.config.generation == Generation::Newer {
        row.deployments.push((1, row.updated, String::new()));
    }
    row
}

async fn deployed(shared: &Shared, deployment: Deployment) -> Result<(), Error> {
    deploy::deploy(shared, &deployment).await.map_err(|error| Error::plain(500, &error))
}

pub(super) async fn update(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Outcome {
    let mut row = rehomed(&cx.shared, id, query.number("endpointId")?)?;
    let payload = Payload::read(&headers, &body)?;
    let text = payload.text("StackFileContent");
    if text.is_empty() {
        return Err(Error::payload("Invalid stack file content"));
    }
    if row.git.take().is_some() {
        row.auto_update = None;
        row.from_template = true;
    }
    row.env = payload.pairs("Env");
    row.files.insert(row.entry_point.clone(), text);
    if row.kind == 1 {
        row.prune = Some(payload.flag("Prune"));
    }
    let (pull, prune) = (payload.flag("PullImage"), payload.flag("Prune"));
    deployed(&cx.shared, Deployment { pull, prune, ..Deployment::of(&row) }).await?;
    save(&cx.shared, touched(row, &cx.shared, &caller))
}

/// The login a request asks for. 2.23 takes “no authentication” at its word for a redeploy; later versions use what is stored.
fn login(payload: &Payload, row: &StackRow, keeps: bool) -> Option<(String, String)> {
    let stored = row.git.as_ref().and_then(|git| git.login.clone());
    if !payload.flag("RepositoryAuthentication") {
        return if keeps { stored } else { None };
    }
    let (user, password) = (payload.text("RepositoryUsername"), payload.text("RepositoryPassword"));
    let password =
        if password.is_empty() { stored.map(|(_, password)| password).unwrap_or_default() } else { password };
    Some((user, password))
}

pub(super) async fn git_settings(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Outcome {
    let payload = Payload::read(&headers, &body)?;
    let update = auto_update(&payload)?;
    let mut row = rehomed(&cx.shared, id, optional(&query))?;
    let login = login(&payload, &row, false);
    let Some(git) = &mut row.git else { return Err(Error::plain(500, "No Git config in the found stack")) };
    // The polling job has stopped by now, whatever comes.
    git.reference = payload.text("RepositoryReferenceName");
    git.tls_skip_verify = payload.flag("TLSSkipVerify");
    git.login = login;
    if git.login.is_some() {
        let read = git::commit(&cx.shared, &git.url, &git.reference, git.login.as_ref()).await;
        read.map_err(|error| Error::new(500, "Unable to fetch git repository", words(error)))?;
    }
    row.auto_update = update;
    row.env = payload.pairs("Env");
    if row.kind == 1 {
        row.prune = Some(payload.flag("Prune"));
    }
    row.updated = cx.shared.now_s();
    row.updated_by = caller.name;
    save(&cx.shared, row)
}

fn words(error: CloneError) -> String {
    match error {
        CloneError::Credentials => "authentication required".to_owned(),
        CloneError::Other(text) => text,
    }
}

pub(super) async fn git_redeploy(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Outcome {
    let payload = Payload::read(&headers, &body)?;
    let mut row = rehomed(&cx.shared, id, optional(&query))?;
    let keeps = cx.shared.config.generation == Generation::Newer;
    let login = login(&payload, &row, keeps);
    let wanted: Vec<String> =
        std::iter::once(row.entry_point.clone()).chain(row.additional_files.iter().flatten().cloned()).collect();
    let Some(git) = &mut row.git else { return Err(Error::plain(400, "Stack is not created from git")) };
    git.reference = payload.text("RepositoryReferenceName");
    let cloned = git::clone(&cx.shared, &git.url, &git.reference, login.as_ref(), &wanted).await;
    let cloned = cloned.map_err(|error| Error::new(500, "Unable to clone git repository directory", words(error)))?;
    if keeps || payload.flag("RepositoryAuthentication") {
        git.login.clone_from(&login);
    }
    row.files = cloned.files;
    row.env = payload.pairs("Env");
    if row.kind == 1 {
        row.prune = Some(payload.flag("Prune"));
    }
    let (pull, prune) = (payload.flag("PullImage"), payload.flag("Prune"));
    // The new files stay on the disk even if the deployment fails.
    let files = row.files.clone();
    cx.shared.edit(|state| {
        if let Some(row) = state.stack_mut(id) {
            row.files = files;
        }
    });
    deployed(&cx.shared, Deployment { pull, prune, recreate: true, ..Deployment::of(&row) }).await?;
    if let Some(git) = &mut row.git {
        // Read again after the deployment, as the real one does.
        let commit = git::commit(&cx.shared, &git.url, &git.reference, login.as_ref()).await;
        git.commit = commit.unwrap_or(cloned.commit);
    }
    save(&cx.shared, touched(row, &cx.shared, &caller))
}

pub(super) async fn start(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path(id): Path<i64>,
) -> Outcome {
    let environment = query.number("endpointId")?;
    let row = rehomed(&cx.shared, id, environment)?;
    if row.status == 1 {
        return Err(Error::plain(400, "Stack is already active"));
    }
    let name = row.name.clone();
    let leftovers = cx.shared.edit(|state| {
        let host = state.host_of(environment).filter(|host| host.up);
        host.is_some_and(|host| host.containers.iter().any(|one| one.is_of(deploy::PROJECT, &name)))
    });
    if leftovers {
        return Err(Error::plain(409, &format!("A stack with the name '{name}' is already running")));
    }
    deployed(&cx.shared, Deployment::of(&row)).await?;
    own(&cx.shared, id, 1)
}

/// Sets the status in the stack's own row, whatever host was meant.
fn own(shared: &Shared, id: i64, status: i64) -> Outcome {
    shared.edit(|state| {
        let generation = state.generation;
        let row = state.stack_mut(id).ok_or_else(missing)?;
        row.status = status;
        ok(render::stack(row, generation))
    })
}

pub(super) async fn stop(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path(id): Path<i64>,
) -> Outcome {
    let row = rehomed(&cx.shared, id, query.number("endpointId")?)?;
    if row.status == 2 {
        return Err(Error::plain(400, "Stack is already inactive"));
    }
    take_down(&cx.shared, &row, "Unable to stop stack")?;
    own(&cx.shared, id, 2)
}

fn take_down(shared: &Shared, row: &StackRow, failure: &str) -> Result<(), Error> {
    let now = shared.now();
    shared.edit(|state| {
        let up = |host: &&mut Host| host.up;
        let host = state.host_of(row.environment).filter(up);
        let host = host.ok_or_else(|| Error::new(500, failure, "Cannot connect to the Docker daemon"))?;
        deploy::down(host, &row.name, now);
        Ok(())
    })
}

pub(super) async fn delete(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path(id): Path<i64>,
) -> Outcome {
    let row = rehomed(&cx.shared, id, optional(&query))?;
    take_down(&cx.shared, &row, "Unable to remove stack")?;
    cx.shared.edit(|state| state.stacks.retain(|row| row.id != id));
    no_content()
}

pub(super) async fn associate(
    Extract(cx): Extract<Cx>,
    Extension(query): Extension<Arc<Query>>,
    Path(id): Path<i64>,
) -> Outcome {
    let mut row = rehomed(&cx.shared, id, query.number("endpointId")?)?;
    row.swarm_id = query.get("swarmId").unwrap_or_default().to_owned();
    save(&cx.shared, row)
}
