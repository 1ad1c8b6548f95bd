//! What administrators do about people and invitations.

use leptos::prelude::*;
use types::{InvitationId, Role, UserId};

use crate::AppError;

/// Makes a one-time link. It is kept for the next page only, which shows it once.
#[server(prefix = "/api", endpoint = "invite")]
pub async fn invite(
    /// The role it gives.
    role: Role,
    /// The environments it lets a deployer deploy to.
    #[server(default)]
    environments: Vec<String>,
    /// Whom it is for.
    note: String,
    /// Days it works.
    days: u32,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let admin = respond(&cx, cx.viewer.admin())?;
    let rights = types::Rights { role, environments: environments.into_iter().collect() };
    let link = respond(&cx, cx.services.people().invite(admin, rights, &note, days).await)?;
    server::flash(&cx, "invitation", link, "/admin/people").await
}

/// Takes an invitation back.
#[server(prefix = "/api", endpoint = "revoke_invitation")]
pub async fn revoke_invitation(
    /// The invitation.
    invitation: InvitationId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let admin = respond(&cx, cx.viewer.admin())?;
    respond(&cx, cx.services.people().revoke(admin, invitation).await)?;
    server::redirect("/admin/people?done=revoked#invitations");
    Ok(())
}

/// Gives a person a role, and a deployer their environments.
#[server(prefix = "/api", endpoint = "set_role")]
pub async fn set_role(
    /// The person.
    user: UserId,
    /// The role.
    role: Role,
    /// The environments a deployer deploys to.
    #[server(default)]
    environments: Vec<String>,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let admin = respond(&cx, cx.viewer.admin())?;
    let rights = types::Rights { role, environments: environments.into_iter().collect() };
    let changed = respond(&cx, cx.services.people().set_role(admin, user, rights).await)?;
    server::redirect(&format!("/admin/people/{user}?done={}", if changed { "role" } else { "same" }));
    Ok(())
}

/// Lets a person in again, or shuts them out, which ends their sessions and open answers at once.
#[server(prefix = "/api", endpoint = "set_disabled")]
pub async fn set_disabled(
    /// The person.
    user: UserId,
    /// Whether to shut them out.
    disabled: bool,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::person::disable(&cx, user, disabled).await?;
    server::redirect(&format!("/admin/people/{user}?done={}", if disabled { "disabled" } else { "enabled" }));
    Ok(())
}

/// Ends every session of a person.
#[server(prefix = "/api", endpoint = "end_sessions_of")]
pub async fn end_sessions_of(
    /// The person.
    user: UserId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let admin = respond(&cx, cx.viewer.admin())?;
    respond(&cx, cx.services.people().end_sessions_of(admin, user).await)?;
    server::redirect(&format!("/admin/people/{user}?done=sessions"));
    Ok(())
}
