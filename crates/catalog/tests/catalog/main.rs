//! The catalog through its public door: real files, real repositories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod choose;
mod compose;
mod compose_facts;
mod compose_merge;
mod compose_pin;
mod crash;
mod edits;
mod hand_edits;
mod history;
mod hostile;
mod import;
mod large;
mod lossless;
mod odd;
mod portainer;
mod raw;
mod rebase;
mod remote;
mod repository;
mod schemas;
mod shapes;
mod support;
mod validation;
mod vault;
