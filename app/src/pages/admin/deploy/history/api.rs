//! What the pages of the catalog's history do.

use leptos::prelude::*;

use crate::AppError;

/// Makes the catalog what it was at a version, as a new commit on the version that was looked at.
#[server(prefix = "/api", endpoint = "restore_catalog")]
pub async fn restore_catalog(
    /// The commit to go back to.
    version: String,
    /// The catalog's version that was looked at.
    base: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::restore(&cx, &version, &base).await
}
