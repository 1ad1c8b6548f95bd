//! Secrets in plain text are never shown: not in an editor, not in a difference, not in a conflict.

use secrecy::SecretString;
use types::catalog::looks_secret;

use crate::{
    json::{Doc, Kind, Node, step},
    read::named_secret,
    snapshot::{GUESTS_FILE, HYPERVISOR_FILE, SECRETS_FILE, Snapshot},
    vault::foreign,
};

/// What is shown in place of a secret. Sent back in a whole text, it means "as it was".
pub const HIDDEN: &str = "‹hidden›";

/// A file's text with its secrets hidden: values under telling keys; in the vault's file whatever the vault did not write; in a
/// broken text every value. The files of stacks hold none that are secret by their place: a variable's plain value is plain on
/// purpose, and reported if its name says otherwise.
#[must_use]
pub fn hide(path: &str, text: &str) -> String {
    if !has_secrets(path) {
        return text.to_owned();
    }
    let Ok(doc) = Doc::parse(text) else { return hide_values(text) };
    let mut found = Vec::new();
    if path == SECRETS_FILE {
        found = foreign(&doc);
    } else {
        secrets(doc.root(), &mut found);
    }
    found.sort_by_key(|node| std::cmp::Reverse(node.range.start));
    let mut hidden = text.to_owned();
    for node in found {
        hidden.replace_range(node.range.clone(), &format!("\"{HIDDEN}\""));
    }
    hidden
}

fn has_secrets(path: &str) -> bool {
    matches!(path, HYPERVISOR_FILE | GUESTS_FILE | SECRETS_FILE)
}

/// A broken text: its keys stay, all else that is not JSON's own is hidden, since nobody can tell what belongs to which key.
fn hide_values(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    let mut last = None;
    while let Some(first) = rest.chars().next() {
        let is_own = |char: char| char.is_whitespace() || matches!(char, '{' | '}' | '[' | ']' | ':' | ',');
        if is_own(first) {
            hidden.push(first);
            rest = &rest[first.len_utf8()..];
            last = if first.is_whitespace() { last } else { Some(first) };
            continue;
        }
        let length = if first == '"' {
            string_length(rest)
        } else {
            rest.find(|char: char| is_own(char) || char == '"').unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length);
        let is_key = first == '"' && last != Some(':') && after.trim_start().starts_with(':');
        if is_key || matches!(word, "true" | "false" | "null" | "\u{feff}") {
            hidden.push_str(word);
        } else {
            hidden.push_str(&format!("\"{HIDDEN}\""));
        }
        last = Some(first);
        rest = after;
    }
    hidden
}

/// How long the string is that begins here, its quotes included. One that is not closed ends with its line.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '\n' | '\r' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = char == '\\' && !escaped,
        }
    }
    text.len()
}

/// Puts hidden secrets back from the text as it is now.
///
/// # Errors
/// The pointer of a hidden secret that does not stand in the old text.
pub(crate) fn restore(path: &str, text: &str, now: Option<&str>) -> Result<String, String> {
    if !has_secrets(path) || !text.contains(HIDDEN) {
        return Ok(text.to_owned());
    }
    // A text that is no JSON cannot be matched place by place; saving it would lose the secret.
    let Ok(doc) = Doc::parse(text) else { return Err(String::new()) };
    let now = now.and_then(|now| Doc::parse(now).ok());
    let mut found = Vec::new();
    marks(doc.root(), "", &mut found);
    let mut restored = text.to_owned();
    found.sort_by_key(|(_, node)| std::cmp::Reverse(node.range.start));
    for (pointer, node) in found {
        let Some(before) = now.as_ref().and_then(|now| Some((now, now.at(&pointer)?))) else { return Err(pointer) };
        restored.replace_range(node.range.clone(), &before.0.text()[before.1.range.clone()]);
    }
    Ok(restored)
}

/// Wherever something is hidden: of what was broken, that may be any value.
fn marks<'a>(node: &'a Node, pointer: &str, found: &mut Vec<(String, &'a Node)>) {
    match &node.kind {
        Kind::String(text) if text == HIDDEN => found.push((pointer.to_owned(), node)),
        Kind::Object(members) => {
            members.iter().for_each(|member| marks(&member.value, &step(pointer, &member.key), found));
        }
        Kind::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| marks(item, &step(pointer, index), found));
        }
        _ => {}
    }
}

/// Texts under telling keys that are not references to the vault.
fn secrets<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    match &node.kind {
        Kind::Object(members) => {
            for member in members {
                let scalar = matches!(member.value.kind, Kind::String(_) | Kind::Number(_));
                let is_secret = scalar
                    && looks_secret(&member.key)
                    && member.value.string() != Some("")
                    && member.value.string().and_then(named_secret).is_none();
                if is_secret {
                    found.push(&member.value);
                } else {
                    secrets(&member.value, found);
                }
            }
        }
        Kind::Array(items) => {
            for item in items {
                secrets(item, found);
            }
        }
        _ => {}
    }
}

impl Snapshot {
    /// The secret that stands in plain text at a place. For the engine, and for moving it into the vault.
    #[must_use]
    pub fn plain_secret(&self, file: &str, pointer: &str) -> Option<SecretString> {
        let doc = Doc::parse(self.text(file)?).ok()?;
        let node = doc.at(pointer)?;
        let text = node.string()?;
        (!text.is_empty() && named_secret(text).is_none()).then(|| SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{HIDDEN, hide, restore};
    use crate::snapshot::{HYPERVISOR_FILE, SECRETS_FILE};

    const TEXT: &str = "{\n  \"portainer_api\": {\"password\": \"hunter2\", \"api_key\": \"vault/portainer\", \"username\": \"admin\"},\n  \"nested\": [{\"auth_token\": \"t0k3n\"}]\n}\n";

    #[test]
    fn secrets_are_hidden_and_come_back() {
        let shown = hide(HYPERVISOR_FILE, TEXT);
        assert!(!shown.contains("hunter2") && !shown.contains("t0k3n"), "{shown}");
        assert!(shown.contains("vault/portainer") && shown.contains("admin"));
        assert_eq!(restore(HYPERVISOR_FILE, &shown, Some(TEXT)).unwrap(), TEXT);
        let moved = format!("{{\"other\": {{\"password\": \"{HIDDEN}\"}}}}");
        assert_eq!(restore(HYPERVISOR_FILE, &moved, Some(TEXT)), Err("/other/password".to_owned()));
    }

    #[test]
    fn a_broken_text_hides_every_value() {
        for broken in [
            "{\n  \"password\": \"hunter2\",\n  \"zfs\": true,\n  oops\n",
            "{\n  \"password\":\n    \"hunter2\",\n  \"zfs\": true,,\n}\n",
            "{\"password\": hunter2, \"zfs\": true}",
            "{\"password\": \"hunter2,\n\"zfs\": true}",
            "{\"password\": \"a\\\"hunter2\", \"zfs\": true,}",
            "{\"password\": \"hunter2\": \"x\", \"zfs\": true}",
            "\u{feff}{\"password\": 'hunter2', \"zfs\": true}",
        ] {
            let shown = hide(HYPERVISOR_FILE, broken);
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("\"password\":") && shown.contains("\"zfs\": true"), "{shown}");
            assert_eq!(hide(SECRETS_FILE, broken), shown);
        }
        // What was hidden there is never saved as if it were the value, whatever its key.
        let mended = format!("{{\"name\": \"{HIDDEN}\"}}");
        assert_eq!(restore(HYPERVISOR_FILE, &mended, Some("{\"name\": \"x\",}")), Err("/name".to_owned()));
    }
}
