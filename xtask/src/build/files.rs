//! Small helpers over folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// Every file under `folder`, sorted, so that hashes and reports do not depend on the file system. A missing folder is empty.
pub(crate) fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies the files under `from` into `to`, keeping their folders and links; returns the copies.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let mut copies = Vec::new();
    for file in files_under(from)? {
        let copy = to.join(file.strip_prefix(from)?);
        if let Some(parent) = copy.parent() {
            fs::create_dir_all(parent)?;
        }
        if file.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&file)?, &copy)?;
        } else {
            fs::copy(&file, &copy).with_context(|| format!("{} to {}", file.display(), copy.display()))?;
        }
        copies.push(copy);
    }
    Ok(copies)
}
