//! What can be wrong with the settings.

use std::{fmt, io, path::PathBuf};

use crate::Source;

/// One setting that can't be used. Its value is not repeated when the setting is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name as it was written.
    pub name: String,
    /// Where the value came from.
    pub source: Source,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.source, self.message)
    }
}

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file could not be read.
    #[error("can't read the configuration file {}: {cause}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The configuration file is not TOML.
    #[error("the configuration file {} is not valid TOML: {message}", path.display())]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// Line, column and what is wrong. Shows the line only when it can't hold a secret.
        message: String,
    },
    /// Settings that are wrong, all of them.
    #[error("{}", list(.0))]
    Settings(Vec<SettingError>),
}

fn list(errors: &[SettingError]) -> String {
    let lines: Vec<String> = errors.iter().map(|error| format!("  {error}")).collect();
    format!("{} wrong:\n{}", if errors.len() == 1 { "one setting is" } else { "these settings are" }, lines.join("\n"))
}
