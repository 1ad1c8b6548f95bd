//! JSON texts as people write them: read with positions, changed by splicing, so that every byte outside a change survives.

mod layout;
mod want;

use std::{fmt, ops::Range};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{self, ObjectPropName},
    common::Ranged,
    parse_to_ast,
};

pub(crate) use layout::indentation_at;
pub(crate) use want::{Want, apply};

/// A parsed text. Ranges are byte offsets into the whole text, a byte order mark included.
#[derive(Debug)]
pub(crate) struct Doc {
    text: String,
    root: Node,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

/// A value. Numbers keep their text.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A key with its value. Keys may repeat: that is for the reader to report.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_range: Range<usize>,
    pub(crate) value: Node,
}

/// A value to be written. Unlike the parser's own, an object keeps its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value a type serialises to. None for a type that is no JSON, which none of ours is.
    pub(crate) fn of(value: &impl serde::Serialize) -> Option<Self> {
        Some((&Doc::parse(serde_json::to_string(value).ok()?).ok()?.root).into())
    }

    pub(crate) const fn is_flat(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<&Node> for Json {
    fn from(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(*value),
            Kind::Number(text) => Self::Number(text.clone()),
            Kind::String(text) => Self::String(text.clone()),
            Kind::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Kind::Object(members) => {
                Self::Object(members.iter().map(|member| (member.key.clone(), (&member.value).into())).collect())
            }
        }
    }
}

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// JSON and nothing more: what an editor with comments or trailing commas allows, other readers of these files refuse.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

const BYTE_ORDER_MARK: char = '\u{feff}';

impl Doc {
    /// Parses a whole text.
    pub(crate) fn parse(text: impl Into<String>) -> Result<Self, SyntaxError> {
        let text = text.into();
        let skipped = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let body = &text[skipped..];
        let parsed = parse_to_ast(body, &CollectOptions::default(), &STRICT).map_err(|error| {
            let (line, column) = position(body, error.range().start);
            SyntaxError { line, column, message: format!("{}.", error.kind()) }
        })?;
        // A second opinion on what the first parser lets through, such as bare control characters in strings.
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(body) {
            let number = |value: usize| number(value).max(1);
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let line = number(error.line());
            // Its columns count bytes.
            let before = body.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default().as_bytes();
            let before =
                String::from_utf8_lossy(&before[..error.column().saturating_sub(1).min(before.len())]).into_owned();
            return Err(SyntaxError {
                line,
                column: number(before.chars().count() + 1),
                message: format!("{message}."),
            });
        }
        let Some(value) = parsed.value else {
            return Err(SyntaxError { line: 1, column: 1, message: "The file is empty.".to_owned() });
        };
        let root = node(value, skipped);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { root, text, lines })
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Line and column, both from 1, columns in characters.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = floor(&self.text, offset);
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        (number(line), column(&self.text[start..offset]))
    }

    /// The value a pointer leads to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Node> {
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            node = match &node.kind {
                Kind::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                Kind::Object(_) => node.get(&step)?,
                _ => return None,
            };
        }
        Some(node)
    }
}

fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..floor(text, offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (number(before.matches('\n').count() + 1), column(&before[line_start..]))
}

/// The nearest place at or before this one where a character begins.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The column behind what stands before in a line.
fn column(before: &str) -> u32 {
    number(before.chars().filter(|char| *char != BYTE_ORDER_MARK).count() + 1)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Copies out of the parser's tree, which borrows its text.
fn node(value: ast::Value<'_>, skipped: usize) -> Node {
    let shift = |range: jsonc_parser::common::Range| range.start + skipped..range.end + skipped;
    let range = shift(value.range());
    let kind = match value {
        ast::Value::NullKeyword(_) => Kind::Null,
        ast::Value::BooleanLit(one) => Kind::Bool(one.value),
        ast::Value::NumberLit(one) => Kind::Number(one.value.to_owned()),
        ast::Value::StringLit(one) => Kind::String(one.value.into_owned()),
        ast::Value::Array(one) => Kind::Array(one.elements.into_iter().map(|item| node(item, skipped)).collect()),
        ast::Value::Object(one) => Kind::Object(
            one.properties
                .into_iter()
                .map(|member| {
                    let key_range = match &member.name {
                        ObjectPropName::String(name) => shift(name.range),
                        ObjectPropName::Word(name) => shift(name.range),
                    };
                    Member { key: member.name.into_string(), key_range, value: node(member.value, skipped) }
                })
                .collect(),
        ),
    };
    Node { range, kind }
}

impl Node {
    /// The member of this key; of several the last, as every reader takes it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        Some(&self.member(key)?.value)
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        self.members()?.iter().rfind(|member| member.key == key)
    }

    pub(crate) fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn string(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, with its article, for messages.
    pub(crate) const fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a truth value",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a text",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// Whether it says the same as a value, however it is written. The order of keys says nothing.
    pub(crate) fn says(&self, value: &Json) -> bool {
        match (&self.kind, value) {
            (Kind::Null, Json::Null) => true,
            (Kind::Bool(a), Json::Bool(b)) => a == b,
            (Kind::Number(a), Json::Number(b)) => {
                a == b
                    || a.parse::<serde_json::Number>()
                        .is_ok_and(|a| b.parse::<serde_json::Number>().is_ok_and(|b| a == b))
            }
            (Kind::String(a), Json::String(b)) => a == b,
            (Kind::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.says(b)),
            (Kind::Object(a), Json::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|member| b.iter().any(|(key, value)| *key == member.key && member.value.says(value)))
            }
            _ => false,
        }
    }
}

/// A whole document, spread over lines.
pub(crate) fn render(value: &Json) -> String {
    let mut text = String::new();
    layout::Layout::of("").render(value, Some(""), &mut text);
    text.push('\n');
    text
}

/// A pointer one step further (RFC 6901).
pub(crate) fn step(pointer: &str, key: impl fmt::Display) -> String {
    let key = key.to_string().replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{key}")
}

#[cfg(test)]
mod tests {
    use super::{Doc, Kind};

    #[test]
    fn positions_count_characters_and_skip_the_byte_order_mark() {
        let doc = Doc::parse("\u{feff}{\"ä\": [1,\r\n  \"x\"]}").unwrap();
        let list = doc.at("/ä").unwrap();
        assert_eq!(doc.position(list.range.start), (1, 7));
        let Kind::Array(items) = &list.kind else { panic!("{list:?}") };
        assert_eq!(doc.position(items[1].range.start), (2, 3));
        assert_eq!(&doc.text()[items[1].range.clone()], "\"x\"");
    }

    #[test]
    fn only_json_is_json() {
        for (text, line, column) in [
            ("", 1, 1),
            ("{\"a\": 1,}", 1, 8),
            ("{\n  // no\n}", 2, 3),
            ("{\"a\": 'x'}", 1, 7),
            ("{a: 1}", 1, 2),
            ("{\"a\": 1 \"b\": 2}", 1, 8),
            ("[1]\n[2]", 2, 1),
            ("{\"a\": \"ä\tb\"}", 1, 9),
        ] {
            let error = Doc::parse(text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        }
        assert!(Doc::parse("[".repeat(100_000)).is_err());
    }
}
