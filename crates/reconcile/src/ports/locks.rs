//! One apply per environment at a time, across processes.

use std::time::Duration;

use async_trait::async_trait;
use types::Millis;

use super::PortError;

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The environment.
    pub environment: String,
    /// Who holds it: one process doing one apply.
    pub owner: String,
    /// Rises with every acquisition, so that a holder who slept through its expiry is told apart.
    pub epoch: u64,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The environment.
    pub environment: String,
    /// Who holds it.
    pub owner: String,
    /// Since when.
    pub since: Millis,
    /// When it lapses unless renewed.
    pub expires: Millis,
}

/// Why a lock could not be had or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocksError {
    /// Another holds it.
    #[error("{} is locked by {}", .0.environment, .0.owner)]
    Held(Held),
    /// It lapsed and is another's now, or nobody's.
    #[error("the lock has lapsed")]
    Lost,
    /// The place where locks are kept did not answer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Where locks are kept.
#[async_trait]
pub trait Locks: Send + Sync {
    /// Takes the lock of an environment for `ttl` from now. A lock that lapsed may be taken.
    ///
    /// # Errors
    /// [`LocksError::Held`] by another, or by the same owner.
    async fn acquire(&self, environment: &str, owner: &str, ttl: Duration) -> Result<Lease, LocksError>;

    /// Puts the lapse off to `ttl` from now.
    ///
    /// # Errors
    /// [`LocksError::Lost`] when it is not held any more.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), LocksError>;

    /// Gives it back. A lock that is no longer held is left alone.
    ///
    /// # Errors
    /// When the place did not answer; the lock then lapses by itself.
    async fn release(&self, lease: &Lease) -> Result<(), LocksError>;
}
