//! The contract of the store: each story is told once and must hold on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking; clippy.toml sees only functions marked as tests")]

mod audit;
mod blobs;
mod chat;
mod checkpoint;
mod deployments;
mod drafts;
mod dropped;
mod generations;
mod jobs;
mod killed;
mod locks;
mod migrations;
mod people;
mod races;
mod speed;
mod support;
mod tokens;

/// Makes a test on each database out of `async fn story(database: &TestDatabase)`.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(&store::testing::TestDatabase::sqlite()).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(&store::testing::TestDatabase::postgres().await).await;
            }
        )*}
    };
}
pub(crate) use on_both;
