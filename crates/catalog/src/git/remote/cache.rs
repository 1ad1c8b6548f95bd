//! The cache: a bare repository for each address. What is in it can be read while another fetch goes on; what nobody needs any
//! more goes when its caller says what is needed.
//!
//! Two locks a repository: `NAME.lock`, shared by all who use it and taken alone only to drop something; `NAME.fetch`, taken by
//! one who fetches. Children share the lock of the fetch, so that its holder knows no git of ours is alive in there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::Remote;
use crate::git::{
    Address, Call, Credential, GitError, Lock, age,
    lock::{lock_within, try_alone},
    objects::is_full_id,
};

/// Commits that are kept, by their ids.
const KEPT: &str = "refs/kept/";
/// What came along from servers that give no single commit.
const ALL: &str = "refs/all/";
/// A file a commit: when it was last read.
const USED: &str = "used";
/// Begins the name of a repository that is being made.
const FRESH: &str = "new.";
/// How long a commit stays after it was last read though nobody names it: whoever reads it may be about to.
const GRACE: Duration = Duration::from_secs(24 * 3600);

/// What was dropped from the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Commits that nobody needs.
    pub commits: u32,
    /// Repositories of which nobody needs anything.
    pub repositories: u32,
    /// Repositories in use just now, which were left for the next time.
    pub busy: u32,
}

/// A commit in the cache, which nobody drops meanwhile.
pub(super) struct Cached {
    pub(super) folder: PathBuf,
    _lock: Lock,
}

impl Remote {
    /// Drops the commits that are not named here, with their files. Commits fetched or read during the last 24 hours stay: who
    /// reads them may not have written down yet that they are needed. To be called from time to time with all that may be asked
    /// for again: a server may no longer have it.
    ///
    /// # Errors
    /// Any [`GitError`]; what was dropped until then is dropped.
    pub async fn keep_only(&self, needed: &[(&Address, &str)]) -> Result<Dropped, GitError> {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (address, commit) in needed {
            wanted.entry(name(address)).or_default().insert(commit.to_ascii_lowercase());
        }
        let mut dropped = Dropped::default();
        let entries = match fs::read_dir(&self.cache) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(dropped),
            entries => entries.map_err(|error| GitError::io(&self.cache, &error))?,
        };
        for entry in entries {
            let folder = entry.map_err(|error| GitError::io(&self.cache, &error))?.path();
            let fail = |error: &std::io::Error| GitError::io(&folder, error);
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(FRESH) {
                // Left by a process that died while it made one.
                if age(&self.cache, &folder).map_err(|error| fail(&error))?.is_some_and(|age| age > GRACE) {
                    fs::remove_dir_all(&folder).map_err(|error| fail(&error))?;
                }
                continue;
            }
            if !folder.join("HEAD").is_file() {
                continue;
            }
            let Some(lock) = try_alone(&folder.with_extension("lock"))? else {
                dropped.busy += 1;
                continue;
            };
            self.drop_from(&folder, wanted.get(&name), &lock, &mut dropped).await?;
        }
        Ok(dropped)
    }

    async fn drop_from(
        &self,
        folder: &Path,
        wanted: Option<&BTreeSet<String>>,
        lock: &Lock,
        dropped: &mut Dropped,
    ) -> Result<(), GitError> {
        let fail = |error: &std::io::Error| GitError::io(folder, error);
        free(folder).map_err(|error| fail(&error))?;
        let listing = self.git.text(folder, Call::new(["for-each-ref", "--format=%(refname)", KEPT, ALL])).await?;
        let (mut kept, mut gone, mut deletes) = (0, Vec::new(), String::new());
        for name in listing.lines() {
            if let Some(commit) = name.strip_prefix(KEPT) {
                let used = folder.join(USED).join(commit);
                let recent = age(folder, &used).map_err(|error| fail(&error))?.is_some_and(|age| age < GRACE);
                if recent || wanted.is_some_and(|wanted| wanted.contains(commit)) {
                    kept += 1;
                    continue;
                }
                gone.push(used);
            }
            deletes.push_str(&format!("delete {name}\n"));
        }
        if kept == 0 {
            fs::remove_dir_all(folder).map_err(|error| fail(&error))?;
            dropped.repositories += 1;
            dropped.commits += count(&gone);
            return Ok(());
        }
        if deletes.is_empty() {
            return Ok(());
        }
        self.git.run(folder, Call::new(["update-ref", "--stdin"]).input(deletes)).await?;
        for used in &gone {
            match fs::remove_file(used) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(&error)),
                _ => {}
            }
        }
        self.git.run(folder, Call::new(["repack", "-a", "-d", "-q"]).holding(lock)).await?;
        self.git.run(folder, Call::new(["prune", "--expire=now"]).holding(lock)).await?;
        dropped.commits += count(&gone);
        Ok(())
    }

    /// Brings a commit into the cache, unless it is there.
    pub(super) async fn cached(
        &self,
        address: &Address,
        commit: &str,
        credential: Option<&Credential>,
    ) -> Result<Cached, GitError> {
        if !is_full_id(commit) {
            let problem = "is no full commit id".to_owned();
            return Err(GitError::BadArgument { text: commit.to_owned(), problem });
        }
        let commit = commit.to_ascii_lowercase();
        fs::create_dir_all(&self.cache).map_err(|error| GitError::io(&self.cache, &error))?;
        let folder = self.cache.join(name(address));
        let (local, network) = self.git.limits();
        // Who drops something takes a few local commands for it.
        let in_use = lock_within(&folder.with_extension("lock"), false, local.saturating_mul(3)).await?;
        if !self.has(&folder, &commit).await? {
            // Another fetch of the same repository may well bring it: worth waiting as long as that may take.
            let alone = folder.with_extension("fetch");
            let alone = lock_within(&alone, true, network.saturating_mul(2) + local).await?;
            if !self.has(&folder, &commit).await? {
                self.prepare(&folder, &commit).await?;
                self.fetch(&folder, address, &commit, credential, &alone).await?;
            }
        }
        let used = folder.join(USED);
        let noted = fs::create_dir_all(&used).and_then(|()| fs::write(used.join(&commit), "."));
        noted.map_err(|error| GitError::io(&used, &error))?;
        Ok(Cached { folder, _lock: in_use })
    }

    /// Whether a commit was fetched whole. Its reference is made only then.
    async fn has(&self, folder: &Path, commit: &str) -> Result<bool, GitError> {
        if !folder.join("HEAD").is_file() {
            return Ok(false);
        }
        let reference = format!("{KEPT}{commit}");
        self.git.succeeds(folder, Call::new(["rev-parse", "--verify", "--quiet", &reference])).await
    }

    /// Makes the repository, or clears the locks a dead fetch left in it.
    async fn prepare(&self, folder: &Path, commit: &str) -> Result<(), GitError> {
        let fail = |error: &std::io::Error| GitError::io(folder, error);
        if folder.join("HEAD").is_file() {
            return free(folder).map_err(|error| fail(&error));
        }
        // Whole or not at all.
        let fresh = tempfile::Builder::new().prefix(FRESH).tempdir_in(&self.cache).map_err(|error| fail(&error))?;
        let format = if commit.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
        self.git.run(fresh.path(), Call::new(["init", "--quiet", "--bare", "--template=", format, "."])).await?;
        fs::rename(fresh.path(), folder).map_err(|error| fail(&error))
    }

    async fn fetch(
        &self,
        folder: &Path,
        address: &Address,
        commit: &str,
        credential: Option<&Credential>,
        alone: &Lock,
    ) -> Result<(), GitError> {
        let fetch = |more: &[&str]| {
            let fixed = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
            let args = fixed.iter().chain(more).copied().map(str::to_owned);
            Call::new(args).server(address, credential).holding(alone)
        };
        let kept = format!("{KEPT}{commit}");
        let one = format!("+{commit}:{kept}");
        let shallow = self.git.run(folder, fetch(&["--depth=1", "--", address.as_str(), &one])).await;
        match shallow {
            Ok(_) => return Ok(()),
            // Whoever refuses a single commit may still give all of its branches.
            Err(GitError::Failed { .. } | GitError::NoRepository { .. }) => {}
            Err(error) => return Err(error),
        }
        let all = ["--", address.as_str(), "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"];
        self.git.run(folder, fetch(&all)).await?;
        if self.git.succeeds(folder, Call::new(["cat-file", "-e", &format!("{commit}^{{tree}}")])).await? {
            // Also when the branch is moved away from it.
            return self.git.run(folder, Call::new(["update-ref", &kept, commit]).holding(alone)).await.map(drop);
        }
        Err(GitError::NoReference { address: address.to_string(), reference: commit.to_owned() })
    }
}

/// The name of an address's folder in the cache.
fn name(address: &Address) -> String {
    let digest = Sha256::digest(address.as_str().as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// Removes the lock files in a repository of ours in which no git is alive.
fn free(folder: &Path) -> std::io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at)? {
            let entry = entry?;
            let path = entry.path();
            // Objects have no lock files that matter, and are many.
            if entry.file_type()?.is_dir() {
                if at != folder || path.ends_with("refs") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "lock") {
                fs::remove_file(&path)?;
                tracing::warn!(path = %path.display(), "a lock a dead fetch left was removed");
            }
        }
    }
    Ok(())
}
