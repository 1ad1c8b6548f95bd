//! Chat: the list of conversations, one conversation, and the island that writes answers as they come.

pub mod api;
mod composer;
#[cfg(feature = "ssr")]
mod dialogs;
#[cfg(feature = "ssr")]
mod fragments;
#[cfg(feature = "ssr")]
pub(crate) mod highlight;
#[cfg(feature = "ssr")]
mod list;
mod live;
#[cfg(feature = "ssr")]
mod messages;
mod opening;
#[cfg(feature = "ssr")]
pub mod page;
mod talk;
mod watch;
