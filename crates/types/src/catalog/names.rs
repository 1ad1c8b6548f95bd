//! Names and values as the Docker hosts take them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The name Portainer gives a stack: lower-case, then everything outside `[-_a-z0-9]` removed. Two catalog names that
/// are equal after this are one stack on the host.
#[must_use]
pub fn normalise_name(name: &str) -> String {
    name.to_lowercase().chars().filter(|char| matches!(char, '-' | '_' | 'a'..='z' | '0'..='9')).collect()
}

/// Why a name cannot be used. The message says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(String);

impl NameError {
    pub(super) fn not_a_version() -> Self {
        Self("is no version of the catalog: expected a full commit id".to_owned())
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NameError {}

/// Longest name of a stack, in bytes: compose makes container names of it, and a host name label ends at 63.
const LONGEST_STACK_NAME: usize = 63;

/// Whether a stack may have this name on a Docker host: compose wants a letter or digit first, and what Portainer would
/// rewrite is refused rather than renamed behind the owner's back.
///
/// # Errors
/// [`NameError`] with the nearest right name.
pub fn check_stack_name(name: &str) -> Result<(), NameError> {
    let normal = normalise_name(name);
    let right = normal.trim_start_matches(['-', '_']);
    if right.is_empty() {
        return Err(NameError("has no letter or digit; use a-z, 0-9, “-” and “_”".to_owned()));
    }
    if name.len() > LONGEST_STACK_NAME {
        return Err(NameError(format!("is longer than {LONGEST_STACK_NAME} characters")));
    }
    if right != name {
        return Err(NameError(format!("would not keep its form on a Docker host; call it “{right}”")));
    }
    Ok(())
}

/// Whether a name suggests that its value is a secret.
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let says =
        |word: &str| name == word || name.ends_with(&format!("_{word}")) || name.starts_with(&format!("{word}_"));
    // A path, an address or a user beside a secret is none.
    let beside = ["file", "path", "url", "user", "username", "name", "ttl", "length"]
        .iter()
        .any(|word| name.ends_with(&format!("_{word}")));
    !beside
        && (["password", "passwd", "secret", "token", "credential", "credentials", "passphrase"]
            .iter()
            .any(|w| says(w))
            || ["api_key", "apikey", "private_key", "secret_key", "access_key", "encryption_key", "auth_key"]
                .iter()
                .any(|word| name.ends_with(word)))
}

/// The name of a secret in the vault: `[a-z0-9]`, then also `.`, `_`, `-` and `/` between parts; at most 200 characters.
/// Written in a file as `NAME` or `vault/NAME`; both mean the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct SecretName(String);

impl SecretName {
    /// What stands before the name in a stack's variable.
    pub const PREFIX: &'static str = "vault/";
    const LONGEST: usize = 200;

    /// The name without the prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a variable refers to it: `vault/NAME`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0)
    }
}

impl FromStr for SecretName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = text.strip_prefix(Self::PREFIX).unwrap_or(text);
        let good_part = |part: &str| {
            part.starts_with(|char: char| char.is_ascii_alphanumeric())
                && part.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-'))
        };
        if name.len() > Self::LONGEST || !name.split('/').all(good_part) {
            return Err(NameError(format!(
                "is no name of a secret: use letters, digits, “.”, “_”, “-” and “/” between parts, at most {} characters",
                Self::LONGEST
            )));
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for SecretName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretName, check_stack_name, looks_secret, normalise_name};

    #[test]
    fn names_become_what_portainer_makes_of_them() {
        assert_eq!(normalise_name("My App!"), "myapp");
        assert_eq!(normalise_name("Web_Services-2"), "web_services-2");
        assert_eq!(normalise_name("!!!"), "");
        assert_eq!(normalise_name("Grün"), "grn");
    }

    #[test]
    fn stack_names_keep_their_form_or_are_refused() {
        assert!(check_stack_name("web-services").is_ok());
        assert!(check_stack_name("9lives").is_ok());
        for (name, right) in [("Web Services", "webservices"), ("-web", "web"), ("_x", "x")] {
            let error = check_stack_name(name).unwrap_err().to_string();
            assert!(error.contains(&format!("“{right}”")), "{error}");
        }
        assert!(check_stack_name("").is_err());
        assert!(check_stack_name("!!").is_err());
        assert!(check_stack_name(&"a".repeat(64)).is_err());
    }

    #[test]
    fn secrets_have_names() {
        assert!(
            looks_secret("GRAFANA_ADMIN_PASSWORD") && looks_secret("N8N_ENCRYPTION_KEY") && looks_secret("api_key")
        );
        assert!(!looks_secret("PASSWORD_FILE") && !looks_secret("TOKENIZER") && !looks_secret("GRAFANA_ADMIN_USER"));
        let name: SecretName = "vault/grafana/admin".parse().unwrap();
        assert_eq!((name.as_str(), name.reference().as_str()), ("grafana/admin", "vault/grafana/admin"));
        for bad in ["", "a//b", "../x", "a b", "-x", "x/", "a\nb"] {
            assert!(bad.parse::<SecretName>().is_err(), "{bad}");
        }
    }
}
