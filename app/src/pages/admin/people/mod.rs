//! People and invitations.

pub mod api;
#[cfg(feature = "ssr")]
mod invitations;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod person;
#[cfg(feature = "ssr")]
mod rights;
