//! A lock on a folder that other processes of ours see too.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use super::GitError;

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// How long to wait for another holder: longer than any local command of theirs.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the lock file at a path, alone or with other readers. The system frees it when its process dies.
pub(crate) async fn lock(path: &Path, alone: bool) -> Result<Lock, GitError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .read(true)
        .open(path)
        .map_err(|error| GitError::io(path, &error))?;
    let mut waited = Duration::ZERO;
    loop {
        let tried = if alone { file.try_lock() } else { file.try_lock_shared() };
        match tried {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::Error(error)) => return Err(GitError::io(path, &error)),
            Err(TryLockError::WouldBlock) if waited >= PATIENCE => {
                return Err(GitError::Busy { path: path.parent().unwrap_or(path).display().to_string() });
            }
            Err(TryLockError::WouldBlock) => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
        }
    }
}
