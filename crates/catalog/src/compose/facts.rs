//! What compose files say of a deployment with the variables of one environment put in.

use types::catalog::{Variable, VariableValue};

use super::{
    Compose, Condition, FileError, HazardKind, Service,
    interpolation::{Known, fill},
    merge, services,
    yaml::{Kind, Yaml},
};

/// Most published ports that are told of one service: past that, nobody wrote the range down port by port.
pub const MOST_PORTS: usize = 1_000;

/// What compose files say, merged and with variables put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The rendered text: all files merged, variables **not** put in, so that no secret stands in it. See [`merge`](super::merge()).
    pub text: String,
    /// The services that start by default, in the text's order: those with `profiles` do not.
    pub services: Vec<ServiceFacts>,
    /// Whether this is all there is to know. It is not with `extends`, `include` or `COMPOSE_PROFILES`, nor with more than
    /// [`MOST_PORTS`] ports of a service. What a variable hides does not count: the image is empty, the port not in the list.
    pub complete: bool,
}

/// One service that starts by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its name.
    pub name: String,
    /// The image with variables filled in; empty if there is none or a secret or an unknown variable is in it.
    pub image: String,
    /// The digest that stands in `image` (`sha256:…`).
    pub digest: Option<String>,
    /// Mounts of host paths relative to the compose file: the paths as written.
    pub bind_mounts_relative: Vec<String>,
    /// Whether it is meant to end by itself: another waits for its completion, or its restart policy is written as `no`
    /// (in the swarm's words, `none`). A policy that is not written says nothing.
    pub ends: bool,
    /// Whether the text defines a health check that is not switched off.
    pub has_healthcheck: bool,
    /// Ports published on the host under a number that is known beforehand, each once, in the text's order.
    pub ports: Vec<HostPort>,
    /// How many containers of it run, where that is written (`deploy.replicas`, else `scale`).
    pub replicas: Option<u32>,
}

/// A port published on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The host's port.
    pub host: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// Reads what compose files, given with their paths in the order in which each goes over those before it, say with these variables.
/// A secret counts as a value that is not told.
///
/// # Errors
/// [`FileError`] with the file, the line and the column, if the files cannot be merged or are no compose file together.
pub fn facts(texts: &[(&str, &str)], env: &[Variable]) -> Result<Facts, FileError> {
    let root = merge::tree(texts)?;
    let blame = |error| merge::blame(texts, error);
    let as_written = Compose::of(&root).map_err(blame)?;
    let known = |name: &str| known(env, name);
    let filled = put_in(&root, &known);
    // What the text says is right was checked as it is written; a variable that makes a dependency's name does not.
    let services = filled.get("services").map(services::read_unchecked).unwrap_or_default();
    let mut complete = !as_written.hazards.iter().any(|hazard| hazard.kind == HazardKind::Elsewhere);
    let mut list = Vec::new();
    for service in &services {
        let at = |root| service_at(root, &service.name);
        let (Some(written), Some(node)) = (at(&root), at(&filled)) else { continue };
        if node.get("profiles").is_some_and(|profiles| !profiles.items().is_empty()) {
            // Which profiles are on may be said by this variable, and is not worked out here.
            complete &= known("COMPOSE_PROFILES") == Known::Unset;
            continue;
        }
        let (ports, all) = ports(service);
        complete &= all;
        list.push(ServiceFacts {
            name: service.name.clone(),
            image: service.image.clone().unwrap_or_default(),
            digest: service.image.as_deref().and_then(digest),
            bind_mounts_relative: relative_binds(written, node),
            ends: ends(service, node, &services),
            has_healthcheck: service.healthcheck,
            ports,
            replicas: replicas(node),
        });
    }
    Ok(Facts { text: merge::written(texts, &root)?, services: list, complete })
}

fn service_at<'a>(root: &'a Yaml, name: &str) -> Option<&'a Yaml> {
    root.get("services")?.get(name)
}

fn known<'a>(env: &'a [Variable], name: &str) -> Known<'a> {
    // Of several with one name the last counts, as in an env file.
    match env.iter().rfind(|one| one.name == name).map(|one| &one.value) {
        Some(VariableValue::Plain(text)) => Known::Value(text),
        Some(_) => Known::Hidden,
        None if super::PROVIDED.contains(&name) => Known::Hidden,
        None => Known::Unset,
    }
}

/// The tree with variables put in; a value that cannot be known is null. Keys are not interpolated.
fn put_in<'a>(node: &Yaml, known: &impl Fn(&str) -> Known<'a>) -> Yaml {
    let kind = match &node.kind {
        Kind::Scalar { text, plain } => match fill(text, known) {
            Some(text) => Kind::Scalar { text, plain: *plain },
            None => return Yaml::plain_at(node.at, ""),
        },
        Kind::Sequence(items) => Kind::Sequence(items.iter().map(|item| put_in(item, known)).collect()),
        Kind::Mapping(members) => {
            Kind::Mapping(members.iter().map(|(key, value)| (key.clone(), put_in(value, known))).collect())
        }
    };
    node.with(kind)
}

/// The digest in an image's name.
fn digest(image: &str) -> Option<String> {
    image.split_once('@').map(|(_, digest)| digest).filter(|digest| digest.starts_with("sha256:")).map(str::to_owned)
}

fn relative_binds(written: &Yaml, filled: &Yaml) -> Vec<String> {
    let mounts = |node| Yaml::get(node, "volumes").map(Yaml::items).unwrap_or_default();
    let both = mounts(written).iter().zip(mounts(filled));
    both.filter(|(_, filled)| services::is_relative_bind(filled))
        .filter_map(|(written, _)| services::bind_source(written))
        .collect()
}

fn ends(service: &Service, node: &Yaml, services: &[Service]) -> bool {
    let awaited = services
        .iter()
        .flat_map(|other| &other.depends_on)
        .any(|one| one.service == service.name && one.condition == Condition::CompletedSuccessfully);
    // Docker Compose lets the swarm's policy win where both are written.
    let policy = node.get("deploy").and_then(|deploy| deploy.get("restart_policy")?.get("condition")?.text());
    awaited
        || match policy.or(service.restart.as_deref()) {
            Some(policy) => matches!(policy, "no" | "none"),
            None => false,
        }
}

fn replicas(node: &Yaml) -> Option<u32> {
    let deploy = node.get("deploy").and_then(|deploy| deploy.get("replicas"));
    deploy.or_else(|| node.get("scale"))?.text()?.parse().ok()
}

/// The ports of a service that are published under known numbers, and whether these are all. A range in front of a single port of
/// the container lets Docker choose, so nothing is known of it.
fn ports(service: &Service) -> (Vec<HostPort>, bool) {
    let mut list: Vec<HostPort> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for port in &service.ports {
        let Some(published) = port.published.as_deref().and_then(range) else { continue };
        let chosen = published.start() != published.end();
        let target = range(&port.target).map(|target| target.end() - target.start());
        if chosen && target != Some(published.end() - published.start()) {
            continue;
        }
        let protocol = port.protocol.to_ascii_lowercase();
        for host in published {
            if !seen.insert((host, protocol.clone())) {
                continue;
            }
            if list.len() == MOST_PORTS {
                return (list, false);
            }
            list.push(HostPort { host, protocol: protocol.clone() });
        }
    }
    (list, true)
}

/// `8080` or `8080-8090`. Port 0 lets Docker choose.
fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let (first, last) = (port(first)?, port(last)?);
    (first <= last).then_some(first..=last)
}
