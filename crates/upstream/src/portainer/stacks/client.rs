//! The calls.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use super::{
    super::{EnvironmentId, PortainerClient, PortainerError, StackId, transport::call::Call},
    GitAccess, GitFile, GitRedeploy, GitSettings, NewStack, Stack, StackKind, StackSource, Stacks, TextUpdate,
    Variable,
    bodies::{CreateRequest, PreviewRequest, RedeployRequest, SettingsRequest, TextRequest},
    wire::{PreviewReply, StackFileReply, StackReply},
};

impl PortainerClient {
    /// Sends a change and reads the stack again. If that fails, the row in the answer to the change is what was seen last.
    async fn change(&self, call: Call) -> Result<Stack, PortainerError> {
        let reply: StackReply = self.transport.fetch(call).await?;
        match self.stack(reply.id()).await {
            Err(PortainerError::NotFound { call, detail }) => Err(PortainerError::NotFound { call, detail }),
            seen => Ok(seen.unwrap_or_else(|_| reply.into())),
        }
    }
}

#[async_trait]
impl Stacks for PortainerClient {
    async fn stacks(&self) -> Result<Vec<Stack>, PortainerError> {
        let reply: Vec<StackReply> = self.transport.fetch(Call::get("list the stacks", "stacks")).await?;
        Ok(reply.into_iter().map(Stack::from).collect())
    }

    async fn stack(&self, id: StackId) -> Result<Stack, PortainerError> {
        let reply: StackReply = self.transport.fetch(Call::get("read a stack", format!("stacks/{id}"))).await?;
        Ok(reply.into())
    }

    async fn stack_file(&self, id: StackId) -> Result<String, PortainerError> {
        let call = Call::get("read a stack's file", format!("stacks/{id}/file"));
        let reply: StackFileReply = self.transport.fetch(call).await?;
        Ok(reply.stack_file_content)
    }

    async fn preview_git_file(&self, file: &GitFile) -> Result<String, PortainerError> {
        let call = Call::post("read a file of a repository", "gitops/repo/file/preview").changes_nothing();
        let call = call.json(&PreviewRequest::from(file))?.secrets(secrets(&[], Some(&file.access)));
        let reply: PreviewReply = self.transport.fetch(call).await?;
        Ok(reply.file_content)
    }

    async fn create_stack(&self, new: &NewStack) -> Result<Stack, PortainerError> {
        let kind = if new.swarm_id.is_some() { "swarm" } else { "standalone" };
        let (method, access) = match &new.source {
            StackSource::Text(_) => ("string", None),
            StackSource::Git(git) => ("repository", Some(&git.access)),
        };
        let call = Call::post("create a stack", format!("stacks/create/{kind}/{method}"));
        let call = call.query("endpointId", new.environment).deploys().json(&CreateRequest::new(new)?)?;
        self.change(call.secrets(secrets(&new.variables, access))).await
    }

    async fn update_stack_text(&self, stack: &Stack, update: &TextUpdate) -> Result<Stack, PortainerError> {
        if stack.git.is_some() && !update.detach_from_git {
            return Err(PortainerError::WouldDetachGit { stack: stack.name.clone() });
        }
        let call = on(Call::put("update a stack", format!("stacks/{}", stack.id)), stack);
        let call = with(call, &TextRequest::new(update, is_compose(stack))?)?;
        self.change(call.secrets(secrets(&update.variables, None))).await
    }

    async fn update_git_settings(&self, stack: &Stack, settings: &GitSettings) -> Result<Stack, PortainerError> {
        let call = on(Call::post("change a stack's repository", format!("stacks/{}/git", stack.id)), stack);
        let call = call.json(&SettingsRequest::new(settings, is_compose(stack))?)?;
        self.change(call.secrets(secrets(&settings.variables, Some(&settings.access)))).await
    }

    async fn redeploy_git(&self, stack: &Stack, redeploy: &GitRedeploy) -> Result<Stack, PortainerError> {
        let call = on(Call::put("redeploy a stack", format!("stacks/{}/git/redeploy", stack.id)), stack);
        let call = with(call, &RedeployRequest::new(redeploy, is_compose(stack))?)?;
        self.change(call.secrets(secrets(&redeploy.variables, Some(&redeploy.access)))).await
    }

    async fn start_stack(&self, stack: &Stack) -> Result<Stack, PortainerError> {
        let call = on(Call::post("start a stack", format!("stacks/{}/start", stack.id)), stack);
        self.change(call.deploys().secrets(secrets(&stack.variables, None))).await
    }

    async fn stop_stack(&self, stack: &Stack) -> Result<Stack, PortainerError> {
        let call = on(Call::post("stop a stack", format!("stacks/{}/stop", stack.id)), stack);
        self.change(call.deploys().secrets(secrets(&stack.variables, None))).await
    }

    async fn delete_stack(&self, stack: &Stack) -> Result<(), PortainerError> {
        let call = on(Call::delete("delete a stack", format!("stacks/{}", stack.id)), stack);
        self.transport.run(call.deploys().secrets(secrets(&stack.variables, None))).await
    }

    async fn trigger_webhook(&self, webhook: Uuid) -> Result<(), PortainerError> {
        let call = Call::post("update a stack by webhook", format!("stacks/webhooks/{webhook}")).public();
        self.transport.run(call.secrets([webhook.to_string().into()])).await
    }

    async fn associate_stack(&self, stack: &Stack, environment: EnvironmentId) -> Result<Stack, PortainerError> {
        let call = Call::put("give a stack to an environment", format!("stacks/{}/associate", stack.id));
        let call = call.query("endpointId", environment).query("swarmId", &stack.swarm_id);
        self.change(call.query("orphanedRunning", true)).await
    }
}

/// Portainer wants the stack's own environment: without one it finds nothing, with another it acts on another host.
fn on(call: Call, stack: &Stack) -> Call {
    call.query("endpointId", stack.environment)
}

fn with(call: Call, body: &impl Serialize) -> Result<Call, PortainerError> {
    call.deploys().json(body)
}

fn is_compose(stack: &Stack) -> bool {
    stack.kind == StackKind::Compose
}

/// What compose, git and Portainer may repeat in an error.
fn secrets(variables: &[Variable], access: Option<&GitAccess>) -> Vec<SecretString> {
    let password = match access {
        Some(GitAccess::Password { password, .. }) => Some(password.clone()),
        _ => None,
    };
    password.into_iter().chain(variables.iter().map(Variable::secret)).collect()
}
