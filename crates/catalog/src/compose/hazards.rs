//! What a compose text asks for that a Docker host behind Portainer cannot give, or that makes deployments unrepeatable.

use types::catalog::ImageName;

use super::{
    services::{Service, is_relative},
    yaml::{Kind, Yaml},
};

/// One hazard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeHazard {
    /// Which.
    pub kind: HazardKind,
    /// The service or the part of the file it concerns.
    pub subject: String,
    /// What exactly: an image, a path, a name.
    pub detail: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// The hazards that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HazardKind {
    /// An image without tag and digest, or `:latest`: what runs depends on when it was pulled.
    MovingImage,
    /// A mount of a path beside the compose file: it lies on Portainer's server, not on the Docker host.
    RelativeBind,
    /// An env file beside the compose file; `stack.env` is Portainer's own and no hazard.
    RelativeEnvFile,
    /// A config or a secret from a file beside the compose file.
    RelativeFile,
    /// An image built from sources: they lie on Portainer's server, and no version is kept.
    Build,
    /// A fixed container name: two projects on one host collide.
    ContainerName,
    /// Waits for the health of a service whose health check is switched off or nowhere to be seen.
    NoHealthcheck,
    /// `extends` or `include`: a part of what will run is said elsewhere, so that what is known of it is incomplete.
    Elsewhere,
}

impl ComposeHazard {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { subject, detail, .. } = self;
        match self.kind {
            HazardKind::MovingImage => format!("“{subject}” uses the image “{detail}”, which is another one tomorrow."),
            HazardKind::RelativeBind => {
                format!("“{subject}” mounts “{detail}”, which lies on Portainer's server and not on the Docker host.")
            }
            HazardKind::RelativeEnvFile => {
                format!("“{subject}” reads the env file “{detail}”, which the Docker host does not have.")
            }
            HazardKind::RelativeFile => {
                format!("“{subject}” comes from the file “{detail}”, which a Docker host may not have.")
            }
            HazardKind::Build => format!("“{subject}” is built from sources, which lie on Portainer's server."),
            HazardKind::ContainerName => {
                format!(
                    "“{subject}” has the fixed container name “{detail}”, so a second copy on the same host collides."
                )
            }
            HazardKind::NoHealthcheck => {
                format!("“{subject}” waits until “{detail}” is healthy, which has no health check here.")
            }
            HazardKind::Elsewhere => {
                format!("“{subject}” takes in “{detail}”, which is not looked at: what is known here is incomplete.")
            }
        }
    }

    /// What would be right.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.kind {
            HazardKind::MovingImage => "Name a version, or better a digest.",
            HazardKind::RelativeBind => {
                "Use a volume, an absolute path on the Docker host, or a “configs” entry with “content”."
            }
            HazardKind::RelativeEnvFile => "Set the variables in the catalog and name them under “environment”.",
            HazardKind::RelativeFile => "Give the text itself under “content”.",
            HazardKind::Build => "Build the image elsewhere, push it to a registry and name it here.",
            HazardKind::ContainerName => "Remove “container_name”; the service's name reaches it just as well.",
            HazardKind::NoHealthcheck => "Give it a “healthcheck”, unless its image has one.",
            HazardKind::Elsewhere => {
                "Write it out here, or name the other file as a further compose file of the stack."
            }
        }
    }
}

pub(super) fn find(root: &Yaml, services: &[Service]) -> Vec<ComposeHazard> {
    let mut hazards = Vec::new();
    for service in services {
        let node = root.get("services").and_then(|all| all.get(&service.name));
        let place = |key: &str| {
            node.and_then(|node| node.get(key)).map_or((service.line, service.column), |at| (at.at.line, at.at.column))
        };
        let mut push = |kind, key: &str, detail: &str| {
            let (line, column) = place(key);
            hazards.push(ComposeHazard {
                kind,
                subject: service.name.clone(),
                detail: detail.to_owned(),
                line,
                column,
            });
        };
        if let Some(image) = service.image.as_deref().filter(|image| !service.build && is_moving(image)) {
            push(HazardKind::MovingImage, "image", image);
        }
        if let Some(extends) = node.and_then(|node| node.get("extends")).filter(|extends| !extends.is_null()) {
            push(HazardKind::Elsewhere, "extends", &elsewhere(extends, "service"));
        }
        if service.build {
            push(HazardKind::Build, "build", "");
        }
        if let Some(name) = &service.container_name {
            push(HazardKind::ContainerName, "container_name", name);
        }
        for path in &service.relative_binds {
            push(HazardKind::RelativeBind, "volumes", path);
        }
        for path in service.env_files.iter().filter(|path| !path.starts_with('/') && *path != "stack.env") {
            push(HazardKind::RelativeEnvFile, "env_file", path);
        }
        for dependency in service.depends_on.iter().filter(|one| one.condition == super::Condition::Healthy) {
            let checked = services.iter().any(|one| one.name == dependency.service && one.healthcheck);
            if !checked {
                push(HazardKind::NoHealthcheck, "depends_on", &dependency.service);
            }
        }
    }
    for include in root.get("include").map(|include| one_or_more(include)).unwrap_or_default() {
        hazards.push(ComposeHazard {
            kind: HazardKind::Elsewhere,
            subject: "include".to_owned(),
            detail: elsewhere(include, "path"),
            line: include.at.line,
            column: include.at.column,
        });
    }
    for part in ["configs", "secrets"] {
        for (name, value) in root.get(part).map(Yaml::members).unwrap_or_default() {
            let Some(file) = value.get("file") else { continue };
            let Some(path) = file.text().filter(|path| is_relative(path) || !path.starts_with('/')) else { continue };
            let subject = format!("{part}/{}", name.text().unwrap_or_default());
            let (line, column) = (file.at.line, file.at.column);
            hazards.push(ComposeHazard {
                kind: HazardKind::RelativeFile,
                subject,
                detail: path.to_owned(),
                line,
                column,
            });
        }
    }
    hazards
}

/// The items of a list, or the one that stands there without one.
fn one_or_more(node: &Yaml) -> Vec<&Yaml> {
    match node.items() {
        [] if node.is_null() || matches!(node.kind, Kind::Sequence(_)) => Vec::new(),
        [] => vec![node],
        items => items.iter().collect(),
    }
}

/// What `extends` or an entry of `include` names: a text, or a mapping with a `file` or the member `key`, a text or a list.
fn elsewhere(node: &Yaml, key: &str) -> String {
    let named = |node: &Yaml| node.text().or_else(|| node.items().first()?.text()).map(str::to_owned);
    named(node)
        .or_else(|| ["file", key].into_iter().filter_map(|key| node.get(key)).find_map(named))
        .unwrap_or_default()
}

/// Whether an image has neither a digest nor a tag other than `latest`. A tag from a variable counts as one.
fn is_moving(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    // A variable's default decides, as far as it can be seen.
    let bare = match (image.find("${"), image.rfind('}')) {
        (Some(_), Some(_)) if image.ends_with('}') || image.contains(":${") => return false,
        _ => image,
    };
    ImageName::parse(bare).is_floating()
}
