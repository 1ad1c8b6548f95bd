//! What the images of containers are known as in registries.

use std::{
    collections::{BTreeSet, HashMap},
    sync::PoisonError,
};

use futures::future::try_join_all;
use types::catalog::ImageName;

use super::{
    super::{EnvironmentId, PortainerError},
    PortainerTarget,
};

/// `RepoDigests` by the image's identifier.
pub(super) type Digests = HashMap<String, Vec<String>>;

impl PortainerTarget {
    /// Reads what these images of a host are known as. What was seen before is not read again unless `afresh`: an identifier stands
    /// for one image for ever, but the same image may come again under another digest.
    pub(super) async fn digests(
        &self,
        environment: EnvironmentId,
        ids: BTreeSet<String>,
        afresh: bool,
    ) -> Result<Digests, PortainerError> {
        let mut known = Digests::new();
        let mut unknown = Vec::new();
        {
            let images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                match images.get(&(environment, id.clone())).filter(|_| !afresh) {
                    Some(digests) => _ = known.insert(id, digests.clone()),
                    None => unknown.push(id),
                }
            }
        }
        let read = try_join_all(unknown.into_iter().map(|id| async move {
            match self.read(self.portainer.image(environment, &id)).await {
                Ok(image) => Ok((id, image.digests)),
                // A container may outlive its image.
                Err(PortainerError::NotFound { .. } | PortainerError::Docker { status: 400..=499, .. }) => {
                    Ok((id, Vec::new()))
                }
                Err(error) => Err(error),
            }
        }))
        .await?;
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, digests) in read {
            if !digests.is_empty() {
                images.insert((environment, id.clone()), digests.clone());
            }
            known.insert(id, digests);
        }
        Ok(known)
    }

    /// Forgets images that no container of a host has any more.
    pub(super) fn keep_images(&self, environment: EnvironmentId, digests: &Digests) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        images.retain(|(host, id), _| *host != environment || digests.contains_key(id));
    }
}

/// The digest under which the registry that `image` names has it; none if that is not known.
pub(super) fn digest_of(image: &str, digests: &[String]) -> Option<String> {
    let asked = ImageName::parse(image);
    let known = digests.iter().map(|one| ImageName::parse(one));
    let here = known.filter(|one| one.familiar() == asked.familiar());
    let mut found: Vec<&str> = here.filter_map(|one| one.digest).collect();
    found.sort_unstable();
    let exact = found.iter().find(|digest| asked.digest == Some(**digest));
    exact.or(found.first()).map(|digest| (*digest).to_owned())
}

#[cfg(test)]
mod tests {
    use super::digest_of;

    #[test]
    fn the_digest_is_that_of_the_registry_that_was_asked() {
        let digests =
            ["mirror.lan/nginx@sha256:1".to_owned(), "nginx@sha256:2".to_owned(), "nginx@sha256:3".to_owned()];
        assert_eq!(digest_of("docker.io/nginx:1", &digests).as_deref(), Some("sha256:2"));
        assert_eq!(digest_of("nginx@sha256:3", &digests).as_deref(), Some("sha256:3"));
        assert_eq!(digest_of("mirror.lan/nginx", &digests).as_deref(), Some("sha256:1"));
        assert_eq!(digest_of("other", &digests), None);
    }
}
