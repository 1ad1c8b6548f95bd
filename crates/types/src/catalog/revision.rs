//! Versions of the catalog.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{NameError, SecretName};
use crate::Millis;

/// What was read: a commit, and the files that differ from it in the working tree, by the object ids of their contents.
/// As text (`COMMIT`, or `COMMIT+PATH=OBJECT+…`) it travels through a form and back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct CatalogVersion {
    /// The commit; none before the first.
    pub commit: Option<String>,
    /// Files with changes nobody committed yet; none as object means "removed".
    pub edits: BTreeMap<String, Option<String>>,
}

impl CatalogVersion {
    /// A commit as it is.
    #[must_use]
    pub fn commit(id: impl Into<String>) -> Self {
        Self { commit: Some(id.into()), edits: BTreeMap::new() }
    }

    /// Whether somebody changed files without committing them.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.edits.is_empty()
    }
}

impl fmt::Display for CatalogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.commit.as_deref().unwrap_or("none"))?;
        for (path, object) in &self.edits {
            // A path may hold any character: the two that part the text are written as in an address.
            let path = path.replace('%', "%25").replace('+', "%2B").replace('=', "%3D");
            write!(f, "+{path}={}", object.as_deref().unwrap_or("none"))?;
        }
        Ok(())
    }
}

impl FromStr for CatalogVersion {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let id = |text: &str| match text {
            "none" => Ok(None),
            id if (id.len() == 40 || id.len() == 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Some(id.to_ascii_lowercase()))
            }
            _ => Err(NameError::not_a_version()),
        };
        let mut parts = text.split('+');
        let commit = id(parts.next().unwrap_or_default())?;
        let mut edits = BTreeMap::new();
        for part in parts {
            let (path, object) = part.split_once('=').ok_or_else(NameError::not_a_version)?;
            edits.insert(path.replace("%3D", "=").replace("%2B", "+").replace("%25", "%"), id(object)?);
        }
        Ok(Self { commit, edits })
    }
}

impl TryFrom<String> for CatalogVersion {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<CatalogVersion> for String {
    fn from(version: CatalogVersion) -> Self {
        version.to_string()
    }
}

/// One commit of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revision {
    /// The commit's id.
    pub commit: String,
    /// Who changed it.
    pub author_name: String,
    /// Their address.
    pub author_email: String,
    /// When.
    pub at: Millis,
    /// The first line of the message.
    pub subject: String,
    /// The rest of the message.
    pub body: String,
    /// The catalog's files it changed.
    pub files: Vec<String>,
}

/// How one file differs between two versions. Secrets in plain text are hidden on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// Its text before; none if it did not exist.
    pub before: Option<String>,
    /// Its text after; none if it is gone.
    pub after: Option<String>,
    /// The difference in unified form, three lines around.
    pub unified: String,
}

/// How this repository and its remote differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Divergence {
    /// Commits only here, newest first.
    pub ours: Vec<Revision>,
    /// Commits only there, newest first.
    pub theirs: Vec<Revision>,
}

impl Divergence {
    /// Whether both sides went on.
    #[must_use]
    pub fn is_diverged(&self) -> bool {
        !self.ours.is_empty() && !self.theirs.is_empty()
    }
}

/// What may be known of a secret without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretInfo {
    /// Its name.
    pub name: SecretName,
    /// Counts the values its name ever had, from 1, also over a removal: name and version mean one value.
    pub version: u32,
    /// When this value was set.
    pub updated_at: Millis,
    /// Who set it.
    pub updated_by: String,
}

#[cfg(test)]
mod tests {
    use super::CatalogVersion;

    #[test]
    fn a_version_travels_as_text() {
        let mut version = CatalogVersion::commit("a".repeat(40));
        assert_eq!(version.to_string().parse(), Ok(version.clone()));
        version.edits.insert("stacks/a+b=c%2B/x.yml".into(), Some("b".repeat(40)));
        version.edits.insert("phoenix_stacks_config.json".into(), None);
        assert_eq!(version.to_string().parse(), Ok(version.clone()));
        assert_eq!("none".parse(), Ok(CatalogVersion::default()));
        for bad in ["", "HEAD", "--all", "main", &"g".repeat(40), &format!("{}+x", "a".repeat(40))] {
            assert!(bad.parse::<CatalogVersion>().is_err(), "{bad}");
        }
    }
}
