//! Writes image digests into a compose text, and leaves every other byte as it is.

use std::ops::Range;

use super::{
    ComposeError, merge,
    sites::sites,
    yaml::{self, Kind, Yaml},
};

/// Why images cannot be pinned in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The text is no compose file.
    #[error(transparent)]
    Text(#[from] ComposeError),
    /// There is no such service.
    #[error("There is no service “{service}” in the compose text; its image cannot be pinned.")]
    NoService {
        /// The service asked for.
        service: String,
    },
    /// The service is named twice in what was asked for.
    #[error("“{service}” was given two images; give one.")]
    Twice {
        /// The service asked for.
        service: String,
    },
    /// The service names no image: it is built from sources, or broken.
    #[error("“{service}” names no image; push what is built for it to a registry and name it under “image”.")]
    NoImage {
        /// The service asked for.
        service: String,
    },
    /// What was asked for is no image with a digest.
    #[error("“{image}” for “{service}” is no image with a digest; it must look like name:tag@sha256:….")]
    BadImage {
        /// The service asked for.
        service: String,
        /// The image asked for.
        image: String,
    },
    /// The place where the image is written cannot be changed without changing something else.
    #[error(
        "line {line}, column {column}: the image of “{service}” is written in a place that others share or that cannot be \
         changed alone; write it out as “image: …” under the service itself."
    )]
    Shared {
        /// The service asked for.
        service: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
}

/// Writes the images of the given services, `name@sha256:…` or `name:tag@sha256:…`, into a text.
///
/// An image that is written out, or comes through an alias, is replaced where the service has it, variables and all; quotes stay. A
/// service that has its image from a merge key or by `extends` gets a line of its own. Nothing else changes by a byte, and after the
/// change the text is read again: it means the same but for these images.
///
/// # Errors
/// [`PinError`] with the service; the text is then to be left as it is.
pub fn pin_images(text: &str, images: &[(&str, &str)]) -> Result<String, PinError> {
    let before = merge::clean(yaml::parse(text, 0)?)?;
    let sites = sites(text);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (index, (service, image)) in images.iter().enumerate() {
        let service = || (*service).to_owned();
        if images[..index].iter().any(|(other, _)| *other == service()) {
            return Err(PinError::Twice { service: service() });
        }
        if !is_pinned(image) {
            return Err(PinError::BadImage { service: service(), image: (*image).to_owned() });
        }
        let node = before.get("services").and_then(|all| all.get(&service()));
        let node = node.ok_or_else(|| PinError::NoService { service: service() })?;
        let has_image = ["image", "extends"].into_iter().any(|key| node.get(key).is_some_and(|node| !node.is_null()));
        if !has_image {
            return Err(PinError::NoImage { service: service() });
        }
        let edit = sites.get(&service()).and_then(|site| site.edit(text, image));
        edits.push(edit.ok_or_else(|| shared(&before, &service()))?);
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = text.to_owned();
    for (range, new) in edits.iter().rev() {
        out.replace_range(range.clone(), new);
    }
    let is_right = |after: &Yaml| {
        images.iter().all(|(service, image)| image_of(after, service) == Some(*image))
            && with_images(after, images).meaning() == with_images(&before, images).meaning()
    };
    match yaml::parse(&out, 0).and_then(merge::clean) {
        Ok(after) if is_right(&after) => Ok(out),
        _ => Err(shared(&before, culprit(text, images))),
    }
}

/// The first service whose change, made alone, would change something else.
fn culprit<'a>(text: &str, images: &[(&'a str, &str)]) -> &'a str {
    let first = images.first().map_or("", |(service, _)| service);
    match images {
        [_, _, ..] => images
            .iter()
            .find(|one| pin_images(text, std::slice::from_ref(one)).is_err())
            .map_or(first, |(service, _)| service),
        _ => first,
    }
}

/// An image's name with this digest: the tag stays, for people; a digest that was there goes. `image` must not hold variables.
#[must_use]
pub fn with_digest(image: &str, digest: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    format!("{name}@{digest}")
}

/// `name[:tag]@algorithm:hex`, in the letters that the distribution specification's references have.
fn is_pinned(image: &str) -> bool {
    let Some((name, digest)) = image.split_once('@') else { return false };
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._/:-[]".contains(&byte);
    name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'[')
        && name.bytes().all(letter)
        && hex.len() == length
        && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn shared(root: &Yaml, service: &str) -> PinError {
    let node = root.get("services").and_then(|all| all.get(service));
    let at = node.map_or(root.at, |node| node.get("image").unwrap_or(node).at);
    PinError::Shared { service: service.to_owned(), line: at.line, column: at.column }
}

fn image_of<'a>(root: &'a Yaml, service: &str) -> Option<&'a str> {
    root.get("services")?.get(service)?.get("image")?.text()
}

/// The same tree with other images.
fn with_images(root: &Yaml, images: &[(&str, &str)]) -> Yaml {
    let Kind::Mapping(mut members) = root.kind.clone() else { return root.clone() };
    for (_, services) in members.iter_mut().filter(|(key, _)| key.text() == Some("services")) {
        let Kind::Mapping(services) = &mut services.kind else { continue };
        for (name, service) in services {
            let wanted = images.iter().find(|(wanted, _)| name.text() == Some(*wanted));
            let (Some((_, image)), Kind::Mapping(members)) = (wanted, &mut service.kind) else { continue };
            members.retain(|(key, _)| key.text() != Some("image"));
            let at = name.at;
            members.push((Yaml::text_at(at, "image".to_owned()), Yaml::text_at(at, (*image).to_owned())));
        }
    }
    root.with(Kind::Mapping(members))
}
