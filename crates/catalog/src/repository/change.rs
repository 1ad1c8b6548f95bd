//! Changes as commits.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use types::{Millis, catalog::CatalogVersion};

use super::{CatalogError, Conflict, ConflictFile, Repository, content, files};
use crate::{
    edit::{Changes, Edit, apply_edits},
    git::{Call, GitError},
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

/// Files by path with the bytes they had; none where there was nothing.
type Seen = BTreeMap<String, Option<Vec<u8>>>;

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
        let _lock = self.lock(true).await?;
        let current = self.working_tree().await?;
        self.check_base(change, &current).await?;
        let changes = apply_edits(&current, &change.edits)?;
        if changes.is_empty() {
            let version = current.version;
            return Ok(Committed { version, commit: None, hand_edit: None, files: Vec::new() });
        }
        let seen = self.seen(change, &current, &changes).await?;
        if self.git_folder().join("index.lock").exists() {
            return Err(GitError::Busy { path: self.root.display().to_string() }.into());
        }
        let mut head = current.version.commit.clone();
        let by_hand: BTreeMap<String, Option<String>> = current
            .version
            .edits
            .iter()
            .filter(|(path, _)| changes.contains_key(*path))
            .map(|(path, object)| (path.clone(), object.clone()))
            .collect();
        let mut hand_edit = None;
        if !by_hand.is_empty() {
            let names: Vec<&str> = by_hand.keys().map(String::as_str).collect();
            let message = format!(
                "Hand edit of {}\n\nFound uncommitted before another change to the same files.\n",
                names.join(", ")
            );
            let commit = self.commit_object(head.as_deref(), &by_hand, HAND, &message, change.at).await?;
            hand_edit = Some(commit.clone());
            head = Some(commit);
        }
        let mut objects = BTreeMap::new();
        for (path, text) in &changes {
            let object = match text {
                Some(text) => Some(self.git.store(&self.root, text.as_bytes()).await?),
                None => None,
            };
            objects.insert(path.clone(), object);
        }
        let author = (change.author.name.as_str(), change.author.email.as_str());
        let commit = self.commit_object(head.as_deref(), &objects, author, &change.message, change.at).await?;
        if !self.publish(current.version.commit.as_deref(), &seen, &changes, &commit).await? {
            return Err(self.overtaken(change).await?);
        }
        self.follow_index(&objects).await;
        let version = self.working_tree().await?.version;
        Ok(Committed { version, commit: Some(commit), hand_edit, files: changes.into_keys().collect() })
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
        let (old, now) = (self.show(version).await?, self.show(base).await?);
        let paths: BTreeSet<&str> = old.paths().chain(now.paths()).filter(|path| *path != SECRETS_FILE).collect();
        let edits = paths
            .into_iter()
            // What could not be read then cannot be restored by its text.
            .filter(|path| {
                old.content(path) != now.content(path) && (old.content(path).is_none() || old.text(path).is_some())
            })
            .map(|path| Edit::SetText { path: path.to_owned(), text: old.text(path).map(str::to_owned) })
            .collect();
        let short: String = version.to_string().chars().take(12).collect();
        let message = format!("Restore the catalog of {short}\n\nThe vault stays as it was.\n");
        self.commit(&Change { edits, base: base.clone(), author: author.clone(), message, at }).await
    }

    /// Refuses a change to a version that is not the current one.
    async fn check_base(&self, change: &Change, current: &Snapshot) -> Result<(), CatalogError> {
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
        objects: &BTreeMap<String, Option<String>>,
        author: (&str, &str),
        message: &str,
        at: Millis,
    ) -> Result<String, GitError> {
        let folder = tempfile::tempdir_in(self.git_folder()).map_err(|error| GitError::io(&self.root, &error))?;
        let index = folder.path().join("index");
        let over = |call: Call<'static>| call.env("GIT_INDEX_FILE", &index);
        match parent {
            Some(parent) => self.run(over(Call::new(["read-tree", parent].map(str::to_owned)))).await?,
            None => self.run(over(Call::new(["read-tree", "--empty"]))).await?,
        };
        self.run(over(index_info(objects))).await?;
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

    /// The bytes of the files to be changed, as they are before.
    async fn seen(&self, change: &Change, current: &Snapshot, changes: &Changes) -> Result<Seen, CatalogError> {
        let mut seen = Seen::new();
        for path in changes.keys() {
            let bytes = files::read_whole(&self.root, path)?;
            if bytes.clone().map(content).as_ref() != current.content(path) {
                return Err(self.overtaken(change).await?);
            }
            seen.insert(path.clone(), bytes);
        }
        Ok(seen)
    }

    /// The conflict with somebody who was quicker while this change was on its way.
    async fn overtaken(&self, change: &Change) -> Result<CatalogError, CatalogError> {
        let current = self.working_tree().await?;
        self.check_base(change, &current).await?;
        // By now it is what the editor saw: to save again is all there is to do.
        let conflict = Conflict { base: change.base.clone(), current: current.version, files: Vec::new() };
        Ok(CatalogError::Conflict(Box::new(conflict)))
    }

    /// Writes the files, then moves the branch. Dying in between leaves files that are changed and not committed: still what the
    /// editor wanted. If the branch moved meanwhile, the files are put back. False, likewise with all put back, if a file is no
    /// longer what was seen.
    async fn publish(
        &self,
        before: Option<&str>,
        seen: &Seen,
        changes: &Changes,
        commit: &str,
    ) -> Result<bool, CatalogError> {
        let mut written: Vec<&str> = Vec::new();
        let bytes = |path: &str| changes.get(path).and_then(|text| text.as_deref()).map(str::as_bytes);
        let put_back = |written: &[&str]| {
            for path in written {
                // What somebody saved over it since is theirs.
                let is_ours = files::read_whole(&self.root, path).is_ok_and(|now| now.as_deref() == bytes(path));
                let Some(before) = seen.get(*path).filter(|_| is_ours) else { continue };
                if let Err(error) = files::write(&self.root, path, before.as_deref()) {
                    tracing::error!(path, %error, "a file of the catalog could not be put back");
                }
            }
        };
        for path in changes.keys() {
            // Read just before it is written: an editor outside of this program heeds no lock.
            let done = match files::read_whole(&self.root, path) {
                Ok(now) if seen.get(path) != Some(&now) => {
                    put_back(&written);
                    return Ok(false);
                }
                Ok(_) => files::write(&self.root, path, bytes(path)).map_err(CatalogError::from),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                put_back(&written);
                return Err(error);
            }
            written.push(path);
        }
        let zeros = "0".repeat(commit.len());
        let update = ["update-ref", "-m", "catalog change", "HEAD", commit, before.unwrap_or(&zeros)];
        if let Err(error) = self.run(Call::new(update)).await {
            put_back(&written);
            return Err(error.into());
        }
        Ok(true)
    }

    /// Lets git's own index follow, so that `git status` shows nothing. A failure loses nothing.
    async fn follow_index(&self, objects: &BTreeMap<String, Option<String>>) {
        if let Err(error) = self.run(index_info(objects)).await {
            tracing::warn!(%error, "git's index of the catalog could not follow a commit; `git reset` mends it");
        }
    }
}

/// Puts files into an index, or takes them out.
fn index_info(objects: &BTreeMap<String, Option<String>>) -> Call<'static> {
    let mut lines = String::new();
    for (path, object) in objects {
        match object {
            Some(object) => lines.push_str(&format!("100644 {object}\t{path}\0")),
            None => lines.push_str(&format!("0 {}\t{path}\0", "0".repeat(40))),
        }
    }
    Call::new(["update-index", "-z", "--add", "--index-info"]).input(lines)
}

/// A name or an address without what git takes for marks in it.
fn clean(text: &str) -> String {
    text.chars().filter(|char| !char.is_control() && !matches!(char, '<' | '>')).collect::<String>().trim().to_owned()
}
