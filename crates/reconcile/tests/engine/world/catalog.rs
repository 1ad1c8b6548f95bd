//! The port to the desired side, and short ways to wish for a stack. A compose text of this world is the JSON of its services.

use std::collections::BTreeMap;

use async_trait::async_trait;
use reconcile::{
    model::*,
    ports::{Catalog, PortError},
    revisions::PinImages,
};

use super::{World, observe::keyed, target::full};

#[async_trait]
impl Catalog for World {
    async fn desired(&self) -> Result<Desired, PortError> {
        if self.enter("read catalog").await.is_some() {
            return Err(PortError::new("not a repository"));
        }
        Ok(self.lock().desired())
    }
}

impl super::State {
    /// The catalog with references resolved, facts read and pins attached.
    pub(crate) fn desired(&self) -> Desired {
        let mut desired = self.catalog.clone();
        for stack in desired.environments.iter_mut().flat_map(|one| &mut one.stacks) {
            let text = match &mut stack.source {
                DesiredSource::Git { url, reference, commit, .. } => {
                    let head = self.heads.get(&(url.clone(), full(reference.as_deref())));
                    *commit = head.cloned().unwrap_or_default();
                    serde_json::to_string(&self.files.get(commit).cloned().unwrap_or_default()).unwrap()
                }
                DesiredSource::Text { text } => text.clone(),
            };
            let mut services = services_of(&text);
            for service in &mut services {
                service.digest = match service.image.split_once('@') {
                    Some((_, digest)) => Some(digest.to_owned()),
                    None => self.registry.get(&service.image).cloned(),
                };
            }
            stack.compose = Some(ComposeFacts { services, text });
            for value in stack.variables.values_mut() {
                if let DesiredValue::Secret { name, version, digest } = value {
                    let versions = &self.vault[name.as_str()];
                    *version = versions.len() as u64;
                    *digest = keyed(versions.last().unwrap());
                }
            }
        }
        desired.with_pins(&self.journal.pins)
    }
}

pub(crate) fn services_of(text: &str) -> Vec<ComposeService> {
    serde_json::from_str(text).unwrap_or_default()
}

pub(crate) fn text_of(services: &[ComposeService]) -> String {
    serde_json::to_string_pretty(services).unwrap()
}

pub(crate) fn service(name: &str, image: &str) -> ComposeService {
    ComposeService {
        name: name.to_owned(),
        image: image.to_owned(),
        has_healthcheck: true,
        ..ComposeService::default()
    }
}

pub(crate) fn git(url: &str, reference: Option<&str>) -> DesiredSource {
    DesiredSource::Git {
        url: url.to_owned(),
        reference: reference.map(str::to_owned),
        commit: String::new(),
        compose_file: "docker-compose.yml".to_owned(),
        additional_files: Vec::new(),
        credential: None,
    }
}

pub(crate) fn stack(name: &str, source: DesiredSource) -> DesiredStack {
    DesiredStack {
        name: name.to_owned(),
        title: name.to_owned(),
        former_names: Vec::new(),
        source,
        variables: BTreeMap::new(),
        depends_on: Vec::new(),
        compose: None,
        health: HealthRules { timeout_s: 60, settle_s: 6 },
        swarm: false,
        pin: None,
        troubles: Vec::new(),
    }
}

/// Writes digests into this world's compose texts.
pub(crate) struct SimImages;

impl PinImages for SimImages {
    fn pin_images(&self, text: &str, services: &[ComposeService]) -> Result<String, String> {
        let mut all = services_of(text);
        for service in &mut all {
            let known = services.iter().find(|one| one.name == service.name).and_then(|one| one.digest.as_ref());
            if let Some(digest) = known
                && !service.image.contains('@')
            {
                service.image = format!("{}@{digest}", service.image);
            }
        }
        Ok(text_of(&all))
    }
}

impl World {
    /// Commits a compose file to a repository's branch.
    pub(crate) fn push(&self, url: &str, reference: Option<&str>, commit: &str, services: &[ComposeService]) {
        let mut state = self.lock();
        state.heads.insert((url.to_owned(), full(reference)), commit.to_owned());
        state.files.insert(commit.to_owned(), services.to_vec());
        for service in services {
            let digest = format!("sha256:{}", service.image);
            state.registry.entry(service.image.clone()).or_insert(digest);
        }
    }

    /// Puts a value into the vault, as its next version.
    pub(crate) fn store_secret(&self, name: &str, value: &str) {
        self.lock().vault.entry(name.to_owned()).or_default().push(value.to_owned());
    }
}

pub(crate) fn secret(name: &str) -> DesiredValue {
    DesiredValue::Secret { name: name.to_owned(), version: 0, digest: Digest::from_text("") }
}
