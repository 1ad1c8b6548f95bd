#![doc = include_str!("README.md")]

mod client;
mod config;
mod error;
mod transport;
mod watcher;

use std::num::NonZeroU32;

use async_trait::async_trait;
use reconcile::{
    Overview,
    model::{ApplyId, OnFailure, Plan, PlanOptions, Revision as StackRevision, StackRef},
    wire::{Also, ApplySummary, ApplyView, CreatedGuest, DriftReading, Pinned, Planned, Proposal, Standing},
};
use types::{
    SecretText, User,
    catalog::{CatalogVersion, Diagnostic, Divergence, FileChange, Revision, SecretInfo, SecretName},
    deploy::{CatalogContents, ImportPlan, Rekeyed, Saved, ServerInfo, Synced},
};

pub use client::PortalClient;
pub use config::PortalConfig;
pub use error::PortalError;
pub use watcher::Watcher;

type Result<T> = std::result::Result<T, PortalError>;

/// Catalog and deployments through a running server. Each call may fail as [`PortalError`] says.
#[async_trait]
pub trait Portal: Send + Sync {
    /// Which program answers.
    async fn server(&self) -> Result<ServerInfo>;
    /// Whose token it is.
    async fn me(&self) -> Result<User>;

    /// What is wrong with the catalog; with `deep`, in other repositories' compose files too.
    async fn findings(&self, deep: bool) -> Result<Vec<Diagnostic>>;
    /// What would be done. Changes nothing.
    async fn plan(&self, options: &PlanOptions) -> Result<Planned>;
    /// What going back, carrying over or releasing would do. Changes nothing.
    async fn propose(&self, also: &Also, on_failure: OnFailure) -> Result<Proposal>;
    /// Makes a guest of the catalog an environment and plans its stacks. May take a minute.
    async fn create(&self, guest: &str) -> Result<CreatedGuest>;
    /// Begins to carry out a plan that somebody has read; [`PortalError::Moved`] when it no longer holds.
    async fn apply(&self, plan: &Plan, also: Option<&Also>) -> Result<ApplyId>;
    /// Applies, latest first.
    async fn applies(
        &self,
        environment: Option<&str>,
        before: Option<&str>,
        limit: Option<NonZeroU32>,
    ) -> Result<Vec<ApplySummary>>;
    /// Applies under way.
    async fn running(&self) -> Result<Vec<ApplySummary>>;
    /// An apply with its journal.
    async fn apply_view(&self, id: &ApplyId) -> Result<ApplyView>;
    /// Stops an apply between steps.
    async fn cancel(&self, id: &ApplyId) -> Result<()>;
    /// Follows an apply from the entry after `after`. Connects with the first [`Watcher::next`].
    fn watch(&self, id: &ApplyId, after: u64) -> Watcher;
    /// Where everything stood at the newest look.
    async fn standing(&self) -> Result<Standing>;
    /// Looks at everything afresh.
    async fn look(&self) -> Result<Overview>;
    /// Looks for what changed outside of the catalog.
    async fn drift(&self) -> Result<DriftReading>;
    /// What was applied and proved healthy, newest first.
    async fn revisions(&self, stack: &StackRef) -> Result<Vec<StackRevision>>;
    /// Stacks that are held at a version.
    async fn pins(&self) -> Result<Vec<Pinned>>;
    /// Lets the catalog decide again. Deploys nothing.
    async fn release(&self, stack: &StackRef) -> Result<()>;

    /// The catalog as it stands.
    async fn catalog(&self) -> Result<CatalogContents>;
    /// Commits, newest first.
    async fn history(&self, file: Option<&str>, limit: Option<NonZeroU32>) -> Result<Vec<Revision>>;
    /// How two versions differ.
    async fn difference(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>>;
    /// Brings a version back, as a commit; [`PortalError::Conflict`] when the catalog was changed since `base`.
    async fn restore(&self, version: &CatalogVersion, base: &CatalogVersion) -> Result<Saved>;
    /// What rewriting older forms would change.
    async fn plan_import(&self) -> Result<ImportPlan>;
    /// Rewrites older forms, as a commit; [`PortalError::Conflict`] when the catalog was changed since `base`.
    async fn import(&self, base: &CatalogVersion) -> Result<Saved>;
    /// What catalog and remote have that the other has not.
    async fn divergence(&self) -> Result<Divergence>;
    /// Pulls from the remote, then pushes. Forward only.
    async fn sync(&self) -> Result<Synced>;

    /// The secrets' names, versions and dates.
    async fn secrets(&self) -> Result<Vec<SecretInfo>>;
    /// Sets a secret, or gives it its next value.
    async fn set_secret(&self, name: &SecretName, value: &SecretText) -> Result<SecretInfo>;
    /// Gives a secret that is there its next value.
    async fn rotate_secret(&self, name: &SecretName, value: &SecretText) -> Result<SecretInfo>;
    /// Takes a secret away that nothing uses.
    async fn remove_secret(&self, name: &SecretName) -> Result<()>;
    /// Moves a secret from plain text in a file into the vault.
    async fn adopt_secret(&self, file: &str, pointer: &str, name: &SecretName) -> Result<SecretInfo>;
    /// Encrypts every secret for another key: the one given, or a new one.
    async fn rekey(&self, key: Option<&SecretText>) -> Result<Rekeyed>;
}
