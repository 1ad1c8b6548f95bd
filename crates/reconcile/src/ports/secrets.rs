//! The vault, as the engine sees it.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::model::SecretRef;

/// Why a secret can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SecretsError {
    /// Why, without the value.
    pub detail: String,
}

/// The vault. Values are asked for just before the call that needs them and dropped after it.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The value of a secret.
    ///
    /// # Errors
    /// When there is no such secret or version, or the vault can't be opened.
    async fn resolve(&self, secret: &SecretRef) -> Result<SecretString, SecretsError>;
}
