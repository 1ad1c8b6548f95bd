//! The list of models, kept for a while. One refresh at a time, whoever else asks waits for its result.

use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};
use types::Model;

use super::PhoenixError;

type Models = Arc<[Model]>;

/// The last refresh.
struct Attempt {
    ended: Instant,
    result: Result<Models, PhoenixError>,
}

/// See the module's head.
pub(super) struct ModelCache {
    ttl: Duration,
    last_attempt: Mutex<Option<Attempt>>,
    /// The last list that came in, whatever happened since.
    last_seen: RwLock<Models>,
}

impl ModelCache {
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl, last_attempt: Mutex::new(None), last_seen: RwLock::new(Arc::from([])) }
    }

    /// The list, from the cache or through `fetch`. A failure is shared with those who waited for it, but not kept.
    pub(super) async fn get<F, Fut>(&self, fetch: F) -> Result<Models, PhoenixError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<Model>, PhoenixError>>,
    {
        let asked = Instant::now();
        let mut last = self.last_attempt.lock().await;
        if let Some(attempt) = &*last {
            let waited_for_it = attempt.ended > asked;
            let fresh = attempt.result.is_ok() && attempt.ended.elapsed() < self.ttl;
            if waited_for_it || fresh {
                return attempt.result.clone();
            }
        }
        let result = fetch().await.map(Models::from);
        if let Ok(models) = &result {
            *self.last_seen.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(models);
        }
        *last = Some(Attempt { ended: Instant::now(), result: result.clone() });
        result
    }

    pub(super) fn last_seen(&self) -> Models {
        Arc::clone(&self.last_seen.read().unwrap_or_else(PoisonError::into_inner))
    }
}
