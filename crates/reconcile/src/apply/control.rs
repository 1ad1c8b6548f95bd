//! Who applies, how patiently, and how to stop it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::model::ApplyId;

/// What the caller of an apply decides.
#[derive(Clone, Debug)]
pub struct Control {
    /// The id of a new apply; [`resume`](crate::resume) keeps the one it finds.
    pub id: ApplyId,
    /// The person who asked.
    pub actor: String,
    /// This process and this run, as it stands in the locks. Must differ between runs.
    pub owner: String,
    /// To stop it between steps.
    pub cancel: Cancel,
    /// How patiently.
    pub pace: Pace,
}

/// Stops an apply between steps. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// No further step is begun.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How patiently an apply waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a lock lasts unless renewed; it is renewed three times as often. After a crash nobody can apply for so long.
    pub lock_ttl: Duration,
    /// Time between two looks at containers.
    pub poll: Duration,
    /// How long to look for the effect of a call that broke off. Must be longer than any deploy takes, since a server goes on
    /// after its caller hung up: longer than the longest call that the target makes, and than the deploys that Portainer may put
    /// before it, since it makes one at a time over all environments. Images are pulled first, so that a deploy does not wait for
    /// them.
    pub patience: Duration,
    /// How often a call is repeated that the server certainly did not take.
    pub retries: u32,
    /// The wait before the first such repeat; doubles.
    pub retry_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lock_ttl: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            // Twice the 20 minutes that the client for Portainer gives a deploy: its own and one that waits before it.
            patience: Duration::from_secs(45 * 60),
            retries: 3,
            retry_after: Duration::from_secs(2),
        }
    }
}
