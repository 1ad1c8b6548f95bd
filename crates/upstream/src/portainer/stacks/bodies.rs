//! What Portainer is sent. Every field each time: what it does not get, it resets.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use types::catalog::{is_variable_name, variable_form};

use super::{
    super::PortainerError, AutoUpdate, GitAccess, GitFile, GitRedeploy, GitSettings, NewStack, StackSource, TextUpdate,
    Variable,
};

/// Lower case, unlike the rest.
#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
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
    variables.iter().map(|variable| pair(variable, compose)).collect()
}

/// A variable as Portainer must store it.
fn pair(variable: &Variable, compose: bool) -> Result<Pair, PortainerError> {
    let refuse = |reason: String| PortainerError::UnsafeVariable { name: variable.name.clone(), reason };
    if !is_variable_name(&variable.name) {
        return Err(refuse("its name must begin with a letter or _ and hold only letters, digits and _".to_owned()));
    }
    let value = variable_form(&variable.value, !compose).map_err(|hazard| refuse(format!("its value {hazard}")))?;
    Ok(Pair { name: variable.name.clone(), value: value.into_owned() })
}
