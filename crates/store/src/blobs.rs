//! Blobs: bytes too large for rows, behind `object_store`.

use std::{
    path::Path as FilePath,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};

use crate::{Result, StoreError};

/// Blobs by key. A key is a path of names, e.g. `uploads/0190…/original`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    objects: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Blobs as files under a folder, which is made if it is missing. A blob appears whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the folder can't be made.
    pub fn local(folder: &FilePath) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Unavailable(error.into()))?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self { objects: Arc::new(objects) })
    }

    /// Writes a blob, over one that is there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the key is no path of names; [`StoreError::Unavailable`] when it can't be written.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.objects.put(&path(key)?, bytes.into()).await?;
        Ok(())
    }

    /// Reads a blob.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, key: &str) -> Result<Bytes> {
        Ok(self.objects.get(&path(key)?).await?.bytes().await?)
    }

    /// Deletes a blob. Deleting what is not there is no error, so that it may be tried again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it can't be deleted.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.objects.delete(&path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes, reads and deletes a small blob: whether the place is there and can be written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is not.
    pub async fn probe(&self) -> Result<()> {
        // Two probes at once, here or in another process, must not delete each other's blob.
        static PROBES: AtomicU64 = AtomicU64::new(0);
        let key = format!("probe/{}-{}", std::process::id(), PROBES.fetch_add(1, Ordering::Relaxed));
        let sent = Bytes::from_static(b"ready");
        self.put(&key, sent.clone()).await?;
        let read = self.get(&key).await;
        self.delete(&key).await?;
        if read? == sent { Ok(()) } else { Err(StoreError::Unavailable("a blob came back changed".into())) }
    }
}

fn path(key: &str) -> Result<Path> {
    Path::parse(key).map_err(|error| StoreError::from(object_store::Error::from(error)))
}
