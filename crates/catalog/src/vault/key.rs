//! The vault's key.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, str::FromStr};

use age::x25519::{Identity, Recipient};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::VaultError;

/// The key of a vault: an age X25519 identity, and what is derived from it. `Debug` shows its public half alone.
#[derive(Clone)]
pub struct VaultKey {
    identity: Identity,
    text: SecretString,
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// A keyed digest of a value: tells whether two values are equal, and nothing else to whoever has not the key. It changes with
/// the key, so it is for comparing now, not for keeping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueDigest([u8; 32]);

impl std::fmt::Display for ValueDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::fmt::Debug for ValueDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ValueDigest({self})")
    }
}

/// What a derived key is for. Keys for different purposes tell nothing of one another.
#[derive(Clone, Copy)]
enum Purpose {
    Seal,
    Digest,
}

impl VaultKey {
    /// Reads a key as `age-keygen` writes it: `AGE-SECRET-KEY-1…`, with comments and blank lines or without.
    ///
    /// # Errors
    /// [`VaultError::BadKey`]; its text does not repeat the key.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        let mut lines =
            text.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(VaultError::BadKey) };
        let identity = Identity::from_str(line).map_err(|_| VaultError::BadKey)?;
        Ok(Self { text: identity.to_string(), identity })
    }

    /// Makes a new key from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        let identity = Identity::generate();
        Self { text: identity.to_string(), identity }
    }

    /// Reads the key file, or makes it, once, with mode 0600. Two processes that start at once end up with one key.
    ///
    /// # Errors
    /// [`VaultError::KeyFile`] if it cannot be read or written, or if others may read it; [`VaultError::BadKey`].
    pub fn open_or_create(path: &Path) -> Result<Self, VaultError> {
        let fail = |detail: String| VaultError::KeyFile { path: path.display().to_string(), detail };
        if !path.exists() {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
            let key = Self::generate();
            match key.write(path) {
                Ok(()) => return Ok(key),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(error.to_string())),
            }
        }
        let mode = fs::metadata(path).map_err(|error| fail(error.to_string()))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(fail(format!("its mode is {mode:o}, so others can read it; run chmod 600 on it")));
        }
        Self::parse(&fs::read_to_string(path).map_err(|error| fail(error.to_string()))?.into())
    }

    /// Writes the key into a new file with mode 0600. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`VaultError::KeyFile`] if there is such a file already, or it cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), VaultError> {
        let fail =
            |error: std::io::Error| VaultError::KeyFile { path: path.display().to_string(), detail: error.to_string() };
        self.write(path).map_err(fail)
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Born with mode 0600, and given its name only when whole.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let text = format!(
            "# The key of the ThinkHeads vault. Keep a copy where the backups are not.\n{}\n",
            self.text.expose_secret()
        );
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The key itself, for a backup or a move to another machine.
    #[must_use]
    pub const fn secret(&self) -> &SecretString {
        &self.text
    }

    /// The public half: enough to encrypt, not to read.
    #[must_use]
    pub fn public(&self) -> String {
        self.recipient().to_string()
    }

    /// A keyed digest (HMAC-SHA256) of a value in a context, such as the name of what has the value: the planner compares what
    /// runs with what is desired without handling either.
    #[must_use]
    pub fn digest(&self, context: &str, value: &SecretString) -> ValueDigest {
        ValueDigest(
            self.mac(Purpose::Digest, &[context.as_bytes(), value.expose_secret().as_bytes()])
                .finalize()
                .into_bytes()
                .into(),
        )
    }

    pub(super) fn recipient(&self) -> Recipient {
        self.identity.to_public()
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn seal(&self, parts: &[&[u8]]) -> String {
        hex(&self.mac(Purpose::Seal, parts).finalize().into_bytes())
    }

    /// Whether a seal is of this key and these parts, in constant time.
    pub(super) fn is_sealed(&self, parts: &[&[u8]], seal: &str) -> bool {
        let bytes: Option<Vec<u8>> = (0..seal.len())
            .step_by(2)
            .map(|at| seal.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        bytes.is_some_and(|bytes| self.mac(Purpose::Seal, parts).verify_slice(&bytes).is_ok())
    }

    /// Each part goes in with its length, so that no two lists of parts are one text.
    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> Hmac<Sha256> {
        let label: &[u8] = match purpose {
            Purpose::Seal => b"thinkheads vault seal 1",
            Purpose::Digest => b"thinkheads vault digest 1",
        };
        let mut derived = keyed(&Sha256::digest(self.text.expose_secret().as_bytes()).into());
        derived.update(label);
        let mut mac = keyed(&derived.finalize().into_bytes().into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

/// HMAC with a key shorter than its block, which the standard (RFC 2104) fills up with zeros.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
