//! What deploying is told: where the catalog is, which Portainer carries it out, how patiently.

use std::{path::PathBuf, time::Duration};

use catalog::git::GitSettings;
use reconcile::Pace;
use secrecy::SecretString;
use upstream::portainer::{PortainerConfig, engine::Protected};
use url::Url;

use super::EnvironmentSettings;

/// Everything about deploying that an owner or a test may set.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// The catalog's git repository; made when it is first needed.
    pub catalog: PathBuf,
    /// Where repositories of stacks are cached.
    pub cache: PathBuf,
    /// How git is run.
    pub git: GitSettings,
    /// Where the key of the vault is.
    pub key: KeySource,
    /// The repository the catalog is kept in step with.
    pub remote: Option<RemoteSettings>,
    /// Which Portainer.
    pub portainer: PortainerSource,
    /// Time between two looks for drift; none: only when asked.
    pub drift_every: Option<Duration>,
    /// What is never removed, beside Portainer and its agents.
    pub protected: Protected,
    /// How patiently an apply waits.
    pub pace: Pace,
    /// How patiently environments are looked at and bound.
    pub environments: EnvironmentSettings,
    /// This process among those that share the database: stands in the locks.
    pub owner: String,
}

/// Where the key of the vault is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The key itself.
    Text(SecretString),
    /// A file, made once if it does not exist.
    File(PathBuf),
}

/// The repository the catalog is kept in step with.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    /// Its address.
    pub address: String,
    /// Its branch.
    pub branch: String,
    /// The vault's secret with its credential.
    pub credential: Option<String>,
}

/// Which Portainer: what is unset here is taken from the catalog's `portainer_api`.
#[derive(Clone, Debug, Default)]
pub struct PortainerSource {
    /// Its address.
    pub url: Option<Url>,
    /// Its API key.
    pub api_key: Option<SecretString>,
    /// A CA certificate in PEM to trust.
    pub ca: Option<Vec<u8>>,
    /// SHA-256 of the one certificate to trust, as text.
    pub certificate: Option<String>,
    /// Time-outs and retries; address, credential and trust in it do not count.
    pub base: PortainerConfig,
}

impl DeploySettings {
    /// Everything under one data folder, Portainer as the catalog says.
    #[must_use]
    pub fn under(data: &std::path::Path) -> Self {
        Self {
            catalog: data.join("catalog"),
            cache: data.join("repositories"),
            git: GitSettings::default(),
            key: KeySource::File(data.join("secret.key")),
            remote: None,
            portainer: PortainerSource::default(),
            drift_every: Some(Duration::from_secs(300)),
            protected: Protected::default(),
            pace: Pace::default(),
            environments: EnvironmentSettings::default(),
            owner: "local".to_owned(),
        }
    }
}
