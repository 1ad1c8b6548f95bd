//! The handle: opening a database, migrating it, asking how it is.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Result, StoreError,
    db::{Db, args},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a writer waits for SQLite's lock, and anybody for a connection.
const WAIT: Duration = Duration::from_secs(5);

/// Readers of a SQLite file: enough for two cores, and each costs memory.
const SQLITE_READERS: u32 = 4;

/// Pages of the write-ahead log (32 MiB) after which a commit folds them into the file itself. Far more than comes together
/// between two calls of [`Store::checkpoint`], which does it without making a writer wait.
const LOG_PAGES: &str = "8192";

/// Which database is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// A file on this machine.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the database is. `Debug` hides the URL: it may carry a password.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path/to/file` or `postgres://user:password@host/name`.
    pub url: String,
    /// Connections to PostgreSQL at most. SQLite keeps one writer and at most four readers, however high this is.
    pub max_connections: u32,
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// The database. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
}

impl Store {
    /// Opens the database. A SQLite file and its folder are made if they are missing, readable by their owner alone.
    /// Does not migrate.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it can't be reached or the URL is of no known kind.
    pub async fn connect(config: &StoreConfig) -> Result<Self> {
        let db = match config.url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite(config).await?,
            Some("postgres" | "postgresql") => open_postgres(config).await?,
            _ => return Err(StoreError::Unavailable("DATABASE_URL must start with sqlite:// or postgres://".into())),
        };
        Ok(Self { db })
    }

    /// Brings the schema up to date. Safe to run in several processes at once.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer program was here first; nothing is changed then.
    pub async fn migrate(&self) -> Result<()> {
        let known = self.known_version();
        let found = self.schema_version().await?;
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        match &self.db {
            Db::Sqlite { write, .. } => {
                // sqlx takes no lock on SQLite: when two processes start at once the slower one fails on what the
                // faster one has just made, and finds all done when it looks again.
                if SQLITE_MIGRATIONS.run(write).await.is_err() {
                    SQLITE_MIGRATIONS.run(write).await?;
                }
            }
            Db::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        self.chain_older_audit().await
    }

    /// The schema's version in the database; 0 before the first migration.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn schema_version(&self) -> Result<i64> {
        let table = match self.backend() {
            Backend::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
            Backend::Postgres => {
                "SELECT count(*) FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'"
            }
        };
        let (tables,): (i64,) = self.db.one(table, args![]).await?;
        if tables == 0 {
            return Ok(0);
        }
        let (version,): (Option<i64>,) =
            self.db.one("SELECT max(version) FROM _sqlx_migrations WHERE success", args![]).await?;
        Ok(version.unwrap_or(0))
    }

    /// The newest schema version this program knows.
    #[must_use]
    pub fn known_version(&self) -> i64 {
        let migrations = match self.backend() {
            Backend::Sqlite => &SQLITE_MIGRATIONS,
            Backend::Postgres => &POSTGRES_MIGRATIONS,
        };
        migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<()> {
        let _: (i64,) = self.db.one("SELECT CAST(1 AS BIGINT)", args![]).await?;
        Ok(())
    }

    /// Folds SQLite's write-ahead log into the file, beside the writers: left to a commit, as SQLite does by itself, it would
    /// make that commit, and all that wait behind it, some milliseconds slower. PostgreSQL sees to this itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn checkpoint(&self) -> Result<()> {
        if let Db::Sqlite { read, .. } = &self.db {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(read).await?;
        }
        Ok(())
    }

    /// Which database is in use.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.db.backend()
    }

    /// Closes all connections, after those in use are given back. On SQLite this also folds the write-ahead log into
    /// the file.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { write, read, durable } => {
                read.close().await;
                durable.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(config: &StoreConfig) -> Result<Db> {
    if config.url.contains(":memory:") || config.url.contains("mode=memory") {
        // Each connection would see a database of its own.
        return Err(StoreError::Unavailable("SQLite must be a file: a database in memory can't be shared".into()));
    }
    let options = SqliteConnectOptions::from_str(&config.url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(WAIT)
        // Kibibytes, per connection.
        .pragma("cache_size", "-1024")
        .pragma("journal_size_limit", "16777216")
        .pragma("wal_autocheckpoint", LOG_PAGES);
    let file = options.get_filename().to_path_buf();
    tokio::task::spawn_blocking(move || create_private(&file))
        .await
        .map_err(|error| StoreError::Unavailable(error.into()))?
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let pool = |connections: u32| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(WAIT * 2)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let write: SqlitePool = pool(1).connect_with(options.clone()).await?;
    let readers = config.max_connections.clamp(1, SQLITE_READERS);
    let durable = pool(1).connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Full));
    let read = pool(readers).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Db::Sqlite { write, read, durable })
}

/// Makes the file, mode 0600, before SQLite would make it readable by everybody; its companions inherit the mode.
fn create_private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

async fn open_postgres(config: &StoreConfig) -> Result<Db> {
    let options = PgConnectOptions::from_str(&config.url)?.application_name("thinkheads");
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(config.max_connections.max(2))
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        // A connection that lay idle may have been cut by a restart or a firewall; a busy one needs no extra trip.
        .before_acquire(|connection, lived| {
            Box::pin(async move {
                if lived.idle_for > Duration::from_secs(5) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(Db::Postgres(pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_durable_transaction_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::connect(&StoreConfig { url, max_connections: 2 }).await.unwrap();
        const SYNCHRONOUS: &str = "SELECT synchronous FROM pragma_synchronous";
        let (full,): (i64,) = store.db.begin_durable().await.unwrap().one(SYNCHRONOUS, args![]).await.unwrap();
        let (normal,): (i64,) = store.db.begin().await.unwrap().one(SYNCHRONOUS, args![]).await.unwrap();
        assert_eq!((full, normal), (2, 1));
    }
}
