//! Revocations: how other processes and open streams learn that a session ended, or that its person may do less than before. They
//! say only that something may have ended: whoever hears of one asks what still holds.

use types::{Millis, SessionPublicId, UserId};

use crate::{
    Result, Store, StoreError,
    codec::{parse, parse_optional},
    db::{Tx, args},
};

/// The end of one session of a person, or of all but one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Its number. Numbers appear in rising order: whoever has seen `n` has seen all before it.
    pub seq: i64,
    /// Whose.
    pub user_id: UserId,
    /// Which session; none means every one.
    pub session: Option<SessionPublicId>,
    /// The session that lives on when `session` is none.
    pub except: Option<SessionPublicId>,
}

impl Revocation {
    /// Whether it ends this session of this person.
    #[must_use]
    pub fn ends(&self, user: UserId, session: SessionPublicId) -> bool {
        self.user_id == user
            && match self.session {
                Some(ended) => ended == session,
                None => self.except != Some(session),
            }
    }
}

#[derive(sqlx::FromRow)]
struct RevocationDb {
    seq: i64,
    user_id: String,
    session_id: Option<String>,
    spared: Option<String>,
}

impl TryFrom<RevocationDb> for Revocation {
    type Error = StoreError;

    fn try_from(row: RevocationDb) -> Result<Self> {
        Ok(Self {
            seq: row.seq,
            user_id: parse("revocations.user_id", &row.user_id)?,
            session: parse_optional("revocations.session_id", row.session_id.as_deref())?,
            except: parse_optional("revocations.spared", row.spared.as_deref())?,
        })
    }
}

/// Writes a revocation inside the transaction that ends the sessions.
pub(crate) async fn insert(
    tx: &mut Tx,
    user: UserId,
    session: Option<SessionPublicId>,
    except: Option<SessionPublicId>,
    now: Millis,
) -> Result<()> {
    // A database sequence hands out numbers before the commit, so a reader could see 6, then miss 5. The counter's row
    // lock makes the order of numbers the order of commits.
    let seq = tx.raise("revocations").await?;
    tx.execute(
        "INSERT INTO revocations (seq, user_id, session_id, spared, revoked_at) VALUES ($1, $2, $3, $4, $5)",
        args![seq, user, session, except, now],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Every revocation with a number above `seq`, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn revocations_after(&self, seq: i64) -> Result<Vec<Revocation>> {
        let rows: Vec<RevocationDb> = self
            .db
            .all("SELECT seq, user_id, session_id, spared FROM revocations WHERE seq > $1 ORDER BY seq", args![seq])
            .await?;
        rows.into_iter().map(Revocation::try_from).collect()
    }

    /// The number of the last revocation ever made, 0 before the first. Purging does not lower it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn latest_revocation(&self) -> Result<i64> {
        let (seq,): (i64,) = self.db.one("SELECT value FROM counters WHERE name = 'revocations'", args![]).await?;
        Ok(seq)
    }

    /// Forgets revocations made before `before`: every process has seen them by then. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn purge_revocations(&self, before: Millis) -> Result<u64> {
        self.db.execute("DELETE FROM revocations WHERE revoked_at < $1", args![before]).await
    }
}
