//! One way to run SQL on both databases: `$1` parameters, [`Args`] to fill them, `FromRow` structs to read rows.

use sqlx::{
    Arguments, Encode, FromRow, Postgres, Sqlite, Transaction, Type,
    postgres::{PgArguments, PgPool, PgRow},
    sqlite::{SqliteArguments, SqlitePool, SqliteRow},
};

use crate::{Backend, Result, StoreError};

/// One parameter. The variant fixes the SQL type, also of a NULL, because PostgreSQL wants to know.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Real(Option<f64>),
}

/// Parameters in order.
pub(crate) type Args = Vec<Value>;

/// Collects parameters: `args![user, now, "text"]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub(crate) use args;

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}
impl From<Option<f64>> for Value {
    fn from(value: Option<f64>) -> Self {
        Self::Real(value)
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<types::$id> for Value {
            fn from(id: types::$id) -> Self {
                Self::Text(Some(id.to_string()))
            }
        }
        impl From<Option<types::$id>> for Value {
            fn from(id: Option<types::$id>) -> Self {
                Self::Text(id.map(|id| id.to_string()))
            }
        }
    )*};
}
ids!(ApiTokenId, AuditId, ConversationId, GenerationId, InvitationId, JobId, MessageId, SessionPublicId, UserId);

/// A row struct that both databases can fill.
pub(crate) trait FromDb: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}
impl<T> FromDb for T where T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}

pub(crate) fn bind<A>(args: Args) -> Result<A>
where
    A: Arguments,
    Option<String>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    Option<i64>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    Option<f64>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
{
    let mut bound = A::default();
    bound.reserve(args.len(), 0);
    for arg in args {
        match arg {
            Value::Text(value) => bound.add(value),
            Value::Int(value) => bound.add(value),
            Value::Real(value) => bound.add(value),
        }
        .map_err(StoreError::Database)?;
    }
    Ok(bound)
}

type QueryAs<DB, T, A> = sqlx::query::QueryAs<'static, DB, T, A>;

fn sqlite<T: FromDb>(sql: &'static str, args: Args) -> Result<QueryAs<Sqlite, T, SqliteArguments>> {
    Ok(sqlx::query_as_with(sql, bind::<SqliteArguments>(args)?))
}

fn postgres<T: FromDb>(sql: &'static str, args: Args) -> Result<QueryAs<Postgres, T, PgArguments>> {
    Ok(sqlx::query_as_with(sql, bind::<PgArguments>(args)?))
}

/// Starts a transaction in a task of its own, which runs to its end although its caller is dropped: sqlx does not roll a `BEGIN`
/// back that was dropped on its way, and whatever the connection's next user wrote would go into a transaction that nobody
/// commits. One that arrives when nobody waits any more is rolled back.
async fn begin_postgres(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let connection = pool.acquire().await?;
    let begun = tokio::spawn(Transaction::begin(connection, None));
    Ok(begun.await.map_err(|error| StoreError::Unavailable(error.into()))??)
}

/// The pools of the database in use.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// SQLite has one writer: a pool of one connection keeps writers in line without "database is locked".
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        /// One more writer, for [`Db::begin_durable`].
        durable: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite { .. } => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// Every row of a query that only reads.
    pub(crate) async fn all<T: FromDb>(&self, sql: &'static str, args: Args) -> Result<Vec<T>> {
        Ok(match self {
            Self::Sqlite { read, .. } => sqlite(sql, args)?.fetch_all(read).await?,
            Self::Postgres(pool) => postgres(sql, args)?.fetch_all(pool).await?,
        })
    }

    /// The first row, if any, of a query that only reads.
    pub(crate) async fn optional<T: FromDb>(&self, sql: &'static str, args: Args) -> Result<Option<T>> {
        Ok(match self {
            Self::Sqlite { read, .. } => sqlite(sql, args)?.fetch_optional(read).await?,
            Self::Postgres(pool) => postgres(sql, args)?.fetch_optional(pool).await?,
        })
    }

    /// The first row of a query that only reads; none is [`StoreError::NotFound`].
    pub(crate) async fn one<T: FromDb>(&self, sql: &'static str, args: Args) -> Result<T> {
        self.optional(sql, args).await?.ok_or(StoreError::NotFound)
    }

    /// One statement that writes, as a transaction of its own. Returns the number of rows it touched.
    pub(crate) async fn execute(&self, sql: &'static str, args: Args) -> Result<u64> {
        Ok(match self {
            Self::Sqlite { write, .. } => {
                sqlx::query_with(sql, bind::<SqliteArguments>(args)?).execute(write).await?.rows_affected()
            }
            Self::Postgres(pool) => {
                sqlx::query_with(sql, bind::<PgArguments>(args)?).execute(pool).await?.rows_affected()
            }
        })
    }

    /// Starts a transaction that writes. On SQLite it takes the write lock at once: upgrading a read transaction later
    /// fails without waiting. Dropped without [`Tx::commit`], it rolls back.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(begin_postgres(pool).await?),
        })
    }

    /// As [`Db::begin`], for what must outlive a loss of power once it is committed. SQLite's other writer commits without
    /// waiting for the disk. PostgreSQL waits, unless its `synchronous_commit` says otherwise.
    pub(crate) async fn begin_durable(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { durable, .. } => Tx::Sqlite(durable.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(begin_postgres(pool).await?),
        })
    }

    /// One statement that writes and must outlive a loss of power. Returns the number of rows it touched.
    pub(crate) async fn execute_durably(&self, sql: &'static str, args: Args) -> Result<u64> {
        let mut tx = self.begin_durable().await?;
        let touched = tx.execute(sql, args).await?;
        tx.commit().await?;
        Ok(touched)
    }
}

/// A transaction that writes.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// Every row.
    pub(crate) async fn all<T: FromDb>(&mut self, sql: &'static str, args: Args) -> Result<Vec<T>> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, args)?.fetch_all(&mut **tx).await?,
            Self::Postgres(tx) => postgres(sql, args)?.fetch_all(&mut **tx).await?,
        })
    }

    /// The first row, if any. Reads to the end, so that `RETURNING` statements finish.
    pub(crate) async fn optional<T: FromDb>(&mut self, sql: &'static str, args: Args) -> Result<Option<T>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// The first row; none is [`StoreError::NotFound`].
    pub(crate) async fn one<T: FromDb>(&mut self, sql: &'static str, args: Args) -> Result<T> {
        self.optional(sql, args).await?.ok_or(StoreError::NotFound)
    }

    /// Runs a statement and returns the number of rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, args: Args) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(tx) => {
                sqlx::query_with(sql, bind::<SqliteArguments>(args)?).execute(&mut **tx).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                sqlx::query_with(sql, bind::<PgArguments>(args)?).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Raises a counter. Its row stays locked until the end of the transaction, so numbers appear in order and
    /// transactions that raise the same counter run one after the other, on both databases.
    pub(crate) async fn raise(&mut self, counter: &'static str) -> Result<i64> {
        let (value,): (i64,) =
            self.one("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value", args![counter]).await?;
        Ok(value)
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
