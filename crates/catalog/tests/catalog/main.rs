//! The catalog through its public door: real files, real repositories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compose;
mod edits;
mod hand_edits;
mod import;
mod lossless;
mod portainer;
mod remote;
mod repository;
mod schemas;
mod shapes;
mod support;
mod validation;
mod vault;
