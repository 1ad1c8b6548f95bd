//! What a change would do, without doing it.

use types::catalog::{CatalogVersion, FileChange};

use super::{CatalogError, Change, Repository, diff};
use crate::{
    edit::{Edit, apply_edits},
    read::{Reading, read},
    snapshot::Snapshot,
};

/// What a change would make of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The version it would be made to. It is what the editor saw, or has the same files in it.
    pub base: CatalogVersion,
    /// The files it would change, with their texts before and after; secrets in plain text are hidden.
    pub files: Vec<FileChange>,
    /// What the catalog would say then, findings included. Its version is still the base.
    pub reading: Reading,
}

impl Repository {
    /// Makes a change in memory alone. Author and message may be empty.
    ///
    /// # Errors
    /// As [`commit`](Self::commit): what this refuses, that would refuse too.
    pub async fn preview(&self, change: &Change) -> Result<Preview, CatalogError> {
        let current = self.snapshot().await?;
        self.check_base(change, &current).await?;
        preview(&current, &change.edits)
    }
}

/// What edits would make of a catalog.
pub(super) fn preview(current: &Snapshot, edits: &[Edit]) -> Result<Preview, CatalogError> {
    let changed = current.with(&apply_edits(current, edits)?);
    let files = diff(current, &changed);
    let reading = read(&changed);
    Ok(Preview { base: current.version.clone(), files, reading })
}
