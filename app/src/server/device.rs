//! The cookie by which a device is known that somebody has signed in with. It opens nothing: see `service`'s people.

use http::{HeaderValue, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use service::DEVICE_LIFETIME;
use types::UserId;

use super::{RequestCx, answer::cookie_domain};

/// The cookie's name over https and over http. One begins as browsers ask of cookies that are only sent over https.
const NAMES: [&str; 2] = ["__Secure-thinkheads-device", "thinkheads-device"];
/// The cookie goes to signing in and nowhere else.
const PATH: &str = "/api/sign_in";

/// The proof that the running request brings along, if there is one. Of the right shape or not: `service` looks.
#[must_use]
pub fn device() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| NAMES.contains(name)).map(|(_, value)| value.to_owned())
}

/// Gives the device a proof that this person has signed in with it. A convenience: without it all works as for a stranger.
pub async fn remember_device(request: &RequestCx, user: UserId) {
    let Some(options) = use_context::<ResponseOptions>() else { return };
    let proof = match request.services.people().known_device(user).await {
        Ok(proof) => proof,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a device could not be made known");
            return;
        }
    };
    let url = &*request.site.public_url;
    let (name, secure) = if url.starts_with("https://") { (NAMES[0], "; Secure") } else { (NAMES[1], "") };
    let domain = cookie_domain(url).map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    let age = DEVICE_LIFETIME / 1000;
    let cookie = format!("{name}={proof}; Path={PATH}; Max-Age={age}; SameSite=Strict; HttpOnly{secure}{domain}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        options.append_header(header::SET_COOKIE, value);
    }
}
