//! The catalog's git repository. The files in its working tree are the catalog, committed or not; our own changes are commits.

mod change;
mod error;
mod files;
mod history;
mod remote;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use types::catalog::CatalogVersion;

pub use change::{Author, Change, Committed};
pub use error::{CatalogError, Conflict, ConflictFile};
pub use history::diff;
pub use remote::{Pulled, Upstream};

use crate::{
    git::{Call, Git, GitError, Lock, TreeEntry, lock},
    json::Doc,
    read::{Reading, read},
    snapshot::{Content, LARGEST_FILE, Snapshot, is_catalog_path},
};

/// The catalog's repository on this machine. Cheap to clone; safe to use from several tasks and several processes.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Git,
    root: PathBuf,
    /// The commit last asked for.
    last_tree: Arc<Mutex<Option<CachedTree>>>,
}

/// A commit and its files.
type CachedTree = (String, Arc<Tree>);

/// The catalog's files of one commit.
#[derive(Debug, Default)]
struct Tree {
    entries: BTreeMap<String, TreeEntry>,
    contents: BTreeMap<String, Content>,
}

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
        let repository = Self { git, root, last_tree: Arc::default() };
        if !repository.root.join(".git").exists() {
            repository.run(Call::new(["init", "--quiet", "--initial-branch=main", "."])).await?;
        }
        // Says so at once if git does not trust the folder.
        repository.run(Call::new(["rev-parse", "--git-dir"])).await?;
        Ok(repository)
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the catalog as it stands in the working tree, hand edits included.
    ///
    /// # Errors
    /// [`CatalogError::Git`] if git or the folder fails. What is wrong inside the files is part of the reading.
    pub async fn read(&self) -> Result<Reading, CatalogError> {
        Ok(read(&self.snapshot().await?))
    }

    /// The files as they stand in the working tree.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        let _lock = self.lock(false).await?;
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
        let mut contents = self.git.contents(&self.root, &objects).await?.into_iter();
        for (path, object) in &version.edits {
            match object.as_ref().map(|_| contents.next().flatten()) {
                None => snapshot.remove(path),
                Some(Some(bytes)) => snapshot.set(path, content(bytes)),
                Some(None) => return Err(CatalogError::UnknownVersion(Box::new(version.clone()))),
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
        lock(&self.git_folder().join("thinkheads.lock"), alone).await
    }

    /// Where git keeps its things; a linked work tree has a file there that names the folder.
    fn git_folder(&self) -> PathBuf {
        let at = self.root.join(".git");
        let linked = std::fs::read_to_string(&at).ok();
        match linked.as_deref().and_then(|text| text.trim().strip_prefix("gitdir: ")) {
            Some(folder) => self.root.join(folder),
            None => at,
        }
    }

    /// The commit the working tree is on; none before the first.
    async fn head(&self) -> Result<Option<String>, GitError> {
        let call = || Call::new(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
        if !self.git.succeeds(&self.root, call()).await? {
            return Ok(None);
        }
        Ok(Some(self.text(call()).await?))
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
        let files: Vec<(&String, &TreeEntry)> = entries.iter().filter(|(_, entry)| entry.is_file()).collect();
        let objects: Vec<&String> = files.iter().map(|(_, entry)| &entry.object).collect();
        let contents = self.git.contents(&self.root, &objects).await?;
        let contents = files
            .iter()
            .zip(contents)
            .filter_map(|((path, _), bytes)| Some(((*path).clone(), content(bytes?))))
            .collect();
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
                    let bytes = match &found {
                        files::Found::Bytes(bytes) => bytes.as_slice(),
                        files::Found::Unreadable(reason) => reason.as_bytes(),
                    };
                    let found = match &found {
                        files::Found::Bytes(bytes) => content(bytes.clone()),
                        files::Found::Unreadable(reason) => Content::Unreadable(reason.clone()),
                    };
                    // A link or a submodule, committed as such, is no change; it is merely not read.
                    let is_odd = tree.entries.get(path).is_some_and(|entry| !entry.is_file());
                    if committed != Some(&found) && !is_odd {
                        version.edits.insert(path.to_owned(), Some(self.git.store(&self.root, bytes).await?));
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
            let texts = self.git.contents(&self.root, &objects).await?;
            let good = texts
                .into_iter()
                .flatten()
                .filter_map(|bytes| String::from_utf8(bytes).ok())
                .find(|text| Doc::parse(text.as_str()).is_ok());
            if let Some(good) = good {
                snapshot.set_last_good(path, good);
            }
        }
        Ok(())
    }
}

fn content(bytes: Vec<u8>) -> Content {
    if bytes.len() as u64 > LARGEST_FILE {
        return Content::Unreadable(files::TOO_LARGE.to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(_) => Content::Unreadable("it is no text in UTF-8".to_owned()),
    }
}
