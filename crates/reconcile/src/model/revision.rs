//! Revisions: what was applied and proved healthy; and pins, which hold a stack at one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::Millis;

use super::{Action, Applied, ApplyId, ComposeService, DesiredSource, DesiredValue, Digest, Receipt};

/// One stack as it was applied and became healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revision {
    /// Counts up from 1 for each stack on each environment.
    pub number: u64,
    /// The environment.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
    /// The apply that made it.
    pub apply: ApplyId,
    /// Who asked for it.
    pub actor: String,
    /// When it was proved healthy.
    pub at: Millis,
    /// The catalog commit.
    pub catalog_commit: String,
    /// The fingerprint of the plan.
    pub plan: Digest,
    /// What was done.
    pub action: Action,
    /// The source, with its commit.
    pub source: DesiredSource,
    /// The rendered compose text, variables not interpolated; none if it could not be read.
    pub compose: Option<String>,
    /// Variables; secrets by name and version.
    pub variables: BTreeMap<String, DesiredValue>,
    /// Its services, with the digests of the images that ran where the host knows them; empty if unknown.
    pub services: Vec<ComposeService>,
    /// Compose's configuration digests, by service.
    pub config_hashes: BTreeMap<String, String>,
    /// The pin that was in force.
    pub pin: Option<Pin>,
    /// The receipt.
    pub receipt: Receipt,
}

impl Revision {
    /// What the planner needs to know of it.
    #[must_use]
    pub fn applied(&self) -> Applied {
        Applied {
            revision: self.number,
            source: self.source.clone(),
            variables: self.variables.clone(),
            config_hashes: self.config_hashes.clone(),
        }
    }
}

/// Holds a stack at a version until it is released. A pinned stack is deployed by its text, so Portainer has no reference to
/// poll; the planner reads the pin instead of the catalog, so no sync moves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pin {
    /// The revision it restores, of the environment in `origin`.
    pub revision: u64,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Where it comes from.
    pub origin: PinOrigin,
    /// The commit that runs; none if the revision was a text.
    pub commit: Option<String>,
    /// The rendered text, with images by digest where known.
    pub text: String,
    /// Variables to restore; none takes the catalog's.
    pub variables: Option<BTreeMap<String, DesiredValue>>,
    /// Its services, with the digests of the images that must run where known; empty if unknown.
    pub services: Vec<ComposeService>,
}

/// Where a pin comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PinOrigin {
    /// Brought back on the same environment.
    Rollback,
    /// Carried over from another environment.
    Promotion {
        /// That environment.
        from: String,
    },
}
