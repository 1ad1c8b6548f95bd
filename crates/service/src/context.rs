//! What every use case inside this crate holds.

use std::sync::Arc;

use store::{Blobs, Store};
use upstream::phoenix::Inference;

use crate::{Parts, ServiceSettings, Sessions, World, jobs::Queue};

/// The shared parts. Cheap to clone: handles only.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) inference: Arc<dyn Inference>,
    pub(crate) world: World,
    pub(crate) settings: Arc<ServiceSettings>,
    /// Sessions; `sessions.revoked(user, session)` tells when one has ended.
    pub(crate) sessions: Sessions,
    /// The way to leave a job. `queue.row(&payload, unique_key)` makes a `NewJob` for a transaction of one's own;
    /// call `queue.wake()` after it is committed.
    pub(crate) queue: Queue,
}

impl Context {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { store, blobs, inference, world, settings, deploy: _ } = parts;
        let settings = Arc::new(settings);
        let sessions = Sessions::new(store.clone(), world.clone(), Arc::clone(&settings));
        let queue = Queue::new(world.clone());
        Self { store, blobs, inference, world, settings, sessions, queue }
    }
}
