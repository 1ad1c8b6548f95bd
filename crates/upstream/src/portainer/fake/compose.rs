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

/// The services of compose files, later ones adding to earlier ones.
///
/// # Errors
/// What compose would print.
pub(super) fn services(
    texts: &[String],
    variables: &BTreeMap<String, String>,
    project: &str,
) -> Result<Vec<Service>, String> {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for text in texts {
        let file: Value = serde_saphyr::from_str(text).map_err(|error| format!("yaml: {error}"))?;
        let Some(found) = file.get("services").and_then(Value::as_object) else {
            return Err("empty compose file".to_owned());
        };
        for (name, value) in found {
            let value = interpolate_all(value, variables)?;
            let service = service(name, &value, project)?;
            services.insert(name.clone(), service);
        }
    }
    Ok(services.into_values().collect())
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

/// Reads the file of raw `NAME=value` lines as compose does: quotes end where they end, ` #` begins a comment, `$` is replaced, and
/// a line break begins another variable.
pub(super) fn dotenv(text: &str) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let value = if let Some(inner) = value.strip_prefix('\'') {
            inner.split('\'').next().unwrap_or_default().to_owned()
        } else if let Some(inner) = value.strip_prefix('"') {
            let inner = inner.split('"').next().unwrap_or_default();
            interpolate(inner, &variables).unwrap_or_default()
        } else {
            let plain = value.split(" #").next().unwrap_or_default().trim_end();
            interpolate(plain, &variables).unwrap_or_default()
        };
        variables.insert(name.trim().to_owned(), value);
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_file_mangles_as_compose_does() {
        let read = dotenv("A=plain\nB=pa$$w # note\nC='pa$$w # \"x\"'\nD=\"$A b\"\nE=x$A");
        let value = |name: &str| read.get(name).map(String::as_str);
        assert_eq!(value("B"), Some("pa$w"));
        assert_eq!(value("C"), Some("pa$$w # \"x\""));
        assert_eq!(value("D"), Some("plain b"));
        assert_eq!(value("E"), Some("xplain"));
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
