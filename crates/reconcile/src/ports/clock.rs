//! Time and watchers.

use std::time::Duration;

use async_trait::async_trait;
use types::Millis;

use crate::model::Event;

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Millis;

    /// Returns after this long.
    async fn sleep(&self, duration: Duration);
}

/// Whoever watches an apply. Must not block: a slow watcher is the sink's matter, never the apply's.
pub trait EventSink: Send + Sync {
    /// Takes an event.
    fn emit(&self, event: &Event);
}
