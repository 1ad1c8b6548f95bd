//! Portainer's answers. Keys are spelt as its Go structs spell them.

use serde::Deserialize;
use types::catalog::variable_seen;
use uuid::Uuid;

use super::{
    super::{EnvironmentId, StackId},
    AutoUpdate, Deployment, GitConfig, Stack, StackKind, StackStatus, Variable,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StackReply {
    id: i64,
    name: String,
    #[serde(rename = "Type", default)]
    kind: i64,
    #[serde(default)]
    endpoint_id: i64,
    #[serde(default)]
    swarm_id: Option<String>,
    #[serde(default)]
    entry_point: Option<String>,
    #[serde(default)]
    env: Option<Vec<Pair>>,
    #[serde(default)]
    status: i64,
    #[serde(default)]
    deployment_status: Option<Vec<DeploymentReply>>,
    #[serde(default)]
    creation_date: i64,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    update_date: i64,
    #[serde(default)]
    updated_by: Option<String>,
    #[serde(default)]
    additional_files: Option<Vec<String>>,
    #[serde(default)]
    auto_update: Option<AutoUpdateReply>,
    #[serde(default)]
    git_config: Option<GitReply>,
}

/// Lower case, unlike the rest.
#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeploymentReply {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    time: i64,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AutoUpdateReply {
    #[serde(default)]
    interval: Option<String>,
    #[serde(default)]
    webhook: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GitReply {
    #[serde(rename = "URL", default)]
    url: Option<String>,
    #[serde(default)]
    reference_name: Option<String>,
    #[serde(default)]
    config_file_path: Option<String>,
    #[serde(default)]
    authentication: Option<GitAuthenticationReply>,
    #[serde(default)]
    config_hash: Option<String>,
    #[serde(rename = "TLSSkipVerify", default)]
    tls_skip_verify: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GitAuthenticationReply {
    #[serde(default)]
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StackFileReply {
    #[serde(default)]
    pub(super) stack_file_content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PreviewReply {
    #[serde(default)]
    pub(super) file_content: String,
}

/// The two numbers that are known; what newer versions added has none that is known, so that their
/// [`deployments`](Stack::deployments) tell more.
const fn status(number: i64) -> StackStatus {
    match number {
        1 => StackStatus::Active,
        2 => StackStatus::Inactive,
        other => StackStatus::Unknown(other),
    }
}

impl StackReply {
    pub(super) const fn id(&self) -> StackId {
        StackId(self.id)
    }
}

impl From<StackReply> for Stack {
    fn from(reply: StackReply) -> Self {
        let kind = match reply.kind {
            1 => StackKind::Swarm,
            2 => StackKind::Compose,
            other => StackKind::Other(other),
        };
        let compose = kind == StackKind::Compose;
        let see = |pair: Pair| Variable { value: variable_seen(&pair.value, !compose).into_owned(), name: pair.name };
        let deployments = reply.deployment_status.unwrap_or_default().into_iter().map(|one| Deployment {
            status: status(one.status),
            time: one.time,
            message: one.message.unwrap_or_default(),
        });
        let mut stack = Self {
            id: StackId(reply.id),
            name: reply.name,
            kind,
            environment: EnvironmentId(reply.endpoint_id),
            swarm_id: reply.swarm_id.unwrap_or_default(),
            entry_point: reply.entry_point.unwrap_or_default(),
            additional_files: reply.additional_files.unwrap_or_default(),
            variables: reply.env.unwrap_or_default().into_iter().map(see).collect(),
            status: status(reply.status),
            deployments: deployments.collect(),
            created: reply.creation_date,
            updated: reply.update_date,
            created_by: reply.created_by.unwrap_or_default(),
            updated_by: reply.updated_by.unwrap_or_default(),
            auto_update: reply.auto_update.map(AutoUpdate::from),
            git: reply.git_config.map(GitConfig::from),
        };
        stack.tell_unknown_statuses_apart();
        stack
    }
}

impl Stack {
    /// A number not known is “deploying” or “error”. Portainer notes the first when it begins and the second with its reason, so
    /// that a last entry with a message is an error.
    fn tell_unknown_statuses_apart(&mut self) {
        for one in &mut self.deployments {
            if let StackStatus::Unknown(_) = one.status {
                one.status = if one.message.is_empty() { StackStatus::Deploying } else { StackStatus::Error };
            }
        }
        if let (StackStatus::Unknown(_), Some(last)) = (self.status, self.deployments.last()) {
            self.status = last.status;
        }
    }
}

impl From<AutoUpdateReply> for AutoUpdate {
    fn from(reply: AutoUpdateReply) -> Self {
        Self {
            interval: reply.interval.filter(|interval| !interval.is_empty()),
            webhook: reply.webhook.and_then(|webhook| Uuid::parse_str(&webhook).ok()),
        }
    }
}

impl From<GitReply> for GitConfig {
    fn from(reply: GitReply) -> Self {
        Self {
            url: reply.url.unwrap_or_default(),
            reference: reply.reference_name.unwrap_or_default(),
            config_file: reply.config_file_path.unwrap_or_default(),
            user: reply.authentication.map(|one| one.username.unwrap_or_default()),
            commit: reply.config_hash.unwrap_or_default(),
            tls_skip_verify: reply.tls_skip_verify,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::StackKind, Stack, StackReply, StackStatus};

    fn read(reply: Value) -> Stack {
        serde_json::from_value::<StackReply>(reply).unwrap().into()
    }

    #[test]
    fn nulls_gaps_and_unknown_fields_do_not_matter() {
        let bare = read(json!({ "Id": 1, "Name": "a" }));
        let nulls = json!({
            "Id": 1, "Name": "a", "Env": null, "AdditionalFiles": null, "AutoUpdate": null, "Option": null, "GitConfig": null,
            "ResourceControl": null, "SwarmId": null, "EntryPoint": null, "CreatedBy": null, "UpdatedBy": null,
            "DeploymentStatus": null, "SomethingNew": { "deep": [1, 2] },
        });
        assert_eq!(read(nulls), bare);
        let git = json!({ "URL": "u", "Authentication": null, "ConfigHash": null, "New": 1 });
        let with =
            read(json!({ "Id": 1, "Name": "a", "GitConfig": git, "AutoUpdate": { "Interval": "", "Webhook": "" } }));
        assert_eq!(with.git.unwrap().user, None);
        assert_eq!(with.auto_update, Some(super::AutoUpdate::default()));
    }

    #[test]
    fn unknown_numbers_are_kept() {
        let stack = read(json!({ "Id": 1, "Name": "a", "Type": 9, "Status": 7 }));
        assert_eq!((stack.kind, stack.status), (StackKind::Other(9), StackStatus::Unknown(7)));
    }

    #[test]
    fn what_an_unknown_status_means_is_in_the_deployments() {
        let stack = |status: i64, steps: Value| {
            read(json!({ "Id": 1, "Name": "a", "Status": status, "DeploymentStatus": steps })).status
        };
        let began = json!({ "Status": 3, "Time": 1, "Message": "" });
        let failed = json!({ "Status": 4, "Time": 2, "Message": "no such image" });
        assert_eq!(stack(3, json!([began])), StackStatus::Deploying);
        assert_eq!(stack(4, json!([began, failed])), StackStatus::Error);
        assert_eq!(stack(1, json!([began, { "Status": 1, "Time": 2, "Message": "" }])), StackStatus::Active);
        assert_eq!(stack(3, json!([])), StackStatus::Unknown(3));
    }

    #[test]
    fn values_stay_out_of_debug() {
        let stack = read(json!({ "Id": 1, "Name": "a", "Type": 2, "Env": [{ "name": "TOKEN", "value": "hunter2" }] }));
        assert_eq!(stack.variables[0].value, "hunter2");
        let shown = format!("{stack:?}");
        assert!(shown.contains("TOKEN") && !shown.contains("hunter2"), "{shown}");
    }
}
