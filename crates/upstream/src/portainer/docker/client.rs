//! The calls.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::{
    super::{
        EnvironmentId, PortainerClient, PortainerError,
        transport::call::{Call, segment},
    },
    Container, ContainerDetails, ContainerStats, ContainersOf, Docker, DockerInfo, EventWindow, HostEvent,
    ImageDetails, ImagePull, LogOptions, LogStream, PullStream, events,
    logs::{self, Limits},
    pull,
    stats::StatsReply,
    wire::{ContainerReply, DetailsReply, ImageReply, InfoReply, PROJECT_LABEL, SWARM_STACK_LABEL, SwarmReply},
};

/// Portainer puts the registry's stored login in place of this.
const REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");

#[async_trait]
impl Docker for PortainerClient {
    async fn containers(
        &self,
        environment: EnvironmentId,
        of: &ContainersOf,
    ) -> Result<Vec<Container>, PortainerError> {
        let call = get("list the containers", environment, "containers/json").query("all", 1);
        let call = match of {
            ContainersOf::Host => call,
            ContainersOf::Project(name) => call.query("filters", label(PROJECT_LABEL, name)),
            ContainersOf::SwarmStack(name) => call.query("filters", label(SWARM_STACK_LABEL, name)),
        };
        let reply: Vec<ContainerReply> = self.transport.fetch(call).await?;
        Ok(reply.into_iter().map(Container::from).collect())
    }

    async fn container(&self, environment: EnvironmentId, id: &str) -> Result<ContainerDetails, PortainerError> {
        let call = get("read a container", environment, &format!("containers/{}/json", segment(id)));
        let reply: DetailsReply = self.transport.fetch(call).await?;
        Ok(reply.into())
    }

    async fn container_logs(
        &self,
        environment: EnvironmentId,
        id: &str,
        options: &LogOptions,
    ) -> Result<LogStream, PortainerError> {
        // Told, not guessed from the bytes.
        let tty = self.container(environment, id).await?.tty;
        let mut call = get("read a log", environment, &format!("containers/{}/logs", segment(id)))
            .query("stdout", 1)
            .query("stderr", 1)
            .query("timestamps", 1)
            .query("follow", u8::from(options.follow))
            .query("tail", options.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string()));
        if let Some(since) = options.since {
            call = call.query("since", events::stamp(since));
        }
        let limits = if options.follow { Limits::followed() } else { Limits::written(self.transport.read_silence()) };
        Ok(logs::lines(self.transport.open(call).await?, !tty, limits))
    }

    async fn restart_container(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<ContainerDetails, PortainerError> {
        let path = format!("containers/{}/restart", segment(id));
        self.transport.run(post("restart a container", environment, &path)).await?;
        self.container(environment, id).await
    }

    async fn container_stats(&self, environment: EnvironmentId, id: &str) -> Result<ContainerStats, PortainerError> {
        let path = format!("containers/{}/stats", segment(id));
        let reply: StatsReply =
            self.transport.fetch(get("measure a container", environment, &path).query("stream", false)).await?;
        Ok(reply.into())
    }

    async fn events(&self, environment: EnvironmentId, window: &EventWindow) -> Result<Vec<HostEvent>, PortainerError> {
        const WHAT: &str = "list a host's events";
        if window.until < window.since {
            return Err(PortainerError::Invalid { call: WHAT, detail: "the time ends before it begins".to_owned() });
        }
        let call = get(WHAT, environment, "events")
            .query("since", events::stamp(window.since))
            .query("until", events::stamp(window.until));
        let call = match &window.of {
            ContainersOf::Host => call,
            ContainersOf::Project(name) => call.query("filters", label(PROJECT_LABEL, name)),
            ContainersOf::SwarmStack(name) => call.query("filters", label(SWARM_STACK_LABEL, name)),
        };
        events::read(&self.transport.fetch_bytes(call).await?)
    }

    async fn image(&self, environment: EnvironmentId, reference: &str) -> Result<ImageDetails, PortainerError> {
        let name: Vec<String> = reference.split('/').map(segment).collect();
        let call = get("read an image", environment, &format!("images/{}/json", name.join("/")));
        let reply: ImageReply = self.transport.fetch(call).await?;
        Ok(reply.into())
    }

    async fn pull_image(&self, environment: EnvironmentId, pull: &ImagePull) -> Result<PullStream, PortainerError> {
        let (repository, tag) = pull::parts(&pull.image);
        let mut call =
            post("pull an image", environment, "images/create").query("fromImage", repository).query("tag", tag);
        if let Some(registry) = pull.registry_id {
            let header = STANDARD.encode(json!({ "registryId": registry }).to_string());
            if let Ok(header) = HeaderValue::try_from(header) {
                call = call.header(REGISTRY_AUTH, header);
            }
        }
        let secrets = self.transport.secrets(&call);
        let answer = self.transport.open(call).await?;
        Ok(pull::steps(answer, self.transport.pull_silence(), secrets))
    }

    async fn swarm_id(&self, environment: EnvironmentId) -> Result<Option<String>, PortainerError> {
        let reply: Result<SwarmReply, _> = self.transport.fetch(get("read the swarm", environment, "swarm")).await;
        match reply {
            Ok(swarm) => Ok(Some(swarm.id).filter(|id| !id.is_empty())),
            Err(PortainerError::Docker { status: 503, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn docker_info(&self, environment: EnvironmentId) -> Result<DockerInfo, PortainerError> {
        let reply: InfoReply = self.transport.fetch(get("read the Docker host", environment, "info")).await?;
        Ok(reply.into())
    }
}

fn get(what: &'static str, environment: EnvironmentId, path: &str) -> Call {
    Call::get(what, format!("endpoints/{environment}/docker/{path}")).for_docker()
}

fn post(what: &'static str, environment: EnvironmentId, path: &str) -> Call {
    Call::post(what, format!("endpoints/{environment}/docker/{path}")).for_docker()
}

/// Docker's filter for one label.
fn label(name: &str, value: &str) -> String {
    json!({ "label": [format!("{name}={value}")] }).to_string()
}
