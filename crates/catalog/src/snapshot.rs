//! The catalog's files at one version.

use std::collections::BTreeMap;

use types::catalog::{CatalogVersion, Stack, StackSource};

/// `phoenix_stacks_config.json`: which stacks exist.
pub const STACKS_FILE: &str = "phoenix_stacks_config.json";
/// `phoenix_vm_configs.json`: which machine runs which.
pub const GUESTS_FILE: &str = "phoenix_vm_configs.json";
/// `phoenix_hypervisor_config.json`: global settings.
pub const HYPERVISOR_FILE: &str = "phoenix_hypervisor_config.json";
/// `phoenix_secrets.json`: the vault.
pub const SECRETS_FILE: &str = "phoenix_secrets.json";
/// Where compose texts live, each with an optional `phoenix.json` beside it.
pub const STACKS_FOLDER: &str = "stacks";
/// The file beside a compose text.
pub(crate) const BESIDE_FILE: &str = "phoenix.json";

/// The largest file that is read, in bytes. The largest catalog seen in the field is under 100 kB.
pub(crate) const LARGEST_FILE: u64 = 2 * 1024 * 1024;

/// Whether a path is one of the catalog's files: `phoenix_*.json` at the top, anything under `stacks/`, and YAML files anywhere.
/// What hides behind a dot, leads out of the repository or is an editor's leftover is not.
#[must_use]
pub fn is_catalog_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let good = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('~')
            && !part.contains('\\')
            && !part.contains(char::is_control)
    };
    if !parts.iter().all(good) {
        return false;
    }
    let yaml = std::path::Path::new(path)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("yml") || extension.eq_ignore_ascii_case("yaml"));
    let config = parts.len() == 1 && path.starts_with("phoenix_") && path.ends_with(".json");
    config || yaml || parts.len() > 1 && parts[0] == STACKS_FOLDER
}

/// The catalog's files at one version, as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What this is a snapshot of.
    pub version: CatalogVersion,
    files: BTreeMap<String, Content>,
    last_good: BTreeMap<String, String>,
}

/// A file's text, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Unreadable(String),
}

/// The reason why a file that is no text is not read.
pub(crate) const NO_TEXT: &str = "it is no text in UTF-8";

impl Snapshot {
    /// A snapshot of given texts by path, for what is not in a repository (yet).
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut snapshot = Self::default();
        for (path, text) in texts {
            snapshot.files.insert(path.into(), Content::Text(text.into()));
        }
        snapshot
    }

    pub(crate) fn at(version: CatalogVersion) -> Self {
        Self { version, ..Self::default() }
    }

    /// A file's text. None if it does not exist or cannot be read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.files.get(path)? {
            Content::Text(text) => Some(text),
            Content::Unreadable(_) => None,
        }
    }

    /// The paths of all files, readable or not.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// This with changes made to it: how the catalog would be, to be read and checked before it is.
    #[must_use]
    pub fn with(&self, changes: &crate::edit::Changes) -> Self {
        let mut changed = self.clone();
        for (path, text) in changes {
            match text {
                Some(text) => changed.set(path, Content::Text(text.clone())),
                None => changed.remove(path),
            }
        }
        changed
    }

    pub(crate) fn content(&self, path: &str) -> Option<&Content> {
        self.files.get(path)
    }

    pub(crate) fn set(&mut self, path: impl Into<String>, content: Content) {
        self.files.insert(path.into(), content);
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// The last committed text of a broken file that could be parsed.
    pub(crate) fn last_good(&self, path: &str) -> Option<&str> {
        self.last_good.get(path).map(String::as_str)
    }

    /// Gives a broken file the text to fall back to.
    pub fn set_last_good(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.last_good.insert(path.into(), text.into());
    }

    /// The compose text of a stack that is deployed by its text, and the path it is at here.
    #[must_use]
    pub fn compose_text(&self, stack: &Stack) -> Option<(&str, &str)> {
        let StackSource::Text { path } = &stack.source else { return None };
        self.resolve(path)
    }

    /// A path as older files say it, on a hypervisor that is no more: the longest end of it that is a file here, with its text.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Option<(&str, &str)> {
        match self.find(path)? {
            (path, Content::Text(text)) => Some((path, text)),
            (_, Content::Unreadable(_)) => None,
        }
    }

    /// Likewise a file that is there but cannot be read, and why.
    pub(crate) fn resolve_unreadable(&self, path: &str) -> Option<(&str, &str)> {
        match self.find(path)? {
            (path, Content::Unreadable(reason)) => Some((path, reason)),
            (_, Content::Text(_)) => None,
        }
    }

    fn find(&self, path: &str) -> Option<(&str, &Content)> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let found = (0..parts.len()).find_map(|from| self.files.get_key_value(&parts[from..].join("/")))?;
        Some((found.0.as_str(), found.1))
    }

    /// The files that are there but cannot be read, with the reasons. Files that are no text, such as pictures, are not meant to
    /// be read.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, content)| match content {
            Content::Unreadable(reason) if reason != NO_TEXT => Some((path.as_str(), reason.as_str())),
            _ => None,
        })
    }
}
