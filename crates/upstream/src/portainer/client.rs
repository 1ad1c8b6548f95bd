//! The client. Its calls stand with their topics: `system`, `environments`, `stacks`, `docker`.

use super::{PortainerConfig, PortainerError, transport::Transport};

/// Speaks to Portainer CE, 2.23 and newer.
pub struct PortainerClient {
    pub(super) transport: Transport,
}

impl PortainerClient {
    /// Prepares the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`PortainerError::NotConfigured`] without an address, [`PortainerError::Misconfigured`] if the settings cannot work.
    pub fn new(config: PortainerConfig) -> Result<Self, PortainerError> {
        Ok(Self { transport: Transport::new(config)? })
    }
}
