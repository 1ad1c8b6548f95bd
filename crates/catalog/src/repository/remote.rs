//! Keeping step with a remote: forward only, never forced, never merged by itself.

use std::collections::{BTreeMap, BTreeSet};

use types::catalog::Divergence;

use super::{
    CatalogError, Repository,
    advance::{Advance, Step},
    finish,
};
use crate::git::{Address, Apart, Call, Credential, GitError, Lock, TreeEntry, check_reference};

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
pub(super) const TRACKED: &str = "refs/remotes/thinkheads/catalog";
/// Most commits listed on either side.
const MOST: u32 = 200;

impl Repository {
    /// Asks the remote and tells what each side has that the other has not.
    ///
    /// # Errors
    /// [`CatalogError::Git`].
    pub async fn divergence(&self, upstream: &Upstream) -> Result<Divergence, CatalogError> {
        let theirs = self.fetch(upstream).await?;
        let divergence = self.compare(theirs.as_deref()).await?;
        if let Some(theirs) = theirs {
            let lock = self.lock(true).await?;
            self.track(&lock, &theirs).await?;
        }
        Ok(divergence)
    }

    /// Takes over what the remote has, if this repository has nothing of its own. The lock is held only when everything has
    /// arrived: while a server is slow, the catalog can be read and changed.
    ///
    /// # Errors
    /// [`CatalogError::Diverged`] if both sides went on; [`CatalogError::Uncommitted`] if hand edits stand in the way;
    /// [`CatalogError::Git`].
    pub async fn pull(&self, upstream: &Upstream) -> Result<Pulled, CatalogError> {
        let Some(theirs) = self.fetch(upstream).await? else { return Ok(Pulled::UpToDate) };
        let this = self.clone();
        finish("pull", async move { this.take_over(theirs).await }).await
    }

    async fn take_over(&self, theirs: String) -> Result<Pulled, CatalogError> {
        let lock = self.lock(true).await?;
        self.mend(&lock).await?;
        self.track(&lock, &theirs).await?;
        let divergence = self.compare(Some(&theirs)).await?;
        if divergence.theirs.is_empty() {
            return Ok(Pulled::UpToDate);
        }
        if divergence.is_diverged() {
            return Err(CatalogError::Diverged(Box::new(divergence)));
        }
        if self.git_dir.join("index.lock").exists() {
            return Err(self.index_is_locked().into());
        }
        let from = self.head().await?;
        let old = match &from {
            Some(commit) => self.git.tree(&self.root, commit).await?,
            None => BTreeMap::new(),
        };
        let new = self.git.tree(&self.root, &theirs).await?;
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let step =
            |path: &String| Step { path: path.clone(), old: old.get(path).cloned(), new: new.get(path).cloned() };
        let steps: Vec<Step> = paths.into_iter().map(step).filter(|step| step.old != step.new).collect();
        let staged = self.staged(&steps).await?;
        if !staged.is_empty() {
            return Err(CatalogError::Uncommitted(staged));
        }
        let advance = Advance { before: from.clone(), commit: theirs.clone(), steps };
        let in_the_way = self.advance(&lock, &advance).await?;
        if !in_the_way.is_empty() {
            return Err(CatalogError::Uncommitted(in_the_way));
        }
        Ok(Pulled::Forward { from, to: theirs })
    }

    /// Those of the files of which git's index has neither the one side nor the other: somebody is preparing a commit.
    async fn staged(&self, steps: &[Step]) -> Result<Vec<String>, CatalogError> {
        let listing = self.text(Call::new(["ls-files", "-z", "--cached", "--stage"])).await?;
        let entry = |line: &str| {
            let (meta, path) = line.split_once('\t')?;
            Some((path.to_owned(), meta.split(' ').nth(1)?.to_owned()))
        };
        let index: BTreeMap<String, String> = listing.split('\0').filter_map(entry).collect();
        let object = |entry: &Option<TreeEntry>| entry.as_ref().map(|entry| entry.object.clone());
        let differs = |step: &&Step| {
            let here = index.get(&step.path).cloned();
            here != object(&step.old) && here != object(&step.new)
        };
        Ok(steps.iter().filter(differs).map(|step| step.path.clone()).collect())
    }

    /// Gives the remote what it has not. Uncommitted changes stay here.
    ///
    /// # Errors
    /// [`CatalogError::Behind`] or [`CatalogError::Diverged`] if the remote has commits that are not here;
    /// [`CatalogError::Git`].
    pub async fn push(&self, upstream: &Upstream) -> Result<Divergence, CatalogError> {
        let theirs = self.fetch(upstream).await?;
        let divergence = self.compare(theirs.as_deref()).await?;
        if divergence.is_diverged() {
            return Err(CatalogError::Diverged(Box::new(divergence)));
        }
        if !divergence.theirs.is_empty() {
            return Err(CatalogError::Behind(Box::new(divergence)));
        }
        let Some(head) = divergence.ours.first().map(|revision| revision.commit.clone()) else { return Ok(divergence) };
        let apart = Apart::of(&self.git, &self.common, &self.format, [&head]).await?;
        let refspec = format!("{head}:refs/heads/{}", upstream.branch);
        let call = apart.call(&["push", "--quiet", "--no-verify", "--", upstream.address.as_str(), &refspec]);
        let call = call.server(&upstream.address, upstream.credential.as_ref());
        match self.git.run(apart.folder(), call).await {
            Ok(_) => Ok(divergence),
            // Somebody was quicker: ask again what there is now.
            Err(GitError::Failed { detail, .. }) if detail.contains("[rejected]") || detail.contains("fetch first") => {
                let theirs = self.fetch(upstream).await?;
                Err(CatalogError::Diverged(Box::new(self.compare(theirs.as_deref()).await?)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the remote's commits here, without a lock and without a reference. None if the remote has no such branch yet.
    async fn fetch(&self, upstream: &Upstream) -> Result<Option<String>, CatalogError> {
        if let Err(problem) = check_reference(&upstream.branch) {
            let problem = problem.to_owned();
            return Err(GitError::BadArgument { text: upstream.branch.clone(), problem }.into());
        }
        let tracked = Call::new(["rev-parse", "--verify", "--quiet", TRACKED]);
        let (head, tracked) = (self.head().await?, self.git.answer(&self.root, tracked).await?);
        let apart = Apart::of(&self.git, &self.common, &self.format, head.iter().chain(&tracked)).await?;
        let refspec = format!("+refs/heads/{}:refs/theirs", upstream.branch);
        let fixed = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--"];
        let call = apart.call(&[&fixed[..], &[upstream.address.as_str(), &refspec]].concat());
        let call = call.server(&upstream.address, upstream.credential.as_ref());
        match self.git.run(apart.folder(), call).await {
            Ok(_) => {
                let theirs = apart.call(&["rev-parse", "--verify", "refs/theirs"]);
                Ok(Some(self.git.text(apart.folder(), theirs).await?.trim().to_owned()))
            }
            Err(GitError::Failed { detail, .. }) if detail.contains("couldn't find remote ref") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes where the remote's branch is, so that what was fetched stays.
    async fn track(&self, lock: &Lock, theirs: &str) -> Result<(), CatalogError> {
        let known = Call::new(["rev-parse", "--verify", "--quiet", TRACKED]);
        if self.git.answer(&self.root, known).await?.as_deref() != Some(theirs) {
            self.run(Call::new(["update-ref", TRACKED, theirs]).holding(lock)).await?;
        }
        Ok(())
    }

    async fn compare(&self, theirs: Option<&str>) -> Result<Divergence, CatalogError> {
        let ours = self.head().await?;
        let (ours, theirs) = match (ours, theirs) {
            (None, None) => return Ok(Divergence::default()),
            (Some(ours), None) => (self.log(&ours, None, 0, MOST).await?, Vec::new()),
            (None, Some(theirs)) => (Vec::new(), self.log(theirs, None, 0, MOST).await?),
            (Some(ours), Some(theirs)) => (
                self.log(&format!("{theirs}..{ours}"), None, 0, MOST).await?,
                self.log(&format!("{ours}..{theirs}"), None, 0, MOST).await?,
            ),
        };
        Ok(Divergence { ours, theirs })
    }
}
