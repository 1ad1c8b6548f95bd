//! Whether the place is fit to serve, check by check.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use types::ServiceState;

use crate::{Context, ServiceError};

/// A probe of the blobs writes, so its answer is kept this long however often it is asked for.
const BLOBS_ANSWER_KEPT: Duration = Duration::from_secs(10);

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What: `database`, `migrations`, `blobs`, `inference`.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// Whether the place is unfit without it. Upstreams are not: pages work and say what is down.
    pub required: bool,
    /// Particulars for the operator, without secrets.
    pub detail: String,
}

/// The verdict with its reasons.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether every required check is well.
    pub ready: bool,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
}

/// How many jobs of a kind are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobCount {
    /// The kind.
    pub kind: String,
    /// `ready`, `running`, `done` or `failed`.
    pub state: &'static str,
    /// How many.
    pub count: i64,
}

/// Looks after the place.
pub struct Health {
    context: Context,
    /// The last probe of the blobs: when, and what was wrong.
    blobs: Mutex<Option<(Duration, Option<String>)>>,
}

impl Health {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, blobs: Mutex::default() }
    }

    /// Looks at the database, its schema, the blobs, and what is known of the model server.
    pub async fn readiness(&self) -> Readiness {
        let checks = vec![self.database().await, self.migrations().await, self.blobs().await, self.inference()];
        Readiness { ready: checks.iter().all(|check| check.ok || !check.required), checks }
    }

    /// Jobs by kind and state, for the metrics page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs(&self) -> Result<Vec<JobCount>, ServiceError> {
        let counts = self.context.store.job_counts().await?;
        Ok(counts.into_iter().map(|(kind, state, count)| JobCount { kind, state: state.as_str(), count }).collect())
    }

    async fn database(&self) -> Check {
        let backend = format!("{:?}", self.context.store.backend());
        required("database", self.context.store.ping().await.map(|()| backend))
    }

    async fn migrations(&self) -> Check {
        required("migrations", self.context.store.schema_version().await.map(|version| format!("schema {version}")))
    }

    async fn blobs(&self) -> Check {
        let now = self.context.world.elapsed();
        let mut last = self.blobs.lock().await;
        let trouble = match last.as_ref() {
            Some((at, trouble)) if now.saturating_sub(*at) < BLOBS_ANSWER_KEPT => trouble.clone(),
            _ => {
                let trouble = self.context.blobs.probe().await.err().map(|error| error.to_string());
                *last = Some((now, trouble.clone()));
                trouble
            }
        };
        required("blobs", trouble.map_or(Ok("write, read and delete work".into()), Err))
    }

    fn inference(&self) -> Check {
        let status = self.context.inference.status();
        let ok = matches!(status.state, ServiceState::Up | ServiceState::Unknown);
        let state = match status.state {
            ServiceState::NotConfigured => "not configured",
            ServiceState::Unknown => "not asked yet",
            ServiceState::Up => "up",
            ServiceState::Down => "down",
        };
        let detail = status.detail.map_or_else(|| state.into(), |detail| format!("{state}: {detail}"));
        Check { name: "inference", ok, required: false, detail }
    }
}

fn required<E: std::fmt::Display>(name: &'static str, outcome: Result<String, E>) -> Check {
    let (ok, detail) = match outcome {
        Ok(detail) => (true, detail),
        Err(error) => (false, error.to_string()),
    };
    Check { name, ok, required: true, detail }
}
