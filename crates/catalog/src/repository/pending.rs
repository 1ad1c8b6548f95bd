//! What a write is about to do, noted beside the repository, so that after a crash the next writer can finish it; and the lock
//! files a dead git left.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    CatalogError, Repository,
    advance::{Advance, Step},
    files,
    remote::TRACKED,
};
use crate::git::{Call, GitError, Lock, TreeEntry, WIRE, age};

/// The note, in the git folder.
const NOTE: &str = "thinkheads.pending";
/// Begins the names of folders that are only used under the exclusive lock.
pub(super) const WRITE: &str = "thinkheads-write-";
/// In such a folder: the file that becomes `index.lock`, which tells whose that lock is.
const MARK: &str = "mark";

/// How long a reference stays locked at most where a writer of ours is known to have died. git holds such a lock for milliseconds.
const AFTER_A_CRASH: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct Note {
    before: Option<String>,
    commit: String,
    steps: Vec<(String, Option<Entry>, Option<Entry>)>,
}

/// Mode, object and size of a file.
type Entry = (String, String, u64);

/// The note of a write that is going on.
pub(super) struct Pending {
    path: PathBuf,
}

impl Pending {
    pub(super) fn write(git_dir: &Path, advance: &Advance) -> Result<Self, GitError> {
        let path = git_dir.join(NOTE);
        let fail = |detail: String| GitError::Io { path: path.display().to_string(), detail };
        let entry = |entry: &TreeEntry| (entry.mode.clone(), entry.object.clone(), entry.size);
        let step = |step: &Step| (step.path.clone(), step.old.as_ref().map(entry), step.new.as_ref().map(entry));
        let note = Note {
            before: advance.before.clone(),
            commit: advance.commit.clone(),
            steps: advance.steps.iter().map(step).collect(),
        };
        let text = serde_json::to_string(&note).map_err(|error| fail(error.to_string()))?;
        let file = tempfile::Builder::new().prefix("thinkheads.").tempfile_in(git_dir);
        let written = file.and_then(|mut file| {
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map_err(|error| fail(error.to_string()))?;
        Ok(Self { path })
    }

    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::error!(path = %self.path.display(), %error, "the note of a finished write could not be removed");
        }
    }

    /// The note a writer left that is no more. What cannot be understood is as good as none.
    fn left(git_dir: &Path) -> Option<(Self, Option<Advance>)> {
        let path = git_dir.join(NOTE);
        let text = fs::read_to_string(&path).ok()?;
        let entry = |(mode, object, size): Entry| TreeEntry { mode, object, size };
        let advance = serde_json::from_str(&text).ok().map(|note: Note| Advance {
            before: note.before,
            commit: note.commit,
            steps: note
                .steps
                .into_iter()
                .map(|(path, old, new)| Step { path, old: old.map(entry), new: new.map(entry) })
                .collect(),
        });
        Some((Self { path }, advance))
    }
}

impl Repository {
    /// Whether a writer died here.
    pub(super) fn is_unfinished(&self) -> bool {
        self.git_dir.join(NOTE).exists()
    }

    /// Puts in order what a dead writer left. Whoever holds the exclusive lock knows that no git of ours is at work: each child
    /// that changes the repository shares that lock.
    pub(super) async fn mend(&self, lock: &Lock) -> Result<(), CatalogError> {
        self.sweep()?;
        let left = Pending::left(&self.git_dir);
        let patience = if left.is_some() { AFTER_A_CRASH } else { self.git.limits().0.saturating_mul(2) };
        self.free_references(left.is_some(), patience).await?;
        let Some((pending, advance)) = left else { return Ok(()) };
        let Some(advance) = advance else {
            pending.remove();
            return Ok(());
        };
        for step in &advance.steps {
            files::sweep(&self.root, &step.path);
        }
        let head = self.head().await?;
        if head.as_ref() == Some(&advance.commit) {
            self.follow(pending, &advance).await;
        } else if head == advance.before {
            pending.remove();
            // Finished if nobody touched the files since; otherwise they are a hand edit like any other.
            let held = self.hold(&advance).await?;
            let mut untouched = true;
            for step in &advance.steps {
                untouched = untouched && self.is_either(step, &held).await?;
            }
            if untouched {
                let in_the_way = Box::pin(self.advance(lock, &advance)).await?;
                tracing::warn!(commit = advance.commit, ?in_the_way, "a commit that was cut off was finished");
            } else {
                tracing::warn!(commit = advance.commit, "a commit was cut off and its files were changed since");
            }
        } else {
            pending.remove();
        }
        Ok(())
    }

    /// Removes folders nobody uses any more, and git's index lock if it is one of ours.
    fn sweep(&self) -> Result<(), GitError> {
        let fail = |error: &std::io::Error| GitError::io(&self.git_dir, error);
        let index_lock = self.git_dir.join("index.lock");
        let identity = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
        let wire_limit = self.git.limits().1.saturating_mul(4);
        for folder in [&self.git_dir, &self.common] {
            for entry in fs::read_dir(folder).map_err(|error| fail(&error))? {
                let entry = entry.map_err(|error| fail(&error))?;
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                let is_left = if name.starts_with(WRITE) {
                    let ours = identity(&path.join(MARK));
                    if ours.is_some() && ours == identity(&index_lock) {
                        fs::remove_file(&index_lock).map_err(|error| fail(&error))?;
                    }
                    true
                } else {
                    // Somebody may be speaking to a server from it, outside of the lock.
                    name.starts_with(WIRE)
                        && age(&self.git_dir, &path).map_err(|error| fail(&error))?.is_some_and(|age| age > wire_limit)
                };
                if is_left && let Err(error) = fs::remove_dir_all(&path) {
                    tracing::warn!(path = %path.display(), %error, "a temporary folder could not be removed");
                }
            }
        }
        Ok(())
    }

    /// Removes locks of references that no living git can hold. A young one is waited for where a writer of ours died, and left
    /// to git's own patience otherwise.
    async fn free_references(&self, crashed: bool, patience: Duration) -> Result<(), GitError> {
        let head = fs::read_to_string(self.git_dir.join("HEAD")).unwrap_or_default();
        let branch = head.trim().strip_prefix("ref: ").map(|name| self.common.join(format!("{name}.lock")));
        // Where the remote is, only we note.
        let ours = (Some(self.common.join(format!("{TRACKED}.lock"))), Duration::ZERO);
        let others = [Some(self.git_dir.join("HEAD.lock")), Some(self.common.join("packed-refs.lock")), branch];
        let locks = std::iter::once(ours).chain(others.into_iter().map(|path| (path, patience)));
        for (path, patience) in locks.filter_map(|(path, patience)| Some((path?, patience))) {
            let fail = |error: &std::io::Error| GitError::io(&path, error);
            while let Some(age) = age(&self.git_dir, &path).map_err(|error| fail(&error))? {
                if age >= patience {
                    fs::remove_file(&path).map_err(|error| fail(&error))?;
                    tracing::warn!(path = %path.display(), age_s = age.as_secs(), "a lock nobody holds was removed");
                } else if !crashed {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// Lets git's own index follow, so that `git status` shows nothing and the next commit by hand does not undo this one. If it
    /// cannot now, the note stays for the next writer.
    pub(super) async fn follow(&self, pending: Pending, advance: &Advance) {
        match self.follow_index(&advance.steps).await {
            Ok(()) => pending.remove(),
            Err(error) => {
                tracing::warn!(%error, "git's index of the catalog could not follow a commit; the next write tries again")
            }
        }
    }

    async fn follow_index(&self, steps: &[Step]) -> Result<(), GitError> {
        let fail = |error: &std::io::Error| GitError::io(&self.git_dir, error);
        let folder = self.write_folder()?;
        let (mark, copy) = (folder.path().join(MARK), folder.path().join("index"));
        let (index, index_lock) = (self.git_dir.join("index"), self.git_dir.join("index.lock"));
        fs::write(&mark, "").map_err(|error| fail(&error))?;
        // Taken as git takes it, but so that it can be told whose it is.
        fs::hard_link(&mark, &index_lock).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => self.index_is_locked(),
            _ => fail(&error),
        })?;
        let done = async {
            match fs::copy(&index, &copy) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(&error)),
                _ => {}
            }
            self.run(index_info(steps).env("GIT_INDEX_FILE", &copy)).await?;
            fs::rename(&copy, &index).map_err(|error| fail(&error))
        };
        let done = done.await;
        fs::remove_file(&index_lock).map_err(|error| fail(&error))?;
        done
    }

    /// Somebody else's git is at work here.
    pub(super) fn index_is_locked(&self) -> GitError {
        GitError::Locked { path: self.git_dir.join("index.lock").display().to_string() }
    }

    /// A folder for what is only needed under the exclusive lock.
    pub(super) fn write_folder(&self) -> Result<tempfile::TempDir, GitError> {
        let folder = tempfile::Builder::new().prefix(WRITE).tempdir_in(&self.git_dir);
        folder.map_err(|error| GitError::io(&self.git_dir, &error))
    }
}

/// Puts files into an index, or takes them out.
pub(super) fn index_info(steps: &[Step]) -> Call<'static> {
    let mut lines = String::new();
    for step in steps {
        let known = step.new.as_ref().or(step.old.as_ref());
        match &step.new {
            Some(new) => lines.push_str(&format!("{} {}\t{}\0", new.mode, new.object, step.path)),
            // As many zeros as an id has letters.
            None => {
                let zeros = "0".repeat(known.map_or(40, |entry| entry.object.len()));
                lines.push_str(&format!("0 {zeros}\t{}\0", step.path));
            }
        }
    }
    Call::new(["update-index", "-z", "--add", "--replace", "--index-info"]).input(lines)
}
