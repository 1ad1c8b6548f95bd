//! The calls.

use async_trait::async_trait;

use super::{
    super::{EnvironmentId, PortainerClient, PortainerError, transport::call::Call},
    Environment, EnvironmentChange, Environments, NewAgentEnvironment, Snapshot,
    wire::{ChangeRequest, EnvironmentReply, agent_form},
};

#[async_trait]
impl Environments for PortainerClient {
    async fn environments(&self) -> Result<Vec<Environment>, PortainerError> {
        // Plural here, singular for one environment.
        let call = Call::get("list the environments", "endpoints").query("excludeSnapshots", true);
        let reply: Vec<EnvironmentReply> = self.transport.fetch(call).await?;
        Ok(reply.into_iter().map(Environment::from).collect())
    }

    async fn environment(&self, id: EnvironmentId) -> Result<Environment, PortainerError> {
        let call = Call::get("read an environment", format!("endpoints/{id}")).query("excludeSnapshot", true);
        let reply: EnvironmentReply = self.transport.fetch(call).await?;
        Ok(reply.into())
    }

    async fn snapshot(&self, id: EnvironmentId) -> Result<Option<Snapshot>, PortainerError> {
        let call = Call::get("read an environment", format!("endpoints/{id}"));
        let reply: EnvironmentReply = self.transport.fetch(call).await?;
        Ok(reply.into_snapshot())
    }

    async fn create_agent_environment(&self, new: &NewAgentEnvironment) -> Result<Environment, PortainerError> {
        let call = Call::post("register an environment", "endpoints").form(agent_form(new));
        let reply: EnvironmentReply = self.transport.fetch(call).await?;
        self.environment(Environment::from(reply).id).await
    }

    async fn update_environment(
        &self,
        id: EnvironmentId,
        change: &EnvironmentChange,
    ) -> Result<Environment, PortainerError> {
        let call = Call::put("change an environment", format!("endpoints/{id}"));
        self.transport.run(call.json(&ChangeRequest::from(change))?).await?;
        self.environment(id).await
    }

    async fn delete_environment(&self, id: EnvironmentId) -> Result<(), PortainerError> {
        self.transport.run(Call::delete("forget an environment", format!("endpoints/{id}"))).await
    }

    async fn refresh_environment(&self, id: EnvironmentId) -> Result<Environment, PortainerError> {
        // The call for one environment: the one for all never notices that a host is down.
        let call = Call::post("look at an environment", format!("endpoints/{id}/snapshot")).changes_nothing();
        self.transport.run(call).await?;
        self.environment(id).await
    }
}
