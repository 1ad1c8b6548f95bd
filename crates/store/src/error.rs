//! What can go wrong in storage.

use std::error::Error;

/// An error of the store. Its texts carry no values of rows, so they may be logged; they are not for people.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row, or it is not this person's, or a row it refers to is gone.
    #[error("not found")]
    NotFound,
    /// A rule forbids it.
    #[error("conflict on {constraint}")]
    Conflict {
        /// The rule: a unique constraint (`users_email`) or a rule of ours (`last_administrator`), the same word on
        /// both databases.
        constraint: String,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: start the newer version of \
         ThinkHeads, or restore the backup that was made before the upgrade"
    )]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The database or the blob store can't be reached, or is too busy. Trying again later may help.
    #[error("storage is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database refused a statement: a defect on our side.
    #[error("the database refused a statement: {0}")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored can't be understood.
    #[error("stored data is not as expected: {0}")]
    Corrupt(String),
}

/// What store calls return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// Whether the error is a conflict on the named rule.
    #[must_use]
    pub fn is_conflict(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }

    pub(crate) fn conflict(constraint: &str) -> Self {
        Self::Conflict { constraint: constraint.to_owned() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(ref inner) => {
                from_database(inner.as_ref()).unwrap_or_else(|| Self::Database(error.into()))
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error.into()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            other => Self::Database(other.into()),
        }
    }
}

/// The cases of a database's own error that mean something to callers.
fn from_database(error: &dyn sqlx::error::DatabaseError) -> Option<StoreError> {
    if error.is_unique_violation() {
        let constraint = match error.constraint() {
            Some(name) => name.to_owned(),
            None => constraint_of_sqlite(error.message()),
        };
        return Some(StoreError::Conflict { constraint });
    }
    if error.is_foreign_key_violation() {
        return Some(StoreError::NotFound);
    }
    let code = error.code().unwrap_or_default();
    // PostgreSQL: connection trouble, no room, shutting down, serialisation failure, deadlock.
    // SQLite: busy and locked with their extended codes, disk full, cannot open.
    let unavailable =
        ["08", "53", "57P", "40001", "40P01"].iter().any(|class| code.len() == 5 && code.starts_with(class))
            || matches!(code.as_ref(), "5" | "6" | "13" | "14" | "261" | "262" | "517" | "773");
    unavailable.then(|| StoreError::Unavailable(error.message().to_owned().into()))
}

/// `UNIQUE constraint failed: pieces.generation_id, pieces.n` → `pieces_generation_id_n`.
fn constraint_of_sqlite(message: &str) -> String {
    let columns = message.rsplit(": ").next().unwrap_or_default();
    let mut name = String::new();
    for column in columns.split(", ") {
        let (table, column) = column.split_once('.').unwrap_or(("", column));
        if name.is_empty() {
            name.push_str(table);
        }
        name.push('_');
        name.push_str(column);
    }
    name
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError;
        match error {
            MigrateError::Execute(inner) => inner.into(),
            MigrateError::VersionMismatch(version) => {
                Self::Corrupt(format!("migration {version} was changed after it had run on this database"))
            }
            MigrateError::VersionMissing(version) => {
                Self::Corrupt(format!("migration {version} ran on this database, but this program does not know it"))
            }
            other => Self::Database(other.into()),
        }
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::InvalidPath { source } => Self::Corrupt(source.to_string()),
            other => Self::Unavailable(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_words_become_postgres_names() {
        assert_eq!(constraint_of_sqlite("UNIQUE constraint failed: users.email"), "users_email");
        assert_eq!(
            constraint_of_sqlite("UNIQUE constraint failed: pieces.generation_id, pieces.n"),
            "pieces_generation_id_n"
        );
    }
}
