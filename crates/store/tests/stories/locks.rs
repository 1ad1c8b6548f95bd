//! Locks: one holder at a time, told apart by its epoch, and none for ever.

use store::{LockAttempt, LockRow, Store, testing::TestDatabase};

use crate::{races::eight, support::T0};

async fn taken(store: &Store, owner: &str, now: i64) -> LockRow {
    match store.acquire_lock("dev", owner, T0 + now, T0 + now + 60).await.unwrap() {
        LockAttempt::Taken(lock) => lock,
        LockAttempt::Held(by) => panic!("held by {by:?}"),
    }
}

async fn held(store: &Store, owner: &str, now: i64) -> LockRow {
    match store.acquire_lock("dev", owner, T0 + now, T0 + now + 60).await.unwrap() {
        LockAttempt::Taken(lock) => panic!("taken: {lock:?}"),
        LockAttempt::Held(by) => by,
    }
}

async fn a_lock_is_taken_renewed_and_given_back(database: &TestDatabase) {
    let store = database.store().await;
    let first = taken(&store, "a", 0).await;
    let expected = LockRow {
        environment: "dev".into(),
        owner: "a".into(),
        epoch: 1,
        acquired_at: T0,
        renewed_at: T0,
        expires_at: T0 + 60,
    };
    assert_eq!(first, expected);
    assert_eq!(held(&store, "b", 1).await, expected, "whose it is");
    assert_eq!(held(&store, "a", 1).await, expected, "not twice by one owner either");
    let other = store.acquire_lock("hosted", "b", T0, T0 + 60).await.unwrap();
    assert!(matches!(other, LockAttempt::Taken(_)), "environments don't mind each other");

    assert!(store.renew_lock("dev", "a", 1, T0 + 50, T0 + 110).await.unwrap());
    assert_eq!(held(&store, "b", 100).await, LockRow { renewed_at: T0 + 50, expires_at: T0 + 110, ..expected });
    assert_eq!(store.locks(T0 + 55).await.unwrap().len(), 2);
    assert_eq!(store.locks(T0 + 109).await.unwrap().len(), 1, "the other lapsed");

    for (owner, epoch) in [("b", 1), ("a", 2), ("a", 0)] {
        assert!(!store.release_lock("dev", owner, epoch).await.unwrap(), "{owner} {epoch}");
        assert!(!store.renew_lock("dev", owner, epoch, T0 + 60, T0 + 900).await.unwrap(), "{owner} {epoch}");
    }
    assert_eq!(held(&store, "b", 100).await.expires_at, T0 + 110, "the wrong ones changed nothing");
    assert!(store.release_lock("dev", "a", 1).await.unwrap());
    assert!(!store.release_lock("dev", "a", 1).await.unwrap());
    assert!(!store.renew_lock("dev", "a", 1, T0 + 60, T0 + 900).await.unwrap());
    assert_eq!(store.locks(T0 + 70).await.unwrap(), []);
    assert_eq!(taken(&store, "a", 70).await.epoch, 2, "the epoch goes on rising");
}

/// A holder that sleeps through its lapse finds another in its place, and can do nothing to it.
async fn a_lapsed_lock_is_taken_over(database: &TestDatabase) {
    let store = database.store().await;
    taken(&store, "sleeper", 0).await;
    held(&store, "next", 59).await;
    assert!(!store.renew_lock("dev", "sleeper", 1, T0 + 60, T0 + 120).await.unwrap(), "lapsed, though nobody took it");
    let next = taken(&store, "next", 60).await;
    assert_eq!((next.epoch, next.acquired_at), (2, T0 + 60));
    assert!(!store.renew_lock("dev", "sleeper", 1, T0 + 61, T0 + 999).await.unwrap());
    assert!(!store.release_lock("dev", "sleeper", 1).await.unwrap());
    assert_eq!(held(&store, "sleeper", 61).await, next);
    // The same owner again is still another holder.
    assert_eq!(taken(&store, "next", 120).await.epoch, 3);
    assert!(!store.release_lock("dev", "next", 2).await.unwrap());
}

/// Eight race for a free lock, then for a lapsed one, then for one that was given back, round after round.
async fn one_of_eight_gets_the_lock(database: &TestDatabase) {
    let store = database.store().await;
    let mut lapses = T0;
    for round in 1..=12_u64 {
        let now = lapses;
        let attempts = eight(database, move |store, n| async move {
            store.acquire_lock("dev", &format!("owner {n}"), now, now + 60).await.unwrap()
        })
        .await;
        let won: Vec<&LockRow> = attempts
            .iter()
            .filter_map(|one| match one {
                LockAttempt::Taken(lock) => Some(lock),
                LockAttempt::Held(_) => None,
            })
            .collect();
        let [winner] = won.as_slice() else { panic!("round {round}: {won:?}") };
        assert_eq!(winner.epoch, round);
        let agreed = attempts
            .iter()
            .all(|one| matches!(one, LockAttempt::Taken(lock) | LockAttempt::Held(lock) if lock == *winner));
        assert!(agreed, "round {round}: all are told of the winner: {attempts:?}");
        if round % 2 == 0 {
            assert!(store.release_lock("dev", &winner.owner, round).await.unwrap());
        } else {
            lapses = now + 60;
        }
    }
}

/// Under a lock that is taken and given back over and over nobody ever works beside another.
async fn holders_never_overlap(database: &TestDatabase) {
    let store = database.store().await;
    let spans = eight(database, |store, n| async move {
        let owner = format!("owner {n}");
        let mut epochs = Vec::new();
        while epochs.len() < 5 {
            if let LockAttempt::Taken(lock) = store.acquire_lock("dev", &owner, T0, T0 + 60).await.unwrap() {
                assert_eq!(store.locks(T0).await.unwrap(), std::slice::from_ref(&lock), "mine while I hold it");
                assert!(store.renew_lock("dev", &owner, lock.epoch, T0, T0 + 60).await.unwrap());
                assert!(store.release_lock("dev", &owner, lock.epoch).await.unwrap());
                epochs.push(lock.epoch);
            }
        }
        epochs
    })
    .await;
    let mut epochs: Vec<u64> = spans.into_iter().flatten().collect();
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=40).collect::<Vec<_>>(), "each acquisition has an epoch of its own");
    assert_eq!(store.locks(T0).await.unwrap(), []);
}

crate::on_both!(
    a_lock_is_taken_renewed_and_given_back,
    a_lapsed_lock_is_taken_over,
    one_of_eight_gets_the_lock,
    holders_never_overlap,
);
