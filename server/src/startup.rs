//! Building and running the application. `main` and tests come through here.

use std::{
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use app::routes::ROUTES;
use axum::Router;
use config::{Config, ExposeSecret as _, Source};
use metrics_exporter_prometheus::PrometheusHandle;
use service::{DeploySettings, Parts, ServiceSettings, Services, World};
use store::{Blobs, Store, StoreConfig};
use tokio::{net::TcpListener, runtime::Handle, time::timeout};
use tokio_util::sync::CancellationToken;
use upstream::{
    phoenix::{
        self, PhoenixConfig,
        fake::{FakeConfig, FakePhoenix},
    },
    portainer::fake::FakePortainer,
};
use url::Url;

use crate::{
    StartError, Tuning, demo,
    http::{
        accept,
        lines::Lines,
        middleware::{host::Hosts, session::SessionRows},
        router,
        statics::Site,
    },
    state::{AppState, Inner},
    telemetry::metrics,
};

/// After the running answers had their grace: for the last writes, and then for the last bytes to leave.
const LAST_WRITES: Duration = Duration::from_secs(8);
const LAST_BYTES: Duration = Duration::from_secs(3);

/// The last word on some settings.
pub type Change<T> = Box<dyn FnOnce(&mut T) + Send>;

/// What is not a setting of the owner's: how a program or a test wants it.
#[derive(Default)]
pub struct Options {
    /// Start labelled stand-ins for the upstreams.
    pub demo: bool,
    /// Time limits of the web side.
    pub tuning: Tuning,
    /// Last changes to the settings of the use cases: tests make passwords cheap here.
    pub service: Option<Change<ServiceSettings>>,
    /// Last changes to the settings of the inference client.
    pub phoenix: Option<Change<PhoenixConfig>>,
    /// Last changes to the settings of deployments.
    pub deploy: Option<Change<DeploySettings>>,
    /// A test's own routes, behind all layers, to see what those do with a handler that misbehaves.
    pub routes: Option<Router>,
}

/// The application, listening but not yet answering.
pub struct Application {
    addr: SocketAddr,
    public_url: Arc<str>,
    setup_link: Option<String>,
    services: Services,
    store: Store,
    listener: TcpListener,
    router: Router,
    tuning: Tuning,
    grace: Duration,
    max_connections: usize,
    metrics: PrometheusHandle,
    panics: Arc<AtomicU64>,
    closing: CancellationToken,
    /// Held so that they go on answering.
    _stand_ins: Option<StandIns>,
}

impl Application {
    /// Opens everything the settings name: address, database (migrating it), blobs, upstreams.
    ///
    /// # Errors
    /// Whatever keeps it from starting, in words for the one who starts it.
    pub async fn build(config: Config) -> Result<Self, StartError> {
        Self::build_with(config, Options::default()).await
    }

    /// The same with a program's or a test's options.
    ///
    /// # Errors
    /// As [`Application::build`].
    pub async fn build_with(mut config: Config, options: Options) -> Result<Self, StartError> {
        // Leptos runs its reactive system on whatever executor is named first; a second naming is refused and harmless.
        let _ = any_spawner::Executor::init_tokio();
        let recorder = metrics::recorder();
        if options.demo {
            refuse_public(&config)?;
        }
        let addr = config.http.addr;
        let listener = TcpListener::bind(addr).await.map_err(|cause| StartError::Listen { addr, cause })?;
        let addr = listener.local_addr().map_err(|cause| StartError::Listen { addr, cause })?;
        follow_port(&mut config, addr);
        let stand_ins = if options.demo { Some(StandIns::start(&mut config).await?) } else { None };
        let change_deploy = with_demo(options.deploy, stand_ins.as_ref(), &config);
        let (services, store) =
            open_services(&config, options.demo, options.service, options.phoenix, change_deploy).await?;
        if let Some(stand_ins) = &stand_ins {
            demo::set_stage(&services, Arc::clone(&stand_ins.portainer));
        }
        let setup_link = services.people().setup_link().await?;
        let panics = Arc::new(AtomicU64::new(0));
        let closing = CancellationToken::new();
        let public_url: Arc<str> = config.http.public_origin().into();
        let state = AppState::new(Inner {
            hosts: Hosts::new(&config.http.public_url, ROUTES.iter().map(|route| (route.path, route.subdomain))),
            public_url: Arc::clone(&public_url),
            demo: options.demo,
            site: open_site(&config.http.site_dir)?,
            trusted_proxies: config.http.trusted_proxies.clone(),
            metrics_token: config.http.metrics_token.clone(),
            metrics: recorder.clone(),
            sessions: Arc::new(SessionRows::new(services.sessions().clone())),
            tuning: options.tuning,
            closing: closing.clone(),
            workers: Handle::current(),
            panics: Arc::clone(&panics),
            services: services.clone(),
        });
        Ok(Self {
            addr,
            public_url,
            setup_link,
            services,
            store,
            listener,
            router: router::build(state, options.routes.unwrap_or_default()),
            tuning: options.tuning,
            grace: config.http.shutdown_grace,
            max_connections: config.http.max_connections,
            metrics: recorder,
            panics,
            closing,
            _stand_ins: stand_ins,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address people type, without a trailing slash.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The one-time link that makes the first administrator, while there is none.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// The use cases, for tests that look behind the door.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The database, for tests that take it away.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Counts the requests that panicked: a test looks whether there were any.
    #[must_use]
    pub fn panics(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.panics)
    }

    /// Answers requests and does the background work until `shutdown` resolves, then ends in order: no new connections,
    /// running answers get their grace, the rest is kept as interrupted and its readers are told.
    ///
    /// # Errors
    /// When a part ended by itself, which is a defect.
    pub async fn run_until(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), StartError> {
        let stop = self.closing;
        let lines = Lines::start().map_err(StartError::Threads)?;
        self.services.chat().relay_on(lines.handle());
        let addr = self.addr;
        let listener = self.listener.into_std().map_err(|cause| StartError::Listen { addr, cause })?;
        let mut work = tokio::spawn({
            let (services, stop) = (self.services.clone(), stop.clone());
            let upkeep = metrics::upkeep(self.metrics, stop.clone());
            async move { tokio::join!(services.run_background(stop), upkeep) }
        });
        let mut web = lines.handle().spawn({
            let (router, tuning, most, stop) = (self.router, self.tuning, self.max_connections, stop.clone());
            async move {
                // Here, because a listener belongs to the runtime it was made in.
                let listener = TcpListener::from_std(listener)?;
                accept::serve(listener, router, tuning, most, stop).await;
                Ok::<_, io::Error>(())
            }
        });
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            _ = &mut work => Err(StartError::Ended("the background work ended by itself; the log says why")),
            _ = &mut web => Err(StartError::Ended("the web side ended by itself; the log says why")),
        };
        tracing::info!(grace_s = self.grace.as_secs_f64(), "stopping");
        stop.cancel();
        if !work.is_finished() && timeout(self.grace + LAST_WRITES, &mut work).await.is_err() {
            tracing::error!("the background work did not come to rest in time");
            work.abort();
        }
        if !web.is_finished() && timeout(LAST_BYTES, &mut web).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
            web.abort();
        }
        // Connections that were cut may still hold the database for a moment.
        let _ = timeout(LAST_BYTES, self.store.close()).await;
        tracing::info!("stopped");
        outcome
    }
}

/// The use cases on the settings' database, for commands that need no web side.
///
/// # Errors
/// As [`Application::build`].
pub(crate) async fn open_services(
    config: &Config,
    demo: bool,
    change_service: Option<Change<ServiceSettings>>,
    change_phoenix: Option<Change<PhoenixConfig>>,
    change_deploy: Option<Change<DeploySettings>>,
) -> Result<(Services, Store), StartError> {
    let folder = |path: &Path, cause: io::Error| StartError::Folder { path: path.to_owned(), cause };
    let data = &config.storage.data_dir;
    make_private(data).map_err(|cause| folder(data, cause))?;
    let store = Store::connect(&StoreConfig {
        url: config.storage.database_url.expose_secret().to_owned(),
        max_connections: config.storage.max_connections,
    })
    .await?;
    store.migrate().await?;
    let blobs = Blobs::local(&data.join("blobs"))?;
    let world = World::system();
    let mut phoenix = phoenix_config(config, &world);
    if let Some(change) = change_phoenix {
        change(&mut phoenix);
    }
    let inference = phoenix::connect(phoenix).map_err(StartError::Phoenix)?;
    let mut settings = ServiceSettings {
        public_url: config.http.public_origin(),
        instance: config.instance.clone(),
        demo,
        ..ServiceSettings::default()
    };
    settings.chat.streams_per_person = config.http.streams_per_person;
    settings.chat.grace = config.http.shutdown_grace;
    if let Some(change) = change_service {
        change(&mut settings);
    }
    let mut deploy = DeploySettings::of(config);
    if let Some(change) = change_deploy {
        change(&mut deploy);
    }
    let services = Services::new(Parts { store: store.clone(), blobs, inference, world, settings, deploy })?;
    Ok((services, store))
}

fn phoenix_config(config: &Config, world: &World) -> PhoenixConfig {
    let clock = world.clone();
    PhoenixConfig {
        url: config.phoenix.url.clone(),
        api_key: config.phoenix.api_key.clone(),
        connect_timeout: config.phoenix.connect_timeout,
        first_token_timeout: config.phoenix.first_token_timeout,
        silence_timeout: config.phoenix.silence_timeout,
        clock: Some(Arc::new(move || clock.now())),
        ..PhoenixConfig::default()
    }
}

fn open_site(path: &Path) -> Result<Site, StartError> {
    Site::open(path).map_err(|cause| StartError::Folder { path: path.to_owned(), cause })
}

/// Makes the data folder, for its owner's eyes only. An existing one keeps its mode.
fn make_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Nobody may take sample answers for real ones: a demo stays on this machine.
fn refuse_public(config: &Config) -> Result<(), StartError> {
    let http = &config.http;
    if !http.addr.ip().is_loopback() {
        return Err(StartError::Refused(format!(
            "--demo shows sample answers and stays on this machine, but THINKHEADS_ADDR is {}. Listen on 127.0.0.1, or start \
             without --demo.",
            http.addr
        )));
    }
    let local = Hosts::new(&http.public_url, std::iter::empty()).find(http.public_url.host_str().unwrap_or_default());
    if !local.is_some_and(|known| known.local) {
        return Err(StartError::Refused(format!(
            "--demo shows sample answers and stays on this machine, but THINKHEADS_PUBLIC_URL is {}. Use a name such as \
             http://localhost:3000, or start without --demo.",
            http.public_origin()
        )));
    }
    Ok(())
}

/// A public URL that nobody set, or one with port 0, follows the port that was bound.
fn follow_port(config: &mut Config, addr: SocketAddr) {
    let unset = config
        .describe()
        .iter()
        .any(|setting| setting.name == "THINKHEADS_PUBLIC_URL" && matches!(setting.source, Source::Default));
    let url: &mut Url = &mut config.http.public_url;
    if unset || url.port() == Some(0) {
        // Only fails for URLs without a host, which the settings refuse.
        let _ = url.set_port(Some(addr.port()));
    }
}

/// The labelled stand-ins of a demo.
struct StandIns {
    _phoenix: FakePhoenix,
    portainer: Arc<FakePortainer>,
}

impl StandIns {
    async fn start(config: &mut Config) -> Result<Self, StartError> {
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let failed = |cause| StartError::Listen { addr, cause };
        let phoenix = FakePhoenix::start(FakeConfig::demo()).await.map_err(failed)?;
        config.phoenix.url = Some(phoenix.url());
        config.phoenix.api_key = None;
        let portainer = demo::portainer(&World::system()).await.map_err(failed)?;
        Ok(Self { _phoenix: phoenix, portainer: Arc::new(portainer) })
    }
}

/// The last changes to the settings of deployments, those of a demo before the test's.
fn with_demo(
    change: Option<Change<DeploySettings>>,
    stand_ins: Option<&StandIns>,
    config: &Config,
) -> Option<Change<DeploySettings>> {
    let Some(stand_ins) = stand_ins else { return change };
    let (portainer, data) = (Arc::clone(&stand_ins.portainer), config.storage.data_dir.clone());
    Some(Box::new(move |settings| {
        demo::redirect(settings, &data, &portainer);
        if let Some(change) = change {
            change(settings);
        }
    }))
}
