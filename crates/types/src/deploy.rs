//! What the JSON API says about catalog and deployments beside the engine's own types, which are `reconcile`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    SecretText,
    catalog::{Catalog, CatalogVersion, Diagnostic},
};

/// Where an apply stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplyState {
    /// Under way, or broken off.
    Running,
    /// Every step succeeded.
    Succeeded,
    /// Cancelled between steps.
    Cancelled,
    /// At least one step failed.
    Failed,
}

/// Who answers: for a client that must know whether it speaks to the right kind of server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerInfo {
    /// Always `thinkheads`.
    pub product: String,
    /// The program's version.
    pub version: String,
    /// The version of the JSON API: 1.
    pub api: u32,
}

impl ServerInfo {
    /// What `product` says.
    pub const PRODUCT: &'static str = "thinkheads";
    /// What `api` says.
    pub const API: u32 = 1;
}

/// The catalog as it stands. Values of secrets that stand in plain text are hidden in the files' texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CatalogContents {
    /// The version that was read: the base of a change.
    pub version: CatalogVersion,
    /// What was understood.
    pub catalog: Catalog,
    /// What is wrong, by file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the list of stacks is whole.
    pub stacks_are_complete: bool,
    /// Whether the list of machines is whole.
    pub guests_are_complete: bool,
    /// Stacks that must not be deployed, because of an error about them.
    pub blocked_stacks: BTreeSet<String>,
    /// Machines whose assignments must not be deployed.
    pub blocked_guests: BTreeSet<String>,
    /// The texts by path; none for a file that can't be read.
    pub files: BTreeMap<String, Option<String>>,
}

/// A change to the catalog, on the version that its author saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SaveRequest<E> {
    /// The version the change was made on.
    pub base: CatalogVersion,
    /// What for, as the commit's message.
    pub message: String,
    /// What to change.
    pub edits: Vec<E>,
}

/// What became of a change to the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Saved {
    /// The version now.
    pub version: CatalogVersion,
    /// The commit; none if nothing changed.
    pub commit: Option<String>,
    /// The files that changed.
    pub files: Vec<String>,
}

/// Two changes to the catalog that do not go together. Secrets in plain text are hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditConflict {
    /// What the editor saw.
    pub base: CatalogVersion,
    /// What there is now.
    pub current: CatalogVersion,
    /// The files concerned.
    pub files: Vec<EditConflictFile>,
}

/// A file with all its sides; none where it does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditConflictFile {
    /// Its path.
    pub path: String,
    /// What the editor saw.
    pub base: Option<String>,
    /// What there is now.
    pub theirs: Option<String>,
    /// What the editor's change would have made of it; none as well if it can't be made.
    pub yours: Option<String>,
}

/// Which version to bring back, on the version that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestoreRequest {
    /// The version to bring back.
    pub version: CatalogVersion,
    /// The version that was looked at.
    pub base: CatalogVersion,
}

/// What rewriting older forms to ours would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportPlan {
    /// The version that was read: the base of the import.
    pub version: CatalogVersion,
    /// The files with their new texts, secrets hidden; none is "removed". Empty if everything has our form already.
    pub files: BTreeMap<String, Option<String>>,
    /// What each part becomes.
    pub steps: Vec<ImportPart>,
    /// What is not understood or not done here; it is kept as it stands.
    pub left: Vec<Diagnostic>,
}

/// One part of a file and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportPart {
    /// The file it stands in.
    pub file: String,
    /// JSON pointer to it.
    pub pointer: String,
    /// What it becomes.
    pub becomes: String,
}

/// An import, on the version that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportRequest {
    /// The version that was looked at.
    pub base: CatalogVersion,
}

/// What keeping in step with the remote did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Synced {
    /// The commit that was pulled; none if the remote had nothing new.
    pub pulled: Option<String>,
    /// How many commits were pushed.
    pub pushed: u64,
}

/// A secret's value, on its way in. Nothing gives it out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretValue {
    /// The value.
    pub value: SecretText,
}

/// Where a secret stands in plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdoptRequest {
    /// The file's path in the catalog's repository.
    pub file: String,
    /// JSON pointer (RFC 6901) to the text that is the secret.
    pub pointer: String,
}

/// Asks for another key of the vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RekeyRequest {
    /// The key to use; none makes a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretText>,
}

/// The vault has another key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rekeyed {
    /// How many secrets were encrypted anew.
    pub secrets: u32,
    /// The new key's public half.
    pub public_key: String,
}
