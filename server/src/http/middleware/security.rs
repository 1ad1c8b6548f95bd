//! Headers that keep a browser on our side.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// For everything but our pages, which bring their own policy with a nonce: nothing may be loaded from there.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=(), xr-spatial-tracking=()";
/// Two years, as the preload list asks; subdomains are ours.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// Adds the headers that every response carries. What a handler set itself stays.
pub(crate) fn add(headers: &mut HeaderMap, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-site");
    // A page holds what only its reader may see; a shared machine's back button must not bring it back.
    set(header::CACHE_CONTROL, "no-store");
    // Nothing here is for search engines, least of all a link that works once.
    set(HeaderName::from_static("x-robots-tag"), "noindex");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}
