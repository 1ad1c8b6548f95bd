//! The catalog's editor: a stack as a form and as a text, both over the person's one draft, and the page that saves it.

#[cfg(feature = "ssr")]
pub(crate) mod acts;
pub mod api;
#[cfg(feature = "ssr")]
mod clashes;
#[cfg(feature = "ssr")]
mod difference;
#[cfg(feature = "ssr")]
mod fields;
#[cfg(feature = "ssr")]
pub mod fresh;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod save;
#[cfg(feature = "ssr")]
mod source;
#[cfg(feature = "ssr")]
mod text;
#[cfg(feature = "ssr")]
mod variables;
