//! Variables on their way to Docker. The only place that knows in which form a value gets there unchanged: the catalog's check,
//! the planner and the client for Portainer all ask here, so none lets through what another refuses.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// Whether this may name a variable: a letter or `_`, then letters, digits and `_` (POSIX, and what compose interpolates).
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// What in a value keeps it from getting to Docker unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DotenvHazard {
    /// A line break, a NUL or another control character: the rest would become a variable of its own, or be lost.
    ControlCharacter,
    /// It needs quoting but holds what cannot stand between either kind of quotes.
    Unquotable,
}

impl fmt::Display for DotenvHazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlCharacter => "holds a line break or another control character, which an env file cannot carry",
            Self::Unquotable => {
                "needs quoting (it holds “$”, “#”, “\\”, outer spaces or begins with a quote) but has “'” or ends in “\\”, which quotes cannot carry"
            }
        })
    }
}

/// The form in which a value is handed to Portainer so that it gets to Docker unchanged. For a compose stack that is
/// [`dotenv_form`]; a swarm stack's values stand in the environment of a process, which takes anything but a NUL.
///
/// # Errors
/// [`DotenvHazard`] if no form carries the value.
pub fn variable_form(value: &str, swarm: bool) -> Result<Cow<'_, str>, DotenvHazard> {
    if !swarm {
        dotenv_form(value)
    } else if value.contains('\0') {
        Err(DotenvHazard::ControlCharacter)
    } else {
        Ok(Cow::Borrowed(value))
    }
}

/// The value that Docker sees when Portainer holds `stored`: the other direction of [`variable_form`]. For a compose stack that
/// is [`dotenv_seen`].
#[must_use]
pub fn variable_seen(stored: &str, swarm: bool) -> Cow<'_, str> {
    if swarm { Cow::Borrowed(stored) } else { dotenv_seen(stored) }
}

/// The form in which a value survives Portainer's raw `NAME=value` line and compose's dotenv rules unchanged: as it is, in
/// single quotes (where compose expands nothing), or in double quotes where neither `$` nor a backslash could be expanded.
///
/// A “#” is always quoted: of compose's releases the older ones take it for a comment wherever it stands, the newer ones only
/// behind a space.
///
/// # Errors
/// [`DotenvHazard`] if no form carries the value.
pub fn dotenv_form(value: &str) -> Result<Cow<'_, str>, DotenvHazard> {
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(DotenvHazard::ControlCharacter);
    }
    let plain = !value.contains(['$', '#', '\\']) && !value.starts_with(['\'', '"']) && value.trim() == value;
    if plain {
        Ok(Cow::Borrowed(value))
    } else if !value.contains('\'') && !value.ends_with('\\') {
        Ok(Cow::Owned(format!("'{value}'")))
    } else if !value.contains(['"', '$', '\\']) {
        Ok(Cow::Owned(format!("\"{value}\"")))
    } else {
        Err(DotenvHazard::Unquotable)
    }
}

/// What compose reads where Portainer's raw line holds `stored`, written by us or by others. What depends on other variables
/// or on escapes is returned as it stands, and so differs from every value that [`dotenv_form`] made.
#[must_use]
pub fn dotenv_seen(stored: &str) -> Cow<'_, str> {
    let value = stored.trim();
    for (quote, expands) in [('\'', false), ('"', true)] {
        if let Some(rest) = value.strip_prefix(quote) {
            let Some(inner) = rest.strip_suffix(quote) else { return Cow::Borrowed(stored) };
            let depends = inner.contains(quote) || inner.ends_with('\\') || expands && inner.contains(['$', '\\']);
            return Cow::Borrowed(if depends { stored } else { inner });
        }
    }
    if value.contains(['$', '\n']) {
        return Cow::Borrowed(stored);
    }
    Cow::Borrowed(value.split_once(" #").map_or(value, |(before, _)| before.trim_end()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DotenvHazard, dotenv_form, dotenv_seen, is_variable_name, variable_form, variable_seen};

    #[test]
    fn values_are_passed_plain_quoted_or_refused() {
        for plain in ["", "admin", "a=b", "https://x/y", "with space", "it's", "say \"x\"", "`id`"] {
            assert_eq!(dotenv_form(plain).unwrap(), plain);
        }
        for quoted in ["p$x", "a #b", "a#b", "\"x\"", " x", "x ", "#x", "a\\b", "\"$x", "\u{a0}x"] {
            assert_eq!(dotenv_form(quoted).unwrap(), format!("'{quoted}'"));
        }
        for quoted in ["it's #1", "'x'", "it's "] {
            assert_eq!(dotenv_form(quoted).unwrap(), format!("\"{quoted}\""));
        }
        for refused in ["a\nEVIL=1", "a\0", "a\r", "\u{85}"] {
            assert_eq!(dotenv_form(refused), Err(DotenvHazard::ControlCharacter), "{refused:?}");
        }
        for refused in ["it's $5", "$x\\", "'\"", "it's\\"] {
            assert_eq!(dotenv_form(refused), Err(DotenvHazard::Unquotable), "{refused:?}");
        }
    }

    #[test]
    fn swarm_takes_all_but_a_nul() {
        assert_eq!(variable_form("it's\n$5", true).unwrap(), "it's\n$5");
        assert_eq!(variable_seen("'x'", true), "'x'");
        assert_eq!(variable_form("a\0", true), Err(DotenvHazard::ControlCharacter));
    }

    #[test]
    fn what_others_stored_is_read_as_compose_reads_it() {
        for (stored, seen) in [
            ("\"plain words\"", "plain words"),
            ("a #b", "a"),
            (" a ", "a"),
            ("a#b", "a#b"),
            ("'", "'"),
            ("\"with $X\"", "\"with $X\""),
            ("$X", "$X"),
            ("'a' b", "'a' b"),
        ] {
            assert_eq!(dotenv_seen(stored), seen, "{stored}");
        }
    }

    #[test]
    fn variables_have_names() {
        assert!(is_variable_name("_A1") && is_variable_name("POSTGRES_DB"));
        for name in ["1A", "A-B", "A.B", "", "A=B", "A\nB", "Ä", "A B"] {
            assert!(!is_variable_name(name), "{name:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_accepted_comes_back(value in prop_oneof![any::<String>(), "[a '\"#$\\\\\t=]{0,8}"], swarm: bool) {
            if let Ok(form) = variable_form(&value, swarm) {
                prop_assert_eq!(variable_seen(&form, swarm).into_owned(), value.clone());
            }
        }
    }
}
