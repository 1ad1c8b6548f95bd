//! What the guided first connection does.

use leptos::prelude::*;
use types::SecretText;

use crate::AppError;

/// Looks at the Portainer at an address, without any credential, and leads on to what it found.
#[server(prefix = "/api", endpoint = "probe_portainer")]
pub async fn probe_portainer(
    /// The address.
    url: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::probe(&cx, &url).await
}

/// Tries a connection and saves it.
#[server(prefix = "/api", endpoint = "connect_portainer")]
pub async fn connect_portainer(
    /// The address.
    url: String,
    /// The certificate's SHA-256 that the person compared; empty where this machine's authorities vouch, or without TLS.
    #[server(default)]
    fingerprint: String,
    /// `key`, `password`, or `first` to make the first administrator.
    way: String,
    /// An API key made in Portainer.
    api_key: Option<SecretText>,
    /// A user of Portainer.
    #[server(default)]
    user: String,
    /// The user's password.
    password: Option<SecretText>,
    /// The first administrator's password once more.
    password_again: Option<SecretText>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    let given = super::acts::Given { way, api_key, user, password, password_again };
    super::acts::connect(&cx, &url, &fingerprint, given).await
}
