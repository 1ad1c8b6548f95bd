//! Git, through the git program: small, typed, safe against what stands in repositories and addresses. See `docs/adr/` for why.

mod address;
mod apart;
mod error;
mod lock;
mod objects;
mod remote;
mod runner;

pub use address::{Address, AddressError, check_reference};
pub(crate) use apart::{Apart, WIRE};
pub use error::GitError;
pub(crate) use lock::{Lock, age, lock};
pub(crate) use objects::{Blob, TreeEntry, is_full_id};
pub use remote::{Dropped, Remote, RemoteListing, RemoteReference, Resolved};
pub(crate) use runner::Call;
pub use runner::{Credential, Git, GitSettings};
