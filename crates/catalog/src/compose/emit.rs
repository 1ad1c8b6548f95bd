//! Writes a tree as block YAML. By hand, because no serialiser writes a plain scalar as it was: `0440`, `1.10` and `${PORT}` mean
//! what the reader's rules say, and would come out as other numbers or as texts.

use super::{
    ComposeError,
    yaml::{Kind, Yaml, is_surely_text},
};

/// Most bytes of a key: YAML lets a key without `?` have 1,024 characters, quotes included.
const LONGEST_KEY: usize = 1_000;

/// Writes a document.
///
/// # Errors
/// A key that is too long or no text.
pub(super) fn document(root: &Yaml) -> Result<String, ComposeError> {
    let mut out = String::new();
    match &root.kind {
        Kind::Mapping(members) if !members.is_empty() => mapping(members, 0, false, &mut out)?,
        _ => value(root, 0, &mut out)?,
    }
    Ok(out)
}

/// Writes members, each on a line of its own. `begun` says that the first one's line is there already, with its indentation.
fn mapping(members: &[(Yaml, Yaml)], indent: usize, mut begun: bool, out: &mut String) -> Result<(), ComposeError> {
    for (key, member) in members {
        if !std::mem::take(&mut begun) {
            pad(indent, out);
        }
        match &key.kind {
            Kind::Scalar { text, plain } if text.len() <= LONGEST_KEY => match may_be_plain(text, *plain) {
                true => out.push_str(text),
                false => out.push_str(&quoted(text)),
            },
            _ => {
                let message = format!("A key must be a text of at most {LONGEST_KEY} bytes.");
                return Err(ComposeError::at(key.at, message));
            }
        }
        out.push(':');
        match &member.kind {
            Kind::Mapping(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(inner, indent + 2, false, out)?;
            }
            Kind::Sequence(items) if !items.is_empty() => {
                out.push('\n');
                sequence(items, indent + 2, false, out)?;
            }
            _ => {
                out.push(' ');
                value(member, indent, out)?;
            }
        }
    }
    Ok(())
}

/// Writes items, each on a line of its own.
fn sequence(items: &[Yaml], indent: usize, mut begun: bool, out: &mut String) -> Result<(), ComposeError> {
    for item in items {
        if !std::mem::take(&mut begun) {
            pad(indent, out);
        }
        out.push_str("- ");
        match &item.kind {
            Kind::Mapping(inner) if !inner.is_empty() => mapping(inner, indent + 2, true, out)?,
            Kind::Sequence(inner) if !inner.is_empty() => sequence(inner, indent + 2, true, out)?,
            _ => value(item, indent, out)?,
        }
    }
    Ok(())
}

/// Writes what needs no lines of its own, or a block of text, and ends the line.
fn value(node: &Yaml, indent: usize, out: &mut String) -> Result<(), ComposeError> {
    match &node.kind {
        Kind::Mapping(_) => out.push_str("{}"),
        Kind::Sequence(_) => out.push_str("[]"),
        Kind::Scalar { .. } if node.is_null() => out.push_str("null"),
        Kind::Scalar { text, plain } if may_be_plain(text, *plain) => out.push_str(text),
        Kind::Scalar { text, .. } if is_block_safe(text) => {
            out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
            for line in text.lines() {
                out.push('\n');
                if !line.is_empty() {
                    pad(indent + 2, out);
                    out.push_str(line);
                }
            }
        }
        Kind::Scalar { text, .. } => out.push_str(&quoted(text)),
    }
    out.push('\n');
    Ok(())
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Whether a scalar may stand without quotes: it did, or it cannot mean anything but its text.
fn may_be_plain(text: &str, plain: bool) -> bool {
    is_plain_safe(text) && (plain || is_surely_text(text))
}

/// Whether a text may stand without quotes, in a block and on one line. Everything that may mean null, a number, a truth value or
/// a time is among it.
fn is_plain_safe(text: &str) -> bool {
    let mut chars = text.chars();
    let begins = match chars.next() {
        Some('-') => chars.next().is_some_and(|second| second.is_ascii_alphanumeric() || second == '.'),
        Some(first) => first.is_ascii_alphanumeric() || matches!(first, '.' | '_' | '/' | '+' | '$' | '~' | '('),
        None => false,
    };
    begins
        && text.chars().all(|char| (' '..='~').contains(&char))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
}

/// Whether a text of several lines can be written as a block, where nothing is escaped.
fn is_block_safe(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with("\n\n")
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
        && text.chars().all(|char| char == '\n' || char == '\t' || !needs_escape(char) && !char.is_control())
}

/// A text in double quotes: JSON's form, with what YAML's older readers would stumble over escaped as well.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match needs_escape(char) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            false => out.push(char),
        }
    }
    out
}

/// Characters that YAML does not count as printable or, in version 1.1, takes as ends of lines.
fn needs_escape(char: char) -> bool {
    matches!(char, '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
