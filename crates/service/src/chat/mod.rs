//! Conversations with a model. An answer in the making is a *generation*: it belongs to the server, is kept piece by
//! piece, and can be followed "from number N" by any number of readers that come and go.
//!
//! How a message walks: `Chat::send` checks and stores it and starts a task (`generation`) that owns the upstream's
//! stream. The task, or its one reader for it (`reading`), appends to a `Live` text in the `Hub`; readers (`Chat::watch`)
//! take what follows their number from there; the flusher writes what is new to the database a few times a second and
//! settles what has ended.

mod context;
mod conversations;
mod flusher;
mod follower;
mod generation;
mod hub;
mod live;
mod reading;
mod readings;
mod send;
pub(crate) mod title;
mod watch;
mod watchers;
mod words;

use std::sync::{Arc, OnceLock};

use store::StoreError;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, Semaphore},
};
use types::{Model, ServiceStatus, UserId};

use crate::{Context, Member, ServiceError};
use hub::Hub;
use live::Cause;
use watchers::Watchers;

pub use readings::describe;
pub use send::SendRequest;
pub use words::{MAX_MESSAGE, MAX_SYSTEM_PROMPT, MAX_TITLE};

/// The chat's use cases. Cheap to clone.
#[derive(Clone)]
pub struct Chat {
    inner: Arc<Inner>,
}

struct Inner {
    context: Context,
    hub: Arc<Hub>,
    watchers: Watchers,
    /// Turns for readers of texts that are too large to be in memory for all of them at once.
    large_texts: Arc<Semaphore>,
    /// Where answers are read from the upstream; the runtime of the caller until it is set.
    relays: OnceLock<Handle>,
    /// Set once the generations of this instance's former life are marked as interrupted; before that, none may begin.
    cleared: OnceCell<()>,
}

impl std::ops::Deref for Inner {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Inner {
    /// Marks what a former process of this name left running as interrupted. Does so once, before the first generation of
    /// this process, so that its own are never hit.
    async fn clear_former_life(&self) -> Result<(), StoreError> {
        self.cleared
            .get_or_try_init(async || {
                let left = self.store.interrupt_expired(self.world.now(), Some(&self.settings.instance)).await?;
                if !left.is_empty() {
                    tracing::info!(count = left.len(), "answers that a dead process left are marked as interrupted");
                }
                Ok(())
            })
            .await
            .copied()
    }
}

impl Chat {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            inner: Arc::new(Inner {
                context,
                hub: Arc::default(),
                watchers: Watchers::default(),
                large_texts: Arc::new(Semaphore::new(watch::LARGE_AT_ONCE)),
                relays: OnceLock::new(),
                cleared: OnceCell::new(),
            }),
        }
    }

    /// From now on answers are read from the upstream on this runtime: best the one that also serves their readers. The first
    /// call counts.
    pub fn relay_on(&self, runtime: Handle) {
        let _ = self.inner.relays.set(runtime);
    }

    /// The models on offer.
    ///
    /// # Errors
    /// `UpstreamUnavailable` or `UpstreamRefused`, in words for people.
    pub async fn models(&self, _member: Member<'_>) -> Result<Vec<Model>, ServiceError> {
        Ok(self.inner.inference.models().await?)
    }

    /// Stops all answers of a person that this process writes, at once. Those of other processes hear of it through the
    /// database.
    pub(crate) fn stop_all_of(&self, user: UserId) {
        self.inner.hub.running_of(user).iter().for_each(|live| live.call_off(Cause::Person));
    }

    /// What was last observed of the model server. Asks nobody.
    #[must_use]
    pub fn status(&self) -> ServiceStatus {
        self.inner.inference.status()
    }
}
