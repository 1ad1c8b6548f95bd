//! The list of all settings: one row each, read by the loader, by `print-config` and by docs/CONFIG.md's check.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the environment and in `thinkheads.toml`.
    pub name: &'static str,
    /// Its default, as it would be written; `None` means unset.
    pub default: Option<&'static str>,
    /// Whether its value is hidden wherever settings are shown, and `NAME_FILE` may hold it.
    pub secret: bool,
    /// What it does, for the owner.
    pub doc: &'static str,
}

const fn setting(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Setting {
    Setting { name, default, secret: false, doc }
}

const fn secret(name: &'static str, doc: &'static str) -> Setting {
    Setting { name, default: None, secret: true, doc }
}

/// All settings, in the order they are shown.
pub const SETTINGS: &[Setting] = &[
    setting("THINKHEADS_ADDR", Some("127.0.0.1:3000"), "Address and port to listen on. Port 0 picks a free one."),
    setting(
        "THINKHEADS_PUBLIC_URL",
        Some("http://localhost:3000"),
        "The URL people type. Subdomains such as `chat.` hang under its host. `https` turns on secure cookies and HSTS.",
    ),
    setting(
        "THINKHEADS_TRUSTED_PROXIES",
        Some(""),
        "Networks whose forwarded addresses and trace ids are believed, as a comma-separated list such as `127.0.0.1/32, ::1/128`.",
    ),
    setting("THINKHEADS_SITE_DIR", Some("./site"), "Folder with the built site files (CSS, WASM, icons)."),
    setting(
        "THINKHEADS_SHUTDOWN_GRACE_S",
        Some("10"),
        "Seconds that running answers get to end when the server is told to stop. What is left is kept and marked interrupted.",
    ),
    secret(
        "THINKHEADS_METRICS_TOKEN",
        "Bearer token for `/metrics`. Without it nobody may read metrics, except this machine itself while the public URL is local and no trusted proxies are set.",
    ),
    setting(
        "THINKHEADS_MAX_CONNECTIONS",
        Some("4096"),
        "Most connections from browsers and proxies at once. Who comes beyond is told 503 and when to come again. Each needs a file descriptor (`ulimit -n`).",
    ),
    setting(
        "THINKHEADS_STREAMS_PER_PERSON",
        Some("32"),
        "Most answers one person may follow at once in this process, all devices and tabs together.",
    ),
    setting("THINKHEADS_DATA_DIR", Some("./data"), "Folder for the database and blobs. Made if it does not exist."),
    Setting {
        name: "DATABASE_URL",
        default: None,
        secret: true,
        doc: "`sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`. Unset: `thinkheads.db` in the data folder.",
    },
    setting("DATABASE_MAX_CONNECTIONS", Some("10"), "Most connections to the database at once."),
    setting(
        "PHOENIX_URL",
        None,
        "URL of phoenix-node or of any OpenAI-compatible server (vLLM, llama.cpp, Ollama), with or without `/v1`. Unset: chat says so.",
    ),
    secret("PHOENIX_API_KEY", "API key for it, sent as a bearer token."),
    setting("PHOENIX_CONNECT_TIMEOUT_S", Some("5"), "Seconds to wait for a connection to Phoenix."),
    setting(
        "PHOENIX_FIRST_TOKEN_TIMEOUT_S",
        Some("120"),
        "Seconds to wait for an answer's first token. Loading a large model takes long.",
    ),
    setting(
        "PHOENIX_SILENCE_TIMEOUT_S",
        Some("60"),
        "Seconds without a token after which an answer counts as cut off.",
    ),
    setting(
        "PHOENIX_CONFIG_DIR",
        None,
        "Folder of the stack catalog: a git repository with the `phoenix_*.json` files. Unset: `catalog` in the data folder. Made if it does not exist.",
    ),
    setting(
        "PHOENIX_CONFIG_REMOTE",
        None,
        "Address of a git repository that the catalog is kept in step with, on demand: forward only, never forced. Unset: the catalog lives here alone.",
    ),
    setting("PHOENIX_CONFIG_BRANCH", Some("main"), "Branch of that repository."),
    setting(
        "PHOENIX_CONFIG_CREDENTIAL",
        None,
        "Name of the vault's secret with `user:password` or a token for that repository.",
    ),
    secret(
        "THINKHEADS_SECRET_KEY",
        "Key of the vault, `AGE-SECRET-KEY-1…`. Unset: `secret.key` in the data folder, made once with mode 0600. Keep a copy where the backups are not.",
    ),
    setting(
        "PORTAINER_URL",
        None,
        "Portainer's URL, with a path prefix if it has one. Unset: `portainer_api` in the catalog's `phoenix_hypervisor_config.json`.",
    ),
    secret(
        "PORTAINER_API_KEY",
        "API key for Portainer, `ptr_…`. Unset: the key or the user and password of `portainer_api`.",
    ),
    setting(
        "PORTAINER_CA_FILE",
        None,
        "PEM file with the certificate authority to trust for Portainer, in place of the system's.",
    ),
    setting(
        "PORTAINER_CERT_SHA256",
        None,
        "SHA-256 fingerprint of the one certificate to trust for Portainer: its self-made one can be trusted in no other way.",
    ),
    setting(
        "THINKHEADS_DRIFT_EVERY_S",
        Some("300"),
        "Seconds between two looks at what changed outside of the catalog. 0: only when somebody asks.",
    ),
    setting(
        "THINKHEADS_APPLY_POLL_MS",
        Some("2000"),
        "Milliseconds between two looks at the containers while a stack is deployed, 50 to 60000.",
    ),
    setting(
        "THINKHEADS_LOCK_TTL_S",
        Some("60"),
        "Seconds after which the lock of a process that died in the middle of an apply lapses, 2 to 3600. A living one renews it three times as often.",
    ),
    setting(
        "THINKHEADS_GIT_CA_FILE",
        None,
        "PEM file with a certificate authority that git trusts besides the system's.",
    ),
    setting(
        "THINKHEADS_GIT_FOLDERS",
        Some("false"),
        "Whether repositories may be folders of this machine (`file://`). Whoever may edit the catalog could then read every repository that this program can.",
    ),
    setting(
        "THINKHEADS_SERVER",
        None,
        "URL of a running server that `phoenix-cli` goes through, in place of opening catalog and database itself.",
    ),
    setting(
        "THINKHEADS_SERVER_CA_FILE",
        None,
        "PEM file with the certificate authority to trust for that server, in place of the system's.",
    ),
    secret(
        "THINKHEADS_TOKEN",
        "API token for that server of an administrator or a deployer, `tht_…`; only `phoenix-cli` uses it.",
    ),
    setting("THINKHEADS_LOG", Some("info"), "What to log: a level, or directives such as `info,service=debug`."),
    setting("THINKHEADS_LOG_FORMAT", Some("human"), "`human` or `json`."),
    setting(
        "THINKHEADS_INSTANCE",
        Some("main"),
        "Name of this process when several share one PostgreSQL database. Each needs its own.",
    ),
];

/// Looks a setting up by its name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The known name most like a wrong one, if any is near enough to be meant.
pub(crate) fn nearest(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_ascii_uppercase();
    SETTINGS
        .iter()
        .map(|setting| (strsim::normalized_damerau_levenshtein(&wrong, setting.name), setting.name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}
