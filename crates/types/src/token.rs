//! Tokens for programs.

use serde::{Deserialize, Serialize};

use crate::{ApiTokenId, Millis};

/// One of a person's tokens. Never carries the token itself, which is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiToken {
    /// The handle to end it by.
    pub id: ApiTokenId,
    /// What it is for, as its owner typed it.
    pub name: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it runs out; none lasts until it is ended.
    pub expires_at: Option<Millis>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Millis>,
}

/// A token that was just made, with its text: the only time it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// What is known of it.
    pub token: ApiToken,
    /// The text to send as `Authorization: Bearer …`.
    pub text: String,
}

impl std::fmt::Debug for NewApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiToken").field("token", &self.token).finish_non_exhaustive()
    }
}
