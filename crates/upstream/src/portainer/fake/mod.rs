//! A loopback Portainer for `serve --demo` and for tests, of either generation.
//!
//! It keeps its rows in memory, clones real repositories with `git`, reads compose files, and imitates what hurts: one deployment at a
//! time, answers that come when all is over, `down` after a failed `up`, resets of what is not sent, the login ban, the set-up window.
//! Time passes by itself and by [`FakePortainer::advance`]; containers change by time or by being looked at.

mod answer;
mod compose;
mod deploy;
mod gate;
mod git;
mod handle;
mod host;
mod order;
mod render;
mod routes;
mod sample;
mod server;
mod state;
pub(super) mod tls;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{net::TcpListener, sync::watch, time::Instant};
use types::Millis;
use url::Url;

pub use handle::{DropWhen, WaitTimedOut};
pub use host::{After, AgentScript, Behaviour, HostScript};
pub use order::{How, Order};
pub use sample::populate;
pub use state::{FakeCall, FakeCounts};

use self::{
    server::Run,
    state::{KeyRow, State, UserRow},
    tls::ServerTls,
};

/// The time at which every stand-in starts, unless told otherwise: 2026-01-01.
const EPOCH: Millis = 1_767_225_600_000;

/// Which Portainer it is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// 2.23.0.
    #[default]
    V2_23,
    /// As seen in releases up to 2.44: the row is saved first and deployed in the background, a failed update leaves what ran.
    Newer,
}

impl Generation {
    /// What it calls itself.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::V2_23 => "2.23.0",
            Self::Newer => "2.44.0",
        }
    }
}

/// How it proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FakeTls {
    /// Plain HTTP.
    #[default]
    None,
    /// As Portainer does by itself: a self-signed certificate for `localhost` and `0.0.0.0`, good for no address it is called by.
    SelfMade,
    /// A certificate for 127.0.0.1 from its own authority; see [`FakePortainer::ca_pem`].
    FromAuthority,
}

/// How the stand-in starts.
#[derive(Clone, Debug)]
pub struct FakeConfig {
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// Which Portainer it is like.
    pub generation: Generation,
    /// How it proves who it is.
    pub tls: FakeTls,
    /// Path before `/api`, such as `/docker/portainer`; empty without one.
    pub prefix: String,
    /// User and password of its administrator; none: it was never set up.
    pub administrator: Option<(String, String)>,
    /// The time it starts at, in milliseconds since 1970.
    pub epoch: Millis,
}

/// The administrator of [`FakeConfig::default`].
pub const ADMINISTRATOR: &str = "admin";
/// The administrator's password.
pub const PASSWORD: &str = "correct horse battery";
/// The administrator's first API key: of the real one's form, with all characters such a key may have.
pub const API_KEY: &str = "ptr_AbC+dEf/0123456789aBcDeFgHiJkLmNoPqRsTuVwX0=";

impl Default for FakeConfig {
    /// 2.23.0 on a free port, set up, without TLS.
    fn default() -> Self {
        Self {
            port: 0,
            generation: Generation::V2_23,
            tls: FakeTls::None,
            prefix: String::new(),
            administrator: Some((ADMINISTRATOR.to_owned(), PASSWORD.to_owned())),
            epoch: EPOCH,
        }
    }
}

/// What the handlers share.
struct Shared {
    config: FakeConfig,
    started: Instant,
    state: Mutex<State>,
    /// Grows with every change.
    changes: watch::Sender<u64>,
    /// The one lock around every deployment.
    deploys: tokio::sync::Mutex<()>,
    /// Whether deployments are held back.
    held: watch::Sender<bool>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells whoever waits.
    fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = change(&mut self.state());
        self.changes.send_modify(|changes| *changes += 1);
        outcome
    }

    fn now(&self) -> Millis {
        let passed = self.passed();
        let state = self.state();
        self.config.epoch + state.frozen.unwrap_or(passed) + state.advanced
    }

    /// Since the start, by this machine's clock.
    fn passed(&self) -> Millis {
        Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    fn now_s(&self) -> i64 {
        self.now() / 1000
    }

    async fn deploys_allowed(&self) {
        let mut held = self.held.subscribe();
        // The sender lives as long as we do.
        let _open = held.wait_for(|held| !held).await;
    }
}

/// The stand-in. Stops when dropped.
pub struct FakePortainer {
    address: SocketAddr,
    url: Url,
    tls: Option<ServerTls>,
    shared: Arc<Shared>,
    run: Mutex<Option<Run>>,
}

impl FakePortainer {
    /// Listens on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(config: FakeConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = listener.local_addr()?;
        let tls = ServerTls::new(config.tls)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{address}{}", config.prefix)).map_err(io::Error::other)?;
        let mut state = State { generation: config.generation, process_started: config.epoch, ..State::default() };
        if let Some((name, password)) = config.administrator.clone() {
            state.users.push(UserRow { id: 1, name, password, administrator: true });
            state.keys.push(KeyRow {
                id: 1,
                user: 1,
                description: "first".to_owned(),
                raw: API_KEY.to_owned(),
                created: config.epoch / 1000,
                last_used: 0,
            });
        }
        let shared = Arc::new(Shared {
            config,
            started: Instant::now(),
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            deploys: tokio::sync::Mutex::new(()),
            held: watch::Sender::new(false),
        });
        let run = server::serve(listener, Arc::clone(&shared), tls.as_ref());
        Ok(Self { address, url, tls, shared, run: Mutex::new(Some(run)) })
    }

    /// Its address, with the prefix.
    #[must_use]
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// SHA-256 of its certificate; none without TLS.
    #[must_use]
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.tls.as_ref().map(|tls| tls.fingerprint)
    }

    /// The certificate of its authority in PEM; none unless it has one.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.tls.as_ref().and_then(|tls| tls.ca_pem.clone())
    }

    /// Refuses connections from now on and breaks the open ones.
    pub async fn go_down(&self) {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(run) = run {
            run.stop().await;
        }
    }

    /// Listens again at the same address, as the same process.
    ///
    /// # Errors
    /// Somebody else took the port meanwhile.
    pub async fn come_back(&self) -> io::Result<()> {
        self.go_down().await;
        let run = server::serve(TcpListener::bind(self.address).await?, Arc::clone(&self.shared), self.tls.as_ref());
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
        Ok(())
    }

    /// Restarts the server: connections break, tokens are void, API keys stay, the set-up window opens again.
    ///
    /// # Errors
    /// Somebody else took the port meanwhile.
    pub async fn restart(&self) -> io::Result<()> {
        self.go_down().await;
        let now = self.shared.now();
        self.shared.edit(|state| state.restart(now));
        self.come_back().await
    }
}

impl Drop for FakePortainer {
    fn drop(&mut self) {
        // The run ends when its token is dropped with it.
        drop(self.run.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
