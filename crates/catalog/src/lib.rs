//! The stack catalog: what is desired, as files in a git repository. See `README.md` in this crate.

mod check;
pub mod compose;
pub mod git;
mod json;
mod read;
mod snapshot;
pub mod vault;

pub use check::check_compose;
pub use read::{Reading, read};
pub use snapshot::{GUESTS_FILE, HYPERVISOR_FILE, SECRETS_FILE, STACKS_FILE, STACKS_FOLDER, Snapshot};
