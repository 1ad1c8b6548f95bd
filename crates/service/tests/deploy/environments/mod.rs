//! Environments over a stand-in for Portainer, agents on real sockets, a real catalog in git and a real database.

mod binding;
mod connecting;
mod containers;
mod creating;
mod diagnosis;
mod reading;
mod walking;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Value, json};
use service::{
    World,
    deploy::{
        Deploy, DeployError, DeploySettings, Edit, EnvironmentSettings, Operator, PortainerSource,
        environments::{Bound, BoundHow},
    },
};
use store::{Store, testing::TestDatabase};
use tempfile::TempDir;
use tokio::net::TcpListener;
use types::{AuditRecord, Problem, catalog::CatalogVersion};
use upstream::{
    hypervisor::{Hypervisor, Unmanaged},
    portainer::{
        PortainerConfig, Timeouts,
        agent::AgentTimeouts,
        fake::{API_KEY, FakeConfig, FakePortainer, Generation},
    },
};

pub const BOTH: [Generation; 2] = [Generation::V2_23, Generation::Newer];
/// For a wait that must run out.
pub const SHORT: Duration = Duration::from_millis(300);
/// For what never comes within a test.
pub const NEVER: Duration = Duration::from_secs(3600);

const HYPERVISOR: &str = "phoenix_hypervisor_config.json";
const GUESTS: &str = "phoenix_vm_configs.json";
const STACKS: &str = "phoenix_stacks_config.json";
const COMPOSE: &str = "services:\n  web:\n    image: nginx:1\n    healthcheck: {test: [CMD, \"true\"]}\n";

/// Everything a test needs, on one folder.
pub struct House {
    pub deploy: Deploy,
    pub fake: FakePortainer,
    pub store: Store,
    pub world: World,
    pub operator: Operator,
    folder: TempDir,
    _database: TestDatabase,
}

/// How a house is built.
pub struct Plan {
    pub fake: FakeConfig,
    pub world: World,
    pub hypervisor: Arc<dyn Hypervisor>,
    pub environments: EnvironmentSettings,
    pub timeouts: Timeouts,
    /// Whether the settings name the stand-in.
    pub connected: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            fake: FakeConfig::default(),
            world: World::system(),
            hypervisor: Arc::new(Unmanaged),
            environments: EnvironmentSettings { pause: Duration::from_millis(10), ..EnvironmentSettings::default() },
            timeouts: Timeouts::default(),
            connected: true,
        }
    }
}

impl Plan {
    pub fn of(generation: Generation) -> Self {
        Self { fake: FakeConfig { generation, ..FakeConfig::default() }, ..Self::default() }
    }

    pub async fn build(self, guests: Vec<Value>) -> House {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::sqlite();
        let store = database.store().await;
        let fake = FakePortainer::start(self.fake).await.unwrap();
        let base = PortainerConfig {
            retry_pause: Duration::from_millis(5),
            timeouts: self.timeouts,
            ..PortainerConfig::default()
        };
        let portainer = match self.connected {
            true => PortainerSource {
                url: Some(fake.url()),
                api_key: Some(SecretString::from(API_KEY)),
                base,
                ..PortainerSource::default()
            },
            false => PortainerSource { base, ..PortainerSource::default() },
        };
        let settings =
            DeploySettings { portainer, environments: self.environments, ..DeploySettings::under(folder.path()) };
        let deploy = Deploy::over(store.clone(), self.world.clone(), settings, self.hypervisor);
        let operator = Operator::at_the_machine("ada");
        let house = House { deploy, fake, store, world: self.world, operator, folder, _database: database };
        house
            .write(&[
                (GUESTS, &json!({ "vms": guests }).to_string()),
                (
                    STACKS,
                    &json!({ "docker_stacks": [
                    { "name": "web", "compose_file_path": "stacks/web/docker-compose.yml", "health": { "stable_s": 1 } },
                    { "name": "other", "compose_file_path": "stacks/web/docker-compose.yml" },
                ] })
                    .to_string(),
                ),
                ("stacks/web/docker-compose.yml", COMPOSE),
            ])
            .await;
        house
    }
}

pub async fn house(guests: Vec<Value>) -> House {
    Plan::default().build(guests).await
}

/// Whose calls to Portainer end soon.
pub fn impatient() -> Plan {
    Plan {
        environments: EnvironmentSettings {
            settle: SHORT,
            pause: Duration::from_millis(10),
            agent: AgentTimeouts { connect: SHORT, answer: SHORT, ..AgentTimeouts::default() },
            ..EnvironmentSettings::default()
        },
        ..Plan::default()
    }
}

/// A guest with the stack `web`, whose agent is at `agent`.
pub fn guest(vmid: u32, name: &str, agent: &str) -> Value {
    json!({
        "vmid": vmid, "name": name, "portainer_environment_name": name, "portainer_agent_hostname": agent,
        "portainer_role": "agent", "docker_stacks": ["web"],
    })
}

/// A port of this machine on which nobody listens.
pub async fn closed_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port()
}

impl House {
    /// Writes files of the catalog as one commit.
    pub async fn write(&self, files: &[(&str, &str)]) {
        let edits = files
            .iter()
            .map(|(path, text)| Edit::SetText { path: (*path).to_owned(), text: Some((*text).to_owned()) })
            .collect();
        let base = self.version().await;
        self.deploy.save(&self.operator, &base, edits, "by hand").await.unwrap();
    }

    pub async fn version(&self) -> CatalogVersion {
        self.deploy.catalog(&self.operator).await.unwrap().reading.version
    }

    /// A file of the catalog as it lies on the disk.
    pub fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("catalog").join(path)).ok()
    }

    pub async fn bind(&self, guest: &str) -> Result<Bound, DeployError> {
        self.deploy.bind(&self.operator, guest, false).await
    }

    pub async fn audit(&self, action: &str) -> Vec<AuditRecord> {
        let mut records = self.store.audit(None, 100).await.unwrap();
        records.retain(|one| one.action == action);
        records
    }

    /// How often Portainer was asked to register something.
    pub fn registrations(&self) -> usize {
        self.fake.calls_of("POST /api/endpoints").iter().filter(|call| call.path == "/api/endpoints").count()
    }

    /// The names of Portainer's environments.
    pub async fn known(&self) -> Vec<String> {
        let reading = self.deploy.environments(&self.operator).await.unwrap();
        assert_eq!(reading.trouble, None);
        reading.environments.into_iter().filter(|one| one.id.is_some()).map(|one| one.name).collect()
    }
}

/// What people are told.
pub fn words(error: DeployError) -> Problem {
    service::ServiceError::from(error).problem()
}

/// Keeps what is told.
pub struct Told<T>(Mutex<Vec<T>>);

impl<T: Clone + Send> Told<T> {
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    pub fn hear(&self) -> impl Fn(&T) + Send + Sync + '_ {
        |one| self.0.lock().unwrap().push(one.clone())
    }

    pub fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}
