//! A small house to test in: a temporary database, a clock that is moved by hand, cheap password hashes.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use store::{Blobs, Store, testing::TestDatabase};
use types::{AuditRecord, Model, Password, Role, ServiceState, ServiceStatus, User, UserId};
use upstream::phoenix::{ChatRequest, ChatStream, Inference, PhoenixError};

use crate::{Origin, Parts, Rate, ServiceSettings, Services, SessionSave, Viewer, World};

/// A password that the rules accept.
pub(crate) const PASSWORD: &str = "mirthful otter on the quay";

/// No models.
struct NoModels;

#[async_trait]
impl Inference for NoModels {
    async fn models(&self) -> Result<Vec<Model>, PhoenixError> {
        Err(PhoenixError::NotConfigured)
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, PhoenixError> {
        Err(PhoenixError::NotConfigured)
    }

    fn last_models(&self) -> Vec<Model> {
        Vec::new()
    }

    fn status(&self) -> ServiceStatus {
        ServiceStatus { state: ServiceState::NotConfigured, observed_at: None, detail: None }
    }
}

/// The place under test. `database` and `folder` live as long as it does.
pub(crate) struct House {
    pub(crate) services: Services,
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
    folder: tempfile::TempDir,
}

/// Hashes that cost nothing, and limits that nobody meets by chance.
pub(crate) fn lenient() -> ServiceSettings {
    let plenty = Rate { burst: NonZeroU32::new(1_000_000).unwrap(), every: Duration::from_millis(1) };
    let mut settings = ServiceSettings { instance: "one".into(), ..ServiceSettings::default() };
    settings.passwords.memory_kib = 64;
    settings.passwords.passes = 1;
    settings.limits.account = plenty;
    settings.limits.account_everywhere = plenty;
    settings.limits.network = plenty;
    settings
}

/// The product's limits, cheap hashes.
pub(crate) fn limited() -> ServiceSettings {
    ServiceSettings { limits: ServiceSettings::default().limits, ..lenient() }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::on(TestDatabase::sqlite(), lenient()).await
    }

    pub(crate) async fn with(settings: ServiceSettings) -> Self {
        Self::on(TestDatabase::sqlite(), settings).await
    }

    pub(crate) async fn on(database: TestDatabase, settings: ServiceSettings) -> Self {
        Self::in_world(database, settings, World::fixed(1_800_000_000_000)).await
    }

    pub(crate) async fn in_world(database: TestDatabase, settings: ServiceSettings, world: World) -> Self {
        let store = database.store().await;
        let folder = tempfile::tempdir().unwrap();
        let services = services(&store, &world, folder.path(), settings);
        Self { services, world, store, database, folder }
    }

    /// A second process on the same database.
    pub(crate) async fn second(&self, settings: ServiceSettings) -> Services {
        let store = self.database.open().await;
        services(&store, &self.world, self.folder.path(), ServiceSettings { instance: "two".into(), ..settings })
    }

    /// Somebody at home, from a network of their own.
    pub(crate) fn origin(&self, network: u8) -> Origin {
        Origin {
            network: IpAddr::from([192, 0, 2, network]),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
            trace_id: format!("trace-{network}"),
        }
    }

    /// The first administrator, through the set-up link.
    pub(crate) async fn founder(&self) -> User {
        let link = self.services.people().setup_link().await.unwrap().expect("no administrator yet");
        self.join(&link, "Grace", "grace@example.com").await
    }

    /// A further person, invited by the founder's hand.
    pub(crate) async fn person(&self, founder: &User, role: Role, name: &str) -> User {
        let viewer = self.signed_in(founder).await;
        let link = self.services.people().invite(viewer.admin().unwrap(), role, name, 7).await.unwrap();
        self.join(&link, name, &format!("{}@example.com", name.to_lowercase())).await
    }

    pub(crate) async fn join(&self, link: &str, name: &str, email: &str) -> User {
        let people = self.services.people();
        people.accept_invitation(token(link), name, email, Password::new(PASSWORD), &self.origin(1)).await.unwrap()
    }

    /// A new session of this person, as the cookie's adapter makes it; gives the cookie's value.
    pub(crate) async fn cookie(&self, user: UserId) -> String {
        let raw = self.world.token();
        let save = SessionSave {
            user: Some(user),
            data: r#"{"user":1}"#.into(),
            user_agent: self.origin(1).user_agent,
            network: self.origin(1).network.to_string(),
        };
        self.services.sessions().create(&raw, save).await.unwrap();
        raw
    }

    /// A viewer with a new session.
    pub(crate) async fn signed_in(&self, user: &User) -> Viewer {
        let raw = self.cookie(user.id).await;
        self.services.sessions().viewer(Some(&raw), self.origin(1)).await.unwrap()
    }

    /// The newest records, newest first.
    pub(crate) async fn audit(&self) -> Vec<AuditRecord> {
        self.store.audit(None, 500).await.unwrap()
    }

    /// How often an act stands in the audit.
    pub(crate) async fn recorded(&self, action: &str) -> usize {
        self.audit().await.iter().filter(|record| record.action == action).count()
    }
}

fn services(store: &Store, world: &World, folder: &std::path::Path, settings: ServiceSettings) -> Services {
    Services::new(Parts {
        store: store.clone(),
        blobs: Blobs::local(folder).unwrap(),
        inference: Arc::new(NoModels),
        world: world.clone(),
        settings,
        deploy: crate::DeploySettings::under(folder),
    })
    .unwrap()
}

/// The secret at the end of a link.
pub(crate) fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}
