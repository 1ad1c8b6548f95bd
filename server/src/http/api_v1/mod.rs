//! The JSON API, version 1: deployments and catalog for programs. `docs/API.md` says how to use it.
//!
//! [`table`] is the one list of its routes; router, document ([`openapi`]) and tests read it. A handler is a few lines: a
//! [`caller::Caller`] proves that an administrator asks, by session or by token, and words what goes wrong.

mod about;
mod body;
mod caller;
mod catalog;
mod deployments;
mod events;
mod openapi;
mod secrets;
pub(crate) mod table;
