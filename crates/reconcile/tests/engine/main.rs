//! The engine in a simulated world: a Portainer of either generation, hosts, git, a registry, a vault, a journal and a clock, all
//! in memory, with faults at any call and deaths at any point. Seeds are fixed, so a failure repeats.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking; clippy.toml sees only functions marked as tests"
)]

mod applying;
mod failures;
mod kills;
mod locks;
mod planning;
mod races;
mod reasons;
mod revisions;
mod secrets;
mod world;
