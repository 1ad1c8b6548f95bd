//! What is known of a request before anybody looks at its session.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, Method, header};
use service::Origin;

use super::middleware::client_ip::Client;

/// The other end of the connection. Put into a request by the accept loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Found out once per request, at the border.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Address, browser and trace id, as the use cases want to know them.
    pub(crate) origin: Origin,
    /// How the address was found.
    pub(crate) client: Client,
    /// The subdomain it was sent to.
    pub(crate) subdomain: Option<&'static str>,
    /// The path on the main host, with the query.
    pub(crate) path: Arc<str>,
    /// Its `Host`, as sent.
    pub(crate) host: Option<Arc<str>>,
    /// Whether the answer is for a person's eyes: a page, not data.
    pub(crate) wants_page: bool,
    /// Whether it may never come before anybody's eyes.
    pub(crate) speculative: bool,
}

/// Where a request comes from, as the use cases want to know it.
pub(crate) fn origin(client: Client, trace_id: String, headers: &HeaderMap) -> Origin {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Longer ones carry nothing more that a person would recognise a device by.
    Origin { network: client.address, user_agent: user_agent.chars().take(400).collect(), trace_id }
}

/// Whether a request asks for a page (a navigation, a plain form) and not for data.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether a request comes from a program that looks ahead: HEAD, or a browser that fetches a page before anybody asked
/// for it (`Sec-Purpose`, and the older names of the same).
pub(crate) fn speculative(method: &Method, headers: &HeaderMap) -> bool {
    let ahead = |name: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.into_iter().any(|value| value.contains("prefetch") || value.contains("prerender"))
    };
    *method == Method::HEAD || ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(ahead)
}
