//! Files of the working tree. Links are not followed: what a repository brings must not lead to other files of this machine.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::unix::{ffi::OsStringExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

use super::CatalogError;
use crate::{git::GitError, snapshot::LARGEST_FILE};

/// Why a file of so many bytes is not read.
pub(super) fn too_large(bytes: u64) -> String {
    format!("it is larger than 2 MiB ({bytes} bytes)")
}

/// Begins the names of files that are being written. The dot hides them from readers of the catalog.
const DRAFT: &str = ".catalog-";

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
    let file = fs::File::open(at)?;
    let size = file.metadata()?.len();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Ok(Found::Unreadable(too_large(size.max(bytes.len() as u64))));
    }
    Ok(Found::Bytes(bytes))
}

/// The regular file at a path, reached through regular folders.
fn place(root: &Path, path: &str) -> Result<Option<PathBuf>, String> {
    let mut at = root.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let meta = match fs::symlink_metadata(&at) {
            Ok(meta) => meta,
            // What may not be looked at is not what does not exist.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(format!("{} cannot be looked at: {error}", at.display())),
        };
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

/// Whether there is nothing at a path.
pub(super) fn is_absent(root: &Path, path: &str) -> bool {
    matches!(place(root, path), Ok(None))
}

/// Whether a regular file has these bytes.
pub(super) fn is(root: &Path, path: &str, bytes: &[u8]) -> bool {
    matches!(read(root, path), Some(Found::Bytes(found)) if found == bytes)
}

/// A regular file of this size, to read from.
pub(super) fn open(root: &Path, path: &str, size: u64) -> Option<fs::File> {
    let file = fs::File::open(place(root, path).ok()??).ok()?;
    (file.metadata().ok()?.len() == size).then_some(file)
}

/// Where a symbolic link leads, reached through regular folders.
pub(super) fn link(root: &Path, path: &str) -> Option<Vec<u8>> {
    folder_of(root, path).ok()?;
    Some(fs::read_link(root.join(path)).ok()?.into_os_string().into_vec())
}

/// Whether a regular file may be run.
pub(super) fn is_program(root: &Path, path: &str) -> bool {
    let meta = place(root, path).ok().flatten().and_then(|at| fs::metadata(at).ok());
    meta.is_some_and(|meta| meta.permissions().mode() & 0o100 != 0)
}

/// The folder a path is in, if there is no link on the way and the path itself is free or a file.
fn folder_of(root: &Path, path: &str) -> Result<PathBuf, GitError> {
    let fail = |detail: String| GitError::Io { path: path.to_owned(), detail };
    let Some((folder, _)) = path.rsplit_once('/') else { return Ok(root.to_owned()) };
    let mut at = root.to_owned();
    for part in folder.split('/') {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(fail(format!("{} is no folder", at.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(fail(error.to_string())),
        }
    }
    Ok(root.join(folder))
}

/// Removes drafts a dead writer left beside a path.
pub(super) fn sweep(root: &Path, path: &str) {
    let entries = folder_of(root, path).ok().and_then(|folder| fs::read_dir(folder).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(DRAFT) {
            let at = entry.path();
            let gone = if at.is_dir() { fs::remove_dir_all(&at) } else { fs::remove_file(&at) };
            if let Err(error) = gone {
                tracing::warn!(path = %at.display(), %error, "a draft a dead writer left could not be removed");
            }
        }
    }
}

/// A file that is not there yet.
pub(super) struct Draft {
    file: tempfile::NamedTempFile,
    at: PathBuf,
    mode: u32,
}

impl Draft {
    /// Begins a file, in the place of what stands at its path: a regular file, a link or nothing.
    pub(super) fn new(root: &Path, path: &str) -> Result<Self, GitError> {
        let at = root.join(path);
        let fail = |error: &std::io::Error| GitError::io(&at, error);
        let folder = folder_of(root, path)?;
        let mode = match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_file() => meta.permissions().mode(),
            Ok(meta) if meta.is_dir() => {
                return Err(GitError::Io { path: path.to_owned(), detail: "is a folder".to_owned() });
            }
            _ => 0o644,
        };
        fs::create_dir_all(&folder).map_err(|error| fail(&error))?;
        let file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder).map_err(|error| fail(&error))?;
        Ok(Self { file, at, mode })
    }

    /// A handle to write through.
    pub(super) fn share(&self) -> Result<fs::File, GitError> {
        self.file.as_file().try_clone().map_err(|error| GitError::io(&self.at, &error))
    }

    /// Gives it its name, whole. Keeps the permissions of what was there, but for who may run it if that is said.
    pub(super) fn keep(self, program: Option<bool>) -> Result<(), GitError> {
        let Self { file, at, mode } = self;
        let mode = match program {
            // Whoever may read it may run it.
            Some(true) => mode | (mode & 0o444) >> 2,
            Some(false) => mode & !0o111,
            None => mode,
        };
        let kept = file.as_file().set_permissions(fs::Permissions::from_mode(mode));
        kept.and_then(|()| file.as_file().sync_all()).map_err(|error| GitError::io(&at, &error))?;
        file.persist(&at).map_err(|error| GitError::io(&at, &error.error))?;
        Ok(())
    }
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn write(root: &Path, path: &str, bytes: &[u8], program: Option<bool>) -> Result<(), GitError> {
    let mut draft = Draft::new(root, path)?;
    draft.file.write_all(bytes).map_err(|error| GitError::io(&draft.at, &error))?;
    draft.keep(program)
}

/// Writes a symbolic link.
pub(super) fn write_link(root: &Path, path: &str, target: &[u8]) -> Result<(), GitError> {
    let at = root.join(path);
    let fail = |error: &std::io::Error| GitError::io(&at, error);
    let folder = folder_of(root, path)?;
    fs::create_dir_all(&folder).map_err(|error| fail(&error))?;
    let target = std::ffi::OsString::from_vec(target.to_vec());
    let room = tempfile::Builder::new().prefix(DRAFT).tempdir_in(folder).map_err(|error| fail(&error))?;
    let link = room.path().join("link");
    std::os::unix::fs::symlink(target, &link).and_then(|()| fs::rename(&link, &at)).map_err(|error| fail(&error))
}

/// Removes a file or a link, and the folders it leaves empty.
pub(super) fn remove(root: &Path, path: &str) -> Result<(), GitError> {
    folder_of(root, path)?;
    let at = root.join(path);
    match fs::remove_file(&at) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(GitError::io(&at, &error)),
        _ => {}
    }
    for folder in at.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
