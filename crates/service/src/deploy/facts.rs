//! Compose texts as the engine needs them.

use catalog::compose::{self, pin_images, with_digest};
use reconcile::{
    model::{ComposeFacts, ComposeService, PublishedPort},
    revisions::PinImages,
};
use types::catalog::Variable;

/// What compose texts say: path and text of each, in the order they are laid over one another.
///
/// # Errors
/// The path that can't be understood, and why.
pub(super) fn facts(texts: &[(String, String)], env: &[Variable]) -> Result<ComposeFacts, (String, String)> {
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = compose::facts(&texts, env).map_err(|error| (error.path, error.error.to_string()))?;
    // Half of the services would make the other half look left over: better none.
    let known = if found.complete { found.services } else { Vec::new() };
    let services = known
        .into_iter()
        .map(|one| ComposeService {
            name: one.name,
            image: one.image,
            digest: one.digest,
            bind_mounts_relative: one.bind_mounts_relative,
            ends: one.ends,
            has_healthcheck: one.has_healthcheck,
            ports: one
                .ports
                .into_iter()
                .map(|port| PublishedPort { host: port.host, protocol: port.protocol })
                .collect(),
        })
        .collect();
    Ok(ComposeFacts { services, text: found.text })
}

/// Writes image digests into compose texts.
pub(super) struct Pinner;

impl PinImages for Pinner {
    fn pin_images(&self, text: &str, services: &[ComposeService]) -> Result<String, String> {
        let images: Vec<(String, String)> = services
            .iter()
            .filter(|one| !one.image.is_empty())
            .filter_map(|one| Some((one.name.clone(), with_digest(&one.image, one.digest.as_deref()?))))
            .collect();
        let images: Vec<(&str, &str)> =
            images.iter().map(|(service, image)| (service.as_str(), image.as_str())).collect();
        pin_images(text, &images).map_err(|error| error.to_string())
    }
}
