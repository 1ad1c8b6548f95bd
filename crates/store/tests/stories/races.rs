//! Things that must happen once although several try at the same time.

use std::{collections::HashSet, future::Future};

use store::{InvitationKind, NewInvitation, NewJob, Store, StoreError, testing::TestDatabase};
use types::{InvitationId, Role};

use crate::{jobs::job, support::*};

/// Runs `body` eight times at once, half of them through a second handle as another process would.
pub(crate) async fn eight<F, T>(database: &TestDatabase, body: impl Fn(Store, u32) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let handles = [database.open().await, database.open().await];
    let tasks: Vec<_> = (0..8_u32).map(|n| tokio::spawn(body(handles[n as usize % 2].clone(), n))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn jobs_are_claimed_once(database: &TestDatabase) {
    let store = database.store().await;
    for n in 0..200 {
        store.enqueue(&job(n, "mail")).await.unwrap();
    }
    let claimed = eight(database, |store, n| async move {
        let owner = format!("worker {n}");
        let mut own = Vec::new();
        while let Some(job) = store.claim_job(&owner, &["mail"], T0 + 1_000, T0 + 100_000).await.unwrap() {
            own.push(job.id);
            assert!(store.finish_job(job.id, &owner, T0 + 1_000).await.unwrap());
        }
        own
    })
    .await;
    let all: Vec<_> = claimed.into_iter().flatten().collect();
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 200);
}

async fn unique_jobs_are_enqueued_once(database: &TestDatabase) {
    database.store().await;
    let enqueued = eight(database, |store, n| async move {
        store.enqueue(&NewJob { unique_key: Some("key".into()), ..job(n, "mail") }).await.unwrap()
    })
    .await;
    assert_eq!(enqueued.iter().filter(|won| **won).count(), 1);
}

async fn an_invitation_is_used_once(database: &TestDatabase) {
    let store = database.store().await;
    let new = NewInvitation {
        id: InvitationId::from_parts(T0, random(1)),
        token_hash: "token".into(),
        kind: InvitationKind::Invite,
        rights: Role::Member.into(),
        note: String::new(),
        created_by: None,
        now: T0,
        expires_at: T0 + 1_000,
    };
    store.create_invitation(&new, entry(1, "invitation.create")).await.unwrap();
    let accepted = eight(database, |store, n| async move {
        store.accept_invitation("token", &person(n, Role::Member), T0, entry(10 + n, "user.join")).await
    })
    .await;
    assert_eq!(accepted.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(
        accepted.iter().flat_map(|result| result.as_ref().err()).all(|error| matches!(error, StoreError::NotFound))
    );
    assert_eq!(store.count_users().await.unwrap(), 1);
}

/// Eight set-up links, all valid: one first administrator.
async fn one_first_administrator(database: &TestDatabase) {
    let store = database.store().await;
    for n in 0..8 {
        let new = NewInvitation {
            id: InvitationId::from_parts(T0, random(n)),
            token_hash: format!("token {n}"),
            kind: InvitationKind::Setup,
            rights: Role::Administrator.into(),
            note: String::new(),
            created_by: None,
            now: T0,
            expires_at: T0 + 1_000,
        };
        store.create_invitation(&new, entry(n, "invitation.create")).await.unwrap();
    }
    let accepted = eight(database, |store, n| async move {
        let person = person(n, Role::Administrator);
        store.accept_invitation(&format!("token {n}"), &person, T0, entry(10 + n, "user.join")).await.is_ok()
    })
    .await;
    assert_eq!(accepted.iter().filter(|won| **won).count(), 1);
    assert_eq!(store.count_active_administrators().await.unwrap(), 1);
}

/// Eight administrators step down or are disabled at once: one stays.
async fn the_last_administrator_stays(database: &TestDatabase) {
    let store = database.store().await;
    for n in 0..8 {
        add(&store, n, Role::Administrator).await;
    }
    let gone = eight(database, |store, n| async move {
        let entry = entry(100 + n, "user.change");
        if n % 2 == 0 {
            store.set_rights(user_id(n), Role::Member, T0, entry).await.map(drop)
        } else {
            store.set_disabled(user_id(n), Some(T0), T0, entry).await.map(drop)
        }
    })
    .await;
    let refused: Vec<_> = gone.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].is_conflict("last_administrator"), "{}", refused[0]);
    assert_eq!(store.count_active_administrators().await.unwrap(), 1);
}

/// Whoever has seen revocation `n` has seen all before it, also while they are being written.
async fn revocations_come_in_order(database: &TestDatabase) {
    let store = database.store().await;
    for n in 0..8 {
        add(&store, n, Role::Member).await;
    }
    let reader = database.open().await;
    let watching = tokio::spawn(async move {
        let mut seen: Vec<i64> = Vec::new();
        while seen.len() < 80 {
            let last = seen.last().copied().unwrap_or(0);
            seen.extend(reader.revocations_after(last).await.unwrap().into_iter().map(|one| one.seq));
        }
        seen
    });
    eight(database, |store, n| async move {
        for round in 0..10 {
            let entry = entry(100 + n * 10 + round, "session.end_all");
            store.delete_sessions_of(user_id(n), None, T0, entry).await.unwrap();
        }
    })
    .await;
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), watching).await.unwrap().unwrap();
    assert_eq!(seen, (1..=80).collect::<Vec<_>>());
}

/// Processes that start together all find a migrated database.
async fn migrations_run_once(database: &TestDatabase) {
    let versions = eight(database, |store, _| async move {
        store.migrate().await.unwrap();
        store.schema_version().await.unwrap()
    })
    .await;
    assert!(versions.iter().all(|version| *version == versions[0] && *version > 0));
}

crate::on_both!(
    jobs_are_claimed_once,
    unique_jobs_are_enqueued_once,
    an_invitation_is_used_once,
    one_first_administrator,
    the_last_administrator_stays,
    revocations_come_in_order,
    migrations_run_once,
);
