//! The catalog's stacks and where they run: a list, and a switch for each stack on each environment.

#[cfg(feature = "ssr")]
mod acts;
pub mod api;
#[cfg(feature = "ssr")]
mod bars;
#[cfg(feature = "ssr")]
mod matrix;
#[cfg(feature = "ssr")]
pub mod more;
#[cfg(feature = "ssr")]
mod narrowed;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod shown;
