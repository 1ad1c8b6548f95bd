//! Tokens in requests: where they count, and where they do not.
//!
//! A token counts on the JSON API alone. There it decides by itself who asks: a cookie beside it is not looked at. That is
//! why such a request needs no proof of its origin: no other site can make a browser send this header without our leave,
//! which we give to none. Other schemes that browsers may send by themselves (`Basic`) are no tokens.

use http::{HeaderMap, header};

/// What every path of the JSON API begins with.
const API: &str = "/api/v1/";

/// Whether a path is one of the JSON API.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with(API)
}

/// The token of a request, if it brings one where tokens count. May be unreadable: then it is empty, and lets nobody in.
pub(crate) fn token<'h>(path: &str, headers: &'h HeaderMap) -> Option<&'h str> {
    if !is_api(path) {
        return None;
    }
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| std::str::from_utf8(rest).unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_token_counts_on_the_json_api_alone() {
        let table: &[(&str, &[u8], Option<&str>)] = &[
            ("/api/v1/plans", b"Bearer tht_x", Some("tht_x")),
            ("/api/v1/plans", b"bearer  tht_x ", Some("tht_x")),
            ("/api/v1/plans", b"Bearer ", Some("")),
            ("/api/v1/plans", b"Bearer \xff", Some("")),
            ("/api/v1/plans", b"Bearer", None),
            ("/api/v1/plans", b"Basic dGh0X3g=", None),
            ("/api/v1/plans", b"", None),
            ("/api/v1", b"Bearer tht_x", None),
            ("/api/sign_out", b"Bearer tht_x", None),
            ("/api/stream/generations/x", b"Bearer tht_x", None),
            ("/account", b"Bearer tht_x", None),
            ("/", b"Bearer tht_x", None),
        ];
        for (path, value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
            assert_eq!(token(path, &headers), *expected, "{path} {value:?}");
        }
        assert_eq!(token("/api/v1/plans", &HeaderMap::new()), None);
    }
}
