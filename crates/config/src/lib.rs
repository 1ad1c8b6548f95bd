//! The only reader of the environment.
//!
//! Every setting has one name. It may stand in the environment, in a file named by `NAME_FILE` (secrets only), or under the
//! same name in `thinkheads.toml`; the environment wins. [`Config::load`] resolves and checks all of them at once, so that
//! a program starts with every setting right or says everything that is wrong.

mod deploy;
mod describe;
mod error;
mod http;
mod log;
mod phoenix;
mod portal;
mod registry;
mod source;
mod storage;

pub use deploy::{CatalogRemote, DeployConfig, GitConfig, PortainerConfig, VaultKeySource};
pub use describe::{Described, markdown_reference, print_default};
pub use error::{ConfigError, SettingError};
pub use http::HttpConfig;
pub use log::{LogConfig, LogFormat};
pub use phoenix::PhoenixSettings;
pub use portal::PortalSettings;
pub use registry::{SETTINGS, Setting};
pub use secrecy::{ExposeSecret, SecretString};
pub use source::{Environment, Source};
pub use storage::StorageConfig;

use source::Reader;

/// Everything the server may be told, checked. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens and how the world reaches it.
    pub http: HttpConfig,
    /// Where it keeps what it must not lose.
    pub storage: StorageConfig,
    /// The inference service.
    pub phoenix: PhoenixSettings,
    /// The catalog, its vault, and Portainer.
    pub deploy: DeployConfig,
    /// What only the terminal program needs.
    pub portal: PortalSettings,
    /// What it says while it runs.
    pub log: LogConfig,
    /// Name of this process among several on one database (`THINKHEADS_INSTANCE`).
    pub instance: String,
    described: Vec<Described>,
}

impl Config {
    /// Reads the process's environment and `thinkheads.toml` (or the file `THINKHEADS_CONFIG` names).
    ///
    /// # Errors
    /// All settings that are wrong, each with its name, where its value came from and what would be right.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::load(&Environment::process())
    }

    /// The same from a given environment, for tests.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn load(environment: &Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader::open(environment)?;
        let http = HttpConfig::read(&mut reader);
        let storage = StorageConfig::read(&mut reader);
        let phoenix = PhoenixSettings::read(&mut reader);
        let deploy = DeployConfig::read(&mut reader, &storage.data_dir);
        let portal = PortalSettings::read(&mut reader);
        let log = LogConfig::read(&mut reader);
        let instance = reader.text("THINKHEADS_INSTANCE");
        let described = reader.finish()?;
        Ok(Self { http, storage, phoenix, deploy, portal, log, instance, described })
    }

    /// Every setting in force with the source of its value, secrets hidden: what `check-config` prints.
    #[must_use]
    pub fn describe(&self) -> &[Described] {
        &self.described
    }
}

#[cfg(test)]
mod tests;
