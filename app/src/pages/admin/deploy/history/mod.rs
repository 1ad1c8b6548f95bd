//! The catalog's history: its commits, what each changed, and going back to one.

#[cfg(feature = "ssr")]
pub(crate) mod acts;
pub mod api;
#[cfg(feature = "ssr")]
pub(crate) mod changes;
#[cfg(feature = "ssr")]
pub mod list;
#[cfg(feature = "ssr")]
pub mod one;
#[cfg(feature = "ssr")]
pub(crate) mod refused;
#[cfg(feature = "ssr")]
pub mod restore;
