//! The web UI: one crate compiled twice. With `ssr` it renders whole pages on the server; with `hydrate` it wakes the islands
//! of those pages in the browser. What only one side may see stands behind a gate above its `mod` line, nowhere else.

#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "Leptos writes `pub` before every component, whatever stands there")]

pub mod browser;
pub mod error;
pub mod markdown;
pub mod pages;
#[cfg(feature = "ssr")]
mod registry;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod shell;
pub mod ui;

pub use error::AppError;
#[cfg(feature = "ssr")]
pub use registry::{register_server_functions, server_function_table};
