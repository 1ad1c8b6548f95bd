//! Git, through the git program: small, typed, safe against what stands in repositories and addresses. See `docs/adr/` for why.

mod address;
mod error;
mod lock;
mod objects;
mod remote;
mod runner;

pub use address::{Address, AddressError, check_reference};
pub use error::GitError;
pub(crate) use lock::{Lock, lock};
pub(crate) use objects::{TreeEntry, is_full_id};
pub use remote::{Remote, RemoteReference, Resolved};
pub(crate) use runner::Call;
pub use runner::{Credential, Git, GitSettings};
