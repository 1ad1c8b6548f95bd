//! The two ways to the use cases: by itself on catalog, database and Portainer, or through a running server.

mod here;
mod there;

use std::time::Duration;

use async_trait::async_trait;
use config::{Config, SecretString};
use service::deploy::environments::{CreateEvent, Tell};
use service::deploy::{
    Also, ApplySummary, ApplyView, CatalogContents, DriftReading, ImportPlan, Overview, Proposal, Rekeyed, Saved,
    Synced, Watched,
    catalog_types::{CatalogVersion, Diagnostic, FileChange, Revision as Commit, SecretInfo, SecretName},
    model::{ApplyId, OnFailure, Pin, Plan, PlanOptions, Revision, StackRef},
};

use crate::{args::Global, failure::Failure};

/// What the commands need, whoever does it.
#[async_trait]
pub(crate) trait Front: Send + Sync {
    /// What is wrong with the catalog.
    async fn validate(&self, deep: bool) -> Result<Vec<Diagnostic>, Failure>;
    /// The catalog as it stands, secrets in plain text hidden.
    async fn catalog(&self) -> Result<CatalogContents, Failure>;
    /// What would be done.
    async fn plan(&self, options: &PlanOptions) -> Result<Plan, Failure>;
    /// Takes a machine from the catalog to the plan of its stacks, telling each step.
    async fn create(&self, guest: &str, tell: Tell<'_, CreateEvent>) -> Result<Plan, Failure>;
    /// Where everything stands, looked at afresh.
    async fn status(&self) -> Result<Overview, Failure>;
    /// What changed past the catalog.
    async fn drift(&self) -> Result<DriftReading, Failure>;
    /// What going back or carrying over would do.
    async fn propose(&self, also: &Also, on_failure: OnFailure) -> Result<Proposal, Failure>;
    /// Begins a plan.
    async fn apply(&self, plan: Plan, also: Option<&Also>) -> Result<ApplyId, Failure>;
    /// Follows an apply from the entry after `after`.
    async fn follow(&self, id: &ApplyId, after: u64) -> Result<Box<dyn Follow>, Failure>;
    /// Asks an apply to stop between steps.
    async fn cancel(&self, id: &ApplyId) -> Result<(), Failure>;
    /// Applies without an end, in whatever process.
    async fn running(&self) -> Result<Vec<ApplySummary>, Failure>;
    /// Finishes an apply whose process died; a conflict while that may still live.
    async fn take_up(&self, id: &ApplyId) -> Result<(), Failure>;
    /// How long the lock of a dead process lasts.
    fn lock_patience(&self) -> Duration;
    /// Applies, newest first.
    async fn history(&self, environment: Option<&str>, limit: u32) -> Result<Vec<ApplySummary>, Failure>;
    /// One apply with its journal.
    async fn apply_view(&self, id: &ApplyId) -> Result<ApplyView, Failure>;
    /// A stack's revisions, newest first.
    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, Failure>;
    /// What holds a stack at a version.
    async fn pin(&self, stack: &StackRef) -> Result<Option<Pin>, Failure>;
    /// Releases a pin without deploying.
    async fn release(&self, stack: &StackRef) -> Result<(), Failure>;
    /// The catalog's newest commits.
    async fn commits(&self, file: Option<&str>, limit: u32) -> Result<Vec<Commit>, Failure>;
    /// How two versions of the catalog differ.
    async fn difference(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>, Failure>;
    /// What rewriting older forms would change.
    async fn plan_import(&self) -> Result<ImportPlan, Failure>;
    /// Rewrites older forms.
    async fn import(&self, base: &CatalogVersion) -> Result<Saved, Failure>;
    /// Keeps in step with the catalog's remote.
    async fn sync(&self) -> Result<Synced, Failure>;
    /// Secrets by name.
    async fn secrets(&self) -> Result<Vec<SecretInfo>, Failure>;
    /// Sets a secret; with `must_exist` only one that is there.
    async fn set_secret(
        &self,
        name: &SecretName,
        value: &SecretString,
        must_exist: bool,
    ) -> Result<SecretInfo, Failure>;
    /// Takes a secret away.
    async fn remove_secret(&self, name: &SecretName) -> Result<(), Failure>;
    /// Moves a secret from plain text into the vault.
    async fn adopt_secret(&self, file: &str, pointer: &str, name: &SecretName) -> Result<SecretInfo, Failure>;
    /// Encrypts every secret for another key.
    async fn rekey(&self, new: Option<&SecretString>) -> Result<Rekeyed, Failure>;
    /// Ends what is open.
    async fn close(&self);
}

/// An apply that is followed.
#[async_trait]
pub(crate) trait Follow: Send {
    /// What comes next; none after the end. May be dropped and called again.
    async fn next(&mut self) -> Result<Option<Watched>, Failure>;
}

/// Opens the way that the command line or the settings say.
///
/// # Errors
/// When the settings are wrong, or the database can't be opened.
pub(crate) async fn open(global: &Global) -> Result<Box<dyn Front>, Failure> {
    let config =
        Config::from_env().map_err(|error| Failure::invalid(format!("The settings can't be used: {error}")))?;
    if let Some(there) = there::There::open(global, &config)? {
        return Ok(Box::new(there));
    }
    Ok(Box::new(here::Here::open(&config).await?))
}
