//! What the calls told about Phoenix: the breaker and the last observation, shared by all calls of a client.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use types::{Millis, ServiceState, ServiceStatus};

use super::{Clock, PhoenixConfig, PhoenixError, breaker::Breaker};

/// Shared by all calls of a client.
pub(super) struct Health {
    clock: Option<Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    breaker: Breaker,
    state: ServiceState,
    observed_at: Option<Millis>,
    detail: Option<String>,
}

impl Health {
    pub(super) fn new(config: &PhoenixConfig) -> Arc<Self> {
        Arc::new(Self {
            clock: config.clock.clone(),
            inner: Mutex::new(Inner {
                breaker: Breaker::new(config.breaker_failures, config.breaker_open),
                state: ServiceState::Unknown,
                observed_at: None,
                detail: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or says that the breaker is open.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Permit, PhoenixError> {
        match self.lock().breaker.admit(Instant::now()) {
            Ok(probe) => Ok(Permit { health: Arc::clone(self), probe, open: true }),
            Err(wait) => Err(PhoenixError::CircuitOpen { retry_in_s: whole_seconds(wait) }),
        }
    }

    pub(super) fn status(&self) -> ServiceStatus {
        let inner = self.lock();
        let open = inner.breaker.open_for(Instant::now());
        ServiceStatus {
            state: if open.is_some() { ServiceState::Down } else { inner.state },
            observed_at: inner.observed_at,
            detail: inner.detail.clone(),
        }
    }

    fn observe(&self, inner: &mut Inner, state: ServiceState, detail: Option<String>) {
        inner.state = state;
        inner.detail = detail;
        inner.observed_at = self.clock.as_ref().map(|now| now());
    }
}

/// Seconds to show, rounded up, at least 1.
fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

/// A call that was let through. Dropped without an outcome (the caller went away), it counts for nothing.
pub(super) struct Permit {
    health: Arc<Health>,
    probe: bool,
    open: bool,
}

impl Permit {
    /// Phoenix answered as it should.
    pub(super) fn succeeded(mut self) {
        self.open = false;
        let mut inner = self.health.lock();
        inner.breaker.succeeded();
        self.health.observe(&mut inner, ServiceState::Up, None);
    }

    /// The call failed. A refusal of this one request shows that Phoenix is up; a refused key or an answer in the wrong
    /// language is not an outage either, but nothing works until somebody acts, so the status says "down" and why.
    pub(super) fn failed(mut self, error: &PhoenixError) {
        self.open = false;
        let mut inner = self.health.lock();
        if error.is_outage() {
            inner.breaker.failed(self.probe, Instant::now());
            self.health.observe(&mut inner, ServiceState::Down, Some(error.message()));
            return;
        }
        inner.breaker.succeeded();
        match error {
            PhoenixError::Unauthorised | PhoenixError::NotUnderstood { .. } => {
                self.health.observe(&mut inner, ServiceState::Down, Some(error.message()));
            }
            _ => self.health.observe(&mut inner, ServiceState::Up, None),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open && self.probe {
            self.health.lock().breaker.abandoned(Instant::now());
        }
    }
}
