//! The engine's hands: [`PortainerTarget`] is `reconcile`'s port to the live side, over Portainer. See `README.md` in this folder.

mod containers;
mod images;
mod logs;
mod observe;
mod outcome;
mod protect;
mod rows;
mod writes;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use reconcile::{
    model::{Digest, Disclosure, Generation, ObservedEnvironment, ObservedStack, ServerFacts},
    ports::{Associate, Configure, Create, LogLine, Outcome, PortError, PullImages, Remove, StackView, Target, Update},
};
use tokio::sync::Semaphore;

pub use containers::condition;
pub use protect::Protected;

use super::{EnvironmentId, Portainer, PortainerError};

/// Reads under way at once, over all environments: enough to hide a slow network, few enough for a small server.
pub const READS_AT_ONCE: usize = 48;

/// Makes the keyed digest of a live value. Must be the one that the desired side's secrets were digested with.
pub type DigestValue = Arc<dyn Fn(&str) -> Digest + Send + Sync>;

/// Portainer and its Docker hosts as the engine sees and changes them, on either generation of Portainer.
///
/// Reads are concurrent and bounded by [`READS_AT_ONCE`]. A write is sent once; what its answer means is decided in `outcome`.
pub struct PortainerTarget {
    portainer: Arc<dyn Portainer>,
    digest: DigestValue,
    protected: Protected,
    reads: Semaphore,
    /// What images are known as in registries, by host and identifier. Never empty: an image without may get one later.
    images: Mutex<HashMap<(EnvironmentId, String), Vec<String>>>,
}

impl PortainerTarget {
    /// Over this server; `digest` is what live values become, `protected` what is never to be removed.
    #[must_use]
    pub fn new(portainer: Arc<dyn Portainer>, digest: DigestValue, protected: Protected) -> Self {
        Self { portainer, digest, protected, reads: Semaphore::new(READS_AT_ONCE), images: Mutex::default() }
    }

    /// A read, when its turn comes.
    async fn read<T>(&self, call: impl Future<Output = Result<T, PortainerError>>) -> Result<T, PortainerError> {
        // Nobody closes the semaphore, so there always is a turn.
        let _turn = self.reads.acquire().await;
        call.await
    }
}

impl fmt::Debug for PortainerTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortainerTarget").field("protected", &self.protected).finish_non_exhaustive()
    }
}

/// Why a read failed, for the engine.
fn unread(error: &PortainerError) -> PortError {
    PortError::new(error.message())
}

#[async_trait]
impl Target for PortainerTarget {
    async fn server(&self) -> Result<ServerFacts, PortError> {
        let status = self.portainer.server_status().await.map_err(|error| unread(&error))?;
        let capabilities = super::system::Capabilities::of(&status.version);
        let generation =
            if capabilities.failed_update_may_take_down { Generation::TakesDown } else { Generation::KeepsUp };
        Ok(ServerFacts { version: status.version, generation })
    }

    async fn observe(&self, environment: &str, disclosure: &Disclosure) -> Result<ObservedEnvironment, PortError> {
        self.environment(environment, disclosure).await.map_err(|error| unread(&error))
    }

    async fn orphans(&self) -> Result<Vec<ObservedStack>, PortError> {
        self.orphaned_rows().await.map_err(|error| unread(&error))
    }

    async fn observe_stack(
        &self,
        environment: &str,
        names: &[String],
        disclosure: &Disclosure,
    ) -> Result<StackView, PortError> {
        self.stack_view(environment, names, disclosure).await
    }

    async fn pull_images(&self, call: PullImages) -> Outcome {
        outcome::of(self.pull_all(&call).await)
    }

    async fn create(&self, call: Create) -> Outcome {
        outcome::of(self.create_stack(call).await)
    }

    async fn update(&self, call: Update) -> Outcome {
        outcome::of(self.update_stack(call).await)
    }

    async fn configure(&self, call: Configure) -> Outcome {
        outcome::of(self.configure_stack(call).await)
    }

    async fn associate(&self, call: Associate) -> Outcome {
        outcome::of(self.associate_stack(&call).await)
    }

    async fn remove(&self, call: Remove) -> Outcome {
        outcome::of(self.remove_stack(&call).await)
    }

    async fn last_logs(&self, environment: &str, stack: &str, lines: u32) -> Result<Vec<LogLine>, PortError> {
        self.logs_of(environment, stack, lines).await
    }
}
