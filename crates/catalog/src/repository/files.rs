//! Files of the working tree. Links are not followed: what a repository brings must not lead to other files of this machine.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::CatalogError;
use crate::{git::GitError, snapshot::LARGEST_FILE};

pub(super) const TOO_LARGE: &str = "it is larger than 2 MiB";

/// What stands at a path.
pub(super) enum Found {
    Bytes(Vec<u8>),
    Unreadable(String),
}

/// Reads a file; none if there is nothing.
pub(super) fn read(root: &Path, path: &str) -> Option<Found> {
    match place(root, path) {
        Ok(Some(at)) => Some(bytes(&at).unwrap_or_else(|error| Found::Unreadable(error.to_string()))),
        Ok(None) => None,
        Err(reason) => Some(Found::Unreadable(reason)),
    }
}

fn bytes(at: &Path) -> std::io::Result<Found> {
    let mut bytes = Vec::new();
    fs::File::open(at)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Ok(Found::Unreadable(TOO_LARGE.to_owned()));
    }
    Ok(Found::Bytes(bytes))
}

/// The regular file at a path, reached through regular folders.
fn place(root: &Path, path: &str) -> Result<Option<PathBuf>, String> {
    let mut at = root.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let Ok(meta) = fs::symlink_metadata(&at) else { return Ok(None) };
        let fits = if parts.peek().is_some() { meta.is_dir() } else { meta.is_file() };
        if meta.is_symlink() {
            return Err(format!("{} is a symbolic link", at.display()));
        }
        if !fits {
            return Err(format!("{} is neither a file nor a folder", at.display()));
        }
    }
    Ok(Some(at))
}

/// The bytes of a file; none if there is nothing.
///
/// # Errors
/// [`CatalogError::Unreadable`].
pub(super) fn read_whole(root: &Path, path: &str) -> Result<Option<Vec<u8>>, CatalogError> {
    match read(root, path) {
        None => Ok(None),
        Some(Found::Bytes(bytes)) => Ok(Some(bytes)),
        Some(Found::Unreadable(detail)) => Err(CatalogError::Unreadable { path: path.to_owned(), detail }),
    }
}

/// Writes a file so that it is there whole or not at all; none removes it. Keeps the permissions it had.
pub(super) fn write(root: &Path, path: &str, bytes: Option<&[u8]>) -> Result<(), GitError> {
    let at = root.join(path);
    let fail = |error: &std::io::Error| GitError::io(&at, error);
    let existing = place(root, path).map_err(|detail| GitError::Io { path: path.to_owned(), detail })?;
    let Some(bytes) = bytes else {
        return match existing {
            Some(at) => fs::remove_file(&at).map_err(|error| fail(&error)),
            None => Ok(()),
        };
    };
    let folder = at.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| fail(&error))?;
    let mode = existing.and_then(|at| fs::metadata(at).ok()).map_or(0o644, |meta| meta.permissions().mode());
    // The name hides it from readers of the catalog.
    let mut file = tempfile::Builder::new().prefix(".catalog-").tempfile_in(folder).map_err(|error| fail(&error))?;
    file.write_all(bytes).map_err(|error| fail(&error))?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(|error| fail(&error))?;
    file.as_file().sync_all().map_err(|error| fail(&error))?;
    file.persist(&at).map_err(|error| fail(&error.error))?;
    Ok(())
}
