//! The client: one pool of connections to one server.

use std::{fmt, num::NonZeroU32, sync::Arc};

use async_trait::async_trait;
use reconcile::{
    Overview,
    model::{ApplyId, OnFailure, Plan, PlanOptions, Revision as StackRevision, StackRef},
    wire::{
        Also, ApplySummary, ApplyView, Begun, CreatedGuest, DriftReading, Pinned, Planned, Proposal, ProposalRequest,
        Standing,
    },
};
use serde::Serialize;
use types::{
    SecretText, User,
    catalog::{CatalogVersion, Diagnostic, Divergence, FileChange, Revision, SecretInfo, SecretName},
    deploy::{
        AdoptRequest, CatalogContents, ImportPlan, ImportRequest, RekeyRequest, Rekeyed, RestoreRequest, SaveRequest,
        Saved, SecretValue, ServerInfo, Synced,
    },
};

use super::{
    Portal, PortalConfig, Result, Watcher,
    transport::{Call, Transport},
};

/// Speaks to one ThinkHeads server with one token. Cheap to clone.
#[derive(Clone)]
pub struct PortalClient {
    transport: Arc<Transport>,
}

impl fmt::Debug for PortalClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PortalClient").field(&self.transport.config).finish()
    }
}

/// A plan by reference, as [`reconcile::wire::ApplyRequest`] has it.
#[derive(Serialize)]
struct ApplyRequest<'a> {
    plan: &'a Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<&'a Also>,
}

impl PortalClient {
    /// Prepares the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`PortalError::Misconfigured`](super::PortalError::Misconfigured) if the settings can't work.
    pub fn new(config: PortalConfig) -> Result<Self> {
        Ok(Self { transport: Arc::new(Transport::new(config)?) })
    }

    /// Saves changes to the catalog as a commit. `edits` are of whatever type has an edit's JSON form.
    ///
    /// # Errors
    /// [`PortalError::Conflict`](super::PortalError::Conflict) when the catalog was changed since `request.base`; and as every
    /// call.
    pub async fn save<E: Serialize + Sync>(&self, request: &SaveRequest<E>) -> Result<Saved> {
        self.transport.fetch(Call::post(["catalog", "edits"]).json(request)?).await
    }
}

#[async_trait]
impl Portal for PortalClient {
    async fn server(&self) -> Result<ServerInfo> {
        self.transport.server().await.cloned()
    }

    async fn me(&self) -> Result<User> {
        self.transport.fetch(Call::get(["me"])).await
    }

    async fn findings(&self, deep: bool) -> Result<Vec<Diagnostic>> {
        self.transport.fetch(Call::get(["catalog", "findings"]).query("deep", Some(deep))).await
    }

    async fn plan(&self, options: &PlanOptions) -> Result<Planned> {
        self.transport.fetch(Call::post(["plans"]).harmless().json(options)?).await
    }

    async fn propose(&self, also: &Also, on_failure: OnFailure) -> Result<Proposal> {
        let asked = ProposalRequest { also: also.clone(), on_failure };
        self.transport.fetch(Call::post(["proposals"]).harmless().json(&asked)?).await
    }

    async fn create(&self, guest: &str) -> Result<CreatedGuest> {
        self.transport.fetch(Call::post(["guests", guest])).await
    }

    async fn apply(&self, plan: &Plan, also: Option<&Also>) -> Result<ApplyId> {
        let begun: Begun = self.transport.fetch(Call::post(["applies"]).json(&ApplyRequest { plan, also })?).await?;
        Ok(begun.id)
    }

    async fn applies(
        &self,
        environment: Option<&str>,
        before: Option<&str>,
        limit: Option<NonZeroU32>,
    ) -> Result<Vec<ApplySummary>> {
        let call = Call::get(["applies"]).query("environment", environment).query("before", before);
        self.transport.fetch(call.query("limit", limit)).await
    }

    async fn running(&self) -> Result<Vec<ApplySummary>> {
        self.transport.fetch(Call::get(["applies", "running"])).await
    }

    async fn apply_view(&self, id: &ApplyId) -> Result<ApplyView> {
        self.transport.fetch(Call::get(["applies", id.0.as_str()])).await
    }

    async fn cancel(&self, id: &ApplyId) -> Result<()> {
        self.transport.run(Call::post(["applies", id.0.as_str(), "cancel"])).await
    }

    fn watch(&self, id: &ApplyId, after: u64) -> Watcher {
        Watcher::new(Arc::clone(&self.transport), id.clone(), after)
    }

    async fn standing(&self) -> Result<Standing> {
        self.transport.fetch(Call::get(["status"])).await
    }

    async fn look(&self) -> Result<Overview> {
        self.transport.fetch(Call::post(["status"]).harmless()).await
    }

    async fn drift(&self) -> Result<DriftReading> {
        self.transport.fetch(Call::post(["drift"]).harmless()).await
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<StackRevision>> {
        self.transport.fetch(Call::get(["revisions", stack.environment.as_str(), stack.stack.as_str()])).await
    }

    async fn pins(&self) -> Result<Vec<Pinned>> {
        self.transport.fetch(Call::get(["pins"])).await
    }

    async fn release(&self, stack: &StackRef) -> Result<()> {
        self.transport.run(Call::delete(["pins", stack.environment.as_str(), stack.stack.as_str()])).await
    }

    async fn catalog(&self) -> Result<CatalogContents> {
        self.transport.fetch(Call::get(["catalog"])).await
    }

    async fn history(&self, file: Option<&str>, limit: Option<NonZeroU32>) -> Result<Vec<Revision>> {
        self.transport.fetch(Call::get(["catalog", "history"]).query("file", file).query("limit", limit)).await
    }

    async fn difference(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>> {
        let call = Call::get(["catalog", "difference"]).query("from", Some(from)).query("to", Some(to));
        self.transport.fetch(call).await
    }

    async fn restore(&self, version: &CatalogVersion, base: &CatalogVersion) -> Result<Saved> {
        let asked = RestoreRequest { version: version.clone(), base: base.clone() };
        self.transport.fetch(Call::post(["catalog", "restore"]).json(&asked)?).await
    }

    async fn plan_import(&self) -> Result<ImportPlan> {
        self.transport.fetch(Call::get(["catalog", "import"])).await
    }

    async fn import(&self, base: &CatalogVersion) -> Result<Saved> {
        let asked = ImportRequest { base: base.clone() };
        self.transport.fetch(Call::post(["catalog", "import"]).json(&asked)?).await
    }

    async fn divergence(&self) -> Result<Divergence> {
        self.transport.fetch(Call::get(["catalog", "divergence"])).await
    }

    async fn sync(&self) -> Result<Synced> {
        self.transport.fetch(Call::post(["catalog", "sync"])).await
    }

    async fn secrets(&self) -> Result<Vec<SecretInfo>> {
        self.transport.fetch(Call::get(["secrets"])).await
    }

    async fn set_secret(&self, name: &SecretName, value: &SecretText) -> Result<SecretInfo> {
        let given = SecretValue { value: value.clone() };
        self.transport.fetch(Call::put(["secrets", name.as_str()]).json(&given)?).await
    }

    async fn rotate_secret(&self, name: &SecretName, value: &SecretText) -> Result<SecretInfo> {
        let given = SecretValue { value: value.clone() };
        self.transport.fetch(Call::post(["secrets", name.as_str(), "rotate"]).json(&given)?).await
    }

    async fn remove_secret(&self, name: &SecretName) -> Result<()> {
        self.transport.run(Call::delete(["secrets", name.as_str()])).await
    }

    async fn adopt_secret(&self, file: &str, pointer: &str, name: &SecretName) -> Result<SecretInfo> {
        let from = AdoptRequest { file: file.to_owned(), pointer: pointer.to_owned() };
        self.transport.fetch(Call::post(["secrets", name.as_str(), "adopt"]).json(&from)?).await
    }

    async fn rekey(&self, key: Option<&SecretText>) -> Result<Rekeyed> {
        let asked = RekeyRequest { key: key.cloned() };
        self.transport.fetch(Call::post(["vault", "rekey"]).json(&asked)?).await
    }
}
