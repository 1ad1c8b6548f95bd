//! By itself: on the catalog, the database and Portainer that the settings name.

use std::{fs, io, path::Path, time::Duration};

use async_trait::async_trait;
use config::{Config, ExposeSecret as _, SecretString};
use service::{
    World,
    deploy::{
        Also, ApplySummary, ApplyView, CatalogContents, Deploy, DeploySettings, DriftReading, ImportPlan, Operator,
        Overview, Proposal, Rekeyed, Saved, Synced, Watched, Watching,
        catalog_types::{CatalogVersion, Diagnostic, FileChange, Revision as Commit, SecretInfo, SecretName},
        environments::{CreateEvent, Tell},
        import_plan,
        model::{ApplyId, OnFailure, Pin, Plan, PlanOptions, Revision, StackRef},
    },
};
use store::{Store, StoreConfig};

use super::{Follow, Front};
use crate::failure::Failure;

/// See the module.
pub(crate) struct Here {
    deploy: Deploy,
    store: Store,
    operator: Operator,
}

impl Here {
    /// Opens the database, migrating it. The catalog is opened when it is needed.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let data = &config.storage.data_dir;
        make_private(data).map_err(|error| {
            Failure::invalid(format!(
                "The data folder {} can't be made: {error}. Set THINKHEADS_DATA_DIR to one that can.",
                data.display()
            ))
        })?;
        let failed = |error: store::StoreError| {
            Failure::invalid(format!(
                "The database can't be opened: {error}. Check DATABASE_URL and THINKHEADS_DATA_DIR."
            ))
        };
        let store = Store::connect(&StoreConfig {
            url: config.storage.database_url.expose_secret().to_owned(),
            max_connections: config.storage.max_connections,
        })
        .await
        .map_err(failed)?;
        store.migrate().await.map_err(failed)?;
        let mut settings = DeploySettings::of(config);
        // Stands in the locks, so that whoever waits knows for whom.
        settings.owner = format!("phoenix-cli of {}", config.instance);
        let operator = Operator::at_the_machine(config.portal.user.as_deref().unwrap_or_default());
        Ok(Self { deploy: Deploy::new(store.clone(), World::system(), settings), store, operator })
    }
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

struct Followed(Watching);

#[async_trait]
impl Follow for Followed {
    async fn next(&mut self) -> Result<Option<Watched>, Failure> {
        Ok(self.0.next().await?)
    }
}

#[async_trait]
impl Front for Here {
    async fn validate(&self, deep: bool) -> Result<Vec<Diagnostic>, Failure> {
        Ok(self.deploy.validate(&self.operator, deep).await?)
    }

    async fn catalog(&self) -> Result<CatalogContents, Failure> {
        Ok(self.deploy.catalog(&self.operator).await?.contents())
    }

    async fn plan(&self, options: &PlanOptions) -> Result<Plan, Failure> {
        Ok(self.deploy.plan(&self.operator, options).await?.plan)
    }

    async fn create(&self, guest: &str, tell: Tell<'_, CreateEvent>) -> Result<Plan, Failure> {
        Ok(self.deploy.create(&self.operator, guest, tell).await?.planned.plan)
    }

    async fn status(&self) -> Result<Overview, Failure> {
        Ok(self.deploy.look(&self.operator).await?.overview.clone())
    }

    async fn drift(&self) -> Result<DriftReading, Failure> {
        Ok(self.deploy.drift(&self.operator).await?)
    }

    async fn propose(&self, also: &Also, on_failure: OnFailure) -> Result<Proposal, Failure> {
        Ok(self.deploy.propose(&self.operator, also, on_failure).await?)
    }

    async fn apply(&self, plan: Plan, also: Option<&Also>) -> Result<ApplyId, Failure> {
        Ok(self.deploy.apply(&self.operator, plan, also).await?)
    }

    async fn follow(&self, id: &ApplyId, after: u64) -> Result<Box<dyn Follow>, Failure> {
        Ok(Box::new(Followed(self.deploy.watch(&self.operator, id, after).await?)))
    }

    async fn cancel(&self, id: &ApplyId) -> Result<(), Failure> {
        Ok(self.deploy.cancel(&self.operator, id).await?)
    }

    async fn running(&self) -> Result<Vec<ApplySummary>, Failure> {
        Ok(self.deploy.running(&self.operator).await?)
    }

    async fn take_up(&self, id: &ApplyId) -> Result<(), Failure> {
        Ok(self.deploy.take_up(id).await?)
    }

    fn lock_patience(&self) -> Duration {
        self.deploy.settings().pace.lock_ttl
    }

    async fn history(&self, environment: Option<&str>, limit: u32) -> Result<Vec<ApplySummary>, Failure> {
        Ok(self.deploy.applies(&self.operator, environment, None, limit).await?)
    }

    async fn apply_view(&self, id: &ApplyId) -> Result<ApplyView, Failure> {
        Ok(self.deploy.apply_view(&self.operator, id).await?)
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, Failure> {
        Ok(self.deploy.revisions(&self.operator, stack).await?)
    }

    async fn pin(&self, stack: &StackRef) -> Result<Option<Pin>, Failure> {
        Ok(self.deploy.pins(&self.operator).await?.remove(stack))
    }

    async fn release(&self, stack: &StackRef) -> Result<(), Failure> {
        Ok(self.deploy.release(&self.operator, stack).await?)
    }

    async fn commits(&self, file: Option<&str>, limit: u32) -> Result<Vec<Commit>, Failure> {
        Ok(self.deploy.history(&self.operator, file, limit).await?)
    }

    async fn difference(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>, Failure> {
        Ok(self.deploy.difference(&self.operator, from, to).await?)
    }

    async fn plan_import(&self) -> Result<ImportPlan, Failure> {
        let (import, version) = self.deploy.plan_import(&self.operator).await?;
        Ok(import_plan(import, version))
    }

    async fn import(&self, base: &CatalogVersion) -> Result<Saved, Failure> {
        Ok(self.deploy.import(&self.operator, base).await?)
    }

    async fn sync(&self) -> Result<Synced, Failure> {
        Ok(self.deploy.sync(&self.operator).await?)
    }

    async fn secrets(&self) -> Result<Vec<SecretInfo>, Failure> {
        Ok(self.deploy.secrets(&self.operator).await?)
    }

    async fn set_secret(
        &self,
        name: &SecretName,
        value: &SecretString,
        must_exist: bool,
    ) -> Result<SecretInfo, Failure> {
        Ok(match must_exist {
            true => self.deploy.rotate_secret(&self.operator, name, value).await?,
            false => self.deploy.set_secret(&self.operator, name, value).await?,
        })
    }

    async fn remove_secret(&self, name: &SecretName) -> Result<(), Failure> {
        Ok(self.deploy.remove_secret(&self.operator, name).await?)
    }

    async fn adopt_secret(&self, file: &str, pointer: &str, name: &SecretName) -> Result<SecretInfo, Failure> {
        Ok(self.deploy.adopt_secret(&self.operator, file, pointer, name).await?)
    }

    async fn rekey(&self, new: Option<&SecretString>) -> Result<Rekeyed, Failure> {
        let (secrets, public_key) = self.deploy.rekey(&self.operator, new).await?;
        Ok(Rekeyed { secrets, public_key })
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
