use std::{fs, time::Duration};

use tempfile::TempDir;

use super::*;

fn environment(folder: &TempDir, toml: &str, pairs: &[(&str, &str)]) -> Environment {
    let path = folder.path().join("thinkheads.toml");
    fs::write(&path, toml).unwrap();
    let config = ("THINKHEADS_CONFIG".to_owned(), path.display().to_string());
    Environment::of(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).chain([config]))
}

fn load(toml: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&environment(&TempDir::new().unwrap(), toml, pairs))
}

fn complaints(result: Result<Config, ConfigError>) -> Vec<SettingError> {
    match result {
        Err(ConfigError::Settings(errors)) => errors,
        other => panic!("expected complaints, got {other:?}"),
    }
}

#[test]
fn with_nothing_set_every_default_holds() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.http.public_origin(), "http://localhost:3000");
    assert_eq!(config.storage.database_url.expose_secret(), "sqlite://./data/thinkheads.db");
    assert_eq!(config.phoenix.silence_timeout, Duration::from_secs(60));
    assert!(config.phoenix.url.is_none());
    assert!(config.describe().iter().all(|row| row.source == Source::Default));
}

#[test]
fn the_environment_wins_over_the_file_and_each_value_names_its_source() {
    let config = load(
        "thinkheads_addr = \"127.0.0.1:1\"\nTHINKHEADS_SHUTDOWN_GRACE_S = 3\nTHINKHEADS_TRUSTED_PROXIES = [\"127.0.0.1\", \"10.0.0.0/8\"]",
        &[("THINKHEADS_ADDR", "127.0.0.1:2")],
    )
    .unwrap();
    assert_eq!(config.http.addr.port(), 2);
    assert_eq!(config.http.shutdown_grace, Duration::from_secs(3));
    assert_eq!(config.http.trusted_proxies.len(), 2);
    let source = |name| config.describe().iter().find(|row| row.name == name).map(|row| row.source.clone());
    assert_eq!(source("THINKHEADS_ADDR"), Some(Source::Environment));
    assert!(matches!(source("THINKHEADS_SHUTDOWN_GRACE_S"), Some(Source::Toml(_))));
}

#[test]
fn unknown_names_are_errors_with_the_nearest_right_name() {
    let errors = complaints(load("PHENIX_URL = \"http://x\"", &[("THINKHEADS_PUBLC_URL", "http://x")]));
    assert!(errors[0].message.contains("did you mean PHOENIX_URL?"), "{errors:?}");
    assert!(errors[1].message.contains("did you mean THINKHEADS_PUBLIC_URL?"), "{errors:?}");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let errors = complaints(load(
        "",
        &[
            ("THINKHEADS_ADDR", "here"),
            ("THINKHEADS_PUBLIC_URL", "https://x/path"),
            ("THINKHEADS_TRUSTED_PROXIES", "10.0.0.0/99"),
            ("PHOENIX_URL", "phoenix:8000"),
            ("PHOENIX_SILENCE_TIMEOUT_S", "-1"),
            ("THINKHEADS_LOG_FORMAT", "xml"),
            ("THINKHEADS_MAX_CONNECTIONS", "0"),
            ("THINKHEADS_STREAMS_PER_PERSON", "many"),
        ],
    ));
    assert_eq!(errors.len(), 8, "{errors:?}");
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "sk-very-secret\n").unwrap();
    let key = key.display().to_string();
    let config = load("", &[("PHOENIX_API_KEY_FILE", &key), ("DATABASE_URL", "postgres://a:pw-secret@h/d")]).unwrap();
    assert_eq!(config.phoenix.api_key.as_ref().unwrap().expose_secret(), "sk-very-secret");
    let shown = format!("{config:?} {:?}", config.describe());
    assert!(!shown.contains("very-secret") && !shown.contains("pw-secret"), "{shown}");

    let errors = complaints(load("", &[("PHOENIX_API_KEY_FILE", &key), ("PHOENIX_API_KEY", "x")]));
    assert!(errors[0].message.contains("keep one of them"));
    let errors = complaints(load("", &[("DATABASE_URL", "mysql://root:pw-secret@h")]));
    assert!(!errors[0].to_string().contains("pw-secret"), "{errors:?}");
}

#[test]
fn a_broken_file_is_named_with_line_and_column_but_not_quoted() {
    let error = load("THINKHEADS_LOG = \"info\"\nPHOENIX_API_KEY = sk-very-secret", &[]).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
    assert!(!error.contains("very-secret"), "{error}");
}

#[test]
fn the_printed_configuration_is_complete_and_loads() {
    let printed = print_default();
    let uncommented: String = printed
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| SETTINGS.iter().any(|setting| line.starts_with(&format!("{} = ", setting.name))))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(uncommented.lines().count(), SETTINGS.len());
    load(&uncommented, &[]).unwrap();
}

#[test]
fn the_configuration_page_lists_what_the_code_reads() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFIG.md")).unwrap();
    let expected = markdown_reference();
    assert!(page.contains(&expected), "docs/CONFIG.md must contain this table:\n{expected}");
}

#[test]
fn deployment_settings_follow_the_data_folder_and_are_checked() {
    let config =
        load("", &[("THINKHEADS_DATA_DIR", "/srv/th"), ("HOSTNAME", "0123456789ab"), ("PATH", "/bin")]).unwrap();
    let deploy = &config.deploy;
    assert_eq!(deploy.catalog_dir, std::path::Path::new("/srv/th/catalog"));
    assert!(matches!(&deploy.vault_key, VaultKeySource::File(path) if path.ends_with("secret.key")));
    assert_eq!(deploy.own_container.as_deref(), Some("0123456789ab"));
    assert_eq!(deploy.git.path.as_deref(), Some(std::ffi::OsStr::new("/bin")));
    assert!(deploy.remote.is_none() && !deploy.git.folders);

    let wrong = [
        ("PORTAINER_URL", "portainer.lan"),
        ("PORTAINER_CERT_SHA256", "AB:CD"),
        ("PORTAINER_CA_FILE", "/no/such/file"),
        ("THINKHEADS_DRIFT_EVERY_S", "often"),
    ];
    let errors = complaints(load("", &wrong));
    let names: Vec<&str> = errors.iter().map(|error| error.name.as_str()).collect();
    for (name, _) in wrong {
        assert!(names.contains(&name), "{errors:?}");
    }
    let secret = "AGE-SECRET-KEY-1QQQQ";
    let config = load("", &[("THINKHEADS_SECRET_KEY", secret), ("PORTAINER_API_KEY", "ptr_x")]).unwrap();
    assert!(!format!("{config:?}").contains(secret) && !format!("{config:?}").contains("ptr_x"));
}
