//! Sessions: rows behind an opaque cookie, who is looking, and how an ended session closes what it had open.

mod device;
mod revoked;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::json;
use sha2::{Digest, Sha256};
use store::{SessionRow, Store};
use tokio_util::sync::CancellationToken;
use types::{Millis, Permission, SessionInfo, SessionPublicId, UserId};

use crate::{
    Origin, ServiceError, ServiceSettings, SignedIn, Viewer, World,
    audit::{self, Actor},
    world::millis,
};

use revoked::{Ended, Hub};

/// A session without a person (a form begun before signing in) is kept this long.
const ANONYMOUS_LIFETIME: Millis = 24 * 60 * 60 * 1000;
/// Longest browser name that is stored.
const USER_AGENT_CHARS: usize = 400;

/// What the cookie's adapter gives to keep.
#[derive(Clone, Debug)]
pub struct SessionSave {
    /// Whose session it is, once somebody signed in.
    pub user: Option<UserId>,
    /// The adapter's own data, as JSON. Opaque here.
    pub data: String,
    /// The browser's name for itself.
    pub user_agent: String,
    /// The client's network address.
    pub network: String,
}

/// What the adapter gets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The adapter's own data, as JSON.
    pub data: String,
    /// When the session ends unless it is used.
    pub expires_at: Millis,
}

/// Sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    store: Store,
    world: World,
    settings: Arc<ServiceSettings>,
    hub: Hub,
    /// Sessions whose "last used" is being written: requests that come meanwhile need not write it again.
    touching: Mutex<HashSet<String>>,
}

impl Inner {
    /// Whether a session or token is alive, and its person has the permission.
    async fn still_holds(
        &self,
        user: UserId,
        session: SessionPublicId,
        permission: Permission,
    ) -> Result<bool, ServiceError> {
        let known = self.store.user_by_id(user).await?;
        if !known.is_some_and(|known| known.user.disabled_at.is_none() && known.user.role.may(permission)) {
            return Ok(false);
        }
        let now = self.world.now();
        if self.store.sessions_of(user, now).await?.iter().any(|row| row.public_id == session) {
            return Ok(true);
        }
        Ok(self.store.tokens_of(user, now).await?.iter().any(|token| SessionPublicId::from(token.id) == session))
    }

    fn touching(&self) -> MutexGuard<'_, HashSet<String>> {
        self.touching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    pub(crate) fn new(store: Store, world: World, settings: Arc<ServiceSettings>) -> Self {
        Self(Arc::new(Inner { store, world, settings, hub: Hub::new(), touching: Mutex::default() }))
    }

    /// The session behind a cookie's value, if it is alive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&self, raw_id: &str) -> Result<Option<StoredSession>, ServiceError> {
        let now = self.0.world.now();
        let row = self.0.store.session(&id_hash(raw_id), now).await?;
        Ok(row.filter(|row| self.alive(row, now)).map(|row| StoredSession {
            expires_at: row.expires_at.min(row.last_seen_at.saturating_add(millis(self.0.settings.sessions.idle))),
            data: row.data,
        }))
    }

    /// Keeps a new session. When it ends is decided here, not by the adapter.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, raw_id: &str, save: SessionSave) -> Result<StoredSession, ServiceError> {
        let row = self.row(id_hash(raw_id), self.0.world.id(), self.0.world.now(), save);
        self.0.store.save_session(&row).await?;
        Ok(StoredSession { expires_at: row.expires_at, data: row.data })
    }

    /// Keeps new contents of a session. Never makes it live longer than the absolute lifetime from when it began, and never
    /// brings it back: a request that was under way when its session was ended gets `None`, and nothing is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save(&self, raw_id: &str, save: SessionSave) -> Result<Option<StoredSession>, ServiceError> {
        let id_hash = id_hash(raw_id);
        let Some(known) = self.0.store.session(&id_hash, self.0.world.now()).await? else { return Ok(None) };
        let row = self.row(id_hash, known.public_id, known.created_at, save);
        let kept = self.0.store.update_session(&row).await?;
        Ok(kept.then_some(StoredSession { expires_at: row.expires_at, data: row.data }))
    }

    fn row(&self, id_hash: String, public_id: SessionPublicId, created_at: Millis, save: SessionSave) -> SessionRow {
        let lifetime = match save.user {
            Some(_) => millis(self.0.settings.sessions.absolute),
            None => ANONYMOUS_LIFETIME,
        };
        SessionRow {
            id_hash,
            public_id,
            user_id: save.user,
            data: save.data,
            user_agent: save.user_agent.chars().take(USER_AGENT_CHARS).collect(),
            network: save.network,
            created_at,
            last_seen_at: self.0.world.now(),
            expires_at: created_at.saturating_add(lifetime),
        }
    }

    /// Forgets a session, without a record: for the adapter, which also does this when it renames one. A person signing out
    /// comes through [`Sessions::sign_out`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(&self, raw_id: &str) -> Result<(), ServiceError> {
        Ok(self.0.store.delete_session(&id_hash(raw_id)).await?)
    }

    /// Who is looking: the one way to a [`Viewer`] with a person. One query. Notes "last used" in the background, at most
    /// once a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn viewer(&self, raw_id: Option<&str>, origin: Origin) -> Result<Viewer, ServiceError> {
        let Some(raw_id) = raw_id else { return Ok(Viewer::nobody(origin)) };
        let now = self.0.world.now();
        let id_hash = id_hash(raw_id);
        match self.0.store.session_with_user(&id_hash, now).await? {
            Some((row, user)) if user.disabled_at.is_none() && self.alive(&row, now) => {
                if now - row.last_seen_at >= millis(self.0.settings.sessions.touch_every) {
                    self.touch(id_hash, origin.network.to_string(), now);
                }
                Ok(Viewer::person(user, row.public_id, origin))
            }
            _ => Ok(Viewer::nobody(origin)),
        }
    }

    /// The person's own sessions, last used first; the asking one is marked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, member: SignedIn<'_>) -> Result<Vec<SessionInfo>, ServiceError> {
        let now = self.0.world.now();
        let mut rows = self.0.store.sessions_of(member.user().id, now).await?;
        rows.retain(|row| self.alive(row, now));
        rows.sort_by_key(|row| std::cmp::Reverse(row.last_seen_at));
        Ok(rows
            .into_iter()
            .map(|row| SessionInfo {
                id: row.public_id,
                device: device::label(&row.user_agent),
                network: row.network,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                current: row.public_id == member.session(),
            })
            .collect())
    }

    /// Ends the asking session: signing out.
    ///
    /// # Errors
    /// When the database fails. A session that is gone already is no error.
    pub async fn sign_out(&self, member: SignedIn<'_>) -> Result<(), ServiceError> {
        self.end_one(member, member.session(), "session.sign_out").await.map(drop)
    }

    /// Ends the asking session because somebody signs in over it, so that what it had open ends too. The adapter's own
    /// [`Sessions::delete`] would leave that open.
    ///
    /// # Errors
    /// When the database fails. A session that is gone already is no error.
    pub async fn replace(&self, member: SignedIn<'_>) -> Result<(), ServiceError> {
        self.end_one(member, member.session(), "session.replaced").await.map(drop)
    }

    /// Ends one of the person's own sessions.
    ///
    /// # Errors
    /// `NotFound` when the person has no such session; otherwise when the database fails.
    pub async fn end(&self, member: SignedIn<'_>, session: SessionPublicId) -> Result<(), ServiceError> {
        if self.end_one(member, session, "session.ended").await? {
            Ok(())
        } else {
            Err(ServiceError::not_found("That session"))
        }
    }

    /// Ends all of the person's sessions but the asking one; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_others(&self, member: SignedIn<'_>) -> Result<u64, ServiceError> {
        self.end_all_but(member, "session.ended_others").await
    }

    async fn end_one(
        &self,
        member: SignedIn<'_>,
        session: SessionPublicId,
        action: &'static str,
    ) -> Result<bool, ServiceError> {
        let Inner { store, world, hub, .. } = self.0.as_ref();
        let user = member.user();
        let entry = audit::entry(
            world,
            Actor::Person(user),
            Some(member.origin()),
            action,
            format!("session:{session}"),
            &json!({}),
        );
        let ended = store.delete_session_by_public(user.id, session, world.now(), entry).await?;
        hub.publish(Ended { user: user.id, session: Some(session), except: None });
        Ok(ended)
    }

    /// Ends the member's other sessions under an action of the caller's choice.
    pub(crate) async fn end_all_but(&self, member: SignedIn<'_>, action: &'static str) -> Result<u64, ServiceError> {
        let Inner { store, world, hub, .. } = self.0.as_ref();
        let user = member.user();
        let now = world.now();
        let rows = store.sessions_of(user.id, now).await?;
        let current = rows.iter().find(|row| row.public_id == member.session()).map(|row| row.id_hash.as_str());
        let entry = audit::entry(
            world,
            Actor::Person(user),
            Some(member.origin()),
            action,
            audit::user(user.id),
            &json!({ "kept": member.session() }),
        );
        let ended = store.delete_sessions_of(user.id, current, now, entry).await?;
        hub.publish(Ended { user: user.id, session: None, except: current.map(|_| member.session()) });
        Ok(ended)
    }

    /// Tells this process at once that a token has ended. The database knows already.
    pub(crate) fn published_end_of_token(&self, user: UserId, token: types::ApiTokenId) {
        self.0.hub.publish(Ended { user, session: Some(token.into()), except: None });
    }

    /// Tells this process at once that all sessions of a person have ended, or that they may do less: what is open asks the
    /// database which. The database knows already.
    pub(crate) fn published_end_of_all(&self, user: UserId) {
        self.0.hub.publish(Ended { user, session: None, except: None });
    }

    /// Resolves when this session (or the token in its place) has been ended, or its person's role does not have the permission
    /// any more: here at once, by another process within the poll interval. Never resolves otherwise, so race it against the
    /// stream it guards. Needs [`Sessions::run_revocations`] to be running to hear of other processes.
    pub fn revoked(
        &self,
        user: UserId,
        session: SessionPublicId,
        permission: Permission,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.0.hub.watch(user, session);
        let inner = Arc::clone(&self.0);
        async move {
            loop {
                ended.heard().await;
                // A message may be older than the session (all were ended, then the person signed in again): the
                // database decides. When it cannot be asked, the stream is closed: the browser comes again.
                if !matches!(inner.still_holds(user, session, permission).await, Ok(true)) {
                    return;
                }
            }
        }
    }

    /// Hears of sessions that other processes ended, until `stop`.
    pub async fn run_revocations(&self, stop: CancellationToken) {
        let Inner { store, settings, hub, .. } = self.0.as_ref();
        // From the oldest that is kept: what was ended while this process was starting is heard too. News that is too old
        // does no harm, because `revoked` asks the database.
        let mut seen = 0;
        let mut failing = false;
        loop {
            match store.revocations_after(seen).await {
                Ok(news) => {
                    failing = false;
                    for news in news {
                        seen = news.seq;
                        hub.publish(Ended { user: news.user_id, session: news.session, except: news.except });
                    }
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "cannot read which sessions were ended elsewhere; trying on");
                }
                Err(_) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(settings.sessions.revocation_poll) => {}
            }
        }
    }

    /// Not past its idle time. The absolute end is the row's `expires_at`, which the store checks.
    fn alive(&self, row: &SessionRow, now: Millis) -> bool {
        row.last_seen_at.saturating_add(millis(self.0.settings.sessions.idle)) > now && row.expires_at > now
    }

    fn touch(&self, id_hash: String, network: String, now: Millis) {
        if !self.0.touching().insert(id_hash.clone()) {
            return;
        }
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Err(error) = inner.store.touch_session(&id_hash, &network, now).await {
                tracing::warn!(%error, "could not note when a session was last used");
            }
            inner.touching().remove(&id_hash);
        });
    }
}

/// The database holds only this: whoever reads it cannot make a cookie from it.
fn id_hash(raw_id: &str) -> String {
    sha256_hex(raw_id)
}

/// SHA-256 as lower-case hex; how secrets that are random themselves (cookies, links) are kept.
pub(crate) fn sha256_hex(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
