//! What the server functions do.

use service::{
    ServiceError,
    deploy::environments::{Walk, WalkAct, WalkEnd},
};
use types::{
    Problem, ProblemCode,
    catalog::{GuestKind, GuestPlace},
};

use super::super::parts::{bind_address, encode};
use crate::{
    AppError,
    server::{RequestCx, redirect, respond},
};

/// Tests the way to a machine, and leads to what was found.
pub(super) async fn test(cx: &RequestCx, guest: &str) -> Result<(), AppError> {
    let walk = walk(cx, guest, WalkAct::Test).await?;
    redirect(&format!("{}#steps", bind_address(&walk.guest)));
    Ok(())
}

/// Binds a machine, and leads to the plan of its stacks; to how it stands while that takes long.
pub(super) async fn bind(cx: &RequestCx, guest: &str, rebind: bool) -> Result<(), AppError> {
    let walk = walk(cx, guest, if rebind { WalkAct::Rebind } else { WalkAct::Bind }).await?;
    let address = bind_address(&walk.guest);
    match walk.end {
        Some(WalkEnd::Refused(problem)) => respond(cx, Err(ServiceError::from(problem))),
        Some(WalkEnd::Bound(bound)) if !rebind => {
            redirect(&format!("/admin/plan?env={}", encode(&bound.target.environment)));
            Ok(())
        }
        Some(_) => {
            redirect(&format!("{address}&done=bound"));
            Ok(())
        }
        None => {
            redirect(&format!("{address}#steps"));
            Ok(())
        }
    }
}

async fn walk(cx: &RequestCx, guest: &str, act: WalkAct) -> Result<Walk, AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    respond(cx, cx.services.deploy().walk(&operator, guest, act).await.map_err(ServiceError::from))
}

/// Lets an environment go. While stacks run there, its name must be typed.
pub(super) async fn unbind(cx: &RequestCx, environment: &str, confirm: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let deploy = cx.services.deploy();
    let typed = confirm.trim();
    if !typed.is_empty() && typed != environment {
        let words = format!("Type {environment} to let it go with its stacks, or leave the field empty.");
        return respond(cx, Err(Problem::field("confirm", words).into()));
    }
    let force = typed == environment;
    let unbound = deploy.unbind(&operator, environment, force).await.map_err(ServiceError::from);
    let unbound = respond(cx, unbound.map_err(|error| named(error, environment, force)))?;
    let done = if unbound.orphaned.is_empty() { "unbound" } else { "orphaned" };
    redirect(&format!("/admin/environments?done={done}"));
    Ok(())
}

/// Puts "there are still stacks" beside the field that answers it.
fn named(error: ServiceError, environment: &str, force: bool) -> ServiceError {
    let problem = error.problem();
    if problem.code != ProblemCode::Conflict || force || !problem.message.contains("force it") {
        return error;
    }
    let words = format!("{} To let it go all the same, type {environment}.", problem.message);
    Problem { fields: Problem::field("confirm", words).fields, ..problem }.into()
}

/// Writes a machine into the catalog, and leads to binding it.
pub(super) async fn place(
    cx: &RequestCx,
    (name, kind, vmid): (String, GuestKind, String),
    (environment, agent_host): (String, String),
    known: bool,
) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let vmid = match vmid.trim() {
        "" => None,
        number => Some(respond(
            cx,
            number.parse().map_err(|_| {
                ServiceError::from(Problem::field("vmid", "Write the hypervisor's number, such as 1001, or nothing."))
            }),
        )?),
    };
    let environment = if environment.trim().is_empty() { name.clone() } else { environment };
    let guest = name.trim().to_owned();
    let place = GuestPlace { name, kind, vmid, environment, agent_host };
    let placed = cx.services.deploy().place_guest(&operator, None, place, known).await;
    respond(cx, placed.map_err(ServiceError::from))?;
    redirect(&format!("{}&done=placed", bind_address(&guest)));
    Ok(())
}
