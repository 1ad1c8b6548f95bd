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

/// Puts a file's text into the person's draft, in place of the one of this name.
#[server(prefix = "/api", endpoint = "bring_file")]
pub async fn bring_file(
    /// Its path in the catalog.
    path: String,
    /// Its text.
    text: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::bring(&cx, path, text).await
}
