//! A draft as the database keeps it. Secrets that stand in the catalog in plain text are hidden in it.

use std::collections::BTreeMap;

use catalog::Changes;
use serde::{Deserialize, Serialize};
use types::catalog::CatalogVersion;

use super::Unfinished;
use crate::{ServiceError, deploy::DeployError};

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What the changes were made to.
    pub(super) base: CatalogVersion,
    /// The files that differ from it, with their texts; none is "removed".
    pub(super) files: Changes,
    /// What was typed and can't be taken yet, by stack.
    #[serde(default)]
    pub(super) unfinished: BTreeMap<String, Unfinished>,
}

impl Kept {
    pub(super) fn read(body: &str) -> Result<Self, DeployError> {
        let defect = |error| ServiceError::defect("reading a kept draft", error);
        Ok(serde_json::from_str(body).map_err(defect)?)
    }

    /// As text; none if there is nothing to keep.
    pub(super) fn write(&self) -> Result<Option<String>, DeployError> {
        if self.files.is_empty() && self.unfinished.is_empty() {
            return Ok(None);
        }
        let defect = |error| ServiceError::defect("keeping a draft", error);
        Ok(Some(serde_json::to_string(self).map_err(defect)?))
    }
}
