//! The catalog's past, as people read it: stretches of commits, one commit, what nobody committed yet, what restoring would do,
//! and what importing would do.

use catalog::{Asked, Change, Import, Preview, Stretch, diff, plan_import};
use types::catalog::{CatalogVersion, FileChange, Revision};

use super::{Deploy, DeployError, Operator};

/// A stretch of the catalog's history, and the catalog as it stands.
#[derive(Clone, Debug)]
pub struct History {
    /// The commits.
    pub stretch: Stretch,
    /// The version now, with the files that were changed by hand and not committed.
    pub now: CatalogVersion,
}

/// One commit of the catalog.
#[derive(Clone, Debug)]
pub struct OneRevision {
    /// The commit.
    pub revision: Revision,
    /// The one before it; none if it is the first.
    pub before: Option<CatalogVersion>,
    /// What it changed, secrets hidden.
    pub files: Vec<FileChange>,
    /// Whether nothing was committed since.
    pub is_newest: bool,
    /// The version now.
    pub now: CatalogVersion,
}

/// What was changed by hand in the catalog's folder and not committed.
#[derive(Clone, Debug)]
pub struct HandEdits {
    /// The version now.
    pub now: CatalogVersion,
    /// The changes, secrets hidden.
    pub files: Vec<FileChange>,
}

/// What restoring a version would do, for reading before it is done.
#[derive(Clone, Debug)]
pub struct RestoreReview {
    /// The commit it would be as at.
    pub revision: Revision,
    /// What would change from the version in it, and what the catalog would say then.
    pub preview: Preview,
}

/// What importing would do, for reading before it is done.
#[derive(Clone, Debug)]
pub struct ImportReview {
    /// What each part becomes, and what is left.
    pub import: Import,
    /// The version that was looked at.
    pub base: CatalogVersion,
    /// What would change, file by file, secrets hidden.
    pub files: Vec<FileChange>,
}

impl Deploy {
    /// A stretch of the history, of the whole catalog or of one file.
    ///
    /// # Errors
    /// `NotFound` when there is no such commit to count from; when git fails.
    pub async fn history_stretch(&self, _: &Operator, asked: &Asked<'_>) -> Result<History, DeployError> {
        let repository = self.0.home.repository().await?;
        let now = repository.snapshot().await?.version;
        Ok(History { stretch: repository.stretch(asked).await?, now })
    }

    /// One commit and what it changed.
    ///
    /// # Errors
    /// `NotFound` when there is no such commit; when git fails.
    pub async fn catalog_revision(&self, _: &Operator, commit: &str) -> Result<OneRevision, DeployError> {
        let repository = self.0.home.repository().await?;
        let (revision, parent) = repository.revision(commit).await?;
        let before = parent.map(CatalogVersion::commit);
        let version = CatalogVersion::commit(&revision.commit);
        let files = repository.diff(&before.clone().unwrap_or_default(), &version).await?;
        let now = repository.snapshot().await?.version;
        let is_newest = now.commit.as_ref() == Some(&revision.commit);
        Ok(OneRevision { revision, before, files, is_newest, now })
    }

    /// What was changed by hand in the catalog's folder and not committed.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn hand_edits(&self, _: &Operator) -> Result<HandEdits, DeployError> {
        let repository = self.0.home.repository().await?;
        let snapshot = repository.snapshot().await?;
        let committed = CatalogVersion { commit: snapshot.version.commit.clone(), ..CatalogVersion::default() };
        let files = diff(&repository.show(&committed).await?, &snapshot);
        Ok(HandEdits { now: snapshot.version, files })
    }

    /// What [`restore`](Self::restore) would do to the catalog as it stands. Nothing is changed.
    ///
    /// # Errors
    /// `NotFound` when there is no such commit; a refusal when it can't be restored, e.g. because a file of it is no JSON.
    pub async fn review_restore(&self, _: &Operator, commit: &str) -> Result<RestoreReview, DeployError> {
        let repository = self.0.home.repository().await?;
        let (revision, _) = repository.revision(commit).await?;
        let preview = repository.preview_restore(&CatalogVersion::commit(&revision.commit)).await?;
        Ok(RestoreReview { revision, preview })
    }

    /// What [`import`](Self::import) would do to the catalog as it stands. Nothing is changed.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn review_import(&self, operator: &Operator) -> Result<ImportReview, DeployError> {
        let now = self.0.home.now().await?;
        let import = plan_import(&now.snapshot);
        let base = now.reading.version;
        let change = Change {
            edits: import.edits(),
            base: base.clone(),
            author: operator.author(),
            message: String::new(),
            at: self.0.world.now(),
        };
        let Preview { files, .. } = self.0.home.repository().await?.preview(&change).await?;
        Ok(ImportReview { import, base, files })
    }
}
