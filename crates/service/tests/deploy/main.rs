//! The engine over its memory in a real database: it dies at every call of its ports that touches the database, and another
//! process takes it up.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test fails by panicking, and its parts share what they need"
)]

mod deaths;
mod environments;
mod memory;
mod stage;
mod target;
