//! From what the owner set to what the use cases take; for every program that deploys.

use config::{Config, ExposeSecret as _, VaultKeySource};
use secrecy::SecretString;

use super::{DeploySettings, GitSettings, KeySource, Pace, PortainerSource, RemoteSettings};

impl DeploySettings {
    /// The settings as the owner made them.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let deploy = &config.deploy;
        let git = GitSettings::default();
        let git = GitSettings {
            path: deploy.git.path.clone().unwrap_or(git.path),
            home: deploy.git.home.clone(),
            ca_file: deploy.git.ca_file.clone(),
            file_addresses: deploy.git.folders,
            ..GitSettings::default()
        };
        let mut settings = Self {
            catalog: deploy.catalog_dir.clone(),
            cache: deploy.cache_dir.clone(),
            git,
            key: match &deploy.vault_key {
                VaultKeySource::Text(text) => KeySource::Text(SecretString::from(text.expose_secret())),
                VaultKeySource::File(path) => KeySource::File(path.clone()),
            },
            remote: deploy.remote.as_ref().map(|remote| RemoteSettings {
                address: remote.address.clone(),
                branch: remote.branch.clone(),
                credential: remote.credential.clone(),
            }),
            portainer: PortainerSource {
                url: deploy.portainer.url.clone(),
                api_key: deploy.portainer.api_key.clone(),
                ca: deploy.portainer.ca.clone(),
                certificate: deploy.portainer.certificate.clone(),
                ..PortainerSource::default()
            },
            drift_every: deploy.drift_every,
            pace: Pace { poll: deploy.apply_poll, lock_ttl: deploy.lock_ttl, ..Pace::default() },
            owner: config.instance.clone(),
            ..Self::under(&config.storage.data_dir)
        };
        settings.protected.own_container.clone_from(&deploy.own_container);
        settings
    }
}
