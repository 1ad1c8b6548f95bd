//! Waiting for a condition, never for a time.

use std::time::Duration;

use crate::PATIENCE;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `probe` finds something.
///
/// # Panics
/// When it finds nothing within [`PATIENCE`].
pub async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(found) => found,
        Err(_) => panic!("waited {} s in vain for: {what}", PATIENCE.as_secs()),
    }
}
