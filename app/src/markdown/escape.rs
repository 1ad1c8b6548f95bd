//! Text into HTML.

/// Appends text as it may stand in an element.
pub(super) fn text_into(out: &mut String, text: &str) {
    escape(out, text, &['&', '<', '>', '\u{a0}', '\r', '\0']);
}

/// Appends text as it may stand in a double-quoted attribute.
pub(super) fn attribute_into(out: &mut String, text: &str) {
    escape(out, text, &['&', '<', '>', '"', '\u{a0}', '\r', '\0']);
}

fn escape(out: &mut String, text: &str, special: &[char]) {
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        out.push_str(&rest[..at]);
        let mut tail = rest[at..].chars();
        out.push_str(match tail.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            Some('\u{a0}') => "&nbsp;",
            // Parsers of HTML turn these two into something else anyway.
            Some('\r') if tail.as_str().starts_with('\n') => "",
            Some('\r') => "\n",
            _ => "\u{fffd}",
        });
        rest = tail.as_str();
    }
    out.push_str(rest);
}
