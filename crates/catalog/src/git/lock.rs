//! A lock on a folder that other processes of ours see too.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::{Duration, SystemTime},
};

use super::GitError;

/// Held until dropped, and until the last child that shares it has ended.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// A handle for a child: the lock belongs to all handles together.
    pub(crate) fn share(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }
}

/// How long to wait for another holder: longer than any local command of theirs. Nobody holds a lock that others need while
/// speaking to a server.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the lock file at a path, alone or with other readers. The system frees it when its process dies.
pub(crate) async fn lock(path: &Path, alone: bool) -> Result<Lock, GitError> {
    lock_within(path, alone, PATIENCE).await
}

/// Takes the lock alone if nobody has it.
pub(crate) fn try_alone(path: &Path) -> Result<Option<Lock>, GitError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(GitError::io(path, &error)),
    }
}

fn open(path: &Path) -> Result<File, GitError> {
    let opened = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path);
    opened.map_err(|error| GitError::io(path, &error))
}

/// Like [`lock`], waiting for so long.
pub(crate) async fn lock_within(path: &Path, alone: bool, patience: Duration) -> Result<Lock, GitError> {
    let file = open(path)?;
    let mut waited = Duration::ZERO;
    loop {
        let tried = if alone { file.try_lock() } else { file.try_lock_shared() };
        match tried {
            Ok(()) => return Ok(Lock { file }),
            Err(TryLockError::Error(error)) => return Err(GitError::io(path, &error)),
            Err(TryLockError::WouldBlock) if waited >= patience => {
                return Err(GitError::Busy { path: path.parent().unwrap_or(path).display().to_string() });
            }
            Err(TryLockError::WouldBlock) => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
        }
    }
}

/// How long ago a file was changed, by the clock of the folder's own file system. None if the file is gone.
pub(crate) fn age(folder: &Path, path: &Path) -> std::io::Result<Option<Duration>> {
    let changed = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta.modified()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let now: SystemTime = tempfile::tempfile_in(folder)?.metadata()?.modified()?;
    Ok(Some(now.duration_since(changed).unwrap_or_default()))
}
