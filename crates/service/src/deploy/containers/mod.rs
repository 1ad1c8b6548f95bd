//! One container of a stack: how it is, what it writes, and its restart by hand.

mod logs;
mod reading;
mod restart;

use std::{sync::Arc, time::Duration};

use futures::future::try_join;
use reconcile::model::StackRef;
use tokio::time::timeout;
use types::ProblemCode;
use upstream::portainer::{
    EnvironmentId, Portainer, PortainerError,
    docker::{Container, ContainersOf},
};

pub use self::{
    logs::{ContainerLog, MOST_LINES},
    reading::ContainerReading,
};
use super::{Deploy, DeployError};

/// A container, as the pages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRef {
    /// The environment's name.
    pub environment: String,
    /// The stack's name.
    pub stack: String,
    /// The container's name.
    pub container: String,
}

impl ContainerRef {
    /// The container of this name.
    #[must_use]
    pub fn new(environment: &str, stack: &str, container: &str) -> Self {
        Self { environment: environment.to_owned(), stack: stack.to_owned(), container: container.to_owned() }
    }

    /// The stack it belongs to.
    #[must_use]
    pub fn stack(&self) -> StackRef {
        StackRef::new(&self.environment, &self.stack)
    }
}

/// A container that is there, and the way to its host.
struct Found {
    client: Arc<dyn Portainer>,
    environment: EnvironmentId,
    listed: Container,
}

impl Deploy {
    /// Looks a container up among those of its stack: no other stack's is reached by its name.
    async fn find_container(&self, at: &ContainerRef) -> Result<Found, DeployError> {
        let now = self.0.home.now().await?;
        let client = self.0.home.portainer(&now)?.client;
        let limit = self.settings().environments.reading;
        let known = in_time(limit, client.environments()).await?;
        let Some(environment) = known.into_iter().find(|one| one.name == at.environment).map(|one| one.id) else {
            let text = format!("Portainer has no environment “{}”. Bind it first.", at.environment);
            return Err(DeployError::refused(ProblemCode::NotFound, text));
        };
        let of = [ContainersOf::Project(at.stack.clone()), ContainersOf::SwarmStack(at.stack.clone())];
        let lists = try_join(client.containers(environment, &of[0]), client.containers(environment, &of[1]));
        let (compose, swarm) = in_time(limit, lists).await?;
        let found = compose.into_iter().chain(swarm).find(|one| one.name == at.container);
        let Some(listed) = found else {
            let text = format!(
                "{} on {} has no container “{}” any more. Look at the stack: it may have been deployed anew.",
                at.stack, at.environment, at.container
            );
            return Err(DeployError::refused(ProblemCode::NotFound, text));
        };
        Ok(Found { client, environment, listed })
    }
}

/// What a page waits for ends in time.
async fn in_time<T>(limit: Duration, call: impl Future<Output = Result<T, PortainerError>>) -> Result<T, DeployError> {
    match timeout(limit, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DeployError::refused(
            ProblemCode::UpstreamUnavailable,
            format!(
                "The Docker host did not answer within {} s. Check that the machine is switched on and that Docker and the agent run on it.",
                limit.as_secs().max(1)
            ),
        )),
    }
}
