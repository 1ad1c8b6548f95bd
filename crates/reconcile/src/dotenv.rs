//! What compose's dotenv rules do to a value. Portainer writes `NAME=value` lines raw and unquoted.

use serde::{Deserialize, Serialize};

/// Something in a value that is read as other than itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// A line break ends the value and begins another variable.
    LineBreak,
    /// `$` begins an interpolation.
    Dollar,
    /// A quote at the beginning is taken for quoting.
    Quote,
    /// ` #` begins a comment.
    Comment,
    /// White space at either end is cut off.
    OuterSpace,
    /// A backslash may begin an escape.
    Backslash,
}

/// The worst hazard in a value, if any.
#[must_use]
pub fn hazard(value: &str) -> Option<Hazard> {
    let outer = |c: char| c.is_whitespace();
    if value.contains(['\n', '\r']) {
        Some(Hazard::LineBreak)
    } else if value.contains('$') {
        Some(Hazard::Dollar)
    } else if value.starts_with(['"', '\'']) {
        Some(Hazard::Quote)
    } else if value.starts_with('#') || value.contains(" #") || value.contains("\t#") {
        Some(Hazard::Comment)
    } else if value.starts_with(outer) || value.ends_with(outer) {
        Some(Hazard::OuterSpace)
    } else if value.contains('\\') {
        Some(Hazard::Backslash)
    } else {
        None
    }
}

/// Whether this is the name of a variable: letters, digits and underscores, no digit first. Anything else could end the name
/// early in a dotenv line.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
