//! The pages, a folder each: `page.rs` loads and renders on the server, `api.rs` holds the server functions its forms and
//! islands call, and islands stand in files named after what they do.

pub mod account;
pub mod admin;
pub mod chat;
mod copy;
#[cfg(feature = "ssr")]
pub(crate) mod errors;
#[cfg(feature = "ssr")]
pub mod home;
pub mod join;
#[cfg(feature = "ssr")]
mod parts;
pub mod sign_in;
