//! vault
use types::catalog::SecretName;
use crate::json::Doc;
/// The names of the secrets in a vault's file.
pub(crate) fn names(doc: &Doc) -> Vec<SecretName> {
    let Some(secrets) = doc.root().get("secrets").and_then(|secrets| secrets.members()) else { return Vec::new() };
    secrets.iter().filter_map(|member| member.key.parse().ok()).collect()
}
