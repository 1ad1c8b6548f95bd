//! What is done with machines and environments.

use leptos::prelude::*;
use types::catalog::GuestKind;

use crate::AppError;

/// Tests the way to a machine's agent, from here and from Portainer.
#[server(prefix = "/api", endpoint = "test_environment")]
pub async fn test_environment(
    /// The machine.
    guest: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::test(&cx, &guest).await
}

/// Registers a machine with Portainer, or gives its environment the catalog's address.
#[server(prefix = "/api", endpoint = "bind_environment")]
pub async fn bind_environment(
    /// The machine.
    guest: String,
    /// Whether one that is elsewhere is moved.
    #[server(default)]
    rebind: bool,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::bind(&cx, &guest, rebind).await
}

/// Has Portainer forget an environment. Its containers run on.
#[server(prefix = "/api", endpoint = "unbind_environment")]
pub async fn unbind_environment(
    /// The environment.
    environment: String,
    /// Its name once more, to let it go although stacks run there.
    #[server(default)]
    confirm: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::unbind(&cx, &environment, &confirm).await
}

/// Writes a machine into the catalog: a new one, or which environment one that is there is.
#[server(prefix = "/api", endpoint = "place_guest")]
pub async fn place_guest(
    /// The machine's name.
    name: String,
    /// Where it stands.
    #[server(default)]
    kind: GuestKind,
    /// Its number on the hypervisor; may be empty.
    #[server(default)]
    vmid: String,
    /// The environment's name in Portainer; empty is the machine's.
    #[server(default)]
    environment: String,
    /// Where its agent listens.
    agent_host: String,
    /// Whether the catalog has the machine already.
    #[server(default)]
    known: bool,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::place(&cx, (name, kind, vmid), (environment, agent_host), known).await
}
