//! Changes as commits.

use std::{collections::BTreeSet, ffi::OsString, sync::Arc};

use types::{Millis, catalog::CatalogVersion};

use super::{
    CatalogError, Conflict, ConflictFile, Preview, Repository,
    advance::{Advance, Step},
    files, finish,
    pending::index_info,
    preview::preview,
};
use crate::{
    edit::{Changes, Edit, apply_edits},
    git::{Call, GitError, TreeEntry},
    hide::hide,
    snapshot::{SECRETS_FILE, Snapshot},
};

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// What to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The edits, in this order, as one commit.
    pub edits: Vec<Edit>,
    /// The version the editor saw.
    pub base: CatalogVersion,
    /// Who.
    pub author: Author,
    /// Why: a first line, then what else is to be said.
    pub message: String,
    /// When.
    pub at: Millis,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The version now.
    pub version: CatalogVersion,
    /// The commit; none if the edits changed nothing.
    pub commit: Option<String>,
    /// A commit made before it, of what somebody had changed by hand in the same files and not committed.
    pub hand_edit: Option<String>,
    /// The files it changed.
    pub files: Vec<String>,
}

/// Stands as author of what was found in the working tree.
const HAND: (&str, &str) = ("Hand edit", "hand-edit@localhost");
/// Stands as committer of everything this program commits.
const PROGRAM: (&str, &str) = ("ThinkHeads", "thinkheads@localhost");

impl Repository {
    /// Commits a change. Uncommitted changes of others to the same files become a commit of their own before it; those to other
    /// files are not touched, and neither is what somebody has staged.
    ///
    /// # Errors
    /// [`CatalogError::Conflict`] with both sides if the catalog is no longer what the editor saw; [`CatalogError::Edit`] if the
    /// change cannot be made; [`CatalogError::Unreadable`] if it is to a file that cannot be read; [`CatalogError::Git`]. Then
    /// nothing was changed.
    pub async fn commit(&self, change: &Change) -> Result<Committed, CatalogError> {
        if change.message.trim().is_empty() {
            return Err(CatalogError::Incomplete("a message"));
        }
        if clean(&change.author.name).is_empty() {
            return Err(CatalogError::Incomplete("an author"));
        }
        let (this, change) = (self.clone(), change.clone());
        finish("commit", async move { this.commit_now(&change).await }).await
    }

    async fn commit_now(&self, change: &Change) -> Result<Committed, CatalogError> {
        let lock = self.lock(true).await?;
        self.mend(&lock).await?;
        let current = self.working_tree().await?;
        self.check_base(change, &current).await?;
        let changes = apply_edits(&current, &change.edits)?;
        if changes.is_empty() {
            let version = current.version;
            return Ok(Committed { version, commit: None, hand_edit: None, files: Vec::new() });
        }
        for path in changes.keys() {
            files::read_whole(&self.root, path)?;
        }
        if self.git_dir.join("index.lock").exists() {
            return Err(self.index_is_locked().into());
        }
        let before = current.version.commit.clone();
        let steps = self.steps(&current.version, &changes).await?;
        let mut head = before.clone();
        let mut hand_edit = None;
        let by_hand = self.by_hand(&current.version, &steps).await?;
        if !by_hand.is_empty() {
            let names: Vec<&str> = by_hand.iter().map(|step| step.path.as_str()).collect();
            let message = format!(
                "Hand edit of {}\n\nFound uncommitted before another change to the same files.\n",
                names.join(", ")
            );
            let commit = self.commit_object(head.as_deref(), &by_hand, HAND, &message, change.at).await?;
            hand_edit = Some(commit.clone());
            head = Some(commit);
        }
        let author = (change.author.name.as_str(), change.author.email.as_str());
        let commit = self.commit_object(head.as_deref(), &steps, author, &change.message, change.at).await?;
        let advance = Advance { before, commit: commit.clone(), steps };
        if !self.advance(&lock, &advance).await?.is_empty() {
            return Err(self.overtaken(change).await?);
        }
        let version = self.working_tree().await?.version;
        Ok(Committed { version, commit: Some(commit), hand_edit, files: changes.into_keys().collect() })
    }

    /// The files of a change, as they are and as they are to be. What can be run stays so.
    async fn steps(&self, version: &CatalogVersion, changes: &Changes) -> Result<Vec<Step>, CatalogError> {
        let tree = match &version.commit {
            Some(commit) => self.tree(commit).await?,
            None => Arc::default(),
        };
        let mut steps = Vec::new();
        for (path, text) in changes {
            let committed = tree.entries.get(path).filter(|entry| entry.is_file());
            let program = match committed {
                Some(entry) => entry.mode == TreeEntry::PROGRAM,
                None => files::is_program(&self.root, path),
            };
            let mode = if program { TreeEntry::PROGRAM } else { TreeEntry::FILE };
            let entry = |object: String, size: usize| TreeEntry { mode: mode.to_owned(), object, size: size as u64 };
            let old = match version.edits.get(path) {
                Some(None) => None,
                Some(Some(object)) => {
                    let size = files::read_whole(&self.root, path)?.map_or(0, |bytes| bytes.len());
                    Some(entry(object.clone(), size))
                }
                None => committed.cloned(),
            };
            let new = match text {
                Some(text) => Some(entry(self.git.store(&self.root, text.as_bytes()).await?, text.len())),
                None => None,
            };
            steps.push(Step { path: path.clone(), old, new });
        }
        Ok(steps)
    }

    /// What somebody changed by hand in the files that are to change.
    async fn by_hand(&self, version: &CatalogVersion, steps: &[Step]) -> Result<Vec<Step>, CatalogError> {
        let tree = match &version.commit {
            Some(commit) => self.tree(commit).await?,
            None => Arc::default(),
        };
        let edited = steps.iter().filter(|step| version.edits.contains_key(&step.path));
        let of = |step: &Step| Step {
            path: step.path.clone(),
            old: tree.entries.get(&step.path).cloned(),
            new: step.old.clone(),
        };
        Ok(edited.map(of).collect())
    }

    /// Makes the catalog's files those of an older version, as a new commit. The vault stays as it is: its values have moved on,
    /// and an older one may be for another key.
    ///
    /// # Errors
    /// As [`commit`](Self::commit), and [`CatalogError::UnknownVersion`].
    pub async fn restore(
        &self,
        version: &CatalogVersion,
        base: &CatalogVersion,
        author: &Author,
        at: Millis,
    ) -> Result<Committed, CatalogError> {
        let edits = restoring(&self.show(version).await?, &self.show(base).await?);
        let short: String = version.to_string().chars().take(12).collect();
        let message = format!("Restore the catalog of {short}\n\nThe vault stays as it was.\n");
        self.commit(&Change { edits, base: base.clone(), author: author.clone(), message, at }).await
    }

    /// What [`restore`](Self::restore) would do to the catalog as it stands.
    ///
    /// # Errors
    /// As [`restore`](Self::restore); nothing is changed.
    pub async fn preview_restore(&self, version: &CatalogVersion) -> Result<Preview, CatalogError> {
        let (old, now) = (self.show(version).await?, self.snapshot().await?);
        preview(&now, &restoring(&old, &now))
    }

    /// Refuses a change to a version that is not the current one.
    pub(super) async fn check_base(&self, change: &Change, current: &Snapshot) -> Result<(), CatalogError> {
        if change.base == current.version {
            return Ok(());
        }
        let base = self.show(&change.base).await?;
        // Another commit with the same files in it is the same catalog.
        let differs = |path: &&str| base.content(path) != current.content(path);
        let theirs: BTreeSet<&str> = base.paths().chain(current.paths()).filter(differs).collect();
        if theirs.is_empty() {
            return Ok(());
        }
        let yours = apply_edits(&base, &change.edits).unwrap_or_default();
        let paths: BTreeSet<&str> = theirs.into_iter().chain(yours.keys().map(String::as_str)).collect();
        let shown = |path: &str, text: Option<&str>| text.map(|text| hide(path, text));
        let files = paths
            .into_iter()
            .map(|path| ConflictFile {
                path: path.to_owned(),
                base: shown(path, base.text(path)),
                theirs: shown(path, current.text(path)),
                yours: match yours.get(path) {
                    Some(text) => shown(path, text.as_deref()),
                    None => shown(path, base.text(path)),
                },
            })
            .collect();
        let conflict = Conflict { base: change.base.clone(), current: current.version.clone(), files };
        Err(CatalogError::Conflict(Box::new(conflict)))
    }

    /// Makes a commit with some files changed, over an index of its own: what is staged in the real one stays there.
    async fn commit_object(
        &self,
        parent: Option<&str>,
        steps: &[Step],
        author: (&str, &str),
        message: &str,
        at: Millis,
    ) -> Result<String, GitError> {
        let folder = self.write_folder()?;
        let index = folder.path().join("index");
        let over = |call: Call<'static>| call.env("GIT_INDEX_FILE", &index);
        match parent {
            Some(parent) => self.run(over(Call::new(["read-tree", parent].map(str::to_owned)))).await?,
            None => self.run(over(Call::new(["read-tree", "--empty"]))).await?,
        };
        self.run(over(index_info(steps))).await?;
        let tree = self.text(over(Call::new(["write-tree"]))).await?;
        let mut args = vec!["commit-tree".to_owned(), tree];
        args.extend(parent.iter().flat_map(|parent| ["-p".to_owned(), (*parent).to_owned()]));
        let date = OsString::from(format!("@{} +0000", at.div_euclid(1000)));
        let call = Call::new(args)
            .input(message.trim_end().to_owned() + "\n")
            .env("GIT_AUTHOR_NAME", clean(author.0))
            .env("GIT_AUTHOR_EMAIL", clean(author.1))
            .env("GIT_AUTHOR_DATE", date.clone())
            .env("GIT_COMMITTER_NAME", PROGRAM.0)
            .env("GIT_COMMITTER_EMAIL", PROGRAM.1)
            .env("GIT_COMMITTER_DATE", date);
        self.text(call).await
    }

    /// The conflict with somebody who was quicker while this change was on its way.
    async fn overtaken(&self, change: &Change) -> Result<CatalogError, CatalogError> {
        let current = self.working_tree().await?;
        self.check_base(change, &current).await?;
        // By now it is what the editor saw: to save again is all there is to do.
        let conflict = Conflict { base: change.base.clone(), current: current.version, files: Vec::new() };
        Ok(CatalogError::Conflict(Box::new(conflict)))
    }
}

/// A name or an address without what git takes for marks in it.
fn clean(text: &str) -> String {
    text.chars().filter(|char| !char.is_control() && !matches!(char, '<' | '>')).collect::<String>().trim().to_owned()
}

/// The edits that make a catalog what it was.
fn restoring(old: &Snapshot, now: &Snapshot) -> Vec<Edit> {
    let paths: BTreeSet<&str> = old.paths().chain(now.paths()).filter(|path| *path != SECRETS_FILE).collect();
    paths
        .into_iter()
        // What could not be read then cannot be restored by its text.
        .filter(|path| {
            old.content(path) != now.content(path) && (old.content(path).is_none() || old.text(path).is_some())
        })
        .map(|path| Edit::SetText { path: path.to_owned(), text: old.text(path).map(str::to_owned) })
        .collect()
}
