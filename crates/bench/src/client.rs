//! HTTP as the measurements need it.

use futures::StreamExt as _;
use reqwest::{Client, Response, header};

use crate::Failure;

/// A client that keeps its connections and follows nothing.
#[expect(clippy::disallowed_methods, reason = "a measuring client, not an upstream's")]
pub(crate) fn plain() -> Result<Client, Failure> {
    // Only plain http is spoken, but the client wants to know whose cryptography it would use; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(usize::MAX)
        .tcp_nodelay(true)
        .no_proxy()
        .build()?)
}

/// The headers of a signed-in browser.
pub(crate) fn signed_in(cookie: &str) -> Result<header::HeaderMap, Failure> {
    let mut headers = header::HeaderMap::new();
    headers.insert(header::COOKIE, format!("thinkheads={cookie}").parse()?);
    headers.insert("sec-fetch-site", header::HeaderValue::from_static("same-origin"));
    Ok(headers)
}

/// Reads an event stream and hands each event's name and data to `take` until it says stop.
pub(crate) async fn events(answer: Response, mut take: impl FnMut(&str, &str) -> bool) -> Result<(), Failure> {
    let mut pieces = answer.bytes_stream();
    let mut text = Vec::new();
    while let Some(piece) = pieces.next().await {
        text.extend_from_slice(&piece?);
        let mut begin = 0;
        while let Some(length) = find(&text[begin..], b"\n\n") {
            let event = std::str::from_utf8(&text[begin..begin + length])?;
            let field =
                |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim_start();
            let (name, data) = (field("event:"), field("data:"));
            begin += length + 2;
            if !data.is_empty() && !take(name, data) {
                return Ok(());
            }
        }
        text.drain(..begin);
    }
    Ok(())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
