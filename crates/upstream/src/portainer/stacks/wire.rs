//! Portainer's shapes. Keys are spelt as its Go structs spell them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    super::{EnvironmentId, PortainerError, StackId},
    AutoUpdate, Deployment, GitAccess, GitConfig, GitFile, GitRedeploy, GitSettings, NewStack, Stack, StackKind,
    StackSource, StackStatus, TextUpdate, Variable, dotenv,
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
#[derive(Deserialize, Serialize)]
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
        let see = |pair: Pair| Variable { value: dotenv::seen(pair.value, compose), name: pair.name };
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AutoUpdateRequest {
    interval: String,
    webhook: String,
    force_update: bool,
    force_pull_image: bool,
}

impl From<&AutoUpdate> for AutoUpdateRequest {
    fn from(update: &AutoUpdate) -> Self {
        Self {
            interval: update.interval.clone().unwrap_or_default(),
            webhook: update.webhook.map(|webhook| webhook.to_string()).unwrap_or_default(),
            force_update: false,
            force_pull_image: false,
        }
    }
}

/// The three fields of [`GitAccess`]. An empty password with authentication means the stored one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Access {
    repository_authentication: bool,
    repository_username: String,
    repository_password: String,
}

impl From<&GitAccess> for Access {
    fn from(access: &GitAccess) -> Self {
        use secrecy::ExposeSecret as _;
        let (user, password) = match access {
            GitAccess::Public => {
                return Self {
                    repository_authentication: false,
                    repository_username: String::new(),
                    repository_password: String::new(),
                };
            }
            GitAccess::Stored { user } => (user, ""),
            GitAccess::Password { user, password } => (user, password.expose_secret()),
        };
        Self {
            repository_authentication: true,
            repository_username: user.clone(),
            repository_password: password.to_owned(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateRequest<'a> {
    name: &'a str,
    #[serde(rename = "SwarmID", skip_serializing_if = "Option::is_none")]
    swarm_id: Option<&'a str>,
    env: Vec<Pair>,
    from_app_template: bool,
    #[serde(flatten)]
    source: SourceRequest<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SourceRequest<'a> {
    #[serde(rename_all = "PascalCase")]
    Text { stack_file_content: &'a str },
    #[serde(rename_all = "PascalCase")]
    Git {
        #[serde(rename = "RepositoryURL")]
        repository_url: &'a str,
        repository_reference_name: &'a str,
        #[serde(flatten)]
        access: Access,
        compose_file: &'a str,
        additional_files: &'a [String],
        auto_update: Option<AutoUpdateRequest>,
        #[serde(rename = "TLSSkipVerify")]
        tls_skip_verify: bool,
    },
}

impl<'a> CreateRequest<'a> {
    pub(super) fn new(new: &'a NewStack) -> Result<Self, PortainerError> {
        Ok(Self {
            name: &new.name,
            swarm_id: new.swarm_id.as_deref(),
            env: pairs(&new.variables, new.swarm_id.is_none())?,
            from_app_template: false,
            source: match &new.source {
                StackSource::Text(text) => SourceRequest::Text { stack_file_content: text },
                StackSource::Git(git) => SourceRequest::Git {
                    repository_url: &git.url,
                    repository_reference_name: &git.reference,
                    access: (&git.access).into(),
                    compose_file: &git.config_file,
                    additional_files: &git.additional_files,
                    auto_update: git.auto_update.as_ref().map(AutoUpdateRequest::from),
                    tls_skip_verify: git.tls_skip_verify,
                },
            },
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TextRequest<'a> {
    stack_file_content: &'a str,
    env: Vec<Pair>,
    pull_image: bool,
    prune: bool,
}

impl<'a> TextRequest<'a> {
    pub(super) fn new(update: &'a TextUpdate, compose: bool) -> Result<Self, PortainerError> {
        Ok(Self {
            stack_file_content: &update.text,
            env: pairs(&update.variables, compose)?,
            pull_image: update.pull_images,
            prune: update.prune,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SettingsRequest<'a> {
    auto_update: Option<AutoUpdateRequest>,
    env: Vec<Pair>,
    prune: bool,
    repository_reference_name: &'a str,
    #[serde(flatten)]
    access: Access,
    #[serde(rename = "TLSSkipVerify")]
    tls_skip_verify: bool,
}

impl<'a> SettingsRequest<'a> {
    pub(super) fn new(settings: &'a GitSettings, compose: bool) -> Result<Self, PortainerError> {
        Ok(Self {
            auto_update: settings.auto_update.as_ref().map(AutoUpdateRequest::from),
            env: pairs(&settings.variables, compose)?,
            prune: settings.prune,
            repository_reference_name: &settings.reference,
            access: (&settings.access).into(),
            tls_skip_verify: settings.tls_skip_verify,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RedeployRequest<'a> {
    repository_reference_name: &'a str,
    #[serde(flatten)]
    access: Access,
    env: Vec<Pair>,
    prune: bool,
    pull_image: bool,
}

impl<'a> RedeployRequest<'a> {
    pub(super) fn new(redeploy: &'a GitRedeploy, compose: bool) -> Result<Self, PortainerError> {
        Ok(Self {
            repository_reference_name: &redeploy.reference,
            access: (&redeploy.access).into(),
            env: pairs(&redeploy.variables, compose)?,
            prune: redeploy.prune,
            pull_image: redeploy.pull_images,
        })
    }
}

/// Camel case, unlike the rest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreviewRequest<'a> {
    repository: &'a str,
    reference: &'a str,
    username: String,
    password: String,
    target_file: &'a str,
    #[serde(rename = "TLSSkipVerify")]
    tls_skip_verify: bool,
}

impl<'a> From<&'a GitFile> for PreviewRequest<'a> {
    fn from(file: &'a GitFile) -> Self {
        let access = Access::from(&file.access);
        Self {
            repository: &file.url,
            reference: &file.reference,
            username: access.repository_username,
            password: access.repository_password,
            target_file: &file.path,
            tls_skip_verify: file.tls_skip_verify,
        }
    }
}

fn pairs(variables: &[Variable], compose: bool) -> Result<Vec<Pair>, PortainerError> {
    let pair = |variable: &Variable| {
        Ok(Pair { name: variable.name.clone(), value: dotenv::stored(variable, compose)? })
    };
    variables.iter().map(pair).collect()
}
