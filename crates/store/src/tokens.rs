//! Tokens for programs.

use types::{ApiToken, ApiTokenId, Millis, User, UserId};

use crate::{
    AuditEntry, Result, Store, StoreError, audit,
    codec::parse,
    db::{Tx, args},
    people::{self, UserDb, user_columns},
    revocations,
};

/// A token to be made. `Debug` hides the digest.
#[derive(Clone)]
pub struct NewTokenRow {
    /// Which.
    pub id: ApiTokenId,
    /// Whose.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the token, in hex.
    pub digest: String,
    /// Now.
    pub now: Millis,
    /// When it runs out; none lasts until it is ended.
    pub expires_at: Option<Millis>,
    /// How many living tokens its owner may have, this one included.
    pub most: u32,
}

impl std::fmt::Debug for NewTokenRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTokenRow").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct TokenDb {
    token_id: String,
    token_name: String,
    made_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct TokenUserDb {
    #[sqlx(flatten)]
    token: TokenDb,
    #[sqlx(flatten)]
    user: UserDb,
}

impl TryFrom<TokenDb> for ApiToken {
    type Error = StoreError;

    fn try_from(row: TokenDb) -> Result<Self> {
        Ok(Self {
            id: parse("api_tokens.id", &row.token_id)?,
            name: row.token_name,
            created_at: row.made_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// Ends every token of a person, inside the transaction that ends their sessions.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, now: Millis) -> Result<u64> {
    tx.execute("UPDATE api_tokens SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", args![user, now]).await
}

impl Store {
    /// Makes a token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when its person does not exist or is disabled; [`StoreError::Conflict`] on `api_tokens_most`
    /// when they have as many as they may.
    pub async fn create_token(&self, new: &NewTokenRow, entry: AuditEntry) -> Result<()> {
        let mut tx = self.db.begin().await?;
        people::hold_enabled(&mut tx, new.user).await?;
        let (living,): (i64,) = tx
            .one(
                "SELECT count(*) FROM api_tokens WHERE user_id = $1 AND ended_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > $2)",
                args![new.user, new.now],
            )
            .await?;
        if living >= i64::from(new.most) {
            return Err(StoreError::conflict("api_tokens_most"));
        }
        tx.execute(
            "INSERT INTO api_tokens (id, user_id, name, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            args![new.id, new.user, &new.name, &new.digest, new.now, new.expires_at],
        )
        .await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// The living token with this digest and its person, in one query. None when it has ended or run out, or the person is
    /// disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn token_with_user(&self, digest: &str, now: Millis) -> Result<Option<(ApiToken, User)>> {
        let row: Option<TokenUserDb> = self
            .db
            .optional(
                concat!(
                    "SELECT t.id AS token_id, t.name AS token_name, t.created_at AS made_at, t.expires_at, t.last_used_at, ",
                    user_columns!("u"),
                    " FROM api_tokens t JOIN users u ON u.id = t.user_id \
                     WHERE t.digest = $1 AND t.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) \
                     AND u.disabled_at IS NULL"
                ),
                args![digest, now],
            )
            .await?;
        row.map(|row| Ok((row.token.try_into()?, row.user.try_into()?))).transpose()
    }

    /// A person's living tokens, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn tokens_of(&self, user: UserId, now: Millis) -> Result<Vec<ApiToken>> {
        let rows: Vec<TokenDb> = self
            .db
            .all(
                "SELECT id AS token_id, name AS token_name, created_at AS made_at, expires_at, last_used_at \
                 FROM api_tokens WHERE user_id = $1 AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $2) \
                 ORDER BY created_at DESC, id DESC",
                args![user, now],
            )
            .await?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    /// Notes that a token and its person were seen now, unless that was noted after `before`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn touch_token(&self, id: ApiTokenId, before: Millis, now: Millis) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // The person before the token: the order in which everything here locks, so that nothing deadlocks.
        tx.execute(
            "UPDATE users SET last_seen_at = $2 WHERE id = (SELECT user_id FROM api_tokens WHERE id = $1)",
            args![id, now],
        )
        .await?;
        tx.execute(
            "UPDATE api_tokens SET last_used_at = $3 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2)",
            args![id, before, now],
        )
        .await?;
        tx.commit().await
    }

    /// Ends one of a person's tokens, with a revocation, so that what it has open ends too. Returns whether it was alive; if
    /// not, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn end_token(&self, user: UserId, id: ApiTokenId, now: Millis, entry: AuditEntry) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let ended = tx
            .execute(
                "UPDATE api_tokens SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL",
                args![id, user, now],
            )
            .await?;
        if ended == 0 {
            return Ok(false);
        }
        revocations::insert(&mut tx, user, Some(id.into()), None, now).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Deletes tokens that ended or ran out before `before`. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn purge_tokens(&self, before: Millis) -> Result<u64> {
        self.db.execute("DELETE FROM api_tokens WHERE ended_at < $1 OR expires_at < $1", args![before]).await
    }
}
