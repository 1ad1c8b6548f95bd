//! The session cookie, and the rows behind it.

use std::fmt;

use async_trait::async_trait;
use service::{Origin, ServiceError, SessionSave, Sessions};
use time::OffsetDateTime;
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};
use types::{Millis, UserId};

use super::host::Hosts;
use crate::http::problem;

/// The session's key for the signed-in person; `app` writes it.
const USER: &str = "user";

tokio::task_local! {
    /// Where the running request comes from. The session store is called by a layer that passes no request on.
    static ORIGIN: Origin;
}

/// Runs a request so that sessions saved in it know where it comes from.
pub(crate) async fn from<T>(origin: Origin, request: impl Future<Output = T>) -> T {
    ORIGIN.scope(origin, request).await
}

/// `service`'s sessions as tower-sessions wants them.
#[derive(Clone)]
pub(crate) struct SessionRows {
    sessions: Sessions,
}

impl fmt::Debug for SessionRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionRows")
    }
}

impl SessionRows {
    /// Wraps the use case.
    pub(crate) fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// What a record says, as the use case keeps it.
    fn contents(record: &Record) -> Result<SessionSave> {
        let (user_agent, network) =
            ORIGIN.try_with(|origin| (origin.user_agent.clone(), origin.network.to_string())).unwrap_or_default();
        let user = record.data.get(USER).and_then(|value| value.as_str()).and_then(|id| id.parse::<UserId>().ok());
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        Ok(SessionSave { user, data, user_agent, network })
    }
}

/// The cookie's cause of failure ends here: the layer answers 500 and says nothing.
fn backend(error: ServiceError) -> Error {
    Error::Backend(problem::chain(&error))
}

#[async_trait]
impl SessionStore for SessionRows {
    /// A new session. Ids are 128 random bits: one that exists already can't be met.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let contents = Self::contents(record)?;
        self.sessions.create(&record.id.to_string(), contents).await.map(drop).map_err(backend)
    }

    /// An existing session. One that was ended meanwhile stays ended: a slow request must not bring it back.
    async fn save(&self, record: &Record) -> Result<()> {
        let contents = Self::contents(record)?;
        self.sessions.save(&record.id.to_string(), contents).await.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(stored) = self.sessions.load(&id.to_string()).await.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_str(&stored.data).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: moment(stored.expires_at) }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.sessions.delete(&id.to_string()).await.map_err(backend)
    }
}

fn moment(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The layer that reads and sets the cookie.
///
/// The cookie lives as long as a session may at most; when an unused session ends is the row's matter, so the cookie need
/// not be sent anew with every page.
pub(crate) fn layer(
    rows: SessionRows,
    hosts: &Hosts,
    lifetime: std::time::Duration,
) -> SessionManagerLayer<SessionRows> {
    let lifetime = time::Duration::try_from(lifetime).unwrap_or(time::Duration::days(30));
    let layer = SessionManagerLayer::new(rows)
        .with_name(if hosts.secure() { "__Secure-thinkheads" } else { "thinkheads" })
        .with_secure(hosts.secure())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(lifetime));
    match hosts.cookie_domain() {
        Some(domain) => layer.with_domain(domain.to_owned()),
        None => layer,
    }
}
