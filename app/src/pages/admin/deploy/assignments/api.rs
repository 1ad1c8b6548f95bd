//! What the catalog's list does.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::AppError;

/// Takes the switches that were turned into the person's draft.
#[server(prefix = "/api", endpoint = "switch_stacks")]
pub async fn switch_stacks(
    /// What the page showed: each stack with its switches.
    shown: String,
    /// The list's address, to come back to.
    next: String,
    /// Where to go: to the draft, or to a page of the list.
    then: String,
    /// The switches that are on, by row and column of what was shown.
    #[server(flatten)]
    on: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::switch(&cx, &shown, &on, &next, &then).await
}

/// Gives a stack another name, in the person's draft.
#[server(prefix = "/api", endpoint = "rename_stack")]
pub async fn rename_stack(
    /// What it is called.
    from: String,
    /// What it is to be called.
    to: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::rename(&cx, &from, &to).await
}

/// Adds a copy of a stack, in the person's draft.
#[server(prefix = "/api", endpoint = "copy_stack")]
pub async fn copy_stack(
    /// The stack.
    from: String,
    /// What the copy is called.
    to: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::copy(&cx, &from, &to).await
}

/// Takes a stack away, in the person's draft.
#[server(prefix = "/api", endpoint = "remove_stack")]
pub async fn remove_stack(
    /// The stack.
    name: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::remove(&cx, &name).await
}

/// Asks the catalog's remote how both stand.
#[server(prefix = "/api", endpoint = "compare_remote")]
pub async fn compare_remote() -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::compare(&cx).await
}

/// Brings the catalog and its remote in step.
#[server(prefix = "/api", endpoint = "sync_catalog")]
pub async fn sync_catalog() -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::sync(&cx).await
}
