//! Writes come from our own pages, or from programs without a session.
//!
//! Browsers say where a request was made (`Sec-Fetch-Site`, `Origin`) and no page can forge either, so no token has to
//! travel with every form (OWASP, "Fetch Metadata" and "Verifying origin"). A request with neither comes from a program;
//! it is let through only without a cookie.

use http::{HeaderMap, Method, header};

use super::host::Hosts;

/// Whether a request may write.
pub(crate) fn is_allowed(method: &Method, headers: &HeaderMap, hosts: &Hosts) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let host = text("host");
    let origin = text("origin").map(|origin| hosts.is_own_origin(origin, host));
    match (text("sec-fetch-site"), origin) {
        (_, Some(false)) => false,
        (Some("same-origin"), _) | (Some("same-site" | "none") | None, Some(true)) => true,
        (Some(_), _) => false,
        (None, None) => !headers.contains_key(header::COOKIE),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn writes_come_from_our_own_pages() {
        let hosts = Hosts::new(&"https://heads.example".parse().unwrap(), [("/chat", Some("chat"))].into_iter());
        let own = "https://heads.example";
        let chat = "https://chat.heads.example";
        let evil = "https://evil.example";
        let table: &[(Option<&str>, Option<&str>, bool, bool)] = &[
            // Sec-Fetch-Site, Origin, with a cookie, allowed
            (Some("same-origin"), Some(own), true, true),
            (Some("same-origin"), None, true, true),
            (Some("same-origin"), Some(evil), true, false),
            (Some("same-site"), Some(chat), true, true),
            (Some("same-site"), Some("https://mail.heads.example"), true, false),
            (Some("same-site"), Some("null"), true, false),
            (Some("same-site"), None, true, false),
            (Some("cross-site"), Some(evil), true, false),
            (Some("cross-site"), Some(evil), false, false),
            (Some("cross-site"), Some(own), true, false),
            (Some("cross-site"), None, false, false),
            (Some("none"), None, true, false),
            (Some("nonsense"), None, false, false),
            (None, Some(own), true, true),
            (None, Some(evil), false, false),
            (None, Some("null"), false, false),
            (None, None, true, false),
            (None, None, false, true),
        ];
        for (site, origin, cookie, allowed) in table {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("heads.example"));
            site.map(|value| headers.insert("sec-fetch-site", value.parse().unwrap()));
            origin.map(|value| headers.insert("origin", value.parse().unwrap()));
            cookie.then(|| headers.insert("cookie", HeaderValue::from_static("__Secure-thinkheads=x")));
            assert_eq!(is_allowed(&Method::POST, &headers, &hosts), *allowed, "{site:?} {origin:?} {cookie}");
            assert!(is_allowed(&Method::GET, &headers, &hosts));
        }
    }
}
