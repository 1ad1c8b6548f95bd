//! The process `thinkheads`: HTTP, streams, background work. [`Application::build`] is used by `main` and by tests alike, so
//! that tests change settings and never the wiring.

pub mod cli;
mod demo;
mod error;
mod http;
mod startup;
mod state;
pub mod telemetry;

pub use error::StartError;
pub use http::{api_v1::table::api_routes, table::other_routes};
pub use startup::{Application, Change, Options};
pub use state::Tuning;
