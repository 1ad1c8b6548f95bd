//! What the server functions do: one call of the use cases each, and where it leads.

use service::{
    ServiceError,
    deploy::model::{ApplyId, StackRef},
};

use super::parts::stack_address;
use crate::{
    AppError,
    server::{RequestCx, local_path, redirect, respond},
};

/// Looks afresh. A failure is kept with the look and shown there, so it leads back all the same.
pub(super) async fn look_again(cx: &RequestCx, next: &str) -> Result<(), AppError> {
    let onlooker = respond(cx, cx.viewer.onlooker())?;
    let looked = cx.services.deploy().look(&onlooker).await.is_ok();
    let next = local_path(Some(next));
    redirect(&if looked { with_done(next, "looked") } else { without_done(next) });
    Ok(())
}

/// Carries a plan out and leads to its page.
pub(super) async fn apply(cx: &RequestCx, fingerprint: &str, confirm: &[String]) -> Result<(), AppError> {
    let deployer = respond(cx, cx.viewer.deployer())?;
    let begun = cx.services.deploy().apply_reviewed(&deployer, fingerprint, confirm).await;
    let id = respond(cx, begun.map_err(ServiceError::from))?;
    redirect(&format!("/admin/applies/{id}"));
    Ok(())
}

/// Asks an apply to stop.
pub(super) async fn cancel(cx: &RequestCx, apply: String) -> Result<(), AppError> {
    let deployer = respond(cx, cx.viewer.deployer())?;
    let cancelled = cx.services.deploy().cancel(&deployer, &ApplyId(apply.clone())).await;
    respond(cx, cancelled.map_err(ServiceError::from))?;
    redirect(&with_done(&format!("/admin/applies/{}", super::parts::encode(&apply)), "cancelled"));
    Ok(())
}

/// Releases a pin.
pub(super) async fn release(cx: &RequestCx, environment: String, stack: String) -> Result<(), AppError> {
    let deployer = respond(cx, cx.viewer.deployer())?;
    let stack = StackRef::new(environment, stack);
    let deploy = cx.services.deploy();
    respond(cx, deploy.release(&deployer, &stack).await.map_err(ServiceError::from))?;
    // The newest look still has the pin. If looking fails, its page says so.
    let _ = deploy.look(&deployer).await;
    redirect(&with_done(&stack_address(&stack.environment, &stack.stack), "released"));
    Ok(())
}

/// A path without `done=`.
fn without_done(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("done=") && !pair.is_empty()).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

/// A path with `done=word`.
fn with_done(path: &str, word: &str) -> String {
    let path = without_done(path);
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}done={word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_once() {
        assert_eq!(with_done("/admin", "looked"), "/admin?done=looked");
        assert_eq!(with_done("/admin/stacks?q=a&done=released", "looked"), "/admin/stacks?q=a&done=looked");
        assert_eq!(without_done("/admin?done=looked"), "/admin");
    }
}
