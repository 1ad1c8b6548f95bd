//! Catalog and deployments through their one door, over real git repositories, a real database and a stand-in for Portainer.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test fails by panicking, and its parts share what they need"
)]

mod applying;
mod breaking;
mod catalog;
mod portainer;
mod revisions;
mod secrets;
mod yard;
