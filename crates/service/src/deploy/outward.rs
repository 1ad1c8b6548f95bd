//! Catalog and conflicts as they leave for programs: secrets in plain text hidden.

use catalog::{Conflict, Import, hide};
use types::{
    catalog::CatalogVersion,
    deploy::{CatalogContents, EditConflict, EditConflictFile, ImportPart, ImportPlan},
};

use super::CatalogView;

impl CatalogView {
    /// The whole as it may leave.
    #[must_use]
    pub fn contents(self) -> CatalogContents {
        let Self { reading, snapshot } = self;
        let files = snapshot.paths().map(|path| (path.to_owned(), snapshot.text(path).map(|text| hide(path, text))));
        CatalogContents {
            files: files.collect(),
            version: reading.version,
            catalog: reading.catalog,
            diagnostics: reading.diagnostics,
            stacks_are_complete: reading.stacks_are_complete,
            guests_are_complete: reading.guests_are_complete,
            blocked_stacks: reading.blocked_stacks,
            blocked_guests: reading.blocked_guests,
        }
    }
}

/// What an import would do, as it may leave.
#[must_use]
pub fn import_plan(import: Import, version: CatalogVersion) -> ImportPlan {
    let files = import.changes.into_iter().map(|(path, text)| {
        let text = text.map(|text| hide(&path, &text));
        (path, text)
    });
    ImportPlan {
        version,
        files: files.collect(),
        steps: import
            .steps
            .into_iter()
            .map(|step| ImportPart { file: step.file, pointer: step.pointer, becomes: step.becomes })
            .collect(),
        left: import.left,
    }
}

/// Both sides of a conflict, as they may leave. The catalog has hidden their secrets.
#[must_use]
pub fn edit_conflict(conflict: &Conflict) -> EditConflict {
    EditConflict {
        base: conflict.base.clone(),
        current: conflict.current.clone(),
        files: conflict
            .files
            .iter()
            .map(|file| EditConflictFile {
                path: file.path.clone(),
                base: file.base.clone(),
                theirs: file.theirs.clone(),
                yours: file.yours.clone(),
            })
            .collect(),
    }
}
