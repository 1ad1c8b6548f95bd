//! How a text is laid out, so that what is added looks as its neighbours do.

use super::{Json, Kind, Node};

/// Line break and indentation of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) newline: &'static str,
    pub(super) indent: String,
}

/// What stands between two entries of a container, and whether it spreads over lines.
pub(super) struct Gap {
    /// After the comma, before the next entry.
    pub(super) between: String,
    /// Before the closing bracket.
    pub(super) closing: String,
    /// The indentation of the container's entries; none if it stands on one line.
    pub(super) entries: Option<String>,
}

impl Layout {
    pub(super) fn of(text: &str) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // The first indented line inside the outermost container is one step deep.
        let indent = text
            .lines()
            .skip(1)
            .map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
            .find(|indent| !indent.is_empty())
            .unwrap_or("  ");
        Self { newline, indent: indent.to_owned() }
    }

    /// What separates the entries of a container, taken from the entries it has.
    pub(super) fn gap(&self, text: &str, container: &Node, starts: &[usize], ends: &[usize]) -> Gap {
        let inside = container.range.start + 1;
        let last_end = ends.last().copied().unwrap_or(inside);
        let closing = text[last_end..container.range.end - 1].to_owned();
        let line_indent = indentation_at(text, container.range.start);
        let Some(last) = starts.last() else {
            // An empty container: spread, unless it stands inside of another on the same line.
            if !text.contains('\n') || opened_on_line(text, container.range.start) {
                return Gap { between: " ".to_owned(), closing, entries: None };
            }
            let entries = format!("{line_indent}{}", self.indent);
            let between = format!("{}{entries}", self.newline);
            return Gap { between, closing: format!("{}{line_indent}", self.newline), entries: Some(entries) };
        };
        // Before the last entry: from the comma, or from the opening bracket.
        let before = &text[inside..*last];
        let space = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
        let entries = space.rfind('\n').map(|at| space[at + 1..].to_owned());
        let mut between = match &entries {
            // One line break, even after a blank line.
            Some(indent) => format!("{}{indent}", self.newline),
            None => space.to_owned(),
        };
        if starts.len() == 1 && entries.is_none() {
            between = " ".to_owned();
        }
        Gap { between, closing, entries }
    }

    /// A value as text, indented to stand where the current line begins with `indent`; on one line if there is none.
    pub(super) fn render(&self, value: &Json, indent: Option<&str>, out: &mut String) {
        match (value, indent) {
            (Json::Array(items), _) if items.is_empty() => out.push_str("[]"),
            (Json::Object(members), _) if members.is_empty() => out.push_str("{}"),
            (Json::Array(items), Some(indent)) => {
                let inner = format!("{indent}{}", self.indent);
                let short = items.iter().all(Json::is_flat);
                self.list(out, '[', ']', (!short).then_some((indent, &inner)), items, |item, out| {
                    self.render(item, (!short).then_some(&inner), out);
                });
            }
            (Json::Array(items), None) => {
                self.list(out, '[', ']', None, items, |item, out| self.render(item, None, out))
            }
            (Json::Object(members), indent) => {
                let inner = indent.map(|indent| format!("{indent}{}", self.indent));
                // A variable or an assignment reads best on one line.
                let short = members.len() <= 2
                    && members.iter().any(|(key, _)| key == "name")
                    && members.iter().all(|(_, value)| value.is_flat());
                let spread = indent.zip(inner.as_deref()).filter(|_| !short);
                let (open, close) = if spread.is_none() { ("{ ", " }") } else { ("{", "}") };
                out.push_str(open);
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push_str(if spread.is_none() { ", " } else { "," });
                    }
                    if let Some((_, inner)) = spread {
                        out.push_str(self.newline);
                        out.push_str(inner);
                    }
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    self.render(value, spread.map(|(_, inner)| inner), out);
                }
                if let Some((indent, _)) = spread {
                    out.push_str(self.newline);
                    out.push_str(indent);
                }
                out.push_str(close);
            }
            (Json::Null, _) => out.push_str("null"),
            (Json::Bool(value), _) => out.push_str(if *value { "true" } else { "false" }),
            (Json::Number(text), _) => out.push_str(text),
            (Json::String(text), _) => out.push_str(&quoted(text)),
        }
    }

    fn list(
        &self,
        out: &mut String,
        open: char,
        close: char,
        spread: Option<(&str, &String)>,
        items: &[Json],
        each: impl Fn(&Json, &mut String),
    ) {
        out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(if spread.is_none() { ", " } else { "," });
            }
            if let Some((_, inner)) = spread {
                out.push_str(self.newline);
                out.push_str(inner);
            }
            each(item, out);
        }
        if let Some((indent, _)) = spread {
            out.push_str(self.newline);
            out.push_str(indent);
        }
        out.push(close);
    }
}

/// The indentation of the line a place is on.
pub(crate) fn indentation_at(text: &str, offset: usize) -> String {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..offset];
    line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
}

/// Whether a container opened before a place on its line is still open there.
fn opened_on_line(text: &str, offset: usize) -> bool {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for char in text[start..offset].chars() {
        match char {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => depth += 1,
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 0
}

/// Where the entries of a container begin and end. A member begins with its key.
pub(super) fn entries(container: &Node) -> (Vec<usize>, Vec<usize>) {
    match &container.kind {
        Kind::Array(items) => items.iter().map(|item| (item.range.start, item.range.end)).unzip(),
        Kind::Object(members) => members.iter().map(|member| (member.key_range.start, member.value.range.end)).unzip(),
        _ => (Vec::new(), Vec::new()),
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
