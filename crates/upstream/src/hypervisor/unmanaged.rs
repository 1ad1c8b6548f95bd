//! No hypervisor.

use async_trait::async_trait;

use super::{GuestSight, Hypervisor, HypervisorError};

/// Stands where no hypervisor is connected: guests are made and started by hand. It knows nothing, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmanaged;

#[async_trait]
impl Hypervisor for Unmanaged {
    async fn guest(&self, _vmid: u32) -> Result<GuestSight, HypervisorError> {
        Ok(GuestSight::Unmanaged)
    }
}
