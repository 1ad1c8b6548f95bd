//! Names of container images.

/// An image's name in its parts: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// All before the tag and the digest.
    pub repository: &'a str,
    /// The tag, as written.
    pub tag: Option<&'a str>,
    /// The digest, such as `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    /// The tag that Docker takes where there is neither tag nor digest.
    pub const DEFAULT_TAG: &'static str = "latest";

    /// Takes a name apart. Any text has parts; whether Docker accepts it is Docker's to say.
    #[must_use]
    pub fn parse(image: &'a str) -> Self {
        let (name, digest) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (image, None),
        };
        // The colon after the last slash: one before it belongs to a port.
        match name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
            Some((repository, tag)) => Self { repository, tag: Some(tag), digest },
            None => Self { repository: name, tag: None, digest },
        }
    }

    /// Whether what it names can change by itself: no digest, and the tag `latest` or none. The empty name is unknown, not
    /// floating.
    #[must_use]
    pub fn is_floating(&self) -> bool {
        !self.repository.is_empty() && self.digest.is_none() && self.tag.is_none_or(|tag| tag == Self::DEFAULT_TAG)
    }

    /// The repository as Docker shortens it: without its own registry and that registry's `library/`.
    #[must_use]
    pub fn familiar(&self) -> &'a str {
        let name = self.repository;
        let name = name.strip_prefix("docker.io/").or_else(|| name.strip_prefix("index.docker.io/")).unwrap_or(name);
        name.strip_prefix("library/").unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::ImageName;

    #[test]
    fn names_in_every_usual_form() {
        for (image, repository, tag, digest, familiar) in [
            ("nginx", "nginx", None, None, "nginx"),
            ("docker.io/library/nginx:1.27", "docker.io/library/nginx", Some("1.27"), None, "nginx"),
            ("ghcr.io/org/app:v1@sha256:ab", "ghcr.io/org/app", Some("v1"), Some("sha256:ab"), "ghcr.io/org/app"),
            ("nginx@sha256:ab", "nginx", None, Some("sha256:ab"), "nginx"),
            ("localhost:5000/app", "localhost:5000/app", None, None, "localhost:5000/app"),
            ("localhost:5000/org/app:v1", "localhost:5000/org/app", Some("v1"), None, "localhost:5000/org/app"),
            ("", "", None, None, ""),
        ] {
            let name = ImageName::parse(image);
            assert_eq!(name, ImageName { repository, tag, digest }, "{image}");
            assert_eq!(name.familiar(), familiar, "{image}");
        }
    }

    #[test]
    fn what_may_change_by_itself_floats() {
        for (image, floats) in [
            ("nginx", true),
            ("nginx:latest", true),
            ("registry:5000/app", true),
            ("nginx:1.27", false),
            ("nginx:latest@sha256:ab", false),
            ("", false),
        ] {
            assert_eq!(ImageName::parse(image).is_floating(), floats, "{image}");
        }
    }
}
