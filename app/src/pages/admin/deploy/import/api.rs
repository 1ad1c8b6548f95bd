//! What the import page does.

use leptos::prelude::*;

use crate::AppError;

/// Rewrites older forms to ours, as one commit on the version that was looked at.
#[server(prefix = "/api", endpoint = "import_catalog")]
pub async fn import_catalog(
    /// The catalog's version that was looked at.
    base: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::import(&cx, &base).await
}
