//! Joining by a one-time link: an invitation, or the set-up of the first administrator.

pub mod api;
#[cfg(feature = "ssr")]
pub mod page;
