//! `$NAME` and `${NAME…}` in compose values, as the compose specification's chapter on interpolation has them.

/// A place where a variable's value is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpolation {
    /// The variable.
    pub name: String,
    /// What happens without it.
    pub need: Need,
    /// Variables that, when they have a value, make this one unneeded: it stands in their default.
    pub unless: Vec<String>,
    /// Line of the value it stands in, from 1.
    pub line: u32,
    /// Column of the value it stands in, from 1.
    pub column: u32,
    /// The value it stands in, as a path with `/`.
    pub pointer: String,
}

/// What happens when a variable has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// `$NAME`, `${NAME}`: nothing is put in, silently.
    Blank,
    /// `${NAME:-default}`, `${NAME-default}`: the default is put in.
    Default,
    /// `${NAME:?message}`, `${NAME?message}`: the deployment fails with the message.
    Required(String),
    /// `${NAME:+other}`, `${NAME+other}`: nothing is put in, on purpose.
    Alternative,
}

/// A variable in a text, before it has a place.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) need: Need,
    pub(super) unless: Vec<String>,
}

/// Deepest nesting of defaults in defaults.
const DEEPEST: usize = 16;

/// Finds the variables in a value.
///
/// # Errors
/// What is wrong with the form, as compose would refuse it.
pub(super) fn find(text: &str) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    scan(text, &[], 0, &mut found)?;
    Ok(found)
}

fn scan(text: &str, unless: &[String], depth: usize, found: &mut Vec<Found>) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let Some(end) = closing(after) else {
                return Err(format!("“${{{}” has no closing brace", first(after)));
            };
            braced(&after[..end], unless, depth + 1, found)?;
            rest = &after[end + 1..];
        } else {
            let length = name_length(rest);
            if length == 0 {
                return Err(format!("“${}” is no variable; write “$$” for a dollar sign", first(rest)));
            }
            found.push(Found { name: rest[..length].to_owned(), need: Need::Blank, unless: unless.to_vec() });
            rest = &rest[length..];
        }
    }
    Ok(())
}

/// The inside of `${…}`.
fn braced(inside: &str, unless: &[String], depth: usize, found: &mut Vec<Found>) -> Result<(), String> {
    let length = name_length(inside);
    let (name, rest) = inside.split_at(length);
    if name.is_empty() {
        return Err(format!("“${{{}}}” names no variable", first(inside)));
    }
    if depth > DEEPEST {
        return Err(format!("variables are nested more than {DEEPEST} deep"));
    }
    let operator = rest.strip_prefix(':').unwrap_or(rest);
    let mut push = |need| found.push(Found { name: name.to_owned(), need, unless: unless.to_vec() });
    let Some((operator, word)) = operator.chars().next().map(|first| (first, &operator[first.len_utf8()..])) else {
        push(Need::Blank);
        return if rest.is_empty() { Ok(()) } else { Err(format!("“${{{inside}}}” ends in a colon")) };
    };
    match operator {
        '-' => {
            push(Need::Default);
            let inner: Vec<String> = unless.iter().cloned().chain([name.to_owned()]).collect();
            scan(word, &inner, depth, found)
        }
        '?' => {
            push(Need::Required(word.to_owned()));
            Ok(())
        }
        '+' => {
            push(Need::Alternative);
            scan(word, unless, depth, found)
        }
        _ => Err(format!("“${{{inside}}}” is no form of interpolation")),
    }
}

/// What is known of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'a> {
    /// Its value.
    Value(&'a str),
    /// It has a value, not an empty one, that is not told: a secret, or one that is made later.
    Hidden,
    /// Nobody sets it.
    Unset,
}

/// Puts the values of variables into a text; none if the outcome cannot be known, or the form is none.
///
/// A variable that nobody sets makes the outcome unknown where the text puts it in as it is: compose would put in nothing and warn.
pub(super) fn fill<'a>(text: &str, known: &impl Fn(&str) -> Known<'a>) -> Option<String> {
    fill_at(text, 0, known)
}

fn fill_at<'a>(text: &str, depth: usize, known: &impl Fn(&str) -> Known<'a>) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after)?;
            out.push_str(&fill_braced(&after[..end], depth + 1, known)?);
            rest = &after[end + 1..];
        } else {
            let (name, after) = rest.split_at(name_length(rest));
            let Known::Value(value) = known(name) else { return None };
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The inside of `${…}` with values put in.
fn fill_braced<'a>(inside: &str, depth: usize, known: &impl Fn(&str) -> Known<'a>) -> Option<String> {
    let (name, rest) = inside.split_at(name_length(inside));
    // With a colon an empty value counts as none.
    let (with_colon, operator) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
    let state = match known(name) {
        Known::Value("") if with_colon => Known::Unset,
        state => state,
    };
    let value = || match state {
        Known::Value(value) => Some(value.to_owned()),
        Known::Hidden | Known::Unset => None,
    };
    let mut chars = operator.chars();
    match (chars.next(), state) {
        (Some('-'), Known::Unset) => fill_at(chars.as_str(), depth, known),
        (Some('+'), Known::Unset) => Some(String::new()),
        (Some('+'), _) => fill_at(chars.as_str(), depth, known),
        (None | Some('-' | '?'), _) => value(),
        _ => None,
    }
}

/// Where the brace closes that was opened before this text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut after_dollar = false;
    for (at, char) in text.char_indices() {
        match char {
            '{' if after_dollar => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        after_dollar = char == '$' && !after_dollar;
    }
    None
}

fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_') {
        return 0;
    }
    bytes.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(bytes.len())
}

/// The beginning of a text, for a message.
fn first(text: &str) -> String {
    text.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, Need, fill, find};

    fn names(text: &str) -> Vec<(String, Need, Vec<String>)> {
        find(text).unwrap().into_iter().map(|one| (one.name, one.need, one.unless)).collect()
    }

    #[test]
    fn every_form_is_found() {
        let plain = |name: &str, need| (name.to_owned(), need, Vec::<String>::new());
        assert_eq!(names("a $B ${C}$D-x"), ["B", "C", "D"].map(|name| plain(name, Need::Blank)));
        assert_eq!(names("${A:-x} ${B-}"), ["A", "B"].map(|name| plain(name, Need::Default)));
        assert_eq!(names("${A:?set it}"), [plain("A", Need::Required("set it".into()))]);
        assert_eq!(names("${A:+x}"), [plain("A", Need::Alternative)]);
        assert_eq!(names("$$A costs 5$$"), []);
        let nested = names("${A:-${B:?no}/${C:-}}z");
        assert_eq!(nested[0], plain("A", Need::Default));
        assert_eq!(nested[1], ("B".into(), Need::Required("no".into()), vec!["A".into()]));
        assert_eq!(nested[2], ("C".into(), Need::Default, vec!["A".into()]));
    }

    #[test]
    fn values_are_put_in_where_they_are_known() {
        let known = |name: &str| match name {
            "A" => Known::Value("a"),
            "EMPTY" => Known::Value(""),
            "SECRET" => Known::Hidden,
            _ => Known::Unset,
        };
        for (text, filled) in [
            ("x${A}$A-y", Some("xaa-y")),
            ("$$A $${A}", Some("$A ${A}")),
            ("${EMPTY}|$EMPTY", Some("|")),
            ("${NONE}", None),
            ("$NONE/x", None),
            ("${SECRET}", None),
            ("${A:-x}${A-x}", Some("aa")),
            ("${EMPTY:-x}${EMPTY-x}", Some("x")),
            ("${NONE:-x}${NONE-y}", Some("xy")),
            ("${SECRET:-x}", None),
            ("${A:?set it}${A?}", Some("aa")),
            ("${EMPTY?}", Some("")),
            ("${EMPTY:?set it}", None),
            ("${NONE?}", None),
            ("${A:+x}${A+x}", Some("xx")),
            ("${EMPTY:+x}${EMPTY+y}", Some("y")),
            ("${NONE:+x}${NONE+x}", Some("")),
            // What a secret is does not show, that it is does.
            ("${SECRET:+x}", Some("x")),
            ("${NONE:-${OTHER:-${A}.z}}", Some("a.z")),
            ("${NONE:-${SECRET}}", None),
            ("${A:-${SECRET}}", Some("a")),
            ("${A", None),
            ("${A*}", None),
            (&format!("{}x{}", "${A:+".repeat(1_000), "}".repeat(1_000)), None),
        ] {
            assert_eq!(fill(text, &known).as_deref(), filled, "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        let deep = format!("{}x{}", "${A:+".repeat(100_000), "}".repeat(100_000));
        for bad in [deep.as_str(), "${A", "${}", "$1", "cost: 5$", "${A:}", "${A*}", "${-x}"] {
            assert!(find(bad).is_err(), "{bad}");
        }
    }
}
