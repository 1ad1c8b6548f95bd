//! The vault.

use std::os::unix::fs::PermissionsExt;

use catalog::{
    HIDDEN, SECRETS_FILE, Snapshot, apply_edits, hide,
    vault::{Vault, VaultError, VaultKey},
};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use types::catalog::SecretName;

use crate::support::NOW;

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

fn secret(text: &str) -> SecretString {
    text.into()
}

fn text_of(vault: &Vault) -> String {
    apply_edits(&Snapshot::default(), &[vault.edit()]).unwrap()[SECRETS_FILE].clone().unwrap()
}

fn filled(key: &VaultKey) -> Vault {
    let mut vault = Vault::open(None).unwrap();
    vault.set(key, &name("grafana/admin"), &secret("first value"), "ada", NOW).unwrap();
    vault.set(key, &name("portainer"), &secret("ptr_key"), "bob", NOW + 1).unwrap();
    vault
}

#[test]
fn what_is_set_can_be_listed_revealed_rotated_and_removed() {
    let key = VaultKey::generate();
    let mut vault = filled(&key);
    let listed: Vec<_> =
        vault.list().into_iter().map(|one| (one.name.to_string(), one.version, one.updated_by)).collect();
    assert_eq!(listed, [("grafana/admin".into(), 1, "ada".into()), ("portainer".into(), 1, "bob".into())]);
    let before = text_of(&vault);
    let rotated = vault.rotate(&key, &name("grafana/admin"), &secret("second"), "eve", NOW + 2).unwrap();
    assert_eq!((rotated.version, rotated.updated_at), (2, NOW + 2));
    // The other entry keeps its bytes.
    let other = |text: &str| text[text.find("\"portainer\"").unwrap()..].to_owned();
    assert_eq!(other(&before), other(&text_of(&vault)));
    let again = Vault::open(Some(&text_of(&vault))).unwrap();
    let revealed = again.reveal(&key, &name("vault/grafana/admin")).unwrap();
    assert_eq!((revealed.version, revealed.value.expose_secret()), (2, "second"));
    assert_eq!(vault.rotate(&key, &name("none"), &secret("x"), "a", NOW), Err(VaultError::UnknownSecret(name("none"))));
    assert_eq!(vault.set(&key, &name("e"), &secret(""), "a", NOW), Err(VaultError::BadValue));
    vault.remove(&name("portainer")).unwrap();
    assert!(vault.get(&name("portainer")).is_none() && vault.reveal(&key, &name("portainer")).is_err());
    // What is left of it is a number, which is open; and it goes on from there.
    let text = text_of(&vault);
    assert!(text.contains("\"removed\"") && hide(SECRETS_FILE, &text) == text, "{text}");
    let mut vault = Vault::open(Some(&text)).unwrap();
    assert_eq!(vault.list().len(), 1);
    assert_eq!(vault.set(&key, &name("portainer"), &secret("again"), "ada", NOW).unwrap().version, 2);
    assert!(!text_of(&vault).contains("\"removed\""));
    let hand = text.replace("\"portainer\": 1", "\"portainer\": \"hunter2\"");
    assert!(hand.contains("hunter2") && !hide(SECRETS_FILE, &hand).contains("hunter2"));
}

#[test]
fn another_key_is_told_from_a_changed_entry() {
    let (key, other) = (VaultKey::generate(), VaultKey::generate());
    let vault = filled(&key);
    assert_eq!(vault.reveal(&other, &name("portainer")).unwrap_err(), VaultError::WrongKey(name("portainer")));
    let text = text_of(&vault);
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let tampered = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file = file.clone();
        change(&mut file);
        let vault = Vault::open(Some(&file.to_string())).unwrap();
        assert_eq!(vault.check(&key).len(), 1);
        vault.reveal(&key, &name("portainer")).unwrap_err()
    };
    let wanted = VaultError::Tampered(name("portainer"));
    // Another entry's value, an older-looking version, another author, a flipped byte.
    assert_eq!(
        tampered(
            &|file| file["secrets"]["portainer"]["ciphertext"] = file["secrets"]["grafana/admin"]["ciphertext"].clone()
        ),
        wanted
    );
    assert_eq!(tampered(&|file| file["secrets"]["portainer"] = file["secrets"]["grafana/admin"].clone()), wanted);
    assert_eq!(tampered(&|file| file["secrets"]["portainer"]["version"] = 7.into()), wanted);
    assert_eq!(tampered(&|file| file["secrets"]["portainer"]["updated_by"] = "mallory".into()), wanted);
    assert_eq!(
        tampered(&|file| {
            let text = file["secrets"]["portainer"]["ciphertext"].as_str().unwrap();
            let last = if text.contains("AAAA") { "BBBB" } else { "AAAA" };
            file["secrets"]["portainer"]["ciphertext"] = format!("{last}{}", &text[4..]).into();
        }),
        wanted
    );
    assert_eq!(tampered(&|file| file["secrets"]["portainer"]["seal"] = "00".into()), wanted);
    // A value made by somebody who only has the public key.
    assert_eq!(
        tampered(&|file| {
            let recipient: age::x25519::Recipient = key.public().parse().unwrap();
            let forged = age::encrypt(&recipient, b"forged").unwrap();
            use base64::Engine;
            file["secrets"]["portainer"]["ciphertext"] = base64::prelude::BASE64_STANDARD.encode(forged).into();
        }),
        wanted
    );
    assert!(matches!(Vault::open(Some("{\"secrets\": []}")), Err(VaultError::Malformed(_))));
    assert!(matches!(Vault::open(Some("{")), Err(VaultError::Malformed(_))));
}

#[test]
fn what_a_hand_wrote_into_the_file_is_not_shown() {
    let text = text_of(&filled(&VaultKey::generate()));
    assert_eq!(hide(SECRETS_FILE, &text), text, "what the vault wrote is open");
    let edited = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut file);
        serde_json::to_string_pretty(&file).unwrap()
    };
    for hand in [
        edited(&|file| file["secrets"]["db"] = "hunter2".into()),
        edited(&|file| file["secrets"]["db"] = serde_json::json!({"value": "hunter2"})),
        edited(&|file| file["secrets"]["portainer"]["ciphertext"] = "hunter2".into()),
        edited(&|file| file["secrets"]["portainer"]["note"] = "hunter2".into()),
        edited(&|file| file["db"] = "hunter2".into()),
        "\"hunter2\"".to_owned(),
    ] {
        let shown = hide(SECRETS_FILE, &hand);
        assert!(hand.contains("hunter2") && !shown.contains("hunter2") && shown.contains(HIDDEN), "{shown}");
    }
    for hand in [
        "{\n  \"secrets\": {\n    \"db\": \"hunter2\"\n  }\n}\n",
        "{\n  \"secrets\": \"hunter2\"}",
        "{\"secrets\": hunter2}",
    ] {
        let error = Vault::open(Some(hand)).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2") && error.to_string().contains("at line "), "{error}");
    }
}

#[test]
fn rekeying_moves_every_value_and_nothing_else() {
    let (old, new) = (VaultKey::generate(), VaultKey::generate());
    let mut vault = filled(&old);
    let before = vault.list();
    assert_eq!(vault.rekey(&new, &old), Err(VaultError::WrongKey(name("grafana/admin"))));
    assert_eq!(vault.rekey(&old, &new), Ok(2));
    assert_eq!(vault.list(), before);
    assert_eq!(vault.reveal(&new, &name("portainer")).unwrap().value.expose_secret(), "ptr_key");
    assert_eq!(vault.reveal(&old, &name("portainer")).unwrap_err(), VaultError::WrongKey(name("portainer")));
    assert!(vault.check(&new).is_empty());
}

#[test]
fn the_key_file_is_made_once_and_only_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/vault.key");
    let made = VaultKey::open_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(VaultKey::open_or_create(&path).unwrap().public(), made.public());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = VaultKey::open_or_create(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 600") && !error.contains("AGE-SECRET"), "{error}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "not a key").unwrap();
    assert_eq!(VaultKey::open_or_create(&path).unwrap_err(), VaultError::BadKey);
    let together: Vec<String> = {
        let path = folder.path().join("race.key");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || VaultKey::open_or_create(&path).unwrap().public())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    };
    assert!(together.windows(2).all(|two| two[0] == two[1]));
    assert!(!format!("{made:?}").contains("SECRET"));
}

#[test]
fn digests_compare_values_under_one_key_and_context() {
    let (key, other) = (VaultKey::generate(), VaultKey::generate());
    let digest = key.digest("web/DB_PASSWORD", &secret("x"));
    assert_eq!(digest, VaultKey::parse(key.secret()).unwrap().digest("web/DB_PASSWORD", &secret("x")));
    assert_ne!(digest, key.digest("web/DB_PASSWORD", &secret("y")));
    assert_ne!(digest, key.digest("db/DB_PASSWORD", &secret("x")));
    assert_ne!(key.digest("ab", &secret("c")), key.digest("a", &secret("bc")));
    assert_ne!(digest, other.digest("web/DB_PASSWORD", &secret("x")));
    assert_eq!(digest.to_string().len(), 64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a value is, it comes back whole and shows nowhere else.
    #[test]
    fn no_value_shows(value in "[ -~äöü\\n]{8,60}", index in 0_usize..3) {
        let key = VaultKey::generate();
        let mut vault = filled(&key);
        let name = name(["a", "b/c", "portainer"][index]);
        let value = secret(&value);
        vault.set(&key, &name, &value, "ada", NOW).unwrap();
        let text = text_of(&vault);
        let revealed = Vault::open(Some(&text)).unwrap().reveal(&key, &name).unwrap();
        prop_assert_eq!(revealed.value.expose_secret(), value.expose_secret());
        let errors = format!("{:?}", vault.reveal(&VaultKey::generate(), &name));
        let shown = [text, format!("{vault:?}"), format!("{revealed:?}"), errors, format!("{:?}", vault.list()), format!("{key:?}"), format!("{:?}", key.digest("x", &value))];
        for one in &shown {
            prop_assert!(!one.contains(value.expose_secret()), "{}", one);
            prop_assert!(!one.contains(key.secret().expose_secret()));
        }
    }

    /// Over setting, rotating, removing, rekeying and reading anew, a name and a version never mean two values.
    #[test]
    fn no_version_comes_back(acts in prop::collection::vec((0_u8..5, 0_usize..3, "[a-z]{1,3}"), 1..40)) {
        let mut key = VaultKey::generate();
        let mut vault = Vault::open(None).unwrap();
        let mut meant: std::collections::BTreeMap<(String, u32), String> = std::collections::BTreeMap::new();
        for (act, index, value) in acts {
            let secret_name = name(["a", "b/c", "portainer"][index]);
            let there = vault.get(&secret_name);
            let set = match act {
                0 | 1 => Some(vault.set(&key, &secret_name, &secret(&value), "ada", NOW).unwrap()),
                2 if there.is_some() => Some(vault.rotate(&key, &secret_name, &secret(&value), "ada", NOW).unwrap()),
                3 if there.is_some() => { vault.remove(&secret_name).unwrap(); None }
                4 => {
                    let new = VaultKey::generate();
                    vault.rekey(&key, &new).unwrap();
                    key = new;
                    vault = Vault::open(Some(&text_of(&vault))).unwrap();
                    None
                }
                _ => None,
            };
            if let Some(set) = set {
                prop_assert!(set.version > there.map_or(0, |info| info.version));
                prop_assert_eq!(meant.insert((secret_name.to_string(), set.version), value), None);
            }
            for info in vault.list() {
                let revealed = vault.reveal(&key, &info.name).unwrap();
                prop_assert_eq!(revealed.value.expose_secret(), &meant[&(info.name.to_string(), revealed.version)]);
            }
        }
    }
}
