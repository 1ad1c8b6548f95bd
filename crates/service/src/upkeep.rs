//! The upkeep of the database's file.

use store::Store;
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

/// How often the write-ahead log is folded into the file. Often enough that little comes together: 64 answers at a time write
/// about a megabyte a second.
const EVERY: Duration = Duration::from_secs(1);

/// Folds the log from time to time, until `stop`. That it fails is said once, and again when it works.
pub(crate) async fn run(store: &Store, stop: CancellationToken) {
    let mut failing = false;
    while stop.run_until_cancelled(sleep(EVERY)).await.is_some() {
        match (store.checkpoint().await, failing) {
            (Ok(()), true) => {
                tracing::info!("the database's log is folded into its file again");
                failing = false;
            }
            (Err(error), false) => {
                tracing::warn!(%error, "the database's log cannot be folded into its file; it grows meanwhile");
                failing = true;
            }
            (Ok(()), false) | (Err(_), true) => {}
        }
    }
}
