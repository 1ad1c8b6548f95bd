//! The files a `docker build .` would see.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::file::Dockerfile;
use crate::{build::files_under, shell};

/// Copies what `.dockerignore` lets through into `folder`; returns how many files that were.
pub(super) fn copy(folder: &Path) -> Result<usize> {
    let ignore = Ignore::parse(&fs::read_to_string(shell::root().join(".dockerignore"))?);
    let mut count = 0;
    for entry in fs::read_dir(shell::root())? {
        let entry = entry?.path();
        let top = PathBuf::from(entry.file_name().unwrap_or_default());
        if ignore.hides(&top) {
            continue;
        }
        let files = if entry.is_dir() { files_under(&entry)? } else { vec![entry] };
        for file in files {
            let copy = folder.join(file.strip_prefix(shell::root())?);
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(&file, &copy)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Sources of COPY that the context does not have.
pub(super) fn missing_sources(file: &Dockerfile, context: &Path) -> Vec<String> {
    let copies = file.stages.iter().flat_map(|stage| stage.copies()).filter(|copy| copy.stage.is_none());
    let missing = copies.filter(|copy| !context.join(copy.source.trim_start_matches('/')).exists());
    missing.map(|copy| format!("COPY {}: it is not in the build context", copy.source)).collect()
}

/// `.dockerignore` as we write it: names at the top, `*` for all of them, `!` to let one through; the last match decides.
struct Ignore(Vec<(bool, String)>);

impl Ignore {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines
                .map(|line| match line.strip_prefix('!') {
                    Some(name) => (false, name.to_owned()),
                    None => (true, line.to_owned()),
                })
                .collect(),
        )
    }

    fn hides(&self, name: &Path) -> bool {
        let matching = self.0.iter().rev().find(|(_, pattern)| pattern == "*" || Path::new(pattern) == name);
        matching.is_some_and(|(hides, _)| *hides)
    }
}
