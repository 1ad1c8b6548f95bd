//! Blots secrets out of what others say: a server's error text and a container's log may repeat a value it was given.

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

/// What stands in place of a secret.
const BLOT: &str = "[secret]";

/// The secrets that are known so far.
#[derive(Default)]
pub struct Redactor(Mutex<Vec<SecretString>>);

impl Redactor {
    /// Remembers a secret.
    pub fn learn(&self, secret: &SecretString) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let forms = [secret.expose_secret().to_owned(), escaped(secret.expose_secret())];
        for form in forms.into_iter().filter(|form| !form.is_empty()) {
            if !known.iter().any(|one| one.expose_secret() == form) {
                known.push(form.into());
            }
        }
        // Longest first: a secret may be part of another.
        known.sort_by_key(|one| std::cmp::Reverse(one.expose_secret().len()));
    }

    /// The text without secrets, however short they are.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pieces = vec![text.to_owned()];
        for secret in known.iter() {
            pieces = pieces.iter().flat_map(|piece| piece.split(secret.expose_secret())).map(str::to_owned).collect();
        }
        pieces.join(BLOT)
    }
}

/// As it stands within a JSON or Go string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_whatever_their_length_and_place() {
        let redactor = Redactor::default();
        for secret in ["s", "secret", "a\"b", ""] {
            redactor.learn(&secret.into());
        }
        let clean = redactor.clean(r#"port "a\"b" of secret is x, a"b too"#);
        assert_eq!(clean, r#"port "[secret]" of [secret] i[secret] x, [secret] too"#);
    }
}
