//! The repository's own files.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell;

/// Files that git knows or would add, as paths from the root. Where there is no git (an unpacked archive), none.
pub(super) fn own_files() -> Result<Vec<PathBuf>> {
    if !shell::root().join(".git").exists() {
        println!("  no git repository here: nothing to look at");
        return Ok(Vec::new());
    }
    let list = shell::capture(shell::command("git").args(["ls-files", "-z", "-co", "--exclude-standard"]))?;
    let mut files: Vec<PathBuf> = list.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    files.retain(|file| shell::root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// The text of a file from [`own_files`]; none for one that is not text.
pub(super) fn text_of(file: &PathBuf) -> Option<String> {
    std::fs::read_to_string(shell::root().join(file)).ok()
}
