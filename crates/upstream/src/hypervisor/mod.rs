//! The hypervisor on Phoenix, which holds the guests. See `README.md` in this folder.

#[cfg(feature = "fake")]
pub mod fake;
mod unmanaged;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use unmanaged::Unmanaged;

/// Calls to a hypervisor. What may take long answers when it is begun, and is watched by [`guest`](Self::guest).
#[async_trait]
pub trait Hypervisor: Send + Sync {
    /// Whether a guest exists, and how it is.
    ///
    /// # Errors
    /// [`HypervisorError`] when there is a hypervisor and it did not tell. That there is none to ask is an answer.
    async fn guest(&self, vmid: u32) -> Result<GuestSight, HypervisorError>;
}

/// What a hypervisor knows of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sight", rename_all = "snake_case")]
pub enum GuestSight {
    /// Nobody can be asked: no hypervisor is connected. Says nothing about the guest.
    Unmanaged,
    /// There is no guest of this number.
    Absent,
    /// It exists.
    Present(GuestState),
}

/// A guest that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestState {
    /// Its name on the hypervisor.
    pub name: String,
    /// Whether it runs.
    pub power: Power,
}

/// Whether a guest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// It runs.
    Running,
    /// It is switched off.
    Stopped,
    /// Its memory is frozen.
    Paused,
}

/// The hypervisor did not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail} {remedy}")]
pub struct HypervisorError {
    /// What went wrong, as a sentence.
    pub detail: String,
    /// What to do about it, as a sentence.
    pub remedy: String,
}
