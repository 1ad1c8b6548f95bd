//! Sessions: rows behind an opaque cookie.

use types::{Millis, SessionPublicId, User, UserId};

use crate::{
    AuditEntry, Result, Store, StoreError, audit,
    codec::{parse, parse_optional},
    db::{Tx, args},
    people::{UserDb, user_columns},
    revocations, tokens,
};

/// A session. `Debug` hides its key and its data.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's value, in hex.
    pub id_hash: String,
    /// The handle its owner sees and ends it by.
    pub public_id: SessionPublicId,
    /// Who is signed in with it, if anybody.
    pub user_id: Option<UserId>,
    /// What the session layer keeps in it, as JSON.
    pub data: String,
    /// The browser's own description of itself.
    pub user_agent: String,
    /// The network address it was last used from.
    pub network: String,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used.
    pub last_seen_at: Millis,
    /// When it ends by itself.
    pub expires_at: Millis,
}

impl std::fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionRow")
            .field("public_id", &self.public_id)
            .field("user_id", &self.user_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct SessionDb {
    id_hash: String,
    public_id: String,
    user_id: Option<String>,
    data: String,
    user_agent: String,
    network: String,
    began_at: i64,
    used_at: i64,
    expires_at: i64,
}

#[derive(sqlx::FromRow)]
struct SessionUserDb {
    #[sqlx(flatten)]
    session: SessionDb,
    #[sqlx(flatten)]
    user: UserDb,
}

impl TryFrom<SessionDb> for SessionRow {
    type Error = StoreError;

    fn try_from(row: SessionDb) -> Result<Self> {
        Ok(Self {
            id_hash: row.id_hash,
            public_id: parse("sessions.public_id", &row.public_id)?,
            user_id: parse_optional("sessions.user_id", row.user_id.as_deref())?,
            data: row.data,
            user_agent: row.user_agent,
            network: row.network,
            created_at: row.began_at,
            last_seen_at: row.used_at,
            expires_at: row.expires_at,
        })
    }
}

/// Deletes a person's sessions but the one with the key `except`, inside a transaction.
pub(crate) async fn delete_all(tx: &mut Tx, user: UserId, except: Option<&str>) -> Result<u64> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2", args![user, except.unwrap_or("")]).await
}

impl Store {
    /// Writes a session, new or known. A known one keeps its public id and the time it began.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when its person does not exist.
    pub async fn save_session(&self, session: &SessionRow) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO sessions \
                 (id_hash, public_id, user_id, data, user_agent, network, created_at, last_seen_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (id_hash) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, \
                 user_agent = excluded.user_agent, network = excluded.network, \
                 last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at",
                args![
                    &session.id_hash,
                    session.public_id,
                    session.user_id,
                    &session.data,
                    &session.user_agent,
                    &session.network,
                    session.created_at,
                    session.last_seen_at,
                    session.expires_at
                ],
            )
            .await?;
        Ok(())
    }

    /// Writes a session that must still exist: a request that was under way when its session was ended must not bring
    /// it back. Returns whether it existed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when its person does not exist.
    pub async fn update_session(&self, session: &SessionRow) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE sessions SET user_id = $2, data = $3, user_agent = $4, network = $5, last_seen_at = $6, \
                 expires_at = $7 WHERE id_hash = $1",
                args![
                    &session.id_hash,
                    session.user_id,
                    &session.data,
                    &session.user_agent,
                    &session.network,
                    session.last_seen_at,
                    session.expires_at
                ],
            )
            .await?;
        Ok(changed > 0)
    }

    /// The session with this key, unless it has run out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn session(&self, id_hash: &str, now: Millis) -> Result<Option<SessionRow>> {
        let row: Option<SessionDb> = self
            .db
            .optional(
                "SELECT id_hash, public_id, user_id, data, user_agent, network, created_at AS began_at, \
                 last_seen_at AS used_at, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2",
                args![id_hash, now],
            )
            .await?;
        row.map(SessionRow::try_from).transpose()
    }

    /// The session with this key and the person signed in with it, in one query. None when the session has run out,
    /// nobody is signed in with it, or the person is disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn session_with_user(&self, id_hash: &str, now: Millis) -> Result<Option<(SessionRow, User)>> {
        let row: Option<SessionUserDb> = self
            .db
            .optional(
                concat!(
                    "SELECT s.id_hash, s.public_id, s.user_id, s.data, s.user_agent, s.network, \
                     s.created_at AS began_at, s.last_seen_at AS used_at, s.expires_at, ",
                    user_columns!("u"),
                    " FROM sessions s JOIN users u ON u.id = s.user_id \
                     WHERE s.id_hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL"
                ),
                args![id_hash, now],
            )
            .await?;
        row.map(|row| Ok((row.session.try_into()?, row.user.try_into()?))).transpose()
    }

    /// Notes that a session and its person were seen now, from this network address.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn touch_session(&self, id_hash: &str, network: &str, now: Millis) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // The person before the session: the order in which everything here locks, so that nothing deadlocks.
        tx.execute(
            "UPDATE users SET last_seen_at = $2 WHERE id = (SELECT user_id FROM sessions WHERE id_hash = $1)",
            args![id_hash, now],
        )
        .await?;
        tx.execute(
            "UPDATE sessions SET last_seen_at = $2, network = $3 WHERE id_hash = $1",
            args![id_hash, now, network],
        )
        .await?;
        tx.commit().await
    }

    /// A person's sessions that have not run out, last used first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn sessions_of(&self, user: UserId, now: Millis) -> Result<Vec<SessionRow>> {
        let rows: Vec<SessionDb> = self
            .db
            .all(
                "SELECT id_hash, public_id, user_id, data, user_agent, network, created_at AS began_at, \
                 last_seen_at AS used_at, expires_at FROM sessions WHERE user_id = $1 AND expires_at > $2 \
                 ORDER BY last_seen_at DESC, public_id DESC",
                args![user, now],
            )
            .await?;
        rows.into_iter().map(SessionRow::try_from).collect()
    }

    /// Deletes one session by its key: signing out, or a new key for the same session. Writes no revocation.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn delete_session(&self, id_hash: &str) -> Result<()> {
        self.db.execute("DELETE FROM sessions WHERE id_hash = $1", args![id_hash]).await?;
        Ok(())
    }

    /// Ends one of a person's sessions, with a revocation. Returns whether there was one; if not, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn delete_session_by_public(
        &self,
        user: UserId,
        session: SessionPublicId,
        now: Millis,
        entry: AuditEntry,
    ) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let deleted =
            tx.execute("DELETE FROM sessions WHERE user_id = $1 AND public_id = $2", args![user, session]).await?;
        if deleted == 0 {
            return Ok(false);
        }
        revocations::insert(&mut tx, user, Some(session), None, now).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a person's sessions, with a revocation: all, and their tokens with them; or all sessions but the one with the key
    /// `except`, and no token. Returns how many sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when `except` is not a session of this person, or there is no such person.
    pub async fn delete_sessions_of(
        &self,
        user: UserId,
        except: Option<&str>,
        now: Millis,
        entry: AuditEntry,
    ) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let mut spared = None;
        if let Some(except) = except {
            let (public_id,): (String,) = tx
                .one("SELECT public_id FROM sessions WHERE id_hash = $1 AND user_id = $2", args![except, user])
                .await?;
            spared = Some(parse("sessions.public_id", &public_id)?);
        }
        let deleted = delete_all(&mut tx, user, except).await?;
        if except.is_none() {
            tokens::end_all(&mut tx, user, now).await?;
        }
        revocations::insert(&mut tx, user, None, spared, now).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    /// Deletes sessions that have run out. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn purge_expired_sessions(&self, now: Millis) -> Result<u64> {
        self.db.execute("DELETE FROM sessions WHERE expires_at <= $1", args![now]).await
    }
}
