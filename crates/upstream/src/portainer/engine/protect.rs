//! What is never removed: Portainer, its agents, and this program.

use std::collections::BTreeSet;

use types::catalog::ImageName;

use super::super::docker::Container;

/// Portainer's images. An agent counts: without it Portainer loses the host.
const PORTAINER_IMAGES: [&str; 4] =
    ["portainer/portainer", "portainer/portainer-ce", "portainer/portainer-ee", "portainer/agent"];

/// What is never to be removed, beside Portainer and its agents, which are found by themselves.
#[derive(Clone, Debug, Default)]
pub struct Protected {
    /// Projects by name, on any environment.
    pub projects: BTreeSet<String>,
    /// Docker's identifier of the container this program runs in, or its beginning: what the container has as its host name.
    pub own_container: Option<String>,
}

impl Protected {
    /// Whether the project this container belongs to must stay.
    #[must_use]
    pub fn holds(&self, container: &Container) -> bool {
        let is_own = |own: &String| own.len() >= 12 && container.id.starts_with(own.as_str());
        container.is_portainer
            || PORTAINER_IMAGES.contains(&ImageName::parse(&container.image).familiar())
            || self.own_container.as_ref().is_some_and(is_own)
            || container.project.as_ref().is_some_and(|project| self.holds_project(project))
    }

    /// Whether this project must stay.
    pub(super) fn holds_project(&self, project: &str) -> bool {
        self.projects.contains(project)
    }
}
