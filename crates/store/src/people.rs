//! People.

use std::collections::BTreeSet;

use types::{Millis, Rights, Role, User, UserId};

use crate::{
    AuditEntry, Result, Store, StoreError, audit,
    codec::parse,
    db::{Tx, args},
};

/// The columns of a person, with the environments granted to them in one text, a name a line.
macro_rules! user_columns {
    ($users:literal) => {
        concat!(
            $users,
            ".id, ",
            $users,
            ".email, ",
            $users,
            ".name, ",
            $users,
            ".role, ",
            $users,
            ".disabled_at, ",
            $users,
            ".created_at, ",
            $users,
            ".last_seen_at, (SELECT string_agg(g.environment, '\n') FROM user_environments g WHERE g.user_id = ",
            $users,
            ".id) AS environments"
        )
    };
}
pub(crate) use user_columns;

/// A person with what signing in needs. Stays on the server.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The person as others may see them.
    pub user: User,
    /// The password's hash in PHC form.
    pub password_hash: String,
    /// When this password was chosen.
    pub password_changed_at: Millis,
}

impl std::fmt::Debug for UserRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRecord").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A person to be made. `Debug` hides the hash.
#[derive(Clone)]
pub struct NewUser {
    /// Who.
    pub id: UserId,
    /// Address to sign in with; stored in lower case.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// The password's hash in PHC form.
    pub password_hash: String,
    /// What they are here. An invitation's own role goes before it.
    pub role: Role,
    /// Now.
    pub now: Millis,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct UserDb {
    id: String,
    email: String,
    name: String,
    role: String,
    environments: Option<String>,
    disabled_at: Option<i64>,
    created_at: i64,
    last_seen_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct UserRecordDb {
    #[sqlx(flatten)]
    user: UserDb,
    password_hash: String,
    password_changed_at: Millis,
}

impl TryFrom<UserDb> for User {
    type Error = StoreError;

    fn try_from(row: UserDb) -> Result<Self> {
        Ok(Self {
            id: parse("users.id", &row.id)?,
            email: row.email,
            name: row.name,
            role: parse("users.role", &row.role)?,
            environments: names(row.environments.as_deref()),
            disabled_at: row.disabled_at,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        })
    }
}

impl TryFrom<UserRecordDb> for UserRecord {
    type Error = StoreError;

    fn try_from(row: UserRecordDb) -> Result<Self> {
        Ok(Self {
            user: row.user.try_into()?,
            password_hash: row.password_hash,
            password_changed_at: row.password_changed_at,
        })
    }
}

/// Environments from one text, a name a line.
pub(crate) fn names(text: Option<&str>) -> BTreeSet<String> {
    text.unwrap_or_default().lines().map(ToOwned::to_owned).collect()
}

/// An address as it is stored and looked up.
fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Makes a person inside a transaction.
pub(crate) async fn insert(tx: &mut Tx, new: &NewUser, rights: &Rights) -> Result<User> {
    tx.execute(
        "INSERT INTO users (id, email, name, role, password_hash, password_changed_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![new.id, normalised(&new.email), &new.name, rights.role.as_str(), &new.password_hash, new.now],
    )
    .await?;
    grant(tx, new.id, &rights.environments).await?;
    by_id(tx, new.id).await
}

pub(crate) async fn grant(tx: &mut Tx, id: UserId, environments: &BTreeSet<String>) -> Result<()> {
    for environment in environments {
        tx.execute("INSERT INTO user_environments (user_id, environment) VALUES ($1, $2)", args![id, environment])
            .await?;
    }
    Ok(())
}

/// Puts those who add or remove administrators in line, then counts the active ones other than `but`.
pub(crate) async fn other_administrators(tx: &mut Tx, but: Option<UserId>) -> Result<i64> {
    tx.raise("administrators").await?;
    let (count,): (i64,) = tx
        .one(
            "SELECT count(*) FROM users WHERE role = 'administrator' AND disabled_at IS NULL AND id <> $1",
            args![but.map_or_else(String::new, |id| id.to_string())],
        )
        .await?;
    Ok(count)
}

/// Refuses when `id` is the only active administrator. Holds the line until the transaction ends.
pub(crate) async fn keep_an_administrator(tx: &mut Tx, id: UserId) -> Result<()> {
    let others = other_administrators(tx, Some(id)).await?;
    let user = by_id(tx, id).await?;
    if others == 0 && user.role == Role::Administrator && user.disabled_at.is_none() {
        return Err(StoreError::conflict("last_administrator"));
    }
    Ok(())
}

/// Touches the row of a person (`$1`) who is not disabled. Changes nothing: an update is the lock that both databases know.
pub(crate) const HOLD_ENABLED: &str = "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NULL";

/// Holds a person's row until the transaction ends, so that what begins in it cannot cross their being disabled: either
/// this sees them disabled, or the disabling sees what was begun. Refuses for nobody and for a disabled person.
pub(crate) async fn hold_enabled(tx: &mut Tx, id: UserId) -> Result<()> {
    let held = tx.execute(HOLD_ENABLED, args![id]).await?;
    if held == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(crate) async fn by_id(tx: &mut Tx, id: UserId) -> Result<User> {
    const BY_ID: &str = concat!("SELECT ", user_columns!("u"), " FROM users u WHERE u.id = $1");
    let row: UserDb = tx.one(BY_ID, args![id]).await?;
    row.try_into()
}

impl Store {
    /// Makes a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `users_email` when the address is taken.
    pub async fn create_user(&self, new: &NewUser, entry: AuditEntry) -> Result<User> {
        let mut tx = self.db.begin().await?;
        let user = insert(&mut tx, new, &new.role.into()).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// The person with this address, in any case.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRecord>> {
        let row: Option<UserRecordDb> = self
            .db
            .optional(
                concat!(
                    "SELECT ",
                    user_columns!("u"),
                    ", u.password_hash, u.password_changed_at FROM users u WHERE u.email = $1"
                ),
                args![normalised(email)],
            )
            .await?;
        row.map(UserRecord::try_from).transpose()
    }

    /// The person with this identifier.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn user_by_id(&self, id: UserId) -> Result<Option<UserRecord>> {
        let row: Option<UserRecordDb> = self
            .db
            .optional(
                concat!(
                    "SELECT ",
                    user_columns!("u"),
                    ", u.password_hash, u.password_changed_at FROM users u WHERE u.id = $1"
                ),
                args![id],
            )
            .await?;
        row.map(UserRecord::try_from).transpose()
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows: Vec<UserDb> = self
            .db
            .all(concat!("SELECT ", user_columns!("u"), " FROM users u ORDER BY lower(u.name), u.id"), args![])
            .await?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// How many people there are, disabled ones included.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn count_users(&self) -> Result<i64> {
        let (count,): (i64,) = self.db.one("SELECT count(*) FROM users", args![]).await?;
        Ok(count)
    }

    /// How many administrators there are who are not disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn count_active_administrators(&self) -> Result<i64> {
        let (count,): (i64,) = self
            .db
            .one("SELECT count(*) FROM users WHERE role = 'administrator' AND disabled_at IS NULL", args![])
            .await?;
        Ok(count)
    }

    /// Stores the hash of a new password in place of `old`, which the person has just proven. Returns whether `old` was
    /// still in force; if not, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn change_password_hash(
        &self,
        id: UserId,
        old: &str,
        new: &str,
        now: Millis,
        entry: AuditEntry,
    ) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE users SET password_hash = $3, password_changed_at = $4 WHERE id = $1 AND password_hash = $2",
                args![id, old, new, now],
            )
            .await?;
        if changed == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Stores another hash of the same password in place of `old`. Returns whether `old` was still in force; if not, the
    /// password was changed meanwhile and nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn renew_password_hash(&self, id: UserId, old: &str, new: &str) -> Result<bool> {
        let changed = self
            .db
            .execute("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", args![id, old, new])
            .await?;
        Ok(changed > 0)
    }
}
