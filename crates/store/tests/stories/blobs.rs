//! Blobs.

use std::path::Path;

use bytes::Bytes;
use store::{Blobs, StoreError};

#[tokio::test]
async fn a_blob_goes_in_and_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(&folder.path().join("made/on/the/way")).unwrap();
    let bytes = Bytes::from((0..=255).cycle().take(100_000).collect::<Vec<u8>>());
    blobs.put("uploads/one/original", bytes.clone()).await.unwrap();
    assert_eq!(blobs.get("uploads/one/original").await.unwrap(), bytes);
    blobs.put("uploads/one/original", Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(blobs.get("uploads/one/original").await.unwrap(), "new");
    blobs.delete("uploads/one/original").await.unwrap();
    blobs.delete("uploads/one/original").await.unwrap();
    assert!(matches!(blobs.get("uploads/one/original").await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn no_key_leaves_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(&folder.path().join("blobs")).unwrap();
    for key in ["../outside", "a/../../outside", "a//b", "a/./b"] {
        let error = blobs.put(key, Bytes::new()).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{key}: {error}");
    }
    assert!(!folder.path().join("outside").exists());
}

#[tokio::test]
async fn the_probe_tells_a_usable_place_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let (one, two) = tokio::join!(blobs.probe(), blobs.probe());
    one.unwrap();
    two.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    std::fs::remove_dir(folder.path()).unwrap();
    std::fs::write(folder.path(), "a file where the folder was").unwrap();
    assert!(matches!(blobs.probe().await, Err(StoreError::Unavailable(_))));
    std::fs::remove_file(folder.path()).unwrap();
    assert!(matches!(Blobs::local(Path::new("/proc/nowhere")), Err(StoreError::Unavailable(_))));
}
