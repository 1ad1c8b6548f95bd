//! What the pages of the editor do. Forms of stacks have fields by many names; `service::deploy` knows which it takes.

use std::collections::BTreeMap;

use leptos::prelude::*;
use types::Password;

use crate::AppError;

/// Adds a stack to the draft.
#[server(prefix = "/api", endpoint = "begin_stack")]
pub async fn begin_stack(
    /// Its name.
    name: String,
    /// `git` or `text`.
    source: String,
    /// The repository's address.
    #[server(default)]
    repository: String,
    /// The compose file's path in the catalog.
    #[server(default)]
    path: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::begin(&cx, &name, &source, &repository, &path).await
}

/// Keeps a stack's form in the draft.
#[server(prefix = "/api", endpoint = "keep_stack_form")]
pub async fn keep_stack_form(
    /// The stack.
    stack: String,
    /// The environment whose form it is; empty is the stack's own.
    #[server(default)]
    environment: String,
    /// The fields.
    #[server(flatten)]
    fields: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::keep_form(&cx, &stack, &environment, &fields).await
}

/// Keeps a stack's text in the draft.
#[server(prefix = "/api", endpoint = "keep_stack_text")]
pub async fn keep_stack_text(
    /// The stack.
    stack: String,
    /// The text of its entry.
    text: String,
    /// What the text was typed over, as the page told it.
    #[server(default)]
    seen: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::keep_text(&cx, &stack, &text, &seen).await
}

/// Keeps a stack's form, then asks its repository what it offers.
#[server(prefix = "/api", endpoint = "look_at_repository")]
pub async fn look_at_repository(
    /// The stack.
    stack: String,
    /// The environment whose form it is; empty is the stack's own.
    #[server(default)]
    environment: String,
    /// The fields.
    #[server(flatten)]
    fields: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::look(&cx, &stack, &environment, &fields).await
}

/// Keeps a stack's form, then stores a new secret in the vault and lets a variable refer to it.
#[server(prefix = "/api", endpoint = "store_stack_secret")]
pub async fn store_stack_secret(
    /// The stack.
    stack: String,
    /// The environment whose form it is; empty is the stack's own.
    #[server(default)]
    environment: String,
    /// The variable.
    secret_variable: String,
    /// The secret's name in the vault.
    secret_name: String,
    /// Its value.
    password: Password,
    /// The fields.
    #[server(flatten)]
    fields: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    let secret = super::acts::NewSecret { variable: secret_variable, name: secret_name, value: password };
    super::acts::store_secret(&cx, &stack, &environment, &fields, &secret).await
}

/// Drops what is half typed of a stack.
#[server(prefix = "/api", endpoint = "drop_typed")]
pub async fn drop_typed(
    /// The stack.
    stack: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::drop_typed(&cx, &stack).await
}

/// Saves the draft as a commit.
#[server(prefix = "/api", endpoint = "save_draft")]
pub async fn save_draft(
    /// What was changed and why.
    message: String,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::save(&cx, &message).await
}

/// Brings the draft together with what somebody else changed.
#[server(prefix = "/api", endpoint = "rebase_draft")]
pub async fn rebase_draft(
    /// `side.PART`: `theirs` or `mine`; `seen`: what they were chosen from.
    #[server(flatten)]
    sides: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::rebase(&cx, &sides).await
}

/// Throws the draft away.
#[server(prefix = "/api", endpoint = "discard_draft")]
pub async fn discard_draft() -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::discard(&cx).await
}

/// Brings back the draft that was thrown away.
#[server(prefix = "/api", endpoint = "bring_back_draft")]
pub async fn bring_back_draft() -> Result<(), AppError> {
    use crate::server;
    let cx = server::request()?;
    super::acts::bring_back(&cx).await
}
