//! Blots secrets out of what others say: a server's error text and a container's log may repeat a value it was given.

use std::sync::{Mutex, PoisonError};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use types::catalog::git_login;

/// What stands in place of a secret.
const BLOT: &str = "[secret]";
/// Ends a line of which the rest was not kept.
const CUT: char = '…';

/// The secrets that are known so far.
#[derive(Default)]
pub struct Redactor(Mutex<Vec<SecretString>>);

impl Redactor {
    /// Remembers a secret, in the forms in which tools repeat one: as it is, within a JSON or Go string, and within an address.
    pub fn learn(&self, secret: &SecretString) {
        self.keep(forms(secret.expose_secret()));
    }

    /// Remembers a git credential: beside the whole, its password alone, and what HTTP makes of both.
    pub fn learn_login(&self, secret: &SecretString) {
        let (user, password) = git_login(secret.expose_secret());
        let pair = format!("{user}:{password}");
        let basic = [STANDARD.encode(&pair), URL_SAFE_NO_PAD.encode(&pair), STANDARD_NO_PAD.encode(&pair)];
        self.keep(forms(secret.expose_secret()).into_iter().chain(forms(password)).chain(basic));
    }

    fn keep(&self, forms: impl IntoIterator<Item = String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for form in forms.into_iter().filter(|form| !form.is_empty()) {
            if !known.iter().any(|one| one.expose_secret() == form) {
                known.push(form.into());
            }
        }
        // Longest first: a secret may be part of another.
        known.sort_by_key(|one| std::cmp::Reverse(one.expose_secret().len()));
    }

    /// As [`clean`](Self::clean), for a line that may have been cut (it then ends with `…`): the beginning of a secret at the cut
    /// goes too.
    #[must_use]
    pub fn clean_line(&self, text: &str) -> String {
        let Some(text) = text.strip_suffix(CUT) else { return self.clean(text) };
        let clean = self.clean(text);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = |at: &usize| known.iter().any(|one| one.expose_secret().starts_with(&clean[*at..]));
        let tail = clean.char_indices().map(|(at, _)| at).find(begins);
        let kept = tail.map_or(clean.as_str(), |at| &clean[..at]);
        let blot = if tail.is_some() { BLOT } else { "" };
        format!("{kept}{blot}{CUT}")
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

/// What a URL's user part leaves as it is beside letters and digits, by RFC 3986; and what Go leaves besides.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const GO_USER: AsciiSet = UNRESERVED.remove(b'$').remove(b'&').remove(b'+').remove(b',').remove(b';').remove(b'=');

fn forms(text: &str) -> Vec<String> {
    let in_address = [&UNRESERVED, &GO_USER].map(|set| utf8_percent_encode(text, set).to_string());
    let in_form = in_address[0].replace("%20", "+");
    // Some write the digits of an escape in lower case.
    let lower = lower_escapes(&in_address[0]);
    [text.to_owned(), escaped(text), in_form, lower].into_iter().chain(in_address).collect()
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    let lower = |one: char| {
        left = if one == '%' { 3 } else { u8::saturating_sub(left, 1) };
        if left > 0 { one.to_ascii_lowercase() } else { one }
    };
    text.chars().map(lower).collect()
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
    fn a_git_login_goes_in_every_form() {
        let redactor = Redactor::default();
        redactor.learn_login(&"ada:pa/s word$Z".into());
        for said in [
            "fatal: could not read https://ada:pa%2Fs%20word%24Z@git.lan/x",
            "https://ada:pa%2fs%20word%24Z@git.lan/x",
            "https://ada:pa%2Fs%20word$Z@git.lan/x",
            "password=pa%2Fs+word%24Z",
            "Authorization: Basic YWRhOnBhL3Mgd29yZCRa",
            "the password pa/s word$Z is wrong",
            "ada:pa/s word$Z",
        ] {
            let clean = redactor.clean(said);
            let leaks = ["word", "YWRhOn", "pa/", "pa%2"]
                .iter()
                .filter(|part| clean.replace("password", "").replace("Basic", "").contains(**part));
            assert_eq!(leaks.count(), 0, "{clean}");
        }
        let token = Redactor::default();
        token.learn_login(&"ghp_token".into());
        assert_eq!(
            token.clean("x-access-token:ghp_token eC1hY2Nlc3MtdG9rZW46Z2hwX3Rva2Vu"),
            "x-access-token:[secret] [secret]"
        );
    }

    #[test]
    fn half_a_secret_at_a_cut_goes_too() {
        let redactor = Redactor::default();
        redactor.learn(&"hunter2-long".into());
        assert_eq!(redactor.clean_line("the password is hunter2-l…"), "the password is [secret]…");
        assert_eq!(redactor.clean_line("hunter2-long and more…"), "[secret] and more…");
        assert_eq!(redactor.clean_line("nothing here…"), "nothing here…");
        assert_eq!(redactor.clean_line("ends in h"), "ends in h");
    }

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
