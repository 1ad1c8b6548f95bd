//! Deploying: the catalog as it is desired, the engine in `reconcile` over our store and upstreams, and the use cases of both.
//!
//! The terminal and the pages call the same methods, with the same proofs ([`Onlooker`], [`Deployer`], [`Operator`]) and the
//! same audit.

mod catalog_acts;
mod configured;
mod containers;
mod desired;
mod drafts;
mod engine;
mod entries;
pub mod environments;
mod error;
mod facts;
mod history;
mod home;
mod memory;
mod operator;
mod outward;
mod planning;
mod remote;
mod review;
mod revisions;
mod runs;
mod secrets;
mod settings;
mod sources;
mod switches;
mod watch;
pub mod words;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use reconcile::{Cancel, model::Scope};
use serde_json::Value;
use store::{AuditEntry, Store};
use tokio::sync::watch as signal;
use tokio_util::sync::CancellationToken;
use upstream::{
    hypervisor::{Hypervisor, Unmanaged},
    portainer::agent::{AgentClient, AgentProbe},
};

pub use catalog::{
    Asked, Author, Clash, Edit, Import, ImportStep, Part, Preview, Reading, SECRETS_FILE, Side, Snapshot, Stretch,
    git::GitSettings, is_catalog_path, read as read_snapshot,
};
pub use catalog_acts::CatalogView;
pub use containers::{ContainerLog, ContainerReading, ContainerRef, MOST_LINES};
pub use drafts::{
    Draft, DraftSaved, Fields, RepositoryLook, RepositoryOffer, StackForm, Unfinished, check_repository, lacking,
};
pub use environments::EnvironmentSettings;
pub use error::DeployError;
pub use history::{HandEdits, History, ImportReview, OneRevision, RestoreReview};
pub use memory::Memory;
pub use operator::{Deployer, Onlooker, Operator};
pub use outward::{edit_conflict, import_plan};
pub use planning::Look;
pub use reconcile::{
    ContainerOverview, Drift, EnvironmentOverview, Overview, Pace, PinOverview, StackOverview, StackState, diff, model,
    ports::LogLine,
    wire::{self, Also, ApplySummary, ApplyView, DriftReading, Planned, Proposal},
};
pub use remote::{Compared, RemotePlace};
pub use review::{Ask, Movement, Review, movement, removed};
pub use settings::{DeploySettings, KeySource, PortainerSource, RemoteSettings};
pub use switches::{Switch, targets};
pub use types::{
    Millis, Problem, ProblemCode, SecretText, catalog as catalog_types,
    deploy::{ApplyState, CatalogContents, EditConflict, ImportPart, ImportPlan, Rekeyed, Saved, Synced},
};
pub use upstream::portainer::{
    docker::{ContainerDetails, HealthCheck, Port},
    engine::Protected,
};
pub use watch::{Watched, Watching};

use self::{engine::Engine, home::Home, review::Reviews, sources::Sources};
use crate::{
    ServiceError, World,
    audit::{Actor, entry},
};

/// The use cases of catalog and deployments. Cheap to clone.
#[derive(Clone)]
pub struct Deploy(Arc<Inner>);

struct Inner {
    home: Arc<Home>,
    sources: Arc<Sources>,
    memory: Memory,
    store: Store,
    world: World,
    /// Applies under way in this process, by id.
    runs: Mutex<HashMap<String, Cancel>>,
    /// Rises whenever the journal was written to here.
    written: signal::Sender<u64>,
    /// The newest look at everything.
    look: signal::Sender<Option<Arc<Look>>>,
    /// Why the newest look failed, if it did.
    trouble: Mutex<Option<(types::Millis, String)>>,
    /// How the catalog and its remote stood when last compared.
    compared: Mutex<Option<Compared>>,
    /// Plans that somebody is reading.
    reviews: Reviews,
    /// What repositories of stacks offered, for those who edit them.
    repositories: drafts::Looks,
    /// Agents, asked from this machine.
    agents: Arc<dyn AgentProbe>,
    /// What holds the guests.
    hypervisor: Arc<dyn Hypervisor>,
    /// What is remembered of environments.
    environments: environments::Kept,
}

impl Deploy {
    /// Makes the use cases. Opens nothing: catalog, key and Portainer are opened when first needed.
    #[must_use]
    pub fn new(store: Store, world: World, settings: DeploySettings) -> Self {
        Self::over(store, world, settings, Arc::new(Unmanaged))
    }

    /// Likewise, with a hypervisor that knows its guests.
    #[must_use]
    pub fn over(store: Store, world: World, settings: DeploySettings, hypervisor: Arc<dyn Hypervisor>) -> Self {
        let agents = Arc::new(AgentClient::new(settings.environments.agent));
        Self(Arc::new(Inner {
            home: Arc::new(Home::new(settings)),
            sources: Arc::default(),
            memory: Memory::new(store.clone(), world.clone()),
            store,
            world,
            runs: Mutex::default(),
            written: signal::Sender::new(0),
            look: signal::Sender::new(None),
            trouble: Mutex::default(),
            compared: Mutex::default(),
            reviews: Reviews::default(),
            repositories: drafts::Looks::default(),
            agents,
            hypervisor,
            environments: environments::Kept::default(),
        }))
    }

    /// Runs what works without being asked: taking up applies that were broken off, and looking for drift. Returns after `stop` is
    /// cancelled.
    pub async fn run_background(&self, stop: CancellationToken) {
        tokio::join!(self.run_takeovers(stop.clone()), self.run_looks(stop));
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &DeploySettings {
        &self.0.home.settings
    }

    /// The engine's ports for what lies in `scope`.
    async fn engine(&self, scope: Scope) -> Result<Engine, DeployError> {
        let now = self.0.home.now().await?;
        let connection = self.0.home.portainer(&now)?;
        Ok(Engine {
            home: Arc::clone(&self.0.home),
            sources: Arc::clone(&self.0.sources),
            memory: self.0.memory.clone(),
            world: self.0.world.clone(),
            target: connection.target,
            scope,
            pins: std::collections::BTreeMap::new(),
            events: None,
            audit: Mutex::default(),
            begun: Mutex::default(),
        })
    }

    /// Keeps an act in the audit.
    async fn record(
        &self,
        who: &Onlooker,
        action: &'static str,
        subject: String,
        detail: &Value,
    ) -> Result<(), DeployError> {
        Ok(self.0.store.append_audit(self.entry(who, action, subject, detail)).await?)
    }

    fn entry(&self, who: &Onlooker, action: &'static str, subject: String, detail: &Value) -> AuditEntry {
        let actor = match who.person_ref() {
            Some(user) => Actor::Person(user),
            None => Actor::Operator(who.name()),
        };
        entry(&self.0.world, actor, who.origin(), action, subject, detail)
    }

    fn runs(&self) -> std::sync::MutexGuard<'_, HashMap<String, Cancel>> {
        self.0.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal with words for people.
fn problem(error: DeployError) -> types::Problem {
    ServiceError::from(error).problem()
}
