//! The headers that belong to a document. Those of every response are the server's.

use http::{HeaderMap, HeaderValue, header};

/// Whether a browser may keep a document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// For "back", asking again otherwise.
    ForBack,
    /// Nowhere and never.
    Nowhere,
}

/// Sets the type, the Content-Security-Policy and the caching of a document.
pub(super) fn set(headers: &mut HeaderMap, nonce: &str, keep: Keep) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let caching = match keep {
        // Not `no-store`: it would also forbid the browser to keep the page for "back".
        Keep::ForBack => "private, no-cache",
        Keep::Nowhere => "no-store",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(policy) = HeaderValue::from_str(&policy(nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Only our own files and the one script with this response's nonce; WASM may be compiled, text may not be run.
fn policy(nonce: &str) -> String {
    let script =
        if nonce.is_empty() { "'none'".to_owned() } else { format!("'self' 'nonce-{nonce}' 'wasm-unsafe-eval'") };
    format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unsafe_is_allowed_but_wasm() {
        let policy = policy("abc");
        assert!(policy.contains("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval';"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert!(super::policy("").contains("script-src 'none'"));
    }
}
