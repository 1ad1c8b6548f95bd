//! What may go wrong with the catalog's repository.

use types::catalog::{CatalogVersion, Divergence};

use crate::{edit::EditError, git::GitError};

/// Why something was not done. Then nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CatalogError {
    /// Git or the folder failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The change cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Somebody changed the catalog since the version the editor saw.
    #[error("The catalog changed since you opened it ({}). Compare both sides and save again.", .0.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", "))]
    Conflict(Box<Conflict>),
    /// The repository does not have this version.
    #[error("The version {0} is not in the catalog's repository. Reload and try again.")]
    UnknownVersion(Box<CatalogVersion>),
    /// Both this repository and its remote went on.
    #[error(
        "The catalog and its remote went separate ways: {} commits only here, {} only there. Merge them by hand with git in the catalog's folder; nothing is ever overwritten.",
        .0.ours.len(),
        .0.theirs.len()
    )]
    Diverged(Box<Divergence>),
    /// The remote has commits that are not here.
    #[error("The remote has {} commits that are not here. Pull first.", .0.theirs.len())]
    Behind(Box<Divergence>),
    /// Files with uncommitted changes stand in the way.
    #[error("Uncommitted changes stand in the way: {}. Commit or undo them first.", .0.join(", "))]
    Uncommitted(Vec<String>),
    /// A file that cannot be read, so that neither its bytes could be kept in the history nor it be put back.
    #[error("{path} is there but cannot be read: {detail}. Mend it or move it away first; nothing was changed.")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        detail: String,
    },
    /// A commit needs an author and a message.
    #[error("A commit needs {0}.")]
    Incomplete(&'static str),
}

/// Two changes that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What the editor saw.
    pub base: CatalogVersion,
    /// What there is now.
    pub current: CatalogVersion,
    /// The files concerned.
    pub files: Vec<ConflictFile>,
}

/// A file with both its sides; secrets in plain text are hidden. None where it does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFile {
    /// Its path.
    pub path: String,
    /// What the editor saw.
    pub base: Option<String>,
    /// What there is now.
    pub theirs: Option<String>,
    /// What the editor's change would have made of it; none as well if it cannot be made.
    pub yours: Option<String>,
}
