//! Taking up an invitation.

use leptos::prelude::*;
use types::Password;

use crate::AppError;

/// Makes the account an invitation promises, uses the link up, and signs the person in.
#[server(prefix = "/api", endpoint = "accept_invitation")]
pub async fn accept_invitation(
    /// The secret of the link.
    token: String,
    /// What to call them.
    name: String,
    /// The address they sign in with.
    email: String,
    /// Their password.
    password: Password,
) -> Result<(), AppError> {
    use crate::server::{self, respond};
    let cx = server::request()?;
    let accepted = cx.services.people().accept_invitation(&token, &name, &email, password, cx.viewer.origin());
    let user = respond(&cx, accepted.await)?;
    server::sign_in(&cx, user.id, "/?done=joined").await
}
