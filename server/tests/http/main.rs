//! The server through its public door: real application, real connections, port 0.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what goes wrong here is a test's failure")]

mod address;
mod api_v1;
mod cookies;
mod deployments;
mod flood;
mod forms;
mod health;
mod hosts;
mod limits;
mod links;
mod origins;
mod pages;
mod process;
mod roles;
mod shutdown;
mod statics;
mod streams;
