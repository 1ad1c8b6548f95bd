//! The stack catalog: what is desired, as files in a git repository. See `README.md` in this crate.

mod check;
pub mod compose;
mod edit;
pub mod git;
mod hide;
mod import;
mod json;
mod read;
mod repository;
mod snapshot;
pub mod vault;

pub use check::check_compose;
pub use edit::{
    Changes, Clash, Edit, EditError, Part, Rebased, Side, StackText, apply_edits, changed_parts, changed_stacks, rebase,
};
pub use hide::{HIDDEN, hide};
pub use import::{Import, ImportStep, plan_import};
pub use read::{Reading, read};
pub use repository::{
    Asked, Author, CatalogError, Change, Committed, Conflict, ConflictFile, Preview, Pulled, Repository, Stretch,
    Upstream, diff,
};
pub use snapshot::{GUESTS_FILE, HYPERVISOR_FILE, SECRETS_FILE, STACKS_FILE, STACKS_FOLDER, Snapshot, is_catalog_path};
