//! Throws away, every hour, what nobody needs any more.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Job, JobError};
use crate::{Context, world::millis};

/// Revocations are only for streams that are open; every process has read them long before.
const REVOCATIONS_KEPT: Duration = Duration::from_secs(60 * 60);

/// Tokens that ended or ran out; the audit remembers them.
const TOKENS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The hourly sweep. It has no particulars.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Maintenance {}

#[async_trait]
impl Job for Maintenance {
    const NAME: &'static str = "maintenance";
    const MAX_ATTEMPTS: u32 = 3;
    const EVERY: Option<Duration> = Some(Duration::from_secs(60 * 60));

    async fn run(self, context: &Context) -> Result<(), JobError> {
        let Context { store, world, settings, .. } = context;
        let now = world.now();
        let before = |kept: Duration| now.saturating_sub(millis(kept));
        let sessions = store.purge_expired_sessions(now).await?;
        let conversations = store.purge_deleted_conversations(before(settings.deleted_conversations_kept)).await?;
        store.purge_finished_jobs(before(settings.jobs.kept)).await?;
        store.purge_revocations(before(REVOCATIONS_KEPT)).await?;
        store.purge_tokens(before(TOKENS_KEPT)).await?;
        tracing::info!(sessions, conversations, "swept out what had expired");
        Ok(())
    }
}
