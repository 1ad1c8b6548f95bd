//! What tests start: the whole application on a free port of this machine, people by role, a database, and a scriptable
//! Phoenix.
//!
//! Everything goes through the public door. People come in by the set-up link and by invitations, as people do; requests
//! look like a browser's. The application runs on a runtime of its own, so that a test can kill it as `kill -9` would.

#![expect(clippy::expect_used, reason = "what goes wrong here is a test's failure")]

mod app;
mod builder;
mod events;
mod person;
pub mod wait;

pub use app::{Stopped, TestApp};
pub use builder::Builder;
pub use events::Events;
pub use person::{Person, Reply};
pub use upstream::phoenix::fake::{FakePhoenix, Gate, Script};

/// How long anything in a test may take before it counts as failed. Generous: a loaded machine is no defect.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
