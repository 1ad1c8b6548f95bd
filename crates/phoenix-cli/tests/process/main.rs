//! The program as a process: what it prints, what it leaves, how it ends; against a stand-in for Portainer and real repositories.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test fails by panicking, and its parts share what they need"
)]

mod applying;
mod catalog;
mod creating;
mod drifting;
mod dying;
mod pins;
mod programs;
mod secrets;
mod through;
mod yard;
