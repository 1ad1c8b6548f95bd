//! Databases for tests: a SQLite file of one's own, or a database of one's own on a private PostgreSQL server.
//!
//! The server is started once per test process and reached through a socket in its own folder, so there is no port to
//! collide on. It hangs on a pipe from this process: however the process ends, the pipe closes, the server stops and
//! its folder goes.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use types::{ConversationId, MessageId, Millis};

use crate::{
    Backend, Result, Store, StoreConfig,
    db::{Db, args},
};

/// A database that exists for one test.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// An empty SQLite file in a folder that goes with this value.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// An empty database on the private PostgreSQL server of this process.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start; the words say what to do.
    pub async fn postgres() -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let server = Server::shared();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut connection = server.connect().await;
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await
            .unwrap_or_else(|error| panic!("PostgreSQL made no database: {error}"));
        connection.close().await.unwrap_or_else(|error| panic!("PostgreSQL hung up: {error}"));
        Self { url: server.url(&name), _folder: None }
    }

    /// An empty database of this kind.
    pub async fn of(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres().await,
        }
    }

    /// The URL to give as `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A handle, not migrated.
    ///
    /// # Panics
    /// When the database can't be opened.
    pub async fn open(&self) -> Store {
        let config = StoreConfig { url: self.url.clone(), max_connections: 10 };
        Store::connect(&config).await.unwrap_or_else(|error| panic!("the test database did not open: {error}"))
    }

    /// A handle, migrated.
    ///
    /// # Panics
    /// When the database can't be opened or migrated.
    pub async fn store(&self) -> Store {
        let store = self.open().await;
        store.migrate().await.unwrap_or_else(|error| panic!("the test database did not migrate: {error}"));
        store
    }

    /// Runs SQL as it stands, for tests that damage or look into the database.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, store: &Store, sql: &str) -> Result<()> {
        match &store.db {
            Db::Sqlite { write, .. } => write.execute(AssertSqlSafe(sql)).await.map(drop)?,
            Db::Postgres(pool) => pool.execute(AssertSqlSafe(sql)).await.map(drop)?,
        }
        Ok(())
    }

    /// Runs a query and gives its rows as text, columns joined with `|`. Every column must be text.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&self, store: &Store, sql: &str) -> Result<Vec<String>> {
        use sqlx::Row;
        Ok(match &store.db {
            Db::Sqlite { read, .. } => join(&read.fetch_all(AssertSqlSafe(sql)).await?, |row, at| row.get(at)),
            Db::Postgres(pool) => join(&pool.fetch_all(AssertSqlSafe(sql)).await?, |row, at| row.get(at)),
        })
    }

    /// How SQLite would run a statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plan(&self, store: &Store, sql: &str) -> Result<String> {
        use sqlx::Row;
        let Db::Sqlite { write, .. } = &store.db else { return Ok(String::new()) };
        let rows = write.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).await?;
        Ok(rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n"))
    }
}

fn join<R: sqlx::Row>(rows: &[R], text: impl Fn(&R, usize) -> Option<String>) -> Vec<String> {
    rows.iter()
        .map(|row| (0..row.len()).map(|at| text(row, at).unwrap_or_default()).collect::<Vec<_>>().join("|"))
        .collect()
}

/// Fills an empty conversation with one branch of `count` messages, prompts and answers in turn, all complete, and
/// shows it. Returns their identifiers, oldest first. One transaction, for conversations of any size.
///
/// # Errors
/// [`crate::StoreError::NotFound`] when there is no such conversation.
pub async fn seed_thread(
    store: &Store,
    conversation: ConversationId,
    count: u32,
    now: Millis,
) -> Result<Vec<MessageId>> {
    let mut tx = store.db.begin().await?;
    let mut ids: Vec<MessageId> = Vec::new();
    for at in 0..count {
        let mut random = [7; 10];
        random[6..].copy_from_slice(&at.to_be_bytes());
        let created_at = now + i64::from(at);
        let id = MessageId::from_parts(created_at, random);
        let (role, text) = match at % 2 {
            0 => ("user", format!("Question {at}: what comes after it?")),
            _ => ("assistant", format!("Answer {at}. {}", "It is followed by the next one. ".repeat(12))),
        };
        tx.execute(
            "INSERT INTO messages (id, conversation_id, parent_id, parent_key, role, text, status, created_at) \
             VALUES ($1, $2, $3, COALESCE($3, $2), $4, $5, 'complete', $6)",
            args![id, conversation, ids.last().copied(), role, text, created_at],
        )
        .await?;
        ids.push(id);
    }
    tx.execute("UPDATE conversations SET leaf_id = $2 WHERE id = $1", args![conversation, ids.last().copied()]).await?;
    tx.commit().await?;
    Ok(ids)
}

/// Makes a cluster, runs its server until standard input ends, cleans up. First line of output: the folder, or `missing`.
const SUPERVISOR: &str = r#"
trap '' INT HUP
trap : TERM
PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin 2>/dev/null | sort -r | tr '\n' ':')"
command -v initdb >/dev/null && command -v postgres >/dev/null || { echo missing; exit 0; }
cd /
folder=$(mktemp -d "${TMPDIR:-/tmp}/thinkheads-pg-XXXXXX") || exit 1
echo "$folder"
if initdb -D "$folder/data" -U thinkheads -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions >"$folder/log" 2>&1
then
    postgres -D "$folder/data" -k "$folder" -h '' -F -c synchronous_commit=off -c full_page_writes=off \
        -c max_connections=300 -c shared_buffers=32MB -c log_min_messages=fatal >>"$folder/log" 2>&1 </dev/null &
    server=$!
fi
cat >/dev/null
# TERM ends one that has not come up yet, QUIT one that is up, whoever is connected.
kill -TERM "$server" 2>/dev/null
sleep 0.1
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$folder"
"#;

/// The private server of this process.
struct Server {
    folder: String,
    // Held open: the server stops when it closes.
    _alive: ChildStdin,
    _supervisor: Child,
}

impl Server {
    fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        // PostgreSQL refuses to run as root.
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
        if root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        let mut supervisor = command
            .args(["-c", SUPERVISOR])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the supervisor of PostgreSQL did not start: {error}"));
        let (Some(alive), Some(output)) = (supervisor.stdin.take(), supervisor.stdout.take()) else {
            panic!("the supervisor of PostgreSQL has no pipes");
        };
        let mut folder = String::new();
        let read = BufReader::new(output).read_line(&mut folder);
        let folder = folder.trim().to_owned();
        assert!(
            read.is_ok() && Path::new(&folder).is_absolute(),
            "this test needs PostgreSQL's server: install it (Debian, Ubuntu: apt-get install postgresql), \
             or run `cargo xtask test`, which does"
        );
        Self { folder, _alive: alive, _supervisor: supervisor }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://thinkheads@localhost/{database}?host={}", self.folder)
    }

    /// A connection to the database every server has, as soon as the server takes connections.
    async fn connect(&self) -> sqlx::PgConnection {
        let options: PgConnectOptions = self
            .url("postgres")
            .parse()
            .unwrap_or_else(|error| panic!("the address of the private PostgreSQL is not understood: {error}"));
        let started = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                match options.connect().await {
                    Ok(connection) => return connection,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
        started.await.unwrap_or_else(|_| {
            let log = std::fs::read_to_string(Path::new(&self.folder).join("log")).unwrap_or_default();
            panic!("PostgreSQL did not start within a minute: {log}")
        })
    }
}
