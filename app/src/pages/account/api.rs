//! What a person may change about themselves.

use leptos::prelude::*;
use types::{ApiTokenId, Password, SessionPublicId};

use crate::AppError;

/// Changes the password; the old one proves it is them.
#[server(prefix = "/api", endpoint = "change_password")]
pub async fn change_password(
    /// The password of now.
    old_password: Password,
    /// The password to be.
    new_password: Password,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.signed_in())?;
    respond(&cx, cx.services.people().change_password(member, old_password, new_password).await)?;
    server::remember_device(&cx, member.user().id).await;
    server::redirect("/account?done=password");
    Ok(())
}

/// Ends one of the person's sessions.
#[server(prefix = "/api", endpoint = "end_session")]
pub async fn end_session(
    /// The session to end.
    session: SessionPublicId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.signed_in())?;
    respond(&cx, cx.services.sessions().end(member, session).await)?;
    server::redirect("/account?done=ended");
    Ok(())
}

/// Ends every session of the person but this one.
#[server(prefix = "/api", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.signed_in())?;
    respond(&cx, cx.services.sessions().end_others(member).await)?;
    server::redirect("/account?done=ended");
    Ok(())
}

/// Makes a token for programs. Its text is kept for the next page only, which shows it once.
#[server(prefix = "/api", endpoint = "create_token")]
pub async fn create_token(
    /// What it is for.
    name: String,
    /// Days it lasts; 0 is until it is ended.
    days: u32,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.signed_in())?;
    let days = (days > 0).then_some(days);
    let made = respond(&cx, cx.services.people().create_token(member, &name, days).await)?;
    server::flash(&cx, "token", made.text, "/account#tokens").await
}

/// Ends one of the person's tokens.
#[server(prefix = "/api", endpoint = "end_token")]
pub async fn end_token(
    /// The token to end.
    token: ApiTokenId,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let member = respond(&cx, cx.viewer.signed_in())?;
    respond(&cx, cx.services.people().end_token(member, token).await)?;
    server::redirect("/account?done=token#tokens");
    Ok(())
}

/// Chooses light, dark or the system's look for this browser.
#[server(prefix = "/api", endpoint = "set_theme")]
pub async fn set_theme(
    /// `system`, `light` or `dark`.
    theme: String,
) -> Result<(), AppError> {
    use crate::server::{self, Theme};
    let cx = server::request()?;
    server::set_theme_cookie(&cx, Theme::from_word(&theme));
    server::redirect("/account?done=theme");
    Ok(())
}
