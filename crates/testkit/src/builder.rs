//! What a test wants to be different.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use axum::Router;
use config::{Config, Environment};
use server::{Options, Tuning};
use service::{DeploySettings, Rate, ServiceSettings};
use store::testing::TestDatabase;
use tempfile::TempDir;
use upstream::phoenix::{
    PhoenixConfig,
    fake::{FakeConfig, FakePhoenix},
};

use crate::{TestApp, app::World};

type Change<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

/// Settings of a [`TestApp`]. The defaults: SQLite in a temporary folder, a fake Phoenix, passwords that cost nothing,
/// limits that no test meets, and `http://thinkheads.localhost` as the public URL, so that subdomains share the session.
#[derive(Clone)]
pub struct Builder {
    settings: Vec<(String, String)>,
    pub(crate) tuning: Tuning,
    demo: bool,
    postgres: bool,
    phoenix: bool,
    change_service: Vec<Change<ServiceSettings>>,
    change_phoenix: Vec<Change<PhoenixConfig>>,
    change_deploy: Vec<Change<DeploySettings>>,
    routes: Router,
    site: Vec<(String, Vec<u8>)>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            tuning: Tuning::default(),
            demo: false,
            postgres: false,
            phoenix: true,
            change_service: vec![Arc::new(make_cheap)],
            change_phoenix: Vec::new(),
            change_deploy: vec![Arc::new(make_quick)],
            routes: Router::new(),
            site: Vec::new(),
        }
    }
}

impl Builder {
    /// Sets a setting by its name in the environment.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the public URL; port 0 becomes the real one.
    #[must_use]
    pub fn public_url(self, url: &str) -> Self {
        self.set("THINKHEADS_PUBLIC_URL", url)
    }

    /// Sets the web side's time limits.
    #[must_use]
    pub fn tuning(mut self, change: impl FnOnce(&mut Tuning)) -> Self {
        change(&mut self.tuning);
        self
    }

    /// Changes the settings of the use cases.
    #[must_use]
    pub fn service(mut self, change: impl Fn(&mut ServiceSettings) + Send + Sync + 'static) -> Self {
        self.change_service.push(Arc::new(change));
        self
    }

    /// Changes the settings of the inference client.
    #[must_use]
    pub fn phoenix(mut self, change: impl Fn(&mut PhoenixConfig) + Send + Sync + 'static) -> Self {
        self.change_phoenix.push(Arc::new(change));
        self
    }

    /// Changes the settings of deployments.
    #[must_use]
    pub fn deploy(mut self, change: impl Fn(&mut DeploySettings) + Send + Sync + 'static) -> Self {
        self.change_deploy.push(Arc::new(change));
        self
    }

    /// Starts as `serve --demo` does.
    #[must_use]
    pub fn demo(mut self) -> Self {
        self.demo = true;
        self.without_phoenix()
    }

    /// Leaves `PHOENIX_URL` unset.
    #[must_use]
    pub fn without_phoenix(mut self) -> Self {
        self.phoenix = false;
        self
    }

    /// Uses a temporary PostgreSQL database.
    #[must_use]
    pub fn postgres(mut self) -> Self {
        self.postgres = true;
        self
    }

    /// Adds routes of the test's own, behind all layers.
    #[must_use]
    pub fn routes(mut self, routes: Router) -> Self {
        self.routes = routes;
        self
    }

    /// Puts a file into the folder of site files.
    #[must_use]
    pub fn site_file(mut self, path: &str, content: &[u8]) -> Self {
        self.site.push((path.to_owned(), content.to_vec()));
        self
    }

    fn write_site(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in &self.site {
            let path = folder.join("site").join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, content)?;
        }
        Ok(())
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(self) -> TestApp {
        let phoenix = FakePhoenix::start(FakeConfig::default()).await.expect("a stand-in for Phoenix");
        let database = if self.postgres { Some(TestDatabase::postgres().await) } else { None };
        let world = World {
            phoenix: Arc::new(phoenix),
            database: database.map(Arc::new),
            folder: Arc::new(TempDir::new().expect("a temporary folder")),
        };
        self.write_site(world.folder.path()).expect("the site files");
        TestApp::launch(self, world).await.expect("the application starts")
    }

    /// The settings as the application reads them.
    pub(crate) fn config(&self, world: &World) -> Config {
        let folder = world.folder.path();
        let mut pairs: Vec<(String, String)> = vec![
            ("THINKHEADS_ADDR".into(), "127.0.0.1:0".into()),
            ("THINKHEADS_PUBLIC_URL".into(), "http://thinkheads.localhost:0".into()),
            ("THINKHEADS_DATA_DIR".into(), folder.join("data").display().to_string()),
            ("THINKHEADS_SITE_DIR".into(), folder.join("site").display().to_string()),
            ("THINKHEADS_SHUTDOWN_GRACE_S".into(), "0".into()),
        ];
        if let Some(database) = &world.database {
            pairs.push(("DATABASE_URL".into(), database.url().to_owned()));
        }
        if self.phoenix {
            pairs.push(("PHOENIX_URL".into(), world.phoenix.url().to_string()));
        }
        pairs.extend(self.settings.iter().cloned());
        Config::load(&Environment::of(pairs)).unwrap_or_else(|error| panic!("the test's settings: {error}"))
    }

    /// The rest, for one start.
    pub(crate) fn options(&self) -> Options {
        let (service, phoenix, deploy) =
            (self.change_service.clone(), self.change_phoenix.clone(), self.change_deploy.clone());
        Options {
            demo: self.demo,
            tuning: self.tuning,
            service: Some(Box::new(move |settings| service.iter().for_each(|change| change(settings)))),
            phoenix: Some(Box::new(move |config| phoenix.iter().for_each(|change| change(config)))),
            deploy: Some(Box::new(move |settings| deploy.iter().for_each(|change| change(settings)))),
            routes: Some(self.routes.clone()),
        }
    }
}

/// An engine that looks often, and for drift only when asked.
fn make_quick(settings: &mut DeploySettings) {
    settings.drift_every = None;
    settings.pace.poll = Duration::from_millis(20);
    settings.pace.retry_after = Duration::from_millis(20);
}

/// Passwords at Argon2's least cost, and limits that no test meets by accident.
fn make_cheap(settings: &mut ServiceSettings) {
    settings.passwords.memory_kib = 8;
    settings.passwords.passes = 1;
    let plenty = Rate { burst: std::num::NonZeroU32::MAX, every: Duration::from_millis(1) };
    settings.limits.account = plenty;
    settings.limits.account_everywhere = plenty;
    settings.limits.network = plenty;
}
