//! Docker's shapes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use types::Millis;

use super::{
    Container, ContainerDetails, ContainerHealth, ContainerState, DockerInfo, HealthCheck, ImageDetails, Port,
};

pub(in crate::portainer) const PROJECT_LABEL: &str = "com.docker.compose.project";
const SERVICE_LABEL: &str = "com.docker.compose.service";
pub(super) const SWARM_STACK_LABEL: &str = "com.docker.stack.namespace";
const SWARM_SERVICE_LABEL: &str = "com.docker.swarm.service.name";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerReply {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: String,
    #[serde(rename = "ImageID", default)]
    image_id: String,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    ports: Option<Vec<PortReply>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    is_portainer: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortReply {
    #[serde(rename = "IP", default)]
    address: Option<String>,
    private_port: u16,
    #[serde(default)]
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    protocol: String,
}

impl From<ContainerReply> for Container {
    fn from(reply: ContainerReply) -> Self {
        let labels = reply.labels.unwrap_or_default();
        let first = |names: [&str; 2]| names.iter().find_map(|name| labels.get(*name)).cloned();
        let name = reply.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        let port = |port: PortReply| Port {
            address: port.address.unwrap_or_default(),
            private: port.private_port,
            public: port.public_port.filter(|port| *port != 0),
            protocol: port.protocol,
        };
        Self {
            id: reply.id,
            name: name.trim_start_matches('/').to_owned(),
            image: reply.image,
            image_id: reply.image_id,
            created: reply.created,
            state: state(&reply.state),
            health: health_in(&reply.status),
            status: reply.status,
            project: first([PROJECT_LABEL, SWARM_STACK_LABEL]),
            service: first([SERVICE_LABEL, SWARM_SERVICE_LABEL]),
            ports: reply.ports.unwrap_or_default().into_iter().map(port).collect(),
            labels,
            is_portainer: reply.is_portainer,
        }
    }
}

fn state(word: &str) -> ContainerState {
    match word {
        "created" => ContainerState::Created,
        "running" => ContainerState::Running,
        "restarting" => ContainerState::Restarting,
        "paused" => ContainerState::Paused,
        "exited" => ContainerState::Exited,
        "removing" => ContainerState::Removing,
        "dead" => ContainerState::Dead,
        other => ContainerState::Unknown(other.to_owned()),
    }
}

/// A list tells health in its words only.
fn health_in(status: &str) -> ContainerHealth {
    if status.contains("(healthy)") {
        ContainerHealth::Healthy
    } else if status.contains("(unhealthy)") {
        ContainerHealth::Unhealthy
    } else if status.contains("(health: starting)") {
        ContainerHealth::Starting
    } else {
        ContainerHealth::Unchecked
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DetailsReply {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    restart_count: i64,
    #[serde(default)]
    state: StateReply,
    #[serde(default)]
    config: ConfigReply,
    #[serde(default)]
    network_settings: NetworkReply,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkReply {
    /// By `80/tcp`; null for a port that is not published.
    ports: Option<BTreeMap<String, Option<Vec<BindingReply>>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BindingReply {
    host_ip: String,
    host_port: String,
}

impl NetworkReply {
    fn ports(self) -> Vec<Port> {
        let mut ports = Vec::new();
        for (inside, bindings) in self.ports.unwrap_or_default() {
            let (private, protocol) = inside.split_once('/').unwrap_or((&inside, "tcp"));
            let Ok(private) = private.parse() else { continue };
            let port = |binding: BindingReply| Port {
                address: binding.host_ip,
                private,
                public: binding.host_port.parse().ok(),
                protocol: protocol.to_owned(),
            };
            match bindings.filter(|bindings| !bindings.is_empty()) {
                Some(bindings) => ports.extend(bindings.into_iter().map(port)),
                None => ports.push(port(BindingReply::default())),
            }
        }
        ports
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StateReply {
    status: String,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    exit_code: i64,
    error: String,
    started_at: String,
    finished_at: String,
    health: Option<HealthReply>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthReply {
    #[serde(default)]
    status: String,
    #[serde(default)]
    log: Option<Vec<HealthCheckReply>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthCheckReply {
    #[serde(default)]
    end: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    output: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ConfigReply {
    image: String,
    tty: bool,
    labels: Option<BTreeMap<String, String>>,
}

impl From<DetailsReply> for ContainerDetails {
    fn from(reply: DetailsReply) -> Self {
        let health = reply.state.health;
        let check = |check: HealthCheckReply| HealthCheck {
            ended: time(&check.end),
            exit_code: check.exit_code,
            output: check.output,
        };
        Self {
            id: reply.id,
            name: reply.name.trim_start_matches('/').to_owned(),
            image: reply.config.image,
            image_id: reply.image,
            state: state(&reply.state.status),
            health: match health.as_ref().map(|health| health.status.as_str()) {
                Some("starting") => ContainerHealth::Starting,
                Some("healthy") => ContainerHealth::Healthy,
                Some("unhealthy") => ContainerHealth::Unhealthy,
                _ => ContainerHealth::Unchecked,
            },
            health_checks: health.and_then(|health| health.log).unwrap_or_default().into_iter().map(check).collect(),
            exit_code: reply.state.exit_code,
            out_of_memory: reply.state.oom_killed,
            error: reply.state.error,
            restarts: reply.restart_count,
            started: time(&reply.state.started_at),
            finished: time(&reply.state.finished_at),
            ports: reply.network_settings.ports(),
            tty: reply.config.tty,
            labels: reply.config.labels.unwrap_or_default(),
        }
    }
}

/// A time of Docker's; its “never” is the year 1.
pub(super) fn time(text: &str) -> Option<Millis> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_millisecond()).filter(|time| *time > 0)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageReply {
    id: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    repo_digests: Option<Vec<String>>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    size: i64,
}

impl From<ImageReply> for ImageDetails {
    fn from(reply: ImageReply) -> Self {
        Self {
            id: reply.id,
            tags: reply.repo_tags.unwrap_or_default(),
            digests: reply.repo_digests.unwrap_or_default(),
            created: reply.created.as_deref().and_then(time),
            size: reply.size,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct SwarmReply {
    #[serde(rename = "ID", default)]
    pub(super) id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub(super) struct InfoReply {
    name: String,
    server_version: String,
    operating_system: String,
    architecture: String,
    #[serde(rename = "NCPU")]
    cpus: i64,
    mem_total: i64,
    containers: i64,
    containers_running: i64,
    images: i64,
    swarm: Option<SwarmState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SwarmState {
    #[serde(default)]
    local_node_state: String,
}

impl From<InfoReply> for DockerInfo {
    fn from(reply: InfoReply) -> Self {
        Self {
            name: reply.name,
            version: reply.server_version,
            system: reply.operating_system,
            architecture: reply.architecture,
            cpus: reply.cpus,
            memory: reply.mem_total,
            containers: reply.containers,
            running: reply.containers_running,
            images: reply.images,
            swarm: reply.swarm.is_some_and(|swarm| swarm.local_node_state == "active"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::ContainerHealth, health_in, time};

    #[test]
    fn health_is_read_from_the_words() {
        for (status, wanted) in [
            ("Up 5 minutes", ContainerHealth::Unchecked),
            ("Up 5 minutes (healthy)", ContainerHealth::Healthy),
            ("Up 5 minutes (unhealthy)", ContainerHealth::Unhealthy),
            ("Up 2 seconds (health: starting)", ContainerHealth::Starting),
            ("Exited (137) 2 hours ago", ContainerHealth::Unchecked),
        ] {
            assert_eq!(health_in(status), wanted, "{status}");
        }
    }

    #[test]
    fn dockers_never_is_no_time() {
        assert_eq!(time("0001-01-01T00:00:00Z"), None);
        assert_eq!(time(""), None);
        assert_eq!(time("2026-01-02T03:04:05.678901234Z"), Some(1_767_323_045_678));
        assert_eq!(time("2026-01-02T04:04:05.678+01:00"), Some(1_767_323_045_678));
    }
}
