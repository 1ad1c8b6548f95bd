//! The first connection to Portainer, step by step: its address, its certificate, who calls.

#[cfg(feature = "ssr")]
mod acts;
pub mod api;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod steps;
