//! A loopback Phoenix for `serve --demo`, for tests and for benches.
//!
//! - `demo-…` models write labelled sample answers; see [`FakeConfig::demo`].
//! - Tests queue [`Script`]s: exact bytes, pauses, gates, stalls, cuts, any status. They wait on [`FakePhoenix::wait_until`],
//!   never on a fixed sleep.
//! - `bench-N-R` streams `N` tokens at `R` a second (0: as fast as they are taken), one event each, the first at once. Each
//!   token's text is the microseconds since [`FakePhoenix::started`] and a space, so a reader can tell the delay.

mod events;
mod http;
mod play;
mod sample;
mod script;

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use script::{Gate, Script};

/// So many of the newest requests are kept.
const KEPT_REQUESTS: usize = 1000;

/// How the stand-in starts.
#[derive(Clone, Debug)]
pub struct FakeConfig {
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// If set, every call but `/healthz` must bring it as a bearer token.
    pub api_key: Option<String>,
    /// What `/v1/models` lists. `bench-…` models answer without being listed.
    pub models: Vec<String>,
    /// Keep the requests for [`FakePhoenix::requests`].
    pub record: bool,
}

impl Default for FakeConfig {
    /// For tests: a free port, `test-model` (a fixed short answer) and the demo models, requests kept.
    fn default() -> Self {
        let models = std::iter::once("test-model").chain(sample::MODELS).map(str::to_owned).collect();
        Self { port: 0, api_key: None, models, record: true }
    }
}

impl FakeConfig {
    /// For `serve --demo`: `demo-sample`, `demo-slow`, `demo-failing`, `demo-huge`. Keeps nothing of what people write.
    #[must_use]
    pub fn demo() -> Self {
        Self { models: sample::MODELS.map(str::to_owned).to_vec(), record: false, ..Self::default() }
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// Path with query, as sent.
    pub target: String,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The JSON body; null without one.
    pub body: Value,
}

impl ReceivedRequest {
    /// The first header of this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Counts that tests wait on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FakeState {
    /// Calls that came in, `/healthz` aside.
    pub requests: usize,
    /// Chat calls being answered now, stalled ones included.
    pub open_streams: usize,
    /// Chat calls answered to the end of their script.
    pub completed: usize,
    /// Chat calls whose caller went away first.
    pub disconnects: usize,
}

/// The condition of [`FakePhoenix::wait_until`] did not come true in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the condition did not come true in time; last state: {last:?}")]
pub struct WaitTimedOut {
    /// The counts at the end.
    pub last: FakeState,
}

/// What the handlers share.
struct Shared {
    config: FakeConfig,
    started: Instant,
    state: watch::Sender<FakeState>,
    knobs: Mutex<Knobs>,
}

#[derive(Default)]
struct Knobs {
    scripts: VecDeque<Script>,
    model_scripts: VecDeque<Script>,
    requests: VecDeque<ReceivedRequest>,
    models: Option<Vec<String>>,
    latency: Duration,
}

impl Shared {
    fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.knobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn models(&self) -> Vec<String> {
        self.knobs().models.clone().unwrap_or_else(|| self.config.models.clone())
    }

    fn received(&self, request: impl FnOnce() -> ReceivedRequest) {
        if self.config.record {
            let request = request();
            let mut knobs = self.knobs();
            if knobs.requests.len() >= KEPT_REQUESTS {
                knobs.requests.pop_front();
            }
            knobs.requests.push_back(request);
        }
        self.state.send_modify(|state| state.requests += 1);
    }
}

/// The running server of one [`FakePhoenix`], between two outages.
struct Run {
    stop: CancellationToken,
    server: JoinHandle<()>,
}

/// The stand-in. Stops when dropped.
pub struct FakePhoenix {
    address: SocketAddr,
    url: Url,
    shared: Arc<Shared>,
    run: Mutex<Option<Run>>,
}

impl FakePhoenix {
    /// Listens on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(config: FakeConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = listener.local_addr()?;
        let url = Url::parse(&format!("http://{address}/")).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            config,
            started: Instant::now(),
            state: watch::Sender::new(FakeState::default()),
            knobs: Mutex::default(),
        });
        let run = serve(listener, Arc::clone(&shared));
        Ok(Self { address, url, shared, run: Mutex::new(Some(run)) })
    }

    /// `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// What the times in the tokens of `bench-…` models count from.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.shared.started
    }

    /// Queues what the next chat call is answered with. Without a script the model's name decides.
    pub fn script(&self, script: Script) {
        self.shared.knobs().scripts.push_back(script);
    }

    /// Queues what the next call for the list of models is answered with.
    pub fn script_models(&self, script: Script) {
        self.shared.knobs().model_scripts.push_back(script);
    }

    /// Changes the list of models.
    pub fn set_models(&self, models: &[&str]) {
        self.shared.knobs().models = Some(models.iter().map(|&model| model.to_owned()).collect());
    }

    /// Delays the head of every answer from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.knobs().latency = latency;
    }

    /// The newest requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.knobs().requests.iter().cloned().collect()
    }

    /// The chat calls among [`requests`](Self::requests).
    #[must_use]
    pub fn chat_requests(&self) -> Vec<ReceivedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.method == "POST");
        requests
    }

    /// The counts now.
    #[must_use]
    pub fn state(&self) -> FakeState {
        *self.shared.state.borrow()
    }

    /// Chat calls being answered now.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.state().open_streams
    }

    /// Waits for a condition on the counts.
    ///
    /// # Errors
    /// [`WaitTimedOut`] if it does not come true within `timeout`.
    pub async fn wait_until(
        &self,
        condition: impl Fn(&FakeState) -> bool,
        timeout: Duration,
    ) -> Result<FakeState, WaitTimedOut> {
        let mut states = self.shared.state.subscribe();
        match tokio::time::timeout(timeout, states.wait_for(|state| condition(state))).await {
            Ok(Ok(state)) => Ok(*state),
            _ => Err(WaitTimedOut { last: self.state() }),
        }
    }

    /// Refuses connections from now on and breaks the open ones, as a machine that was switched off.
    pub async fn go_down(&self) {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(run) = run {
            run.stop.cancel();
            let _ended = run.server.await;
        }
    }

    /// Listens again at the same address.
    ///
    /// # Errors
    /// Somebody else took the port meanwhile.
    pub async fn come_back(&self) -> io::Result<()> {
        self.go_down().await;
        let run = serve(TcpListener::bind(self.address).await?, Arc::clone(&self.shared));
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
        Ok(())
    }
}

impl Drop for FakePhoenix {
    fn drop(&mut self) {
        if let Some(run) = self.run.lock().unwrap_or_else(PoisonError::into_inner).take() {
            run.stop.cancel();
        }
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> Run {
    let stop = CancellationToken::new();
    let router = http::router(shared, stop.clone());
    let stopped = stop.clone().cancelled_owned();
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the stand-in for Phoenix stopped");
        }
    });
    Run { stop, server }
}
