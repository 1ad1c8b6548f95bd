//! Moves the branch and the working tree to a commit, so that each file is there whole or not at all, nobody's edit is
//! overwritten, and dying half way is mended by the next who comes.

use std::collections::{BTreeMap, BTreeSet};

use super::{CatalogError, Repository, files, pending::Pending};
use crate::{
    git::{Call, GitError, Lock, TreeEntry},
    snapshot::LARGEST_FILE,
};

/// One file that changes: what must stand there before, and what stands there afterwards. None is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) path: String,
    pub(super) old: Option<TreeEntry>,
    pub(super) new: Option<TreeEntry>,
}

/// A move from one commit to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advance {
    /// None before the first commit.
    pub(super) before: Option<String>,
    pub(super) commit: String,
    pub(super) steps: Vec<Step>,
}

/// Most bytes of files held in memory; what is beyond is handled one by one.
const MOST_HELD: u64 = 32 * 1024 * 1024;

/// Contents of small objects by id.
type Held = BTreeMap<String, Vec<u8>>;

impl Repository {
    /// Does it. Gives the files that are neither as before nor as afterwards; if there is one, nothing was changed.
    pub(super) async fn advance(&self, lock: &Lock, advance: &Advance) -> Result<Vec<String>, CatalogError> {
        for step in &advance.steps {
            check_path(&step.path)?;
        }
        let held = self.hold(advance).await?;
        let mut in_the_way = Vec::new();
        for step in &advance.steps {
            if !self.is_either(step, &held).await? {
                in_the_way.push(step.path.clone());
            }
        }
        if !in_the_way.is_empty() {
            return Ok(in_the_way);
        }
        let pending = Pending::write(&self.git_dir, advance)?;
        let mut done: Vec<&Step> = Vec::new();
        // What goes makes room: a file may become a folder.
        let (gone, there): (Vec<&Step>, Vec<&Step>) = advance.steps.iter().partition(|step| step.new.is_none());
        for step in gone.into_iter().chain(there) {
            // Looked at again just before it is written: an editor outside of this program heeds no lock.
            let failed = match self.is_either(step, &held).await {
                Ok(true) => self.lay(step, &held).await.err().map(CatalogError::from),
                Ok(false) => {
                    self.put_back(&done, &held).await;
                    pending.remove();
                    return Ok(vec![step.path.clone()]);
                }
                Err(error) => Some(error.into()),
            };
            if let Some(error) = failed {
                self.put_back(&done, &held).await;
                pending.remove();
                return Err(error);
            }
            done.push(step);
        }
        if let Err(error) = self.move_branch(lock, advance).await {
            // One that is still at work has the lock too: who gets that next, not before its end, sees by the note what to do.
            if !matches!(error, GitError::TimedOut { .. }) {
                self.put_back(&done, &held).await;
                pending.remove();
            }
            return Err(error.into());
        }
        self.follow(pending, advance).await;
        Ok(Vec::new())
    }

    pub(super) async fn move_branch(&self, lock: &Lock, advance: &Advance) -> Result<(), GitError> {
        let zeros = "0".repeat(advance.commit.len());
        let before = advance.before.as_deref().unwrap_or(&zeros);
        let call = Call::new(["update-ref", "-m", "catalog", "HEAD", &advance.commit, before]);
        self.run(call.holding(lock)).await.map(drop)
    }

    /// The small ones of the contents before and after.
    pub(super) async fn hold(&self, advance: &Advance) -> Result<Held, GitError> {
        let mut objects: BTreeSet<(&str, u64)> = BTreeSet::new();
        let mut sum = 0;
        for entry in advance.steps.iter().flat_map(|step| step.old.iter().chain(&step.new)) {
            let small = entry.size <= LARGEST_FILE && (entry.is_file() || entry.is_link());
            if small && sum + entry.size <= MOST_HELD && objects.insert((&entry.object, entry.size)) {
                sum += entry.size;
            }
        }
        let objects: Vec<(&str, u64)> = objects.into_iter().collect();
        let contents = self.git.contents(&self.root, &objects).await?;
        let named =
            objects.iter().zip(contents).filter_map(|((object, _), bytes)| Some(((*object).to_owned(), bytes?)));
        Ok(named.collect())
    }

    /// Whether a file is as it was before, or as it is to be.
    pub(super) async fn is_either(&self, step: &Step, held: &Held) -> Result<bool, GitError> {
        Ok(self.is(&step.path, step.old.as_ref(), held).await? || self.is(&step.path, step.new.as_ref(), held).await?)
    }

    pub(super) async fn is(&self, path: &str, entry: Option<&TreeEntry>, held: &Held) -> Result<bool, GitError> {
        let Some(entry) = entry else { return Ok(files::is_absent(&self.root, path)) };
        if entry.is_link() {
            let target = files::link(&self.root, path);
            return Ok(target.is_some() && target.as_ref() == held.get(&entry.object));
        }
        // A submodule is a folder that is not ours to fill.
        if !entry.is_file() {
            return Ok(true);
        }
        match held.get(&entry.object) {
            Some(bytes) => Ok(files::is(&self.root, path, bytes)),
            None => {
                let Some(file) = files::open(&self.root, path, entry.size) else { return Ok(false) };
                let call = Call::new(["hash-object", "--no-filters", "--stdin"]).reading(file);
                Ok(self.text(call).await? == entry.object)
            }
        }
    }

    async fn lay(&self, step: &Step, held: &Held) -> Result<(), GitError> {
        let mode = |entry: &TreeEntry| entry.mode == TreeEntry::PROGRAM;
        // Who may run it changes only where the commits say so.
        let program = match (&step.old, &step.new) {
            (Some(old), Some(new)) if old.is_file() && old.mode == new.mode => None,
            (_, Some(new)) => Some(mode(new)),
            (_, None) => None,
        };
        self.place(&step.path, step.new.as_ref(), program, held).await
    }

    async fn place(
        &self,
        path: &str,
        entry: Option<&TreeEntry>,
        program: Option<bool>,
        held: &Held,
    ) -> Result<(), GitError> {
        let Some(entry) = entry else { return files::remove(&self.root, path) };
        let missing = || GitError::Failed {
            what: "cat-file".to_owned(),
            detail: format!("the contents of {path} ({}) are not in the repository", entry.object),
        };
        if entry.is_link() {
            return files::write_link(&self.root, path, held.get(&entry.object).ok_or_else(missing)?);
        }
        if !entry.is_file() {
            return Ok(());
        }
        if let Some(bytes) = held.get(&entry.object) {
            return files::write(&self.root, path, bytes, program);
        }
        let draft = files::Draft::new(&self.root, path)?;
        self.run(Call::new(["cat-file", "blob", &entry.object]).writing(draft.share()?)).await?;
        draft.keep(program)
    }

    /// Undoes what was done, but for what somebody saved over it since: that is theirs.
    async fn put_back(&self, done: &[&Step], held: &Held) {
        for step in done.iter().rev() {
            let is_ours = self.is(&step.path, step.new.as_ref(), held).await.unwrap_or(false);
            if !is_ours || step.old == step.new {
                continue;
            }
            let program = step.old.as_ref().filter(|old| old.is_file()).map(|old| old.mode == TreeEntry::PROGRAM);
            let same_mode = step.old.as_ref().map(|one| &one.mode) == step.new.as_ref().map(|one| &one.mode);
            let program = program.filter(|_| !same_mode);
            if let Err(error) = self.place(&step.path, step.old.as_ref(), program, held).await {
                tracing::error!(path = step.path, %error, "a file of the catalog could not be put back");
            }
        }
    }
}

/// Refuses what git would refuse too: a commit from elsewhere must not reach git's own folder, or out of this one.
fn check_path(path: &str) -> Result<(), GitError> {
    let bad = |part: &str| matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git");
    if path.split('/').any(bad) || path.contains('\0') {
        let problem = "is no path a repository may have".to_owned();
        return Err(GitError::BadArgument { text: path.to_owned(), problem });
    }
    Ok(())
}
