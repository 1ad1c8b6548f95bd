//! What is done with a container.

use leptos::prelude::*;

use crate::AppError;

/// Restarts a container, and leads to how it is then.
#[server(prefix = "/api", endpoint = "restart_container")]
pub async fn restart_container(
    /// The environment.
    environment: String,
    /// The stack.
    stack: String,
    /// The container.
    container: String,
    /// Why; it stands in the audit.
    #[server(default)]
    reason: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::restart(&cx, [&environment, &stack, &container], &reason).await
}
