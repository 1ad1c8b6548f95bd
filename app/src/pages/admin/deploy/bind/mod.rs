//! Machines and environments: adding one, testing the way to it, binding it, and letting it go.

#[cfg(feature = "ssr")]
mod acts;
#[cfg(feature = "ssr")]
pub mod add;
pub mod api;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod walk;
