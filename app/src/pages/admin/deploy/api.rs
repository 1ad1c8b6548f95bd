//! What the pages of deployments do.

use leptos::prelude::*;

use crate::AppError;

/// Looks at everything afresh, and leads back.
#[server(prefix = "/api", endpoint = "look_again")]
pub async fn look_again(
    /// A path of this site to come back to.
    next: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::look_again(&cx, &next).await
}

/// Carries out a plan that was read.
#[server(prefix = "/api", endpoint = "apply_plan")]
pub async fn apply_plan(
    /// The plan's fingerprint.
    fingerprint: String,
    /// The names of stacks that go away, typed by the person.
    #[server(default)]
    confirm: Vec<String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::apply(&cx, &fingerprint, &confirm).await
}

/// Asks an apply to stop between steps.
#[server(prefix = "/api", endpoint = "cancel_apply")]
pub async fn cancel_apply(
    /// The apply.
    apply: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::cancel(&cx, apply).await
}

/// Lets the catalog decide about a stack again, without deploying.
#[server(prefix = "/api", endpoint = "release_pin")]
pub async fn release_pin(
    /// The environment.
    environment: String,
    /// The stack.
    stack: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::release(&cx, environment, stack).await
}
