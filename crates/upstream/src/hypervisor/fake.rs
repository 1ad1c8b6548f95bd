//! A hypervisor in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{GuestSight, GuestState, Hypervisor, HypervisorError};

/// The stand-in.
#[derive(Debug, Default)]
pub struct FakeHypervisor {
    guests: Mutex<BTreeMap<u32, GuestState>>,
    failure: Mutex<Option<HypervisorError>>,
    asked: Mutex<Vec<u32>>,
}

impl FakeHypervisor {
    /// It has this guest from now on.
    pub fn put(&self, vmid: u32, state: GuestState) {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).insert(vmid, state);
    }

    /// From now on it fails so; none: it answers again.
    pub fn fail(&self, error: Option<HypervisorError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// The guests it was asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<u32> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Hypervisor for FakeHypervisor {
    async fn guest(&self, vmid: u32) -> Result<GuestSight, HypervisorError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(vmid);
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(error);
        }
        let found = self.guests.lock().unwrap_or_else(PoisonError::into_inner).get(&vmid).cloned();
        Ok(found.map_or(GuestSight::Absent, GuestSight::Present))
    }
}
