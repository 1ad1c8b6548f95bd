//! The audit: who did what, when and from where.

#[cfg(feature = "ssr")]
pub mod ask;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod names;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod verdict;
