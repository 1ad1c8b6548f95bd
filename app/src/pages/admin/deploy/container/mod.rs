//! One container: how it is, what it writes, and its restart.

#[cfg(feature = "ssr")]
mod acts;
pub mod api;
#[cfg(feature = "ssr")]
mod facts;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
mod log;
#[cfg(feature = "ssr")]
pub mod page;
