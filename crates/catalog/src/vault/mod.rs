//! The vault: named secrets, each encrypted by itself, in a file of the catalog's repository. The key is outside of it. Names,
//! versions, dates and authors are open, so that history and differences speak; values are not, and each is bound to its name
//! and version by a seal that only the key can make.
//!
//! A name and a version mean one value for ever: versions count up, also over a removal. So whoever noted “portainer, version 3”
//! can tell, without the value, whether the vault still has that very value ([`Vault::get`]). A [`ValueDigest`] compares values
//! that are at hand under one key; it is not kept, since it changes with the key.

mod key;

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};
use types::{
    Millis,
    catalog::{SecretInfo, SecretName, SecretRecord, SecretsFile},
};

pub use key::{ValueDigest, VaultKey};

use crate::{
    edit::Edit,
    json::{Doc, Json, Kind, Member, Node, Want, apply},
    snapshot::{Content, SECRETS_FILE, Snapshot},
};

/// Largest value, in bytes: a long private key is a tenth of it.
const LARGEST_VALUE: usize = 64 * 1024;

/// How an age file begins (age-encryption.org/v1, “Header”).
const AGE_HEADER: &[u8] = b"age-encryption.org/v1\n";

/// The vault's file, in memory. Changes become part of a commit through [`Vault::edit`].
#[derive(Clone, Debug)]
pub struct Vault {
    text: String,
    file: SecretsFile,
}

/// A secret with its value. `Debug` hides the value.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// Counts the values its name ever had, from 1; it never comes back with another value.
    pub version: u32,
    /// The value, for the engine alone.
    pub value: SecretString,
}

/// Why the vault did not do what was asked. No text here holds a value or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The file is not what the vault wrote.
    #[error("phoenix_secrets.json cannot be read: {0}. Restore it from the last commit that had it right.")]
    Malformed(String),
    /// There is no such secret.
    #[error("The vault has no secret “{0}”.")]
    UnknownSecret(SecretName),
    /// It was encrypted for another key.
    #[error(
        "The secret “{0}” was encrypted for another key. Set THINKHEADS_SECRET_KEY (or …_FILE) to the key this vault was made with."
    )]
    WrongKey(SecretName),
    /// The entry was not written by the holder of the key, or was changed since.
    #[error(
        "The secret “{0}” was changed by something other than the vault, so it is not used. Restore phoenix_secrets.json from the last good commit, or set the secret anew."
    )]
    Tampered(SecretName),
    /// A text that is no key.
    #[error(
        "This is no key of a vault. It must be one line that begins with AGE-SECRET-KEY-1; leave it out to have one made."
    )]
    BadKey,
    /// The key file.
    #[error("The vault's key file {path} cannot be used: {detail}.")]
    KeyFile {
        /// Its path.
        path: String,
        /// Why.
        detail: String,
    },
    /// An empty value, or one too large.
    #[error("A secret's value must have 1 to 65,536 bytes.")]
    BadValue,
    /// The cipher failed.
    #[error("The value could not be encrypted: {0}.")]
    Cipher(String),
}

impl Vault {
    /// Reads the vault's file; none is an empty vault.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn open(text: Option<&str>) -> Result<Self, VaultError> {
        let text = text.unwrap_or("{\n  \"secrets\": {}\n}\n").to_owned();
        parse(&text)?;
        // The parsers' own words may quote a value somebody wrote there by hand.
        let file: SecretsFile = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| malformed(error.line(), error.column(), "is not what the vault writes"))?;
        if let Some(bad) = file.secrets.keys().find(|name| name.parse::<SecretName>().is_err()) {
            return Err(VaultError::Malformed(format!("“{bad}” is no name of a secret")));
        }
        Ok(Self { text, file })
    }

    /// The vault of a version of the catalog.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn of(snapshot: &Snapshot) -> Result<Self, VaultError> {
        match snapshot.content(SECRETS_FILE) {
            Some(Content::Unreadable(reason)) => Err(VaultError::Malformed(reason.clone())),
            Some(Content::Text(text)) => Self::open(Some(text)),
            None => Self::open(None),
        }
    }

    /// The change that puts this vault into the catalog.
    #[must_use]
    pub fn edit(&self) -> Edit {
        Edit::SetText { path: SECRETS_FILE.to_owned(), text: Some(self.text.clone()) }
    }

    /// What is there, by name. Nothing is decrypted.
    #[must_use]
    pub fn list(&self) -> Vec<SecretInfo> {
        self.file.secrets.iter().filter_map(|(name, record)| Some(info(name.parse().ok()?, record))).collect()
    }

    /// What is known of one secret. Nothing is decrypted.
    #[must_use]
    pub fn get(&self, name: &SecretName) -> Option<SecretInfo> {
        Some(info(name.clone(), self.file.secrets.get(name.as_str())?))
    }

    /// Sets a secret: a new one, or the next version of one that is there or was removed.
    ///
    /// # Errors
    /// [`VaultError::BadValue`], [`VaultError::Cipher`], [`VaultError::Malformed`].
    pub fn set(
        &mut self,
        key: &VaultKey,
        name: &SecretName,
        value: &SecretString,
        by: &str,
        at: Millis,
    ) -> Result<SecretInfo, VaultError> {
        if value.expose_secret().is_empty() || value.expose_secret().len() > LARGEST_VALUE {
            return Err(VaultError::BadValue);
        }
        // Both, should somebody have merged two files by hand.
        let last = self.file.secrets.get(name.as_str()).map_or(0, |record| record.version);
        let last = last.max(self.file.removed.get(name.as_str()).copied().unwrap_or_default());
        let version =
            last.checked_add(1).ok_or_else(|| VaultError::Malformed("a version is as high as can be".to_owned()))?;
        let record = encrypt(key, name, version, value, by, at)?;
        let info = info(name.clone(), &record);
        self.put(vec![(name.as_str().to_owned(), Some(record))])?;
        Ok(info)
    }

    /// Gives a secret that is there another value.
    ///
    /// # Errors
    /// [`VaultError::UnknownSecret`], and as [`set`](Self::set).
    pub fn rotate(
        &mut self,
        key: &VaultKey,
        name: &SecretName,
        value: &SecretString,
        by: &str,
        at: Millis,
    ) -> Result<SecretInfo, VaultError> {
        if !self.file.secrets.contains_key(name.as_str()) {
            return Err(VaultError::UnknownSecret(name.clone()));
        }
        self.set(key, name, value, by, at)
    }

    /// Takes a secret away. Older commits keep it, encrypted; its last version is remembered, so that none comes back with another
    /// value.
    ///
    /// # Errors
    /// [`VaultError::UnknownSecret`], [`VaultError::Malformed`].
    pub fn remove(&mut self, name: &SecretName) -> Result<(), VaultError> {
        if !self.file.secrets.contains_key(name.as_str()) {
            return Err(VaultError::UnknownSecret(name.clone()));
        }
        self.put(vec![(name.as_str().to_owned(), None)])
    }

    /// Encrypts every secret for a new key; versions, dates and authors stay. All or none. The old key still opens older commits.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`], [`VaultError::Tampered`] of the first that cannot be opened.
    pub fn rekey(&mut self, old: &VaultKey, new: &VaultKey) -> Result<u32, VaultError> {
        let mut records = Vec::new();
        for (name, record) in &self.file.secrets {
            let name: SecretName = name.parse().map_err(|_| VaultError::Malformed("a name".to_owned()))?;
            let value = decrypt(old, &name, record)?;
            let fresh = encrypt(new, &name, record.version, &value, &record.updated_by, record.updated_at)?;
            records.push((name.into(), Some(fresh)));
        }
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.put(records)?;
        Ok(count)
    }

    /// The value of a secret. For the engine, at the moment it needs it.
    ///
    /// # Errors
    /// [`VaultError::UnknownSecret`], [`VaultError::WrongKey`], [`VaultError::Tampered`].
    pub fn reveal(&self, key: &VaultKey, name: &SecretName) -> Result<Revealed, VaultError> {
        let record = self.file.secrets.get(name.as_str()).ok_or_else(|| VaultError::UnknownSecret(name.clone()))?;
        Ok(Revealed { version: record.version, value: decrypt(key, name, record)? })
    }

    /// Every entry this key cannot vouch for.
    #[must_use]
    pub fn check(&self, key: &VaultKey) -> Vec<VaultError> {
        let names =
            self.file.secrets.iter().filter_map(|(name, record)| Some((name.parse::<SecretName>().ok()?, record)));
        names.filter_map(|(name, record)| verify(key, &name, record).err()).collect()
    }

    /// Writes entries (none: takes them away) without touching the others.
    fn put(&mut self, records: Vec<(String, Option<SecretRecord>)>) -> Result<(), VaultError> {
        let odd = || VaultError::Malformed("it has another form".to_owned());
        let doc = parse(&self.text)?;
        let mut removed = self.file.removed.clone();
        let (mut wants, mut removals) = (Vec::new(), Vec::new());
        for (name, record) in &records {
            let was_removed = removed.contains_key(name);
            let (want, removal) = match record {
                Some(record) => {
                    removed.remove(name);
                    (Want::Is(Json::of(record).ok_or_else(odd)?), was_removed.then_some(Want::Gone))
                }
                None => {
                    let last = self.file.secrets.get(name).map_or(0, |record| record.version);
                    let last = last.max(removed.get(name).copied().unwrap_or_default());
                    removed.insert(name.clone(), last);
                    (Want::Gone, Some(Want::Is(Json::Number(last.to_string()))))
                }
            };
            wants.push((name.clone(), want));
            removals.extend(removal.map(|want| (name.clone(), want)));
        }
        let removals = if removed.is_empty() { Want::Gone } else { Want::Members(removals) };
        let wants = vec![("secrets".to_owned(), Want::Members(wants)), ("removed".to_owned(), removals)];
        self.text = apply(&doc, "", &Want::Members(wants)).ok_or_else(odd)?;
        self.file.removed = removed;
        for (name, record) in records {
            match record {
                Some(record) => self.file.secrets.insert(name, record),
                None => self.file.secrets.remove(&name),
            };
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Doc, VaultError> {
    Doc::parse(text).map_err(|error| malformed(error.line, error.column, "is no JSON"))
}

fn malformed(line: impl fmt::Display, column: impl fmt::Display, problem: &str) -> VaultError {
    VaultError::Malformed(format!("what stands at line {line}, column {column} {problem}"))
}

fn info(name: SecretName, record: &SecretRecord) -> SecretInfo {
    SecretInfo { name, version: record.version, updated_at: record.updated_at, updated_by: record.updated_by.clone() }
}

fn encrypt(
    key: &VaultKey,
    name: &SecretName,
    version: u32,
    value: &SecretString,
    by: &str,
    at: Millis,
) -> Result<SecretRecord, VaultError> {
    let sealed = age::encrypt(&key.recipient(), value.expose_secret().as_bytes());
    let ciphertext = sealed.map_err(|error| VaultError::Cipher(error.to_string()))?;
    let mut record = SecretRecord {
        version,
        updated_at: at,
        updated_by: by.to_owned(),
        recipients: vec![key.public()],
        ciphertext: BASE64_STANDARD.encode(ciphertext),
        seal: String::new(),
    };
    record.seal = with_parts(name, &record, |parts| key.seal(parts));
    Ok(record)
}

/// What the seal covers: all of an entry, and its name.
fn with_parts<T>(name: &SecretName, record: &SecretRecord, then: impl FnOnce(&[&[u8]]) -> T) -> T {
    let (version, at, recipients) =
        (record.version.to_be_bytes(), record.updated_at.to_be_bytes(), record.recipients.join(" "));
    then(&[
        name.as_str().as_bytes(),
        &version,
        &at,
        record.updated_by.as_bytes(),
        recipients.as_bytes(),
        record.ciphertext.as_bytes(),
    ])
}

fn verify(key: &VaultKey, name: &SecretName, record: &SecretRecord) -> Result<(), VaultError> {
    if with_parts(name, record, |parts| key.is_sealed(parts, &record.seal)) {
        return Ok(());
    }
    // The entry says for whom it is; whether it says the truth does not matter to who cannot open it.
    match record.recipients.contains(&key.public()) {
        true => Err(VaultError::Tampered(name.clone())),
        false => Err(VaultError::WrongKey(name.clone())),
    }
}

fn decrypt(key: &VaultKey, name: &SecretName, record: &SecretRecord) -> Result<SecretString, VaultError> {
    verify(key, name, record)?;
    let tampered = || VaultError::Tampered(name.clone());
    let ciphertext = BASE64_STANDARD.decode(&record.ciphertext).map_err(|_| tampered())?;
    let value = age::decrypt(key.identity(), &ciphertext).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => VaultError::WrongKey(name.clone()),
        _ => tampered(),
    })?;
    Ok(String::from_utf8(value).map_err(|_| tampered())?.into())
}

/// The places in a vault's file that hold what the vault did not write, and so perhaps a value in plain text. An entry that could
/// not be one of ours is such a place as a whole.
pub(crate) fn foreign(doc: &Doc) -> Vec<&Node> {
    let Some(members) = doc.root().members() else { return vec![doc.root()] };
    let mut found = Vec::new();
    for member in members {
        match member.value.members() {
            Some(entries) if member.key == "secrets" => {
                found.extend(entries.iter().map(|entry| &entry.value).filter(|entry| !is_record(doc, entry)));
            }
            Some(entries) if member.key == "removed" => {
                found.extend(entries.iter().map(|entry| &entry.value).filter(|entry| !is_version(entry)));
            }
            _ => found.push(&member.value),
        }
    }
    found
}

fn is_version(entry: &Node) -> bool {
    matches!(&entry.kind, Kind::Number(text) if text.parse::<u32>().is_ok())
}

/// Whether an entry looks like one of ours and holds nothing else. Only the key could tell whether it is.
fn is_record(doc: &Doc, entry: &Node) -> bool {
    const KEYS: [&str; 6] = ["version", "updated_at", "updated_by", "recipients", "ciphertext", "seal"];
    let known = |member: &Member| KEYS.contains(&member.key.as_str());
    let once = entry.members().is_some_and(|members| members.len() == KEYS.len() && members.iter().all(known));
    let Some(Ok(record)) = once.then(|| serde_json::from_str::<SecretRecord>(&doc.text()[entry.range.clone()])) else {
        return false;
    };
    let sealed = BASE64_STANDARD.decode(&record.ciphertext).is_ok_and(|bytes| bytes.starts_with(AGE_HEADER));
    let public = record.recipients.iter().all(|one| one.parse::<age::x25519::Recipient>().is_ok());
    sealed && public && record.seal.chars().all(|char| char.is_ascii_hexdigit())
}

/// The names of the secrets in a vault's file.
pub(crate) fn names(doc: &Doc) -> Vec<SecretName> {
    let secrets = doc.root().get("secrets").and_then(|secrets| secrets.members()).unwrap_or_default();
    secrets.iter().filter_map(|member| member.key.parse().ok()).collect()
}
