//! Portainer's shapes.

use serde::{Deserialize, Serialize};

use super::{
    super::EnvironmentId, Environment, EnvironmentChange, EnvironmentKind, EnvironmentStatus, NewAgentEnvironment,
    Snapshot,
};

/// As the form wants it: agents.
const CREATION_TYPE_AGENT: &str = "2";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentReply {
    id: i64,
    #[serde(default)]
    name: String,
    #[serde(rename = "Type", default)]
    kind: i64,
    #[serde(rename = "URL", default)]
    url: Option<String>,
    #[serde(rename = "PublicURL", default)]
    public_url: Option<String>,
    #[serde(default)]
    group_id: Option<i64>,
    #[serde(default)]
    tag_ids: Option<Vec<i64>>,
    #[serde(default)]
    status: i64,
    #[serde(default)]
    agent: Option<AgentReply>,
    #[serde(default)]
    snapshots: Option<Vec<SnapshotReply>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AgentReply {
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct SnapshotReply {
    time: i64,
    docker_version: Option<String>,
    swarm: bool,
    #[serde(rename = "TotalCPU")]
    total_cpu: i64,
    total_memory: i64,
    container_count: i64,
    running_container_count: i64,
    stopped_container_count: i64,
    healthy_container_count: i64,
    unhealthy_container_count: i64,
    image_count: i64,
    volume_count: i64,
}

impl EnvironmentReply {
    pub(super) fn into_snapshot(self) -> Option<Snapshot> {
        let reply = self.snapshots?.into_iter().next()?;
        Some(Snapshot {
            time: reply.time,
            docker_version: reply.docker_version.unwrap_or_default(),
            swarm: reply.swarm,
            cpus: reply.total_cpu,
            memory: reply.total_memory,
            containers: reply.container_count,
            running: reply.running_container_count,
            stopped: reply.stopped_container_count,
            healthy: reply.healthy_container_count,
            unhealthy: reply.unhealthy_container_count,
            images: reply.image_count,
            volumes: reply.volume_count,
        })
    }
}

impl From<EnvironmentReply> for Environment {
    fn from(reply: EnvironmentReply) -> Self {
        Self {
            id: EnvironmentId(reply.id),
            name: reply.name,
            kind: match reply.kind {
                1 => EnvironmentKind::Docker,
                2 => EnvironmentKind::Agent,
                4 => EnvironmentKind::EdgeAgent,
                other => EnvironmentKind::Other(other),
            },
            url: reply.url.unwrap_or_default(),
            public_url: reply.public_url.unwrap_or_default(),
            group_id: reply.group_id.unwrap_or(1),
            tag_ids: reply.tag_ids.unwrap_or_default(),
            status: match reply.status {
                1 => EnvironmentStatus::Up,
                2 => EnvironmentStatus::Down,
                other => EnvironmentStatus::Unknown(other),
            },
            agent_version: reply.agent.and_then(|agent| agent.version).unwrap_or_default(),
        }
    }
}

/// The form of an agent. Portainer accepts an agent's self-made certificate only with both checks switched off; agent and server
/// know each other by a signature instead.
pub(super) fn agent_form(new: &NewAgentEnvironment) -> Vec<(&'static str, String)> {
    let yes = || "true".to_owned();
    let mut form = vec![
        ("Name", new.name.clone()),
        ("EndpointCreationType", CREATION_TYPE_AGENT.to_owned()),
        ("URL", new.url.clone()),
        ("PublicURL", new.public_url.clone()),
        ("ContainerEngine", "docker".to_owned()),
        ("TLS", yes()),
        ("TLSSkipVerify", yes()),
        ("TLSSkipClientVerify", yes()),
    ];
    if let Some(group) = new.group_id {
        form.push(("GroupID", group.to_string()));
    }
    if !new.tag_ids.is_empty() {
        let tags: Vec<String> = new.tag_ids.iter().map(i64::to_string).collect();
        form.push(("TagIds", format!("[{}]", tags.join(","))));
    }
    form
}

/// JSON this time, and with other names.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(rename = "URL", skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(rename = "PublicURL", skip_serializing_if = "Option::is_none")]
    public_url: Option<&'a str>,
    #[serde(rename = "GroupID", skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    #[serde(rename = "TagIDs", skip_serializing_if = "Option::is_none")]
    tag_ids: Option<&'a [i64]>,
}

impl<'a> From<&'a EnvironmentChange> for ChangeRequest<'a> {
    fn from(change: &'a EnvironmentChange) -> Self {
        Self {
            name: change.name.as_deref(),
            url: change.url.as_deref(),
            public_url: change.public_url.as_deref(),
            group_id: change.group_id,
            tag_ids: change.tag_ids.as_deref(),
        }
    }
}
