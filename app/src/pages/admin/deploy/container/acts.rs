//! What the server function does.

use service::{
    ServiceError,
    deploy::{ContainerRef, model::Condition},
};

use super::super::parts::container_address;
use crate::{
    AppError,
    server::{RequestCx, redirect, respond},
};

/// Restarts a container.
pub(super) async fn restart(
    cx: &RequestCx,
    [environment, stack, container]: [&str; 3],
    reason: &str,
) -> Result<(), AppError> {
    let deployer = respond(cx, cx.viewer.deployer())?;
    let at = ContainerRef::new(environment, stack, container);
    let restarted = cx.services.deploy().restart_container(&deployer, &at, reason).await;
    let reading = respond(cx, restarted.map_err(ServiceError::from))?;
    let word = match reading.condition {
        Condition::Well | Condition::Done => "restarted",
        Condition::Pending => "starting",
        _ => "unwell",
    };
    redirect(&format!("{}?done={word}", container_address(environment, stack, container)));
    Ok(())
}
