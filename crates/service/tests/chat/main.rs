//! The chat's stories, told through its public face on a real database.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, reason = "tests")]

mod branches;
mod instances;
mod lives;
mod pages;
mod phoenix;
mod puppet;
mod streams;
mod support;
mod titles;
