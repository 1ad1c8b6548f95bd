//! Older forms of the catalog's files: what each becomes in ours, and what is not understood.

#[cfg(feature = "ssr")]
mod acts;
pub mod api;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod sides;
