//! SQLite's write-ahead log: what the file alone holds.

use std::{fs, path::Path};

use store::{Store, StoreConfig, testing::TestDatabase};
use types::Role;

use crate::support::*;

/// How many people a copy of the file without its log knows.
async fn in_the_file(database: &TestDatabase, copy: &Path) -> i64 {
    fs::copy(database.url().trim_start_matches("sqlite://"), copy).unwrap();
    let url = format!("sqlite://{}", copy.display());
    let store = Store::connect(&StoreConfig { url, max_connections: 1 }).await.unwrap();
    let count = store.count_users().await.unwrap();
    store.close().await;
    count
}

#[tokio::test]
async fn a_checkpoint_folds_the_log_into_the_file_while_others_read() {
    let database = TestDatabase::sqlite();
    let store = database.store().await;
    let folder = tempfile::tempdir().unwrap();
    store.checkpoint().await.unwrap();
    add(&store, 1, Role::Administrator).await;
    assert_eq!(in_the_file(&database, &folder.path().join("before.db")).await, 0, "a commit leaves it in the log");
    let reader = database.store().await;
    assert_eq!(reader.count_users().await.unwrap(), 1);
    store.checkpoint().await.unwrap();
    assert_eq!(in_the_file(&database, &folder.path().join("after.db")).await, 1);
}
