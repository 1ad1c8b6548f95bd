//! Metrics: the recorder and the names of the web side. `service` names its own.

use std::{sync::OnceLock, time::Duration};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use service::Services;
use tokio_util::sync::CancellationToken;

use crate::http::problem;

/// Requests answered.
pub(crate) const REQUESTS: &str = "thinkheads_http_requests_total";
/// Time until an answer began.
pub(crate) const REQUEST_SECONDS: &str = "thinkheads_http_request_duration_seconds";
/// Panics caught.
pub(crate) const PANICS: &str = "thinkheads_http_panics_total";
/// Connections open.
pub(crate) const CONNECTIONS: &str = "thinkheads_http_connections";
/// Connections refused because too many were open.
pub(crate) const CONNECTIONS_REFUSED: &str = "thinkheads_http_connections_refused_total";
const JOBS: &str = "thinkheads_jobs";
const BUILD: &str = "thinkheads_build_info";

/// Seconds. From a cached page to a model's long answer.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];
/// Histograms collect samples until they are sorted in; often enough that nobody sees them in the memory.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, once for the process, and gives the handle to read it by.
pub(crate) fn recorder() -> PrometheusHandle {
    RECORDER.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // The buckets are not empty, which is the only way this fails.
    let recorder = builder.set_buckets(&BUCKETS).unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed; /metrics stays empty");
    }
    describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time until an answer began, by route.");
    describe_counter!(PANICS, "Requests that panicked and were answered with the error page.");
    describe_gauge!(CONNECTIONS, "Connections open.");
    describe_counter!(CONNECTIONS_REFUSED, "Connections refused because too many were open.");
    describe_gauge!(JOBS, "Background jobs in the database, by kind and state.");
    describe_gauge!(BUILD, "Always 1; the labels name the version.");
    service::describe_metrics();
    counter!(PANICS).absolute(0);
    gauge!(CONNECTIONS).set(0.0);
    counter!(CONNECTIONS_REFUSED).absolute(0);
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    handle
}

/// Reads the jobs' counts. A database that fails is told by /readyz, not here.
pub(crate) async fn read_jobs(services: &Services) {
    match services.health().jobs().await {
        Ok(counts) => {
            for count in counts {
                // A count of jobs is far below what a float can hold exactly.
                let value = u32::try_from(count.count).unwrap_or(u32::MAX);
                gauge!(JOBS, "kind" => count.kind, "state" => count.state).set(f64::from(value));
            }
        }
        Err(error) => tracing::warn!(error = %problem::chain(&error), "could not count the jobs"),
    }
}

/// Keeps the histograms small until `stop`.
pub(crate) async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) {
    while tokio::time::timeout(UPKEEP, stop.cancelled()).await.is_err() {
        handle.run_upkeep();
    }
}
