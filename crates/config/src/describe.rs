//! Settings shown to people: `check-config`, `print-config` and docs/CONFIG.md.

use std::fmt::{self, Write as _};

use crate::{SETTINGS, Setting, Source};

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// Its value; `(hidden)` for a secret, `(unset)` when there is none.
    pub value: String,
    /// Where the value came from.
    pub source: Source,
}

impl Described {
    pub(crate) fn new(setting: &Setting, value: Option<String>, source: Source) -> Self {
        let value = match value {
            None => "(unset)".to_owned(),
            Some(_) if setting.secret => "(hidden)".to_owned(),
            Some(text) => text,
        };
        Self { name: setting.name, value, source }
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<30} {:<34} {}", self.name, self.value, self.source)
    }
}

/// A `thinkheads.toml` with every setting at its default, commented out: what `print-config` prints.
#[must_use]
pub fn print_default() -> String {
    let mut text =
        String::from("# thinkheads.toml: every setting, at its default. The environment wins over this file.\n");
    for setting in SETTINGS {
        // Writing to a String can't fail.
        let _ = write!(text, "\n# {}\n", setting.doc);
        let _ = writeln!(text, "# {} = \"{}\"", setting.name, setting.default.unwrap_or_default());
    }
    text
}

/// The settings as the table of docs/CONFIG.md; a test holds the page to it.
#[must_use]
pub fn markdown_reference() -> String {
    let mut text = String::from("| name | default | what it does |\n| --- | --- | --- |\n");
    for setting in SETTINGS {
        let default = match setting.default {
            None => "none".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let file = if setting.secret { format!(" Or `{}_FILE`.", setting.name) } else { String::new() };
        let _ = writeln!(text, "| `{}` | {default} | {}{file} |", setting.name, setting.doc);
    }
    text
}
