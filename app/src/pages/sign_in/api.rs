//! Signing in and out.

use leptos::prelude::*;
use types::Password;

use crate::AppError;

/// Signs a person in and sends them where they wanted to go.
#[server(prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(
    /// The address they sign in with.
    email: String,
    /// Their password.
    password: Password,
    /// Where to go then; only a path of this site counts.
    next: Option<String>,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let (people, device) = (cx.services.people(), server::device());
    let seen = respond(&cx, people.sign_in(&email, password, device.as_deref(), cx.viewer.origin()).await)?;
    server::enter(&cx, seen.user.id).await?;
    if let Err(error) = people.confirm(&seen).await {
        server::leave(&cx).await?;
        return respond(&cx, Err(error));
    }
    server::welcome(&cx, seen.user.id, server::local_path(next.as_deref())).await;
    Ok(())
}

/// Ends this session.
#[server(prefix = "/api", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    server::sign_out(&cx).await?;
    server::redirect("/sign-in?done=signed-out");
    Ok(())
}
