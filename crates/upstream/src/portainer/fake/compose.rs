//! As much of compose as is needed: the variables' file, interpolation, services.

use std::collections::BTreeMap;

use serde_json::Value;

/// A service of a compose file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) image: String,
    /// On the host, and inside.
    pub(super) ports: Vec<(u16, u16)>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) has_healthcheck: bool,
    pub(super) tty: bool,
}

/// The services of compose files, later ones laid over earlier ones: mappings merge, lists grow, the rest is replaced.
///
/// # Errors
/// What compose would print.
pub(super) fn services(
    texts: &[String],
    variables: &BTreeMap<String, String>,
    project: &str,
) -> Result<Vec<Service>, String> {
    let mut services: BTreeMap<String, Value> = BTreeMap::new();
    for text in texts {
        let file: Value = serde_saphyr::from_str(text).map_err(|error| format!("yaml: {error}"))?;
        let Some(found) = file.get("services").and_then(Value::as_object) else {
            return Err("empty compose file".to_owned());
        };
        for (name, value) in found {
            lay_over(services.entry(name.clone()).or_insert(Value::Null), interpolate_all(value, variables)?);
        }
    }
    services.iter().map(|(name, value)| service(name, value, project)).collect()
}

fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                let value = if key == "environment" { as_pairs(value) } else { value };
                let place = under.entry(key.clone()).or_insert(Value::Null);
                if key == "environment" {
                    *place = as_pairs(place.take());
                }
                lay_over(place, value);
            }
        }
        (Value::Array(under), Value::Array(over)) => under.extend(over),
        (under, over) => *under = over,
    }
}

/// `["A=1"]` as `{"A": "1"}`, so that both forms meet.
fn as_pairs(value: Value) -> Value {
    let Value::Array(lines) = value else { return value };
    let pairs = lines.iter().filter_map(|line| line.as_str()?.split_once('='));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
}

fn service(name: &str, value: &Value, project: &str) -> Result<Service, String> {
    let image = match (value.get("image").and_then(Value::as_str), value.get("build")) {
        (Some(image), _) => image.to_owned(),
        (None, Some(_)) => format!("{project}-{name}"),
        (None, None) => return Err(format!("service \"{name}\" has neither an image nor a build context specified")),
    };
    let ports = value.get("ports").and_then(Value::as_array).into_iter().flatten().filter_map(port).collect();
    let environment = match value.get("environment") {
        Some(Value::Object(pairs)) => pairs.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Some(Value::Array(lines)) => lines
            .iter()
            .filter_map(|line| line.as_str()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        _ => BTreeMap::new(),
    };
    Ok(Service {
        name: name.to_owned(),
        image,
        ports,
        environment,
        has_healthcheck: value.get("healthcheck").is_some(),
        tty: value.get("tty").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// `8080:80`, `127.0.0.1:8080:80/tcp`, or the long form. What is not published does not matter.
fn port(value: &Value) -> Option<(u16, u16)> {
    if let Some(long) = value.as_object() {
        let number = |name: &str| text(long.get(name)?).parse().ok();
        return Some((number("published")?, number("target")?));
    }
    let short = value.as_str()?.split('/').next()?;
    let (rest, inside) = short.rsplit_once(':')?;
    let outside = rest.rsplit(':').next()?;
    Some((outside.parse().ok()?, inside.parse().ok()?))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn interpolate_all(value: &Value, variables: &BTreeMap<String, String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(interpolate(text, variables)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| interpolate_all(item, variables)).collect::<Result<_, _>>()?)
        }
        Value::Object(pairs) => Value::Object(
            pairs
                .iter()
                .map(|(name, value)| Ok((name.clone(), interpolate_all(value, variables)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?error}` and `$$`.
pub(super) fn interpolate(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let (inside, after) =
                after.split_once('}').ok_or_else(|| format!("invalid interpolation format for {text:?}"))?;
            out.push_str(&braced(inside, variables)?);
            rest = after;
        } else {
            let end = rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(rest.len());
            out.push_str(variables.get(&rest[..end]).map_or("", String::as_str));
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn braced(inside: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let end = inside.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    let set = variables.get(name);
    let filled = set.filter(|value| !value.is_empty());
    if let Some(default) = operator.strip_prefix(":-") {
        return Ok(filled.map_or(default, |value| value).to_owned());
    }
    if let Some(default) = operator.strip_prefix('-') {
        return Ok(set.map_or(default, |value| value).to_owned());
    }
    if let Some(error) = operator.strip_prefix(":?").or_else(|| operator.strip_prefix('?')) {
        return filled.cloned().ok_or_else(|| format!("required variable {name} is missing a value: {error}"));
    }
    Ok(set.cloned().unwrap_or_default())
}

/// Reads the file of raw `NAME=value` lines as compose does: quotes reach over line breaks and may be escaped, nothing is replaced
/// between single ones, ` #` begins a comment outside of them, and a line break begins another variable.
///
/// # Errors
/// What compose would print.
pub(super) fn dotenv(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, next)| next).trim_start();
            continue;
        }
        let Some(end) = rest.find(['=', ':', '\n']) else { break };
        let name = rest[..end].trim().trim_start_matches("export ").trim().to_owned();
        let is_set = !rest[end..].starts_with('\n');
        rest = &rest[end + 1..];
        if is_set {
            let begins = rest.trim_start_matches(|one: char| one.is_whitespace() && one != '\n');
            let (value, next) = match begins.chars().next() {
                Some(quote @ ('\'' | '"')) => quoted(begins, quote, &variables)?,
                _ => unquoted(begins, &variables)?,
            };
            variables.insert(name, value);
            rest = next;
        }
        rest = rest.trim_start();
    }
    Ok(variables)
}

fn unquoted<'a>(text: &'a str, variables: &BTreeMap<String, String>) -> Result<(String, &'a str), String> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
    Ok((interpolate(value, variables)?, rest))
}

/// A backslash keeps a quote from ending the value, and stays where it does not.
fn quoted<'a>(text: &'a str, quote: char, variables: &BTreeMap<String, String>) -> Result<(String, &'a str), String> {
    let mut inner = String::new();
    let mut escaped = false;
    for (at, one) in text.char_indices().skip(1) {
        match one {
            '\\' if !escaped => escaped = true,
            _ if one == quote && !escaped => {
                let rest = &text[at + 1..];
                return Ok((if quote == '"' { interpolate(&unescape(&inner), variables)? } else { inner }, rest));
            }
            _ => {
                if escaped && one != quote {
                    inner.push('\\');
                }
                escaped = false;
                inner.push(one);
            }
        }
    }
    Err(format!("unterminated quoted value {}", text.lines().next().unwrap_or_default()))
}

/// The escapes of double quotes that matter.
fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\$", "$$").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_file_mangles_as_compose_does() {
        let text =
            "# note\nA=plain\nB=pa$$w # note\nC='pa$$w # \"x\"'\nD=\"$A b\"\nE=x$A\nF='a\\b\\'c\nd'\nG=it's\nH=\nI=a#b";
        let read = dotenv(text).unwrap();
        let value = |name: &str| read.get(name).map(String::as_str);
        assert_eq!(value("B"), Some("pa$w"));
        assert_eq!(value("C"), Some("pa$$w # \"x\""));
        assert_eq!(value("D"), Some("plain b"));
        assert_eq!(value("E"), Some("xplain"));
        assert_eq!(value("F"), Some("a\\b'c\nd"));
        assert_eq!((value("G"), value("H"), value("I")), (Some("it's"), Some(""), Some("a#b")));
        assert!(dotenv("A='open").is_err() && dotenv("A='open\\'\nB=1").is_err());
    }

    #[test]
    fn services_are_read() {
        let text = "services:\n  web:\n    image: nginx:${TAG:-1.27}\n    ports: ['8080:80', {published: 9, target: 90}]\n    \
                    environment: [A=$X]\n    healthcheck: {test: true}\n  api:\n    build: .\n";
        let variables = [("X".to_owned(), "y".to_owned())].into();
        let services = services(&[text.to_owned()], &variables, "shop").unwrap();
        assert_eq!(services[0].image, "shop-api");
        let web = &services[1];
        assert_eq!((web.image.as_str(), web.ports.as_slice()), ("nginx:1.27", &[(8080, 80), (9, 90)][..]));
        assert!(web.has_healthcheck && web.environment["A"] == "y");
        assert!(super::services(&["services: [".to_owned()], &variables, "x").is_err());
        assert!(super::services(&["services: {a: {}}".to_owned()], &variables, "x").is_err());
    }
}
