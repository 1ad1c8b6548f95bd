//! The catalog's own use cases: reading, saving, history, restoring, importing, keeping in step with a remote.

use catalog::{Change, Edit, Import, Pulled, Reading, Snapshot, plan_import};
use serde_json::json;
use types::catalog::{CatalogVersion, Divergence, FileChange, Revision};

use super::{Deploy, DeployError, Deployer, Operator, Saved, Synced};

/// The catalog as it stands.
#[derive(Clone, Debug)]
pub struct CatalogView {
    /// What was understood, with everything that is wrong.
    pub reading: Reading,
    /// The files' texts.
    pub snapshot: Snapshot,
}

impl Deploy {
    /// The catalog as it stands, hand edits included.
    ///
    /// # Errors
    /// When it can't be read at all. What is wrong inside of it is part of the view.
    pub async fn catalog(&self, _: &Deployer) -> Result<CatalogView, DeployError> {
        let now = self.0.home.now().await?;
        Ok(CatalogView { reading: now.reading, snapshot: now.snapshot })
    }

    /// Saves a change to the version that the editor saw, as a commit. Deploys nothing.
    ///
    /// # Errors
    /// [`DeployError::Conflict`] with both sides when somebody changed it meanwhile; a refusal when the change can't be made.
    pub async fn save(
        &self,
        operator: &Operator,
        base: &CatalogVersion,
        edits: Vec<Edit>,
        message: &str,
    ) -> Result<Saved, DeployError> {
        let change = Change {
            edits,
            base: base.clone(),
            author: operator.author(),
            message: message.to_owned(),
            at: self.0.world.now(),
        };
        let done = self.0.home.repository().await?.commit(&change).await?;
        self.saved(operator, "catalog.save", message, done).await
    }

    pub(super) async fn saved(
        &self,
        operator: &Operator,
        action: &'static str,
        message: &str,
        done: catalog::Committed,
    ) -> Result<Saved, DeployError> {
        if let Some(commit) = &done.commit {
            let detail = json!({ "message": message, "files": done.files });
            self.record(operator, action, format!("catalog:{commit}"), &detail).await?;
        }
        Ok(Saved { version: done.version, commit: done.commit, files: done.files })
    }

    /// The newest commits, of the whole catalog or of one file.
    ///
    /// # Errors
    /// When git fails.
    pub async fn history(&self, _: &Operator, file: Option<&str>, most: u32) -> Result<Vec<Revision>, DeployError> {
        Ok(self.0.home.repository().await?.history(file, most.clamp(1, 500)).await?)
    }

    /// How the catalog differs between two versions, secrets hidden.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub async fn difference(
        &self,
        _: &Operator,
        from: &CatalogVersion,
        to: &CatalogVersion,
    ) -> Result<Vec<FileChange>, DeployError> {
        Ok(self.0.home.repository().await?.diff(from, to).await?)
    }

    /// Makes the catalog what it was at a version, as a new commit.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn restore(
        &self,
        operator: &Operator,
        version: &CatalogVersion,
        base: &CatalogVersion,
    ) -> Result<Saved, DeployError> {
        let repository = self.0.home.repository().await?;
        let done = repository.restore(version, base, &operator.author(), self.0.world.now()).await?;
        self.saved(operator, "catalog.restore", &format!("Restore {version}"), done).await
    }

    /// What rewriting older forms to ours would change.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn plan_import(&self, _: &Operator) -> Result<(Import, CatalogVersion), DeployError> {
        let now = self.0.home.now().await?;
        Ok((plan_import(&now.snapshot), now.reading.version))
    }

    /// Rewrites older forms to ours, as a commit on the version that was looked at.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn import(&self, operator: &Operator, base: &CatalogVersion) -> Result<Saved, DeployError> {
        let (import, version) = self.plan_import(operator).await?;
        let edits = import.edits();
        if edits.is_empty() {
            return Ok(Saved { version, commit: None, files: Vec::new() });
        }
        self.save(operator, base, edits, "Import older forms").await
    }

    /// What the catalog and its remote have that the other has not.
    ///
    /// # Errors
    /// When there is no remote, or it does not answer.
    pub async fn divergence(&self, _: &Operator) -> Result<Divergence, DeployError> {
        let upstream = self.0.home.upstream(&self.0.home.now().await?)?;
        Ok(self.0.home.repository().await?.divergence(&upstream).await?)
    }

    /// Takes over what the remote has, then gives it what it has not. Forward only, never forced.
    ///
    /// # Errors
    /// `Conflict` with both sides' commits named when they went separate ways.
    pub async fn sync(&self, operator: &Operator) -> Result<Synced, DeployError> {
        let upstream = self.0.home.upstream(&self.0.home.now().await?)?;
        let repository = self.0.home.repository().await?;
        let pulled = match repository.pull(&upstream).await? {
            Pulled::Forward { to, .. } => Some(to),
            Pulled::UpToDate => None,
        };
        let pushed = u64::try_from(repository.push(&upstream).await?.ours.len()).unwrap_or(u64::MAX);
        if pulled.is_some() || pushed > 0 {
            let detail = json!({ "pulled": pulled, "pushed": pushed });
            self.record(operator, "catalog.sync", "catalog".to_owned(), &detail).await?;
        }
        Ok(Synced { pulled, pushed })
    }
}
