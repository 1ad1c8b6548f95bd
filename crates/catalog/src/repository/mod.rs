//! The catalog's git repository. The files in its working tree are the catalog, committed or not; our own changes are commits.

mod advance;
mod change;
mod error;
mod files;
mod history;
mod pending;
mod preview;
mod remote;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use types::catalog::CatalogVersion;

pub use change::{Author, Change, Committed};
pub use error::{CatalogError, Conflict, ConflictFile};
pub use history::{Asked, Stretch, diff};
pub use preview::Preview;
pub use remote::{Pulled, Upstream};

use crate::{
    git::{Blob, Call, Git, GitError, Lock, TreeEntry, lock},
    json::Doc,
    read::{Reading, read},
    snapshot::{Content, LARGEST_FILE, NO_TEXT, Snapshot, is_catalog_path},
};

/// The catalog's repository on this machine. Cheap to clone; safe to use from several tasks and several processes.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Git,
    root: PathBuf,
    /// Where git keeps what belongs to this working tree: its index, its `HEAD`.
    git_dir: PathBuf,
    /// Where git keeps the rest; another folder only in a linked work tree.
    common: PathBuf,
    /// How objects are named: `sha1` or `sha256`.
    format: Arc<str>,
    /// The commit last asked for.
    last_tree: Arc<Mutex<Option<CachedTree>>>,
    /// What was read last, and what it said; newest first.
    last_readings: Arc<Mutex<VecDeque<(Snapshot, Reading)>>>,
}

/// A commit and its files.
type CachedTree = (String, Arc<Tree>);

/// The catalog's files of one commit.
#[derive(Debug, Default)]
struct Tree {
    entries: BTreeMap<String, TreeEntry>,
    contents: BTreeMap<String, Content>,
}

/// Readings that are remembered: of the files as they stand, and of a few drafts.
const READINGS: usize = 4;

/// How many older versions of a broken file are tried before it is given up.
const OLDER_VERSIONS: &str = "20";

impl Repository {
    /// Opens the repository in a folder; makes folder and repository if they do not exist.
    ///
    /// # Errors
    /// [`GitError`], among others if the folder lies inside of another repository or belongs to another user.
    pub async fn open(root: impl Into<PathBuf>, git: Git) -> Result<Self, CatalogError> {
        let root: PathBuf = root.into();
        std::fs::create_dir_all(&root).map_err(|error| GitError::io(&root, &error))?;
        let root = root.canonicalize().map_err(|error| GitError::io(&root, &error))?;
        if let Some(outer) = root.ancestors().skip(1).find(|folder| folder.join(".git").exists())
            && !root.join(".git").exists()
        {
            let detail = format!(
                "it lies inside of the git repository {}. Name that repository's top, or a folder outside of it",
                outer.display()
            );
            return Err(GitError::Io { path: root.display().to_string(), detail }.into());
        }
        if !root.join(".git").exists() {
            git.run(&root, Call::new(["init", "--quiet", "--template=", "--initial-branch=main", "."])).await?;
        }
        // Says so at once if git does not trust the folder.
        let asked = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--show-object-format"];
        let answer = git.text(&root, Call::new(asked)).await?;
        let [git_dir, common, format] = answer.lines().collect::<Vec<_>>()[..] else {
            let detail = format!("it said “{}”", answer.trim());
            return Err(GitError::Failed { what: "rev-parse".to_owned(), detail }.into());
        };
        let (git_dir, common, format) = (PathBuf::from(git_dir), PathBuf::from(common), format.into());
        let repository =
            Self { git, root, git_dir, common, format, last_tree: Arc::default(), last_readings: Arc::default() };
        if repository.is_unfinished() {
            let lock = repository.lock(true).await?;
            repository.mend(&lock).await?;
        }
        Ok(repository)
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the catalog as it stands in the working tree, hand edits included. The files are looked at each time; what they say is
    /// worked out anew only if they differ.
    ///
    /// # Errors
    /// [`CatalogError::Git`] if git or the folder fails. What is wrong inside the files is part of the reading.
    pub async fn read(&self) -> Result<Reading, CatalogError> {
        Ok(self.reading_of(&self.snapshot().await?))
    }

    /// What a snapshot of this catalog says. The newest few are remembered: the same files are read again and again, by several
    /// people and with their drafts.
    #[must_use]
    pub fn reading_of(&self, snapshot: &Snapshot) -> Reading {
        let known = |last: &VecDeque<(Snapshot, Reading)>| {
            last.iter().find(|(known, _)| known == snapshot).map(|(_, reading)| reading.clone())
        };
        if let Some(reading) = known(&self.last_readings.lock().unwrap_or_else(PoisonError::into_inner)) {
            return reading;
        }
        let reading = read(snapshot);
        let mut last = self.last_readings.lock().unwrap_or_else(PoisonError::into_inner);
        last.truncate(READINGS - 1);
        last.push_front((snapshot.clone(), reading.clone()));
        reading
    }

    /// The files as they stand in the working tree.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        let lock = self.lock(false).await?;
        if !self.is_unfinished() {
            return self.working_tree().await;
        }
        // With the lock in hand nobody is writing: a writer died, and what it left is half of something.
        drop(lock);
        let lock = self.lock(true).await?;
        if let Err(error) = self.mend(&lock).await {
            tracing::warn!(%error, "what a dead writer left in the catalog could not be put in order");
        }
        self.working_tree().await
    }

    /// The files of a version, of one with hand edits as well as of a commit.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`] if the repository does not have it (any more).
    pub async fn show(&self, version: &CatalogVersion) -> Result<Snapshot, CatalogError> {
        let mut snapshot = Snapshot::at(version.clone());
        if let Some(commit) = &version.commit {
            let tree = self.tree(commit).await.map_err(|error| match error {
                CatalogError::Git(GitError::Failed { .. }) => CatalogError::UnknownVersion(Box::new(version.clone())),
                other => other,
            })?;
            for (path, content) in &tree.contents {
                snapshot.set(path, content.clone());
            }
        }
        let objects: Vec<&String> = version.edits.values().flatten().collect();
        let mut blobs = self.git.blobs(&self.root, &objects, LARGEST_FILE).await?.into_iter();
        for (path, object) in &version.edits {
            match object.as_ref().map(|_| blobs.next().unwrap_or(Blob::None)) {
                None => snapshot.remove(path),
                Some(Blob::Bytes(bytes)) => snapshot.set(path, edited(bytes)),
                Some(Blob::TooLarge(size)) => snapshot.set(path, Content::Unreadable(files::too_large(size))),
                Some(Blob::None) => return Err(CatalogError::UnknownVersion(Box::new(version.clone()))),
            }
        }
        self.find_last_good(&mut snapshot).await?;
        Ok(snapshot)
    }

    async fn run(&self, call: Call<'_>) -> Result<Vec<u8>, GitError> {
        self.git.run(&self.root, call).await
    }

    async fn text(&self, call: Call<'_>) -> Result<String, GitError> {
        Ok(self.git.text(&self.root, call).await?.trim_end_matches('\n').to_owned())
    }

    async fn lock(&self, alone: bool) -> Result<Lock, GitError> {
        lock(&self.common.join("thinkheads.lock"), alone).await
    }

    /// The commit the working tree is on; none before the first.
    async fn head(&self) -> Result<Option<String>, GitError> {
        self.git.answer(&self.root, Call::new(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])).await
    }

    /// The catalog's files of a commit. The last one asked for is kept: most reads are of one and the same.
    async fn tree(&self, commit: &str) -> Result<Arc<Tree>, CatalogError> {
        if let Some((known, tree)) = &*self.last_tree.lock().unwrap_or_else(PoisonError::into_inner)
            && known == commit
        {
            return Ok(Arc::clone(tree));
        }
        let mut entries = self.git.tree(&self.root, commit).await?;
        entries.retain(|path, _| is_catalog_path(path));
        let (small, large): (Vec<_>, Vec<_>) =
            entries.iter().filter(|(_, entry)| entry.is_file()).partition(|(_, entry)| entry.size <= LARGEST_FILE);
        let objects: Vec<(&str, u64)> = small.iter().map(|(_, entry)| (entry.object.as_str(), entry.size)).collect();
        let read = self.git.contents(&self.root, &objects).await?;
        let mut contents: BTreeMap<String, Content> = BTreeMap::new();
        for ((path, _), bytes) in small.iter().zip(read) {
            let lost = || Content::Unreadable("its contents are not in the repository".to_owned());
            contents.insert((*path).clone(), bytes.map_or_else(lost, content));
        }
        for (path, entry) in large {
            contents.insert(path.clone(), Content::Unreadable(files::too_large(entry.size)));
        }
        let tree = Arc::new(Tree { entries, contents });
        *self.last_tree.lock().unwrap_or_else(PoisonError::into_inner) = Some((commit.to_owned(), Arc::clone(&tree)));
        Ok(tree)
    }

    /// Reads the working tree; the caller holds the lock. What differs from the commit is found by its bytes, so that neither
    /// git's index nor its idea of line ends can hide a change.
    async fn working_tree(&self) -> Result<Snapshot, CatalogError> {
        let head = self.head().await?;
        let tree = match &head {
            Some(commit) => self.tree(commit).await?,
            None => Arc::default(),
        };
        let others = Call::new(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let others = self.text(others).await?;
        let mut paths: Vec<&str> = others.split('\0').filter(|path| is_catalog_path(path)).collect();
        paths.extend(tree.entries.keys().map(String::as_str));
        paths.sort_unstable();
        paths.dedup();

        let mut version = CatalogVersion { commit: head, edits: BTreeMap::new() };
        let mut snapshot = Snapshot::default();
        for path in paths {
            let committed = tree.contents.get(path);
            match files::read(&self.root, path) {
                None if tree.entries.contains_key(path) => {
                    version.edits.insert(path.to_owned(), None);
                }
                None => {}
                Some(found) => {
                    let (bytes, found) = match found {
                        files::Found::Bytes(bytes) => (bytes.clone(), content(bytes)),
                        files::Found::Unreadable(reason) => {
                            ([UNREADABLE, reason.as_bytes()].concat(), Content::Unreadable(reason))
                        }
                    };
                    // A link or a submodule, committed as such, is no change; it is merely not read.
                    let is_odd = tree.entries.get(path).is_some_and(|entry| !entry.is_file());
                    if committed != Some(&found) && !is_odd {
                        version.edits.insert(path.to_owned(), Some(self.git.store(&self.root, &bytes).await?));
                    }
                    snapshot.set(path, found);
                }
            }
        }
        snapshot.version = version;
        self.find_last_good(&mut snapshot).await?;
        Ok(snapshot)
    }

    /// Gives every broken file the newest committed text of it that could be parsed.
    async fn find_last_good(&self, snapshot: &mut Snapshot) -> Result<(), CatalogError> {
        let Some(commit) = snapshot.version.commit.clone() else { return Ok(()) };
        let is_broken =
            |path: &&str| path.ends_with(".json") && snapshot.text(path).is_some_and(|text| Doc::parse(text).is_err());
        let broken: Vec<String> = snapshot.paths().filter(is_broken).map(str::to_owned).collect();
        for path in broken {
            let log = ["log", "--format=%H", "-n", OLDER_VERSIONS, &commit, "--", &path];
            let commits = self.text(Call::new(log)).await?;
            let objects: Vec<String> = commits.lines().map(|commit| format!("{commit}:{path}")).collect();
            let texts = self.git.blobs(&self.root, &objects, LARGEST_FILE).await?;
            let good = texts
                .into_iter()
                .filter_map(Blob::bytes)
                .filter_map(|bytes| String::from_utf8(bytes).ok())
                .find(|text| Doc::parse(text.as_str()).is_ok());
            if let Some(good) = good {
                snapshot.set_last_good(path, good);
            }
        }
        Ok(())
    }
}

/// Stands, in a version, for a file that could not be read: then the reason. No text of the catalog begins like this.
const UNREADABLE: &[u8] = b"\0unreadable: ";

/// What a version says of a file that was changed and not committed.
fn edited(bytes: Vec<u8>) -> Content {
    match bytes.strip_prefix(UNREADABLE) {
        Some(reason) => Content::Unreadable(String::from_utf8_lossy(reason).into_owned()),
        None => content(bytes),
    }
}

fn content(bytes: Vec<u8>) -> Content {
    if bytes.len() as u64 > LARGEST_FILE {
        return Content::Unreadable(files::too_large(bytes.len() as u64));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(_) => Content::Unreadable(NO_TEXT.to_owned()),
    }
}

/// Does something to its end, even if the caller no longer waits: half of a change to a repository is worse than one nobody asked
/// about any more.
async fn finish<T: Send + 'static>(
    what: &str,
    work: impl Future<Output = Result<T, CatalogError>> + Send + 'static,
) -> Result<T, CatalogError> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => {
                let detail = "this program is being stopped; what was begun is finished at the next start".to_owned();
                Err(GitError::Failed { what: what.to_owned(), detail }.into())
            }
        },
    }
}
