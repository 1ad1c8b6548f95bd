//! Calls that are dropped half-way: a browser hangs up, a task is cancelled.

use std::{
    pin::pin,
    task::{Context, Poll},
};

use store::{EntryKind, LockAttempt, Store, StoreConfig, testing::TestDatabase};
use types::Role;

use crate::{
    deployments::{apply, apply_id, entry_of},
    support::*,
};

/// Sets a call going and drops it. Returns whether it was still under way.
async fn drop_under_way<T>(call: impl Future<Output = T>) -> bool {
    let mut call = pin!(call);
    std::future::poll_fn(|context: &mut Context<'_>| Poll::Ready(call.as_mut().poll(context).is_pending())).await
}

/// The connection of a dropped call goes back to the pool, and whoever has it next must not write into a transaction that
/// nobody commits.
async fn a_dropped_call_spoils_nobody_elses(database: &TestDatabase) {
    let other = database.store().await;
    let config = StoreConfig { url: database.url().into(), max_connections: 2 };
    let store = Store::connect(&config).await.unwrap();
    store.begin_apply(&apply(1, &["dev"]), &[]).await.unwrap();
    let taken = store.acquire_lock("dev", "me", T0, T0 + 60).await.unwrap();
    assert!(matches!(taken, LockAttempt::Taken(_)));
    let mut dropped = 0;
    for n in 1..=20 {
        for _ in 0..3 {
            dropped += u32::from(drop_under_way(store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), &[])).await);
        }
        assert!(store.renew_lock("dev", "me", 1, T0, T0 + 60 + n).await.unwrap());
        let seen = other.locks(T0).await.unwrap();
        assert_eq!(seen[0].expires_at, T0 + 60 + n, "what was acknowledged is there for all");
    }
    assert_eq!(dropped, 60);
    assert!(other.release_lock("dev", "me", 1).await.unwrap(), "no row stays locked");
    let next = store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), &[]).await.unwrap();
    let entries = other.entries_after(&apply_id(1), 0).await.unwrap();
    assert_eq!(entries.iter().map(|one| one.seq).collect::<Vec<_>>(), (1..=next).collect::<Vec<_>>());
}

/// The same of calls that write their whole transaction in one go: each is there whole, or not at all.
async fn a_dropped_batch_is_whole_or_absent(database: &TestDatabase) {
    let other = database.store().await;
    let config = StoreConfig { url: database.url().into(), max_connections: 2 };
    let store = Store::connect(&config).await.unwrap();
    let user = add(&other, 1, Role::Member).await.id;
    let mut begun = Vec::new();
    for n in 1..=20 {
        let fresh = fresh(n, user);
        let first = exchange(fresh.id, user, n * 10, None);
        drop_under_way(store.begin_conversation(&fresh, first)).await;
        // Whoever has the connection next.
        let other_id = start(&store, 100 + n, user).await;
        assert!(other.conversation(user, other_id).await.unwrap().is_some(), "what was acknowledged is there for all");
        let answer = other.message(user, message_id(n * 10 + 1)).await.unwrap();
        let running = other.running_generation_of(fresh.id).await.unwrap();
        let whole = other.conversation(user, fresh.id).await.unwrap().is_some();
        assert_eq!((answer.is_some(), running.is_some()), (whole, whole));
        begun.extend(running);
    }
    for generation in begun {
        let mut end = ending(0);
        end.id = generation;
        assert!(store.finish_generation(end).await.unwrap());
    }
}

crate::on_both!(a_dropped_call_spoils_nobody_elses, a_dropped_batch_is_whole_or_absent);
