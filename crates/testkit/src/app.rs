//! The application, running.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use server::{Application, StartError};
use service::Services;
use store::{Store, testing::TestDatabase};
use tempfile::TempDir;
use tokio::{
    runtime::{self, Runtime},
    sync::{OnceCell, oneshot},
    task::JoinHandle,
};
use types::{Rights, Role};
use upstream::phoenix::fake::FakePhoenix;

use crate::{Builder, PATIENCE, Person};

/// What outlives one start: the database, the folder and the stand-in.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) phoenix: Arc<FakePhoenix>,
    pub(crate) database: Option<Arc<TestDatabase>>,
    pub(crate) folder: Arc<TempDir>,
}

/// The application on a free port. When dropped it is cut off, and fails the test if a request panicked in it.
pub struct TestApp {
    /// The stand-in for Phoenix.
    pub phoenix: Arc<FakePhoenix>,
    builder: Builder,
    world: World,
    running: Option<Running>,
    facts: Facts,
    administrator: OnceCell<Person>,
    members: AtomicU64,
    panics_expected: u64,
}

struct Running {
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    outcome: JoinHandle<Result<(), StartError>>,
}

/// What is known once it listens.
struct Facts {
    addr: SocketAddr,
    public_url: String,
    setup_link: Option<String>,
    services: Services,
    store: Store,
    panics: Arc<AtomicU64>,
    started_in: Duration,
}

/// How an orderly stop went.
#[derive(Debug)]
pub struct Stopped {
    /// How long it took.
    pub took: Duration,
}

impl TestApp {
    /// Starts with the defaults.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// What a test wants to be different.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn launch(builder: Builder, world: World) -> Result<Self, StartError> {
        let (config, options) = (builder.config(&world), builder.options());
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("application")
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopped) = oneshot::channel();
        let (ready, facts) = oneshot::channel();
        let began = Instant::now();
        let outcome = runtime.spawn(async move {
            let application = Application::build_with(config, options).await?;
            let facts = Facts {
                addr: application.addr(),
                public_url: application.public_url().to_owned(),
                setup_link: application.setup_link().map(ToOwned::to_owned),
                services: application.services().clone(),
                store: application.store().clone(),
                panics: application.panics(),
                started_in: began.elapsed(),
            };
            // A test that is over has no use for it.
            let _ = ready.send(facts);
            application
                .run_until(async {
                    let _ = stopped.await;
                })
                .await
        });
        let running = Running { runtime, stop, outcome };
        let Ok(facts) = facts.await else {
            let outcome = running.outcome.await;
            running.runtime.shutdown_background();
            return match outcome {
                Ok(Err(error)) => Err(error),
                other => panic!("the application ended before it listened: {other:?}"),
            };
        };
        Ok(Self {
            phoenix: Arc::clone(&world.phoenix),
            builder,
            world,
            running: Some(running),
            facts,
            administrator: OnceCell::new(),
            members: AtomicU64::new(0),
            panics_expected: 0,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.facts.addr
    }

    /// Its public URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.facts.public_url
    }

    /// The one-time link for the first administrator.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.facts.setup_link.as_deref()
    }

    /// The use cases, for looking behind the door.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.facts.services
    }

    /// The database, to take it away.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.facts.store
    }

    /// From the settings to "listens, migrated, ready to answer".
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.facts.started_in
    }

    /// The folder that holds `data` and `site`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.world.folder.path()
    }

    /// Says that requests will panic, so that the end of the test does not mind.
    pub fn expect_panics(&mut self, count: u64) {
        self.panics_expected = count;
    }

    /// Somebody with a browser and no account.
    #[must_use]
    pub fn anonymous(&self) -> Person {
        Person::new(self.addr(), self.url())
    }

    /// The first administrator, who came in by the set-up link. The same one each time, with a browser each.
    pub async fn administrator(&self) -> Person {
        let first = self
            .administrator
            .get_or_init(async || {
                let link = self.setup_link().expect("nobody is administrator yet");
                let mut person = self.anonymous();
                person.join(link, "Ada Administrator", "ada@example.org").await;
                person
            })
            .await;
        first.clone()
    }

    /// Somebody new, invited by the administrator.
    pub async fn member(&self) -> Person {
        self.invited(Role::Member).await
    }

    /// Somebody new with a role, as a deployer on some environments, invited by the administrator.
    pub async fn invited(&self, rights: impl Into<Rights>) -> Person {
        let link = self.administrator().await.invite(rights).await;
        let n = self.members.fetch_add(1, Ordering::Relaxed) + 1;
        let mut person = self.anonymous();
        person.join(&link, &format!("Member {n}"), &format!("member{n}@example.org")).await;
        person
    }

    /// Another process on the same database, folder and Phoenix.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn other_instance(&self, name: &str) -> Self {
        let builder = self.builder.clone().set("THINKHEADS_INSTANCE", name);
        Self::launch(builder, self.world.clone()).await.expect("another instance starts")
    }

    /// Stops in order, as at SIGTERM. What the test holds of it stays usable to look at.
    ///
    /// # Panics
    /// When it does not end, or not well.
    pub async fn stop(&mut self) -> Stopped {
        let Running { runtime, stop, outcome } = self.running.take().expect("it runs");
        let began = Instant::now();
        let _ = stop.send(());
        let outcome = tokio::time::timeout(PATIENCE, outcome).await.expect("it stops in time");
        let took = began.elapsed();
        runtime.shutdown_background();
        match outcome {
            Ok(Ok(())) => Stopped { took },
            other => panic!("it did not stop in order: {other:?}"),
        }
    }

    /// Cuts it off in the middle of whatever it does, as `kill -9` would.
    pub fn abort(&mut self) {
        if let Some(running) = self.running.take() {
            running.runtime.shutdown_background();
        }
    }

    /// Starts again after [`TestApp::stop`] or [`TestApp::abort`], on the same database. People sign in anew: the port
    /// is another one.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(mut self) -> Self {
        self.abort();
        self.check_panics();
        let (builder, world) = (self.builder.clone(), self.world.clone());
        // What was counted is checked.
        self.panics_expected = u64::MAX;
        drop(self);
        Self::launch(builder, world).await.expect("it starts again")
    }

    fn check_panics(&self) {
        let panics = self.facts.panics.load(Ordering::SeqCst);
        assert!(
            self.panics_expected == u64::MAX || panics == self.panics_expected,
            "{panics} requests panicked, {} were to",
            self.panics_expected
        );
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.abort();
        if !std::thread::panicking() {
            self.check_panics();
        }
    }
}
