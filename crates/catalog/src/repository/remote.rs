//! Keeping step with a remote: forward only, never forced, never merged by itself.

use types::catalog::Divergence;

use super::{CatalogError, Repository};
use crate::git::{Address, Call, Credential, GitError, check_reference};

/// The remote of the catalog.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Its address.
    pub address: Address,
    /// Its branch.
    pub branch: String,
    /// Name and password, or token.
    pub credential: Option<Credential>,
}

/// What a pull did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// The remote has nothing that is not here.
    UpToDate,
    /// The catalog went forward to the remote's commit.
    Forward {
        /// The commit before; none if there was none.
        from: Option<String>,
        /// The commit now.
        to: String,
    },
}

/// Where the remote's branch is kept here.
const TRACKED: &str = "refs/remotes/thinkheads/catalog";
/// Most commits listed on either side.
const MOST: u32 = 200;

impl Repository {
    /// Asks the remote and tells what each side has that the other has not.
    ///
    /// # Errors
    /// [`CatalogError::Git`].
    pub async fn divergence(&self, upstream: &Upstream) -> Result<Divergence, CatalogError> {
        let theirs = self.fetch(upstream).await?;
        self.compare(theirs.as_deref()).await
    }

    /// Takes over what the remote has, if this repository has nothing of its own.
    ///
    /// # Errors
    /// [`CatalogError::Diverged`] if both sides went on; [`CatalogError::Uncommitted`] if hand edits stand in the way;
    /// [`CatalogError::Git`].
    pub async fn pull(&self, upstream: &Upstream) -> Result<Pulled, CatalogError> {
        let Some(theirs) = self.fetch(upstream).await? else { return Ok(Pulled::UpToDate) };
        let _lock = self.lock(true).await?;
        let divergence = self.compare(Some(&theirs)).await?;
        if divergence.theirs.is_empty() {
            return Ok(Pulled::UpToDate);
        }
        if divergence.is_diverged() {
            return Err(CatalogError::Diverged(Box::new(divergence)));
        }
        let here = self.working_tree().await?;
        let there = self.show(&types::catalog::CatalogVersion::commit(&theirs)).await?;
        let base = self
            .show(&types::catalog::CatalogVersion { commit: here.version.commit.clone(), ..Default::default() })
            .await?;
        let in_the_way: Vec<String> =
            here.version.edits.keys().filter(|path| base.content(path) != there.content(path)).cloned().collect();
        if !in_the_way.is_empty() {
            return Err(CatalogError::Uncommitted(in_the_way));
        }
        self.run(Call::new(["merge", "--ff-only", "--quiet", &theirs])).await.map_err(|error| match error {
            // Files outside of the catalog, changed by hand.
            GitError::Failed { detail, .. } if detail.contains("overwritten by merge") => {
                CatalogError::Uncommitted(vec![detail])
            }
            other => other.into(),
        })?;
        Ok(Pulled::Forward { from: here.version.commit, to: theirs })
    }

    /// Gives the remote what it has not. Uncommitted changes stay here.
    ///
    /// # Errors
    /// [`CatalogError::Behind`] or [`CatalogError::Diverged`] if the remote has commits that are not here;
    /// [`CatalogError::Git`].
    pub async fn push(&self, upstream: &Upstream) -> Result<Divergence, CatalogError> {
        let theirs = self.fetch(upstream).await?;
        let _lock = self.lock(false).await?;
        let divergence = self.compare(theirs.as_deref()).await?;
        if divergence.is_diverged() {
            return Err(CatalogError::Diverged(Box::new(divergence)));
        }
        if !divergence.theirs.is_empty() {
            return Err(CatalogError::Behind(Box::new(divergence)));
        }
        let Some(head) = self.head().await?.filter(|_| !divergence.ours.is_empty()) else { return Ok(divergence) };
        let refspec = format!("{head}:refs/heads/{}", upstream.branch);
        let args = ["push", "--quiet", "--no-verify", "--", upstream.address.as_str(), &refspec];
        let call = Call::new(args.map(str::to_owned)).server(&upstream.address, upstream.credential.as_ref());
        match self.run(call).await {
            Ok(_) => Ok(divergence),
            // Somebody was quicker: ask again what there is now.
            Err(GitError::Failed { detail, .. }) if detail.contains("[rejected]") || detail.contains("fetch first") => {
                let theirs = self.fetch(upstream).await?;
                Err(CatalogError::Diverged(Box::new(self.compare(theirs.as_deref()).await?)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the remote's branch here, beside ours. None if the remote has no such branch yet.
    async fn fetch(&self, upstream: &Upstream) -> Result<Option<String>, CatalogError> {
        if let Err(problem) = check_reference(&upstream.branch) {
            let problem = problem.to_owned();
            return Err(GitError::BadArgument { text: upstream.branch.clone(), problem }.into());
        }
        let refspec = format!("+refs/heads/{}:{TRACKED}", upstream.branch);
        let fixed =
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", upstream.address.as_str(), &refspec];
        let call = Call::new(fixed.map(str::to_owned)).server(&upstream.address, upstream.credential.as_ref());
        match self.run(call).await {
            Ok(_) => Ok(Some(self.text(Call::new(["rev-parse", "--verify", TRACKED])).await?)),
            Err(GitError::Failed { detail, .. }) if detail.contains("couldn't find remote ref") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn compare(&self, theirs: Option<&str>) -> Result<Divergence, CatalogError> {
        let ours = self.head().await?;
        let (ours, theirs) = match (ours, theirs) {
            (None, None) => return Ok(Divergence::default()),
            (Some(ours), None) => (self.log(&ours, None, MOST).await?, Vec::new()),
            (None, Some(theirs)) => (Vec::new(), self.log(theirs, None, MOST).await?),
            (Some(ours), Some(theirs)) => (
                self.log(&format!("{theirs}..{ours}"), None, MOST).await?,
                self.log(&format!("{ours}..{theirs}"), None, MOST).await?,
            ),
        };
        Ok(Divergence { ours, theirs })
    }
}
