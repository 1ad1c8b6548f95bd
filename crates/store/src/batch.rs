//! Several writes as one transaction and, on SQLite, as one trip to the thread that owns the connection.

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Executor as _, Sqlite, pool::PoolConnection, sqlite::SqliteArguments};

use crate::{
    Result, StoreError,
    db::{Args, Db, bind},
};

/// A statement and its parameters, which it numbers from `$1`.
pub(crate) type Step = (&'static str, Args);

impl Db {
    /// Runs statements as one transaction, all or none, and returns how many rows each of them touched. None may need what
    /// another one returned; what hangs on another's outcome says so in its `WHERE`.
    ///
    /// For what is done with every message: a transaction of five statements by [`Db::begin`] wakes SQLite's thread and this
    /// one ten times and more, which costs more than the statements do.
    pub(crate) async fn batch(&self, steps: Vec<Step>) -> Result<Vec<u64>> {
        match self {
            Self::Sqlite { write, .. } => {
                let (sql, args) = joined(steps);
                let args = bind::<SqliteArguments>(args)?;
                let connection = write.acquire().await?;
                // In a task of its own, which goes on when its caller is dropped: half-way through, the connection's next user
                // would write into a transaction that nobody commits.
                let running = tokio::spawn(run(connection, sql, args));
                running.await.map_err(|error| StoreError::Unavailable(error.into()))?
            }
            Self::Postgres(_) => {
                let mut tx = self.begin().await?;
                let mut touched = Vec::with_capacity(steps.len());
                for (sql, args) in steps {
                    touched.push(tx.execute(sql, args).await?);
                }
                tx.commit().await?;
                Ok(touched)
            }
        }
    }
}

async fn run(mut connection: PoolConnection<Sqlite>, sql: String, args: SqliteArguments) -> Result<Vec<u64>> {
    // Made of `&'static str` alone.
    let query = sqlx::query_with(AssertSqlSafe(sql), args);
    let outcome: sqlx::Result<Vec<u64>> = (&mut *connection)
        .fetch_many(query)
        .try_filter_map(async |one| Ok(one.left().map(|done| done.rows_affected())))
        .try_collect()
        .await;
    match outcome {
        Ok(mut touched) => {
            // The transaction's begin and end were statements, too.
            touched.pop();
            touched.drain(..1);
            Ok(touched)
        }
        Err(error) => {
            if !roll_back(&mut connection).await {
                connection.close_on_drop();
            }
            Err(error.into())
        }
    }
}

/// Whether the connection is outside of any transaction afterwards.
async fn roll_back(connection: &mut PoolConnection<Sqlite>) -> bool {
    match (&mut **connection).execute("ROLLBACK").await {
        Ok(_) => true,
        // It failed to begin, or SQLite has rolled back by itself, as on a full disk.
        Err(sqlx::Error::Database(error)) => error.message().contains("no transaction is active"),
        Err(_) => false,
    }
}

/// The statements as one text with one list of parameters. `BEGIN IMMEDIATE` as in [`Db::begin`].
fn joined(steps: Vec<Step>) -> (String, Args) {
    let mut text = String::from("BEGIN IMMEDIATE");
    let mut all = Args::new();
    for (sql, args) in steps {
        text.push_str("; ");
        renumber(&mut text, sql, all.len());
        all.extend(args);
    }
    text.push_str("; COMMIT");
    (text, all)
}

/// Appends a statement whose parameters are `by` places further on. No statement of ours has a `$` that is none.
fn renumber(text: &mut String, sql: &str, by: usize) {
    let mut parts = sql.split('$');
    text.extend(parts.next());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(number + by).to_string());
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, StoreConfig, db::args};

    #[test]
    fn parameters_count_on_from_statement_to_statement() {
        let steps: Vec<Step> = vec![
            ("UPDATE a SET b = $2 WHERE c = $1", args!["one", 2_i64]),
            ("DELETE FROM a", args![]),
            ("INSERT INTO a VALUES ($1, $10, $2)", args!["three"]),
        ];
        let (sql, args) = joined(steps);
        assert_eq!(
            sql,
            "BEGIN IMMEDIATE; UPDATE a SET b = $2 WHERE c = $1; DELETE FROM a; INSERT INTO a VALUES ($3, $12, $4); COMMIT"
        );
        assert_eq!(args.len(), 3);
    }

    #[tokio::test]
    async fn a_batch_is_all_or_nothing_and_leaves_its_connection_clean() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::connect(&StoreConfig { url, max_connections: 2 }).await.unwrap();
        store.db.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)", args![]).await.unwrap();
        let insert = |n: i64| ("INSERT INTO numbers (n) VALUES ($1)", args![n]);
        let touched =
            store.db.batch(vec![insert(1), ("DELETE FROM numbers WHERE n > $1", args![7_i64]), insert(2)]).await;
        assert_eq!(touched.unwrap(), [1, 0, 1]);

        let error = store.db.batch(vec![insert(3), insert(2), insert(4)]).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
        assert!(store.db.batch(vec![insert(5), ("nonsense", args![])]).await.is_err());
        // The same connection again: a transaction that was left open would refuse the next.
        store.db.batch(vec![insert(6)]).await.unwrap();
        let all: Vec<(i64,)> = store.db.all("SELECT n FROM numbers ORDER BY n", args![]).await.unwrap();
        assert_eq!(all, [(1,), (2,), (6,)]);
    }
}
