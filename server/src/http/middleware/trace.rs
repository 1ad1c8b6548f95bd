//! Trace ids (W3C Trace Context).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName};
use service::World;

/// The response header that carries the trace id.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The caller's trace id if the caller is trusted and sent a valid `traceparent`; otherwise a new one. 32 hex digits.
pub(crate) fn trace_id(headers: &HeaderMap, trusted: bool, world: &World) -> String {
    let given = headers.get("traceparent").filter(|_| trusted).and_then(|value| value.to_str().ok());
    given.and_then(parse).map_or_else(|| fresh(world), ToOwned::to_owned)
}

fn fresh(world: &World) -> String {
    world.random::<16>().iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `version-traceid-parentid-flags`, lower-case hex, no id all zero.
fn parse(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    (known && hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && !zero(trace) && !zero(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_valid_id_from_a_trusted_caller_is_taken_over() {
        const GIVEN: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        let table = [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true, true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, false),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", true, true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", true, false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true, false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", true, false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", true, false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", true, false),
            ("nonsense", true, false),
        ];
        let world = World::fixed(0);
        for (value, trusted, taken) in table {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_static(value));
            let id = trace_id(&headers, trusted, &world);
            assert_eq!(id == GIVEN, taken, "{value} {trusted}");
            assert_eq!(id.len(), 32);
        }
    }
}
