//! What makes an entry of a list the same as another one: the unique keys of the compose specification's chapter “Merge”.

use super::{
    services::{self, outer_parts},
    yaml::Yaml,
};

/// Names what an entry is; none if it is like no other.
pub(super) type Identity = fn(&Yaml) -> Option<String>;

/// A text up to its first `=`.
pub(super) fn text(item: &Yaml) -> Option<String> {
    item.text().map(|text| text.split('=').next().unwrap_or(text).to_owned())
}

/// A published port: address, published, target and protocol.
pub(super) fn port(item: &Yaml) -> Option<String> {
    let port = services::port(item)?;
    let host = port.host.filter(|host| !host.is_empty()).unwrap_or_else(|| "0.0.0.0".to_owned());
    Some(format!("{host} {} {} {}", port.published.unwrap_or_default(), port.target, port.protocol))
}

/// A mount: its path in the container.
pub(super) fn volume(item: &Yaml) -> Option<String> {
    let Some(short) = item.text() else {
        return item.get("target").and_then(Yaml::text).map(str::to_owned);
    };
    let parts = outer_parts(short);
    let path = parts.iter().skip(1).rfind(|part| part.starts_with('/'));
    path.or_else(|| parts.get(1)).or_else(|| parts.first()).cloned()
}

/// A device: its path in the container.
pub(super) fn device(item: &Yaml) -> Option<String> {
    let Some(short) = item.text() else {
        return item.get("target").and_then(Yaml::text).map(str::to_owned);
    };
    let parts = outer_parts(short);
    parts.get(1).or_else(|| parts.first()).cloned()
}

/// A secret: the file it becomes, in `/run/secrets` unless said otherwise.
pub(super) fn secret(item: &Yaml) -> Option<String> {
    mount(item, "/run/secrets/")
}

/// A config: the file it becomes, in `/` unless said otherwise.
pub(super) fn config(item: &Yaml) -> Option<String> {
    mount(item, "/")
}

fn mount(item: &Yaml, folder: &str) -> Option<String> {
    let target =
        item.text().or_else(|| ["target", "source"].into_iter().find_map(|key| item.get(key).and_then(Yaml::text)))?;
    Some(if target.starts_with('/') { target.to_owned() } else { format!("{folder}{target}") })
}

/// An env file: its path.
pub(super) fn env_file(item: &Yaml) -> Option<String> {
    item.text().or_else(|| item.get("path")?.text()).map(str::to_owned)
}
