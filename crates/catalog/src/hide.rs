//! Secrets in plain text are never shown: not in an editor, not in a difference, not in a conflict.

use secrecy::SecretString;
use types::catalog::looks_secret;

use crate::{
    json::{Doc, Kind, Node, step},
    read::named_secret,
    snapshot::{GUESTS_FILE, HYPERVISOR_FILE, Snapshot},
};

/// What is shown in place of a secret. Sent back in a whole text, it means "as it was".
pub const HIDDEN: &str = "‹hidden›";

/// A file's text with its secrets hidden. The files of stacks hold none that are secret by their place: a variable's plain value
/// is plain on purpose, and reported if its name says otherwise.
#[must_use]
pub fn hide(path: &str, text: &str) -> String {
    if !matches!(path, HYPERVISOR_FILE | GUESTS_FILE) {
        return text.to_owned();
    }
    let Ok(doc) = Doc::parse(text) else { return hide_lines(text) };
    let mut found = Vec::new();
    secrets(doc.root(), "", &mut found);
    found.sort_by_key(|(_, node)| std::cmp::Reverse(node.range.start));
    let mut hidden = text.to_owned();
    for (_, node) in found {
        hidden.replace_range(node.range.clone(), &format!("\"{HIDDEN}\""));
    }
    hidden
}

/// A broken text: whatever follows a telling key on its line is hidden.
fn hide_lines(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // Every other part of a line cut at quotes is the inside of a text.
        let telling = line.split('"').skip(1).step_by(2).find(|word| looks_secret(word));
        match telling.and_then(|word| line.find(&format!("\"{word}\"")).map(|at| at + word.len() + 2)) {
            Some(end) => {
                hidden.push_str(&line[..end]);
                hidden.push_str(": \"");
                hidden.push_str(HIDDEN);
                hidden.push('"');
                hidden.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
            }
            None => hidden.push_str(line),
        }
    }
    hidden
}

/// Puts hidden secrets back from the text as it is now.
///
/// # Errors
/// The pointer of a hidden secret that does not stand in the old text.
pub(crate) fn restore(path: &str, text: &str, now: Option<&str>) -> Result<String, String> {
    if !matches!(path, HYPERVISOR_FILE | GUESTS_FILE) || !text.contains(HIDDEN) {
        return Ok(text.to_owned());
    }
    // A text that is no JSON cannot be matched place by place; saving it would lose the secret.
    let Ok(doc) = Doc::parse(text) else { return Err(String::new()) };
    let now = now.and_then(|now| Doc::parse(now).ok());
    let mut found = Vec::new();
    secrets(doc.root(), "", &mut found);
    let mut restored = text.to_owned();
    found.retain(|(_, node)| node.string() == Some(HIDDEN));
    found.sort_by_key(|(_, node)| std::cmp::Reverse(node.range.start));
    for (pointer, node) in found {
        let Some(before) = now.as_ref().and_then(|now| Some((now, now.at(&pointer)?))) else { return Err(pointer) };
        restored.replace_range(node.range.clone(), &before.0.text()[before.1.range.clone()]);
    }
    Ok(restored)
}

/// Texts under telling keys that are not references to the vault.
fn secrets<'a>(node: &'a Node, pointer: &str, found: &mut Vec<(String, &'a Node)>) {
    match &node.kind {
        Kind::Object(members) => {
            for member in members {
                let pointer = step(pointer, &member.key);
                let scalar = matches!(member.value.kind, Kind::String(_) | Kind::Number(_));
                let is_secret = scalar
                    && looks_secret(&member.key)
                    && member.value.string() != Some("")
                    && member.value.string().and_then(named_secret).is_none();
                if is_secret {
                    found.push((pointer, &member.value));
                } else {
                    secrets(&member.value, &pointer, found);
                }
            }
        }
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                secrets(item, &step(pointer, index), found);
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
    use crate::snapshot::HYPERVISOR_FILE;

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
    fn a_broken_text_hides_them_too() {
        let shown = hide(HYPERVISOR_FILE, "{\n  \"password\": \"hunter2\",\n  oops\n");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("oops"));
    }
}
