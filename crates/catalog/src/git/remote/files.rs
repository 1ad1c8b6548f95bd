//! Files of one commit of a repository elsewhere.

use std::collections::BTreeMap;

use super::Remote;
use crate::{
    git::{Address, Blob, Credential, GitError},
    snapshot::LARGEST_FILE,
};

/// How many folders a compose file may be deep to be listed.
const DEEPEST: usize = 3;
/// Most compose files listed.
const MOST_FILES: usize = 500;

impl Remote {
    /// Contents of one commit by path; none where there is no such file. Fetches that commit alone where the server lets it, and
    /// nothing at all if the cache has it.
    ///
    /// # Errors
    /// Any [`GitError`]; [`GitError::NoReference`] if the repository does not have the commit, [`GitError::BadFile`] if a file is
    /// larger than 2 MiB.
    pub async fn files<S: AsRef<str>>(
        &self,
        address: &Address,
        commit: &str,
        paths: &[S],
        credential: Option<&Credential>,
    ) -> Result<BTreeMap<String, Option<Vec<u8>>>, GitError> {
        let cached = self.cached(address, commit, credential).await?;
        let objects: Vec<Option<String>> = paths.iter().map(|path| object(commit, path.as_ref())).collect();
        let names: Vec<&String> = objects.iter().flatten().collect();
        let mut blobs = self.git.blobs(&cached.folder, &names, LARGEST_FILE).await?.into_iter();
        let mut found = BTreeMap::new();
        for (path, object) in paths.iter().map(AsRef::as_ref).zip(&objects) {
            let bytes = match object.as_ref().and_then(|_| blobs.next()).unwrap_or(Blob::None) {
                Blob::None => None,
                Blob::Bytes(bytes) => Some(bytes),
                Blob::TooLarge(size) => {
                    return Err(bad(address, path, format!("is larger than 2 MiB ({size} bytes)")));
                }
            };
            found.insert(path.to_owned(), bytes);
        }
        Ok(found)
    }

    /// The text of one file of a commit; none if there is no such file.
    ///
    /// # Errors
    /// As [`files`](Self::files), and [`GitError::BadFile`] if it is no text in UTF-8.
    pub async fn text(
        &self,
        address: &Address,
        commit: &str,
        path: &str,
        credential: Option<&Credential>,
    ) -> Result<Option<String>, GitError> {
        let mut files = self.files(address, commit, &[path], credential).await?;
        let Some(bytes) = files.remove(path).flatten() else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(bad(address, path, "is no text in UTF-8".to_owned())),
        }
    }

    /// The compose files of a commit, by their names: YAML files with “compose” or “stack” in the name, at most three folders
    /// deep, at most 500. Those nearest to the top come first.
    ///
    /// # Errors
    /// As [`files`](Self::files).
    pub async fn compose_files(
        &self,
        address: &Address,
        commit: &str,
        credential: Option<&Credential>,
    ) -> Result<Vec<String>, GitError> {
        let cached = self.cached(address, commit, credential).await?;
        let tree = self.git.tree(&cached.folder, commit).await?;
        let mut paths: Vec<String> = tree
            .into_iter()
            .filter(|(path, entry)| entry.is_file() && is_compose_path(path))
            .map(|(path, _)| path)
            .collect();
        // Among equals the customary name first, then by the alphabet.
        let rank = |path: &str| {
            let file = path.rsplit('/').next().unwrap_or(path);
            CUSTOMARY.iter().position(|one| *one == file).unwrap_or(CUSTOMARY.len())
        };
        paths.sort_by_cached_key(|path| (path.matches('/').count(), rank(path), path.clone()));
        paths.truncate(MOST_FILES);
        Ok(paths)
    }
}

/// The names compose looks for by itself, the one most in use first.
const CUSTOMARY: [&str; 4] = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];

fn is_compose_path(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let stem = file.strip_suffix(".yml").or_else(|| file.strip_suffix(".yaml"));
    let named = stem.is_some_and(|stem| stem.contains("compose") || stem.contains("stack"));
    named && path.matches('/').count() <= DEEPEST && !path.chars().any(char::is_control)
}

/// How git calls a file of a commit; none for a path that leads out of the repository. Without the dots people write before a
/// path, which git would take as relative to a folder.
fn object(commit: &str, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.contains(&"..")).then(|| format!("{commit}:{}", parts.join("/")))
}

fn bad(address: &Address, path: &str, problem: String) -> GitError {
    GitError::BadFile { address: address.to_string(), path: path.to_owned(), problem }
}
