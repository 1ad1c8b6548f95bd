//! What the engine needs of the world. `service` implements these over Portainer, the store, the vault and the clock; the tests
//! over a simulated world.

mod clock;
mod journal;
mod locks;
mod secrets;
mod target;

use crate::revisions::PinImages;

pub use clock::{Clock, EventSink};
pub use journal::{Catalog, Journal, PortError};
pub use locks::{Held, Lease, Locks, LocksError};
pub use secrets::{Secrets, SecretsError};
pub use target::{
    Associate, Configure, Create, Credential, LogLine, Outcome, PullImages, Refusal, RefusalKind, Remove, Source,
    StackView, Target, Update, Variables,
};

/// All ports together.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The live side.
    pub target: &'a dyn Target,
    /// The desired side.
    pub catalog: &'a dyn Catalog,
    /// What happened.
    pub journal: &'a dyn Journal,
    /// One apply per environment.
    pub locks: &'a dyn Locks,
    /// The vault.
    pub secrets: &'a dyn Secrets,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Watchers.
    pub events: &'a dyn EventSink,
    /// Writes image digests into a compose text, for what is brought back after a failure.
    pub images: &'a dyn PinImages,
}
