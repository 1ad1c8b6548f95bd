//! A container as it is now.

use reconcile::model::Condition;
use types::Millis;
use upstream::portainer::{docker::ContainerDetails, engine};

use super::{ContainerRef, Found, in_time};
use crate::deploy::{Deploy, DeployError, Onlooker};

/// A container at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerReading {
    /// When it was asked.
    pub at: Millis,
    /// The service it belongs to.
    pub service: Option<String>,
    /// How it is.
    pub condition: Condition,
    /// What Docker says of it.
    pub details: ContainerDetails,
    /// What its image is known as in registries, such as `nginx@sha256:…`; none for an image built on the host.
    pub digest: Option<String>,
    /// It is Portainer, an agent or this program: nobody restarts it from here.
    pub protected: bool,
}

impl Deploy {
    /// A container as it is now. Asks its host. Values of the stack's secrets are blotted out of what its health check and Docker said.
    ///
    /// # Errors
    /// `NotFound` when the stack has no such container; [`PortainerError`](upstream::portainer::PortainerError)'s words when the
    /// host does not answer; as [`container_log`](Self::container_log) for the secrets.
    pub async fn container(&self, _: &Onlooker, at: &ContainerRef) -> Result<ContainerReading, DeployError> {
        let found = self.find_container(at).await?;
        let mut reading = self.read_container(&found).await?;
        let has_said = reading.details.health_checks.iter().any(|check| !check.output.trim().is_empty());
        if has_said || !reading.details.error.is_empty() {
            let redactor = self.redactor(&at.stack()).await?;
            for check in &mut reading.details.health_checks {
                check.output = redactor.clean(&check.output);
            }
            reading.details.error = redactor.clean(&reading.details.error);
        }
        Ok(reading)
    }

    pub(super) async fn read_container(&self, found: &Found) -> Result<ContainerReading, DeployError> {
        let limit = self.settings().environments.reading;
        let details = in_time(limit, found.client.container(found.environment, &found.listed.id)).await?;
        // An image that was removed under its container has no digest to tell.
        let image = in_time(limit, found.client.image(found.environment, &details.image_id)).await.ok();
        let digest = image.and_then(|image| image.digests.into_iter().next());
        let at = self.0.world.now();
        Ok(ContainerReading {
            at,
            service: found.listed.service.clone(),
            condition: engine::condition(&found.listed, &details, at),
            protected: self.settings().protected.holds(&found.listed),
            details,
            digest,
        })
    }
}
