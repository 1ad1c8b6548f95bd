//! How the services a page stands on are doing, as far as was observed.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// What was last observed of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Nobody configured it.
    NotConfigured,
    /// Configured, not asked yet.
    Unknown,
    /// It answered.
    Up,
    /// It did not answer, or the circuit breaker is open.
    Down,
}

/// A service's state with its reading's age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// What was observed.
    pub state: ServiceState,
    /// When it was observed.
    pub observed_at: Option<Millis>,
    /// Why it counts as down, and what to do, in words the owner understands.
    pub detail: Option<String>,
}
