//! What the catalog's and the vault's commands take.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use service::deploy::catalog_types::SecretName;

/// See [`Command::Import`](super::Command::Import).
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Write it, as a commit. Without it, only say what would change.
    #[arg(long)]
    pub(crate) write: bool,
}

/// See [`Command::Log`](super::Command::Log).
#[derive(Args, Debug)]
pub(crate) struct LogArgs {
    /// Only commits that changed this file.
    pub(crate) file: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
}

/// See [`Command::Diff`](super::Command::Diff).
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// A commit, or the beginning of its id; without it, the newest.
    pub(crate) from: Option<String>,
    /// A commit; without it, the files as they stand, hand edits included.
    pub(crate) to: Option<String>,
}

/// Looking after the vault.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// List names, versions and dates.
    List,
    /// Set a secret, or give it its next value.
    Set(SecretInput),
    /// Give a secret that is there its next value.
    Rotate(SecretInput),
    /// Take a secret away that nothing uses any more. Older commits keep it, encrypted.
    Remove {
        /// Its name.
        name: SecretName,
        /// Do not ask. Needed where nobody can be asked.
        #[arg(long, short)]
        yes: bool,
    },
    /// Encrypt every secret for another key.
    Rekey {
        /// A file with the key to use; without it, a new one is made and put in the place of the old.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Do not ask. Needed where nobody can be asked.
        #[arg(long, short)]
        yes: bool,
    },
    /// Move a secret that stands in a file in plain text into the vault. `validate` lists them.
    Adopt {
        /// Where it stands, such as `phoenix_hypervisor_config.json#/portainer_api/password`.
        #[arg(value_name = "FILE#POINTER")]
        place: String,
        /// The name it gets in the vault.
        name: SecretName,
    },
}

/// A secret and where its value comes from: asked for without showing it, or read from standard input or a file.
#[derive(Args, Debug)]
pub(crate) struct SecretInput {
    /// Its name: letters, digits, `-`, `_`, `.` and `/`.
    pub(crate) name: SecretName,
    /// Read the value from this file. A line break at its end is cut off.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
}
