//! The catalog, its vault, and Portainer.

use std::{ffi::OsString, fs, path::PathBuf, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::source::Reader;

/// Where the catalog is, how it is kept in step, and which Portainer carries it out.
#[derive(Clone, Debug)]
pub struct DeployConfig {
    /// The catalog's git repository (`PHOENIX_CONFIG_DIR`).
    pub catalog_dir: PathBuf,
    /// Where repositories of stacks are cached.
    pub cache_dir: PathBuf,
    /// The repository the catalog is kept in step with (`PHOENIX_CONFIG_REMOTE`); none keeps it here alone.
    pub remote: Option<CatalogRemote>,
    /// The key of the vault.
    pub vault_key: VaultKeySource,
    /// Portainer, as far as it is not the catalog that says so.
    pub portainer: PortainerConfig,
    /// How git is run.
    pub git: GitConfig,
    /// Time between two looks for drift (`THINKHEADS_DRIFT_EVERY_S`); none: only when asked.
    pub drift_every: Option<Duration>,
    /// Time between two looks at containers during an apply (`THINKHEADS_APPLY_POLL_MS`).
    pub apply_poll: Duration,
    /// How long the lock of an apply outlives its process (`THINKHEADS_LOCK_TTL_S`).
    pub lock_ttl: Duration,
    /// The name of the container this program runs in, if it runs in one: it is never removed by a deployment.
    pub own_container: Option<String>,
}

/// The repository the catalog is kept in step with.
#[derive(Clone, Debug)]
pub struct CatalogRemote {
    /// Its address.
    pub address: String,
    /// Its branch (`PHOENIX_CONFIG_BRANCH`).
    pub branch: String,
    /// The vault's secret with `user:password` or a token (`PHOENIX_CONFIG_CREDENTIAL`).
    pub credential: Option<String>,
}

/// Where the key of the vault is.
#[derive(Clone, Debug)]
pub enum VaultKeySource {
    /// The key itself (`THINKHEADS_SECRET_KEY`).
    Text(SecretString),
    /// A file, made once if it does not exist.
    File(PathBuf),
}

/// Portainer's address and credential. What is unset is taken from the catalog's `portainer_api`.
#[derive(Clone, Debug, Default)]
pub struct PortainerConfig {
    /// Its URL (`PORTAINER_URL`).
    pub url: Option<Url>,
    /// Its API key (`PORTAINER_API_KEY`).
    pub api_key: Option<SecretString>,
    /// A CA certificate in PEM to trust (`PORTAINER_CA_FILE`).
    pub ca: Option<Vec<u8>>,
    /// SHA-256 of the one certificate to trust (`PORTAINER_CERT_SHA256`).
    pub certificate: Option<String>,
}

/// How git is run.
#[derive(Clone, Debug)]
pub struct GitConfig {
    /// Where programs are looked for (`PATH`).
    pub path: Option<OsString>,
    /// Where ssh finds its keys (`HOME`).
    pub home: Option<PathBuf>,
    /// A CA certificate to trust besides the system's (`THINKHEADS_GIT_CA_FILE`).
    pub ca_file: Option<PathBuf>,
    /// Whether stacks may come from folders of this machine (`THINKHEADS_GIT_FOLDERS`).
    pub folders: bool,
}

impl DeployConfig {
    pub(crate) fn read(reader: &mut Reader, data_dir: &std::path::Path) -> Self {
        let catalog_dir = reader.given("PHOENIX_CONFIG_DIR").map_or_else(|| data_dir.join("catalog"), PathBuf::from);
        let remote = reader.given("PHOENIX_CONFIG_REMOTE").map(|address| CatalogRemote {
            address,
            branch: reader.text("PHOENIX_CONFIG_BRANCH"),
            credential: reader.given("PHOENIX_CONFIG_CREDENTIAL"),
        });
        let vault_key = reader
            .secret("THINKHEADS_SECRET_KEY")
            .map_or_else(|| VaultKeySource::File(data_dir.join("secret.key")), VaultKeySource::Text);
        let drift = reader.parse("THINKHEADS_DRIFT_EVERY_S", "a whole number of seconds; 0 switches it off", 300_u64);
        let apply_poll = reader.within("THINKHEADS_APPLY_POLL_MS", 50, 60_000, 2000);
        let lock_ttl = reader.within("THINKHEADS_LOCK_TTL_S", 2, 3600, 60);
        Self {
            catalog_dir,
            cache_dir: data_dir.join("repositories"),
            remote,
            vault_key,
            portainer: PortainerConfig::read(reader),
            git: GitConfig {
                path: reader.standard("PATH").map(OsString::from),
                home: reader.standard("HOME").map(PathBuf::from),
                ca_file: reader.given("THINKHEADS_GIT_CA_FILE").map(PathBuf::from),
                folders: reader.parse("THINKHEADS_GIT_FOLDERS", "true or false", false),
            },
            drift_every: (drift > 0).then(|| Duration::from_secs(drift)),
            apply_poll: Duration::from_millis(apply_poll),
            lock_ttl: Duration::from_secs(lock_ttl),
            own_container: reader.standard("HOSTNAME").filter(|name| is_container(name)),
        }
    }
}

/// Whether a host name is one that Docker gave: the first twelve digits of the container's identifier.
fn is_container(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

impl PortainerConfig {
    fn read(reader: &mut Reader) -> Self {
        const URL: &str = "PORTAINER_URL";
        const CA: &str = "PORTAINER_CA_FILE";
        const CERTIFICATE: &str = "PORTAINER_CERT_SHA256";
        let url = reader.given(URL).and_then(|text| match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                reader.wrong(URL, "a URL with http or https and a host, such as https://portainer.lan:9443");
                None
            }
        });
        let ca = reader.given(CA).and_then(|path| {
            let pem = fs::read(&path).ok();
            if pem.is_none() {
                reader.wrong(CA, "the path of a certificate in PEM that can be read");
            }
            pem
        });
        let certificate = reader.given(CERTIFICATE);
        let digits = |text: &String| text.chars().filter(char::is_ascii_hexdigit).count();
        if certificate.as_ref().is_some_and(|text| digits(text) != 64) {
            reader.wrong(CERTIFICATE, "64 hexadecimal digits, with or without colons");
        }
        if ca.is_some() && certificate.is_some() {
            reader.wrong(CERTIFICATE, "left out when PORTAINER_CA_FILE is set: one of them proves who the server is");
        }
        Self { url, api_key: reader.secret("PORTAINER_API_KEY"), ca, certificate }
    }
}
