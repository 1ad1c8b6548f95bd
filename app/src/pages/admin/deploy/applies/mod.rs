//! Applies: what is being carried out, what was, and how each went.

mod follow;
mod frame;
#[cfg(feature = "ssr")]
pub(crate) mod list;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod progress;
#[cfg(feature = "ssr")]
mod verdict;

pub use follow::Follow;
pub use frame::{Frame, Part};
