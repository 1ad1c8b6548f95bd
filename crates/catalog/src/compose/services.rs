//! The services of a compose text.

use super::{ComposeError, yaml::Yaml};

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Line of its name, from 1.
    pub line: u32,
    /// Column of its name, from 1.
    pub column: u32,
    /// The image, with `${…}` as written.
    pub image: Option<String>,
    /// Built from sources.
    pub build: bool,
    /// A container name that is the same on every project.
    pub container_name: Option<String>,
    /// Ports shown on the host.
    pub ports: Vec<PublishedPort>,
    /// Services that come first.
    pub depends_on: Vec<Dependency>,
    /// Host paths mounted that are relative to the compose file.
    pub relative_binds: Vec<String>,
    /// Env files, relative to the compose file.
    pub env_files: Vec<String>,
    /// The text defines a health check. (The image may have one all the same.)
    pub healthcheck: bool,
    /// Runs once and ends: `restart: "no"` or none, as a job would.
    pub restart: Option<String>,
}

/// A port shown on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The host's port or range, with `${…}` as written; none lets Docker choose.
    pub published: Option<String>,
    /// The container's port or range.
    pub target: String,
    /// The host address it listens on.
    pub host: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// A service that comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub service: String,
    /// What must be true of it.
    pub condition: Condition,
}

/// What must be true of a service that comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was started.
    Started,
    /// Its health check passes.
    Healthy,
    /// It ended well.
    CompletedSuccessfully,
}

/// Reads `services`.
pub(super) fn read(services: &Yaml) -> Result<Vec<Service>, ComposeError> {
    let mut list = Vec::new();
    for (key, value) in services.members() {
        let Some(name) = key.text() else { continue };
        if value.members().is_empty() && !value.is_null() {
            let message = format!("The service “{name}” must be a mapping with “image” or “build”.");
            return Err(ComposeError::at(value.at, message));
        }
        list.push(one(name, key, value));
    }
    for (service, (key, value)) in list.iter().zip(services.members().iter().filter(|(key, _)| key.text().is_some())) {
        for dependency in &service.depends_on {
            if !list.iter().any(|one| one.name == dependency.service) {
                let at = value.get("depends_on").map_or(key.at, |at| at.at);
                let message =
                    format!("“{}” depends on “{}”, which is no service here.", service.name, dependency.service);
                return Err(ComposeError::at(at, message));
            }
        }
    }
    Ok(list)
}

/// Reads `services` as they are, whatever is wrong with them.
pub(super) fn read_unchecked(services: &Yaml) -> Vec<Service> {
    services.members().iter().filter_map(|(key, value)| Some(one(key.text()?, key, value))).collect()
}

fn one(name: &str, key: &Yaml, value: &Yaml) -> Service {
    let text = |key: &str| value.get(key).and_then(Yaml::text).map(str::to_owned);
    Service {
        name: name.to_owned(),
        line: key.at.line,
        column: key.at.column,
        image: text("image").filter(|image| !image.is_empty()),
        build: value.get("build").is_some_and(|build| !build.is_null()),
        container_name: text("container_name"),
        ports: value.get("ports").map(Yaml::items).unwrap_or_default().iter().filter_map(port).collect(),
        depends_on: value.get("depends_on").map(dependencies).unwrap_or_default(),
        relative_binds: value
            .get("volumes")
            .map(Yaml::items)
            .unwrap_or_default()
            .iter()
            .filter_map(relative_bind)
            .collect(),
        env_files: value.get("env_file").map(env_files).unwrap_or_default(),
        healthcheck: value.get("healthcheck").is_some_and(is_checked),
        restart: text("restart"),
    }
}

fn dependencies(node: &Yaml) -> Vec<Dependency> {
    let short = node.items().iter().filter_map(Yaml::text).map(|name| (name, None));
    let long = node
        .members()
        .iter()
        .filter_map(|(name, value)| Some((name.text()?, value.get("condition").and_then(Yaml::text))));
    short
        .chain(long)
        .map(|(service, condition)| Dependency {
            service: service.to_owned(),
            condition: match condition {
                Some("service_healthy") => Condition::Healthy,
                Some("service_completed_successfully") => Condition::CompletedSuccessfully,
                _ => Condition::Started,
            },
        })
        .collect()
}

/// `[HOST:][PUBLISHED:]TARGET[/PROTOCOL]`, or the long form.
pub(super) fn port(node: &Yaml) -> Option<PublishedPort> {
    let text = |key: &str| node.get(key).and_then(Yaml::text).map(str::to_owned);
    let Some(short) = node.text() else {
        return Some(PublishedPort {
            target: text("target")?,
            published: text("published"),
            host: text("host_ip"),
            protocol: text("protocol").unwrap_or_else(|| "tcp".to_owned()),
        });
    };
    let (ports, protocol) = short.rsplit_once('/').unwrap_or((short, "tcp"));
    let mut parts = outer_parts(ports);
    let target = parts.pop()?;
    let published = parts.pop().filter(|port| !port.is_empty());
    let host = (!parts.is_empty()).then(|| parts.join(":"));
    Some(PublishedPort { published, target, host, protocol: protocol.to_owned() })
}

/// Parts a text at colons that stand neither in `${…}` nor in `[…]`.
pub(super) fn outer_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for char in text.chars() {
        match char {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(char);
        }
    }
    parts
}

/// The host path of a mount, if it is relative to the compose file.
fn relative_bind(node: &Yaml) -> Option<String> {
    bind_source(node).filter(|_| is_relative_bind(node))
}

/// What a mount puts into the container: a host path, or a volume's name in the short form.
pub(super) fn bind_source(node: &Yaml) -> Option<String> {
    match node.text() {
        Some(short) => {
            let parts = outer_parts(short);
            (parts.len() > 1).then(|| parts[0].clone())
        }
        None if node.get("type").and_then(Yaml::text) == Some("bind") => Some(node.get("source")?.text()?.to_owned()),
        None => None,
    }
}

/// Whether a mount is of a path relative to the compose file. In the long form any path is a path, also without a dot.
pub(super) fn is_relative_bind(node: &Yaml) -> bool {
    let Some(source) = bind_source(node) else { return false };
    let bare =
        |path: &str| path.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_' || first == '.');
    is_relative(&source) || (node.text().is_none() && bare(&source) && !source.contains(':'))
}

/// Whether a health check runs: it is not switched off, in any of the ways there are.
fn is_checked(check: &Yaml) -> bool {
    let truth = |text: &str| matches!(text, "true" | "True" | "TRUE" | "yes" | "on");
    let none = |test: &Yaml| test.text().or_else(|| test.items().first()?.text()) == Some("NONE");
    !check.is_null()
        && !check.get("disable").and_then(Yaml::text).is_some_and(truth)
        && !check.get("test").is_some_and(none)
}

/// Whether compose takes a path as relative to the compose file (or to a home): `./x`, `../x`, `~/x`, `.`.
pub(super) fn is_relative(path: &str) -> bool {
    path == "." || path == ".." || path.starts_with("./") || path.starts_with("../") || path.starts_with('~')
}

fn env_files(node: &Yaml) -> Vec<String> {
    let path = |one: &Yaml| one.text().or_else(|| one.get("path")?.text()).map(str::to_owned);
    match node.items() {
        [] => path(node).into_iter().collect(),
        items => items.iter().filter_map(path).collect(),
    }
}
