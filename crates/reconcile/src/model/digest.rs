//! Digests over canonical JSON: the form in which states are compared.

use std::{fmt, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A digest as text: lower-case hexadecimal SHA-256 where the engine made it, whatever the observer chose elsewhere. Two
/// digests of the same kind are equal exactly if their contents are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// The SHA-256 of the JSON of `value`, without white space. Canonical for what the engine digests: fields stand in the order
    /// of their declaration, maps are sorted, and lists were sorted before.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        let mut hasher = Hasher(Sha256::new());
        // Neither can the hasher fail, nor has the model a value without a JSON form.
        let _ = serde_json::to_writer(&mut hasher, value);
        Self::finish(hasher.0)
    }

    fn finish(hasher: Sha256) -> Self {
        use fmt::Write as _;

        let mut text = String::with_capacity(64);
        for byte in hasher.finalize() {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes JSON as it is written.
struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
