//! What every handler may reach.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use app::server::{RequestCx, SiteFacts, Theme};
use http::{HeaderMap, header};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use service::{Services, Viewer};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

use crate::http::{
    facts::Facts,
    middleware::{host::Hosts, session::SessionRows},
    statics::Site,
};

/// Time limits of the web side. Tests shorten them; owners have no reason to.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// A client must have sent a request's headers after this long; also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// A handler must have begun its answer after this long.
    pub request_timeout: Duration,
    /// The same on the JSON API, where a plan asks every repository and every host. Below what tunnels allow.
    pub api_timeout: Duration,
    /// A connection that takes no byte for this long is closed.
    pub write_timeout: Duration,
    /// Between signs of life on a silent stream. Tunnels cut after 100 s of silence; the promise is 15 s.
    pub heartbeat: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(30),
            api_timeout: Duration::from_secs(90),
            write_timeout: Duration::from_secs(60),
            heartbeat: Duration::from_secs(12),
        }
    }
}

/// What every handler may reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Inner>);

/// The parts of [`AppState`].
pub(crate) struct Inner {
    pub(crate) services: Services,
    pub(crate) hosts: Hosts,
    pub(crate) public_url: Arc<str>,
    pub(crate) demo: bool,
    pub(crate) site: Site,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) sessions: Arc<SessionRows>,
    pub(crate) tuning: Tuning,
    /// Cancelled when the process stops: streams end then.
    pub(crate) closing: CancellationToken,
    /// Makes the pages.
    pub(crate) workers: tokio::runtime::Handle,
    /// Requests that panicked.
    pub(crate) panics: Arc<AtomicU64>,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AppState {
    /// Wraps the parts.
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What a page or a server function gets to know of its request.
    pub(crate) fn request(&self, facts: &Facts, viewer: Viewer, session: Session, theme: Theme) -> RequestCx {
        let site = SiteFacts {
            public_url: Arc::clone(&self.public_url),
            subdomain: facts.subdomain,
            path: facts.path.to_string(),
            speculative: facts.speculative,
            theme,
            demo: self.demo,
            pkg: Arc::clone(&self.site.pkg),
        };
        RequestCx { services: self.services.clone(), viewer, session, site }
    }

    /// The same for a request that nobody has looked at yet: refusals at the border are shown as to a stranger.
    pub(crate) fn stranger(&self, facts: &Facts) -> RequestCx {
        self.request(facts, Viewer::nobody(facts.origin.clone()), self.no_session(), Theme::System)
    }

    /// A session that nobody has.
    pub(crate) fn no_session(&self) -> Session {
        Session::new(None, Arc::clone(&self.sessions), None)
    }
}

/// The look the cookie asks for.
pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("theme="))
        .map_or(Theme::System, Theme::from_word)
}
