//! Edits of `portainer_api`: in its own words where it means the same, without a byte besides.

use catalog::{Edit, EditError, HYPERVISOR_FILE, Snapshot, apply_edits, read};
use proptest::prelude::*;
use serde_json::Value;
use types::catalog::{PortainerSettings, SecretSource};

fn edit(text: &str, wanted: &PortainerSettings) -> Result<String, EditError> {
    let snapshot = Snapshot::of_texts([(HYPERVISOR_FILE, text)]);
    let changes = apply_edits(&snapshot, &[Edit::SetPortainer(Box::new(wanted.clone()))])?;
    Ok(changes.get(HYPERVISOR_FILE).cloned().flatten().unwrap_or_else(|| text.to_owned()))
}

fn settings(text: &str) -> PortainerSettings {
    read(&Snapshot::of_texts([(HYPERVISOR_FILE, text)])).catalog.portainer
}

fn by_key(url: &str) -> PortainerSettings {
    PortainerSettings {
        url: Some(url.into()),
        api_key: Some(SecretSource::Vault("portainer/api_key".parse().unwrap())),
        ..PortainerSettings::default()
    }
}

const OLD: &str = "{\r\n\t\"version\" : 1.50,\r\n\t\"portainer_api\": {\r\n\t\t\"server_hostname\": \"portainer.lan\", \"port\": 9443,\r\n\t\t\"admin_user\": \"admin\",\r\n\t\t\"password\": \"hunter2\",\r\n\t\t\"x_note\": \"\\u00e9\"\r\n\t},\r\n\t\"network\": {\"portainer_agent_port\": 9002}\r\n}";

#[test]
fn an_address_that_means_the_same_keeps_its_words() {
    let mut wanted = by_key("https://portainer.lan:9443");
    wanted.tls_fingerprint = Some("AB:CD".into());
    let changed = edit(OLD, &wanted).unwrap();
    let expected = OLD.replace("\r\n\t\t\"admin_user\": \"admin\",\r\n\t\t\"password\": \"hunter2\",", "").replace(
        "\"\\u00e9\"\r\n",
        "\"\\u00e9\",\r\n\t\t\"api_key\": \"vault/portainer/api_key\",\r\n\t\t\"tls_fingerprint\": \"AB:CD\"\r\n",
    );
    assert_eq!(changed, expected);
    assert_eq!(settings(&changed), PortainerSettings { agent_port: Some(9002), ..wanted.clone() });
    assert_eq!(edit(&changed, &wanted).unwrap(), changed, "a second time changes nothing");
}

#[test]
fn another_address_replaces_every_spelling_of_the_old_one() {
    let changed = edit(OLD, &by_key("https://10.0.0.2:9443")).unwrap();
    assert!(!changed.contains("portainer.lan") && !changed.contains("\"port\""), "{changed}");
    assert!(
        changed.starts_with("{\r\n\t\"version\" : 1.50,") && changed.contains("\"x_note\": \"\\u00e9\""),
        "{changed}"
    );
    assert_eq!(settings(&changed).url.as_deref(), Some("https://10.0.0.2:9443"));
}

#[test]
fn a_secret_in_plain_text_that_stays_is_not_touched() {
    let text = r#"{"portainer_api": {"url": "https://a:1", "username": "u", "password": "hunter2"}}"#;
    let mut wanted = settings(text);
    assert_eq!(wanted.password, Some(SecretSource::Plain));
    wanted.url = Some("https://b:1".into());
    assert_eq!(edit(text, &wanted).unwrap(), text.replace("https://a:1", "https://b:1"));
}

#[test]
fn without_a_file_one_is_made() {
    let snapshot = Snapshot::default();
    let made = apply_edits(&snapshot, &[Edit::SetPortainer(Box::new(by_key("https://p:9443")))]).unwrap();
    let text = made[HYPERVISOR_FILE].as_deref().unwrap();
    assert_eq!(
        text,
        "{\n  \"portainer_api\": {\n    \"url\": \"https://p:9443\",\n    \"api_key\": \"vault/portainer/api_key\"\n  }\n}\n"
    );
    assert_eq!(edit("{}", &by_key("https://p:9443")).map(|text| settings(&text)), Ok(by_key("https://p:9443")));
}

#[test]
fn another_form_or_a_broken_file_is_refused() {
    for text in ["[]", r#"{"portainer_api": "https://p"}"#] {
        let error = edit(text, &by_key("https://p:9443")).unwrap_err();
        assert!(matches!(error, EditError::Shape { .. }), "{text}: {error:?}");
    }
    let error = edit(r#"{"portainer_api": {"#, &by_key("https://p:9443")).unwrap_err();
    assert!(matches!(error, EditError::Broken { .. }), "{error:?}");
}

fn option<T: std::fmt::Debug + Clone + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(values))
}

fn wanted() -> impl Strategy<Value = PortainerSettings> {
    let vault = |name: &str| SecretSource::Vault(name.parse().unwrap());
    (
        option(vec!["https://p.lan:9443", "http://[fd00::1]:9000", "https://h/prefix"]),
        option(vec!["admin", "Ünal \"x\""]),
        option(vec![vault("portainer/password")]),
        option(vec![vault("portainer/api_key"), vault("k")]),
        option(vec!["/etc/ca.pem"]),
        option(vec!["AB:CD", "ef"]),
    )
        .prop_map(|(url, username, password, api_key, ca_file, tls_fingerprint)| PortainerSettings {
            url: url.map(str::to_owned),
            username: username.map(str::to_owned),
            password,
            api_key,
            ca_file: ca_file.map(str::to_owned),
            tls_fingerprint: tls_fingerprint.map(str::to_owned),
            skip_verify: false,
            agent_port: Some(9001),
        })
}

/// A file in some layout, with members nobody knows around and among the known ones.
fn file() -> impl Strategy<Value = String> {
    let members = prop::sample::subsequence(
        vec![
            r#""url": "https:\/\/old.lan:9443""#,
            r#""server_ip":"10.0.0.9""#,
            r#""port" : 9444"#,
            r#""admin_user": "root""#,
            r#""password": "in clear""#,
            r#""api_key": "vault/k""#,
            r#""skip_verify": true"#,
            r#""x-keep": [1.50, {"deep": null}]"#,
            r#""ca_file": "/old.pem""#,
        ],
        0..=9,
    );
    (members, prop::sample::select(vec!["\n  ", "\r\n\t", " ", ""])).prop_map(|(members, gap)| {
        let members = members.join(&format!(",{gap}{gap}"));
        format!(
            "{{{gap}\"before\": \"\\u00e9\",{gap}\"network\":{{\"portainer_agent_port\":9001}},{gap}\"portainer_api\": {{{gap}{members}{gap}}},{gap}\"after\": 1e3{gap}}}"
        )
    })
}

/// The file without what the edit is about.
fn rest(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    let api = value["portainer_api"].as_object_mut().unwrap();
    api.retain(|key, _| key.starts_with("x-"));
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_says_what_is_wanted_and_nothing_else_changes(text in file(), wanted in wanted()) {
        let changed = edit(&text, &wanted).unwrap();
        prop_assert_eq!(settings(&changed), wanted.clone());
        prop_assert_eq!(rest(&changed), rest(&text));
        let [head, tail] = ["\"portainer_api\"", "\"after\""].map(|mark| text.find(mark).unwrap());
        prop_assert!(changed.starts_with(&text[..head]) && changed.ends_with(&text[tail..]), "{}", changed);
        prop_assert_eq!(edit(&changed, &wanted).unwrap(), changed.as_str());
        prop_assert_eq!(changed.contains("in clear"), false);
    }
}
