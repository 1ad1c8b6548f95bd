//! Digests over canonical JSON: the form in which states are compared.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A digest as text: lower-case hexadecimal SHA-256 where the engine made it, whatever the observer chose elsewhere. Two
/// digests of the same kind are equal exactly if their contents are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Takes over a digest made elsewhere, such as the keyed digest of a secret.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The SHA-256 of these bytes. Right for a compose text; never for a secret, whose digest must be keyed.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        use fmt::Write as _;

        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The SHA-256 of the canonical JSON of `value`.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        Self::of_bytes(canonical_json(value).as_bytes())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digest {
    /// The first twelve characters, enough to tell two apart in a test's output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// JSON with the keys of every object sorted, without white space: equal values give equal bytes.
///
/// A value that has no JSON form (the engine has none) gives the empty text.
#[must_use]
pub fn canonical_json(value: &impl Serialize) -> String {
    // serde_json's maps are sorted unless its feature `preserve_order` is on, so sort explicitly.
    serde_json::to_value(value)
        .map(|mut value| {
            value.sort_all_objects();
            value.to_string()
        })
        .unwrap_or_default()
}
