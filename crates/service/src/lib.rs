//! The use cases of ThinkHeads: people, sessions, chat, audit and jobs.
//!
//! A call takes a proof of permission ([`SignedIn`], [`Member`], [`Admin`], and in [`deploy`] their like) that only a session can mint, does its work through `store`
//! and `upstream`, and writes an audit record where an act deserves one. Knows neither axum nor Leptos. The clock and
//! chance come in as a [`World`]; limits and lifetimes as [`ServiceSettings`].

mod audit;
pub mod chat;
mod context;
pub mod deploy;
mod error;
mod health;
mod jobs;
mod metric;
mod people;
mod sessions;
mod settings;
#[cfg(test)]
mod tests;
mod upkeep;
mod viewer;
mod world;

use std::sync::Arc;

use store::{Blobs, Store};
use tokio_util::sync::CancellationToken;
use upstream::phoenix::Inference;

pub use audit::{Audit, AuditExport, AuditFormat, Auditor};
pub use chat::Chat;
pub use deploy::{Deploy, DeployError, DeploySettings, Deployer, Onlooker, Operator};
pub use error::ServiceError;
pub use health::{Check, Health, JobCount, Readiness};
pub use jobs::{JobError, Jobs};
pub use metric::describe as describe_metrics;
pub use people::{DEVICE_LIFETIME, InvitationView, People, Recognised, TOKEN_PREFIX};
pub use sessions::{SessionSave, Sessions, StoredSession};
pub use settings::{
    ChatSettings, JobSettings, LimitSettings, PasswordSettings, Rate, ServiceSettings, SessionSettings,
};
pub use viewer::{Admin, Member, Origin, SignedIn, Viewer};

/// Which records of the audit, what is wrong with it, and what a look at all of it found.
pub use store::{AuditFault, AuditFilter, AuditVerdict};
pub use world::{Id, World};

pub(crate) use context::Context;

/// What the use cases are built from. `server` (and a test) makes these and hands them over.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Large objects beside the database.
    pub blobs: Blobs,
    /// The models.
    pub inference: Arc<dyn Inference>,
    /// The clock and chance.
    pub world: World,
    /// Limits, lifetimes and names.
    pub settings: ServiceSettings,
    /// Catalog and Portainer.
    pub deploy: DeploySettings,
}

/// Every use case behind one handle. Cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    context: Context,
    people: People,
    chat: Chat,
    audit: Audit,
    jobs: Jobs,
    health: Health,
    deploy: Deploy,
}

impl Services {
    /// Builds the use cases. Starts nothing: see [`Services::run_background`].
    ///
    /// # Errors
    /// [`ServiceError::Defect`] when the password settings are not acceptable to Argon2.
    pub fn new(parts: Parts) -> Result<Self, ServiceError> {
        let deploy = Deploy::new(parts.store.clone(), parts.world.clone(), parts.deploy.clone());
        let context = Context::new(parts);
        let chat = Chat::new(context.clone());
        let people = People::new(context.clone(), chat.clone(), deploy.clone())?;
        Ok(Self(Arc::new(Inner {
            audit: Audit::new(context.clone()),
            jobs: Jobs::new(context.clone()),
            health: Health::new(context.clone()),
            deploy,
            people,
            chat,
            context,
        })))
    }

    /// People, invitations, passwords.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.0.people
    }

    /// Sessions, and who is looking.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.context.sessions
    }

    /// Conversations and generations.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.0.chat
    }

    /// What was done, by whom.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Background jobs.
    #[must_use]
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Catalog and deployments.
    #[must_use]
    pub fn deploy(&self) -> &Deploy {
        &self.0.deploy
    }

    /// Whether the place is fit to serve, and its counts.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Limits, lifetimes and names in force.
    #[must_use]
    pub fn settings(&self) -> &ServiceSettings {
        &self.0.context.settings
    }

    /// The clock and chance in use.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.0.context.world
    }

    /// Runs what works without being asked: spreading ended sessions, jobs, the writing of generations, the upkeep of the
    /// database's file, applies that were broken off, looks for drift. Returns after `stop` is cancelled and all of them have come to rest.
    pub async fn run_background(&self, stop: CancellationToken) {
        tokio::join!(
            self.sessions().run_revocations(stop.clone()),
            self.jobs().run(stop.clone()),
            upkeep::run(&self.0.context.store, stop.clone()),
            self.deploy().run_background(stop.clone()),
            self.chat().run(stop),
        );
    }
}
