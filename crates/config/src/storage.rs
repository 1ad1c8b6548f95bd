//! Where the server keeps what it must not lose.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use crate::source::Reader;

/// Data folder and database.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// Folder for the database and blobs (`THINKHEADS_DATA_DIR`).
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…` (`DATABASE_URL`); may hold a password.
    pub database_url: SecretString,
    /// Most connections at once (`DATABASE_MAX_CONNECTIONS`).
    pub max_connections: u32,
}

impl StorageConfig {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        const NAME: &str = "DATABASE_URL";
        let data_dir = PathBuf::from(reader.text("THINKHEADS_DATA_DIR"));
        let database_url = reader
            .secret(NAME)
            .unwrap_or_else(|| SecretString::from(format!("sqlite://{}", data_dir.join("thinkheads.db").display())));
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| database_url.expose_secret().starts_with(scheme)) {
            reader.wrong(NAME, "a URL that begins with sqlite:// or postgres://");
        }
        let max_connections = reader.parse("DATABASE_MAX_CONNECTIONS", "a whole number of 1 or more", 10);
        if max_connections == 0 {
            reader.wrong("DATABASE_MAX_CONNECTIONS", "a whole number of 1 or more");
        }
        Self { data_dir, database_url, max_connections }
    }
}
