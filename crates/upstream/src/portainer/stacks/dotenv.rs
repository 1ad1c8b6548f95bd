//! Variables on their way through compose's `--env-file`.
//!
//! Portainer writes each variable of a compose stack as a raw `NAME=value` line. Compose then reads quotes, `$` and ` #` its own way, and
//! a line break in a value begins another variable. Plain values go as they are; others in single quotes, in which compose takes
//! every character literally; what those cannot hold is refused. Swarm stacks know no such file: their values go as they are.

use super::{super::PortainerError, Variable};

/// The value as Portainer must store it.
///
/// # Errors
/// [`PortainerError::UnsafeVariable`].
pub(super) fn stored(variable: &Variable, compose: bool) -> Result<String, PortainerError> {
    let refuse = |reason| PortainerError::UnsafeVariable { name: variable.name.clone(), reason };
    let name = variable.name.as_str();
    let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
        && name.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-'));
    if !is_name {
        return Err(refuse("its name must begin with a letter or _ and hold only letters, digits, _, . and -"));
    }
    let value = variable.value.as_str();
    if value.contains('\0') {
        return Err(refuse("it holds a null character"));
    }
    if !compose || value.chars().all(is_plain) {
        return Ok(value.to_owned());
    }
    if value.contains(['\n', '\r']) {
        return Err(refuse("it holds a line break, which would begin another variable"));
    }
    if value.contains('\'') {
        return Err(refuse("it holds a single quote together with characters that need quoting"));
    }
    if value.contains('\\') {
        return Err(refuse("it holds a backslash together with characters that need quoting"));
    }
    Ok(format!("'{value}'"))
}

/// The value compose sees. Values that others stored may be quoted as well.
pub(super) fn seen(stored: String, compose: bool) -> String {
    if !compose {
        return stored;
    }
    let inner = |quote: char| {
        let inner = stored.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains([quote, '\\', '\n']) && (quote == '\'' || !inner.contains('$'))).then(|| inner.to_owned())
    };
    inner('\'').or_else(|| inner('"')).unwrap_or(stored)
}

/// Read literally without quotes, wherever it stands.
const fn is_plain(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | ',' | '=' | '~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Variable, seen, stored};

    #[test]
    fn what_compose_would_mangle_is_quoted_or_refused() {
        let go = |value: &str| stored(&Variable::new("A", value), true).ok();
        assert_eq!(go("redis://cache:6379/0").as_deref(), Some("redis://cache:6379/0"));
        assert_eq!(go("").as_deref(), Some(""));
        assert_eq!(go("pa$$w # \"x\"").as_deref(), Some("'pa$$w # \"x\"'"));
        assert_eq!(go(" spaces ").as_deref(), Some("' spaces '"));
        for refused in ["a\nB=c", "it's $5", "back\\slash", "a\rb", "\0"] {
            assert_eq!(go(refused), None, "{refused:?}");
        }
        for name in ["", "1A", "A B", "A=B", "A\nB", "Ä"] {
            assert!(stored(&Variable::new(name, "x"), true).is_err(), "{name:?}");
        }
        assert_eq!(stored(&Variable::new("A", "it's\n$5"), false).unwrap(), "it's\n$5");
        assert_eq!(seen("\"plain words\"".to_owned(), true), "plain words");
        assert_eq!(seen("\"with $X\"".to_owned(), true), "\"with $X\"");
        assert_eq!(seen("'".to_owned(), true), "'");
    }

    proptest! {
        #[test]
        fn what_is_accepted_comes_back(value in any::<String>(), compose in any::<bool>()) {
            if let Ok(stored) = stored(&Variable::new("A", value.clone()), compose) {
                prop_assert!(!compose || !stored.contains('\n'));
                prop_assert_eq!(seen(stored, compose), value);
            }
        }
    }
}
