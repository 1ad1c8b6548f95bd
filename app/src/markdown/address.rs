//! Where a link may lead.

/// The address, if it leads to the web or to mail. Relative ones are dropped too: in an answer they would lead into this very
/// site.
pub(super) fn allowed(address: &str) -> Option<&str> {
    let address = address.trim();
    let (scheme, rest) = address.split_once(':')?;
    let known = ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    // Browsers drop control characters before they look, so none may hide in here.
    let clean = !address.chars().any(char::is_control);
    (known && clean && !rest.is_empty()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn only_the_web_and_mail() {
        assert_eq!(allowed(" https://example.org/a?b=c "), Some("https://example.org/a?b=c"));
        assert_eq!(allowed("MAILTO:ada@example.org"), Some("MAILTO:ada@example.org"));
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "/account",
            "//evil.example",
            "https:",
            "https\u{1}://x",
            "vbscript:x",
        ] {
            assert_eq!(allowed(bad), None, "{bad:?}");
        }
    }
}
