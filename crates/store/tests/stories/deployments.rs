//! The deployment engine's memory: applies, their journal, revisions and pins.

use store::{
    ApplyState, EntryKind, HeldLock, NewApply, NewEntry, NewRevision, PinRow, Store, StoreError, testing::TestDatabase,
};

use crate::{races::eight, support::*};

/// An apply's id, in order of `n`.
pub(crate) fn apply_id(n: u32) -> String {
    message_id(n).to_string()
}

pub(crate) fn apply(n: u32, environments: &[&str]) -> NewApply {
    NewApply {
        id: apply_id(n),
        actor: "ada".into(),
        owner: format!("process {n}"),
        environments: environments.iter().map(|&name| name.into()).collect(),
        record: format!("{{\"n\":{n}}}"),
        now: T0 + i64::from(n),
        audit: None,
    }
}

pub(crate) fn entry_of(n: u32, kind: EntryKind, body: &str) -> NewEntry {
    NewEntry { apply: apply_id(n), kind, step: Some("dev/web".into()), body: body.into(), at: T0 }
}

fn revision(n: u32, stack: &str, number: u64) -> NewRevision {
    NewRevision {
        environment: "dev".into(),
        stack: stack.into(),
        number,
        apply: apply_id(n),
        actor: "ada".into(),
        body: format!("{{\"number\":{number}}}"),
        at: T0,
    }
}

async fn numbers(store: &Store, stack: &str) -> Vec<(u64, bool)> {
    store.revisions("dev", stack).await.unwrap().iter().map(|one| (one.number, one.applied)).collect()
}

async fn an_apply_from_beginning_to_end(database: &TestDatabase) {
    let store = database.store().await;
    store.begin_apply(&apply(1, &["hosted", "dev"]), &[]).await.unwrap();
    store.begin_apply(&apply(2, &["lab"]), &[]).await.unwrap();
    let error = store.begin_apply(&apply(1, &[]), &[]).await.unwrap_err();
    assert!(error.is_conflict("applies_id"), "{error}");
    let error = store.begin_apply(&apply(3, &["dev", "other"]), &[]).await.unwrap_err();
    assert!(error.is_conflict("apply_environments_environment"), "{error}");
    assert_eq!(store.apply(&apply_id(3)).await.unwrap(), None, "all or nothing");

    for (seq, kind) in [EntryKind::Intent, EntryKind::Event, EntryKind::Receipt].into_iter().enumerate() {
        let written = store.append_entry(&entry_of(1, kind, &format!("[{seq}]")), &[]).await.unwrap();
        assert_eq!(written, seq as u64 + 1);
    }
    assert_eq!(
        store.append_entry(&entry_of(2, EntryKind::Intent, "[]"), &[]).await.unwrap(),
        1,
        "each counts for itself"
    );
    let all = store.entries_after(&apply_id(1), 0).await.unwrap();
    let bodies: Vec<_> = all.iter().map(|one| (one.seq, one.kind, one.body.as_str())).collect();
    assert_eq!(bodies, [(1, EntryKind::Intent, "[0]"), (2, EntryKind::Event, "[1]"), (3, EntryKind::Receipt, "[2]")]);
    assert_eq!((all[0].step.as_deref(), all[0].at), (Some("dev/web"), T0));
    assert_eq!(store.entries_after(&apply_id(1), 2).await.unwrap(), all[2..]);

    let unfinished = store.unfinished_applies().await.unwrap();
    assert_eq!(unfinished.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [apply_id(1), apply_id(2)]);
    assert_eq!((unfinished[0].record.as_str(), unfinished[0].entries), ("{\"n\":1}", 3));

    let error = store.end_apply(&apply_id(1), ApplyState::Running, T0 + 9, &[]).await.unwrap_err();
    assert!(error.is_conflict("apply_ended"), "{error}");
    store.end_apply(&apply_id(1), ApplyState::Failed, T0 + 9, &[]).await.unwrap();
    store.end_apply(&apply_id(1), ApplyState::Failed, T0 + 10, &[]).await.unwrap();
    let error = store.end_apply(&apply_id(1), ApplyState::Succeeded, T0 + 11, &[]).await.unwrap_err();
    assert!(error.is_conflict("apply_ended"), "{error}");
    let ended = store.apply(&apply_id(1)).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.ended_at, ended.owner.as_str()), (ApplyState::Failed, Some(T0 + 9), "process 1"));
    assert_eq!(store.unfinished_applies().await.unwrap().len(), 1);

    store.begin_apply(&apply(4, &["dev"]), &[]).await.unwrap();
    let ids = |rows: Vec<store::ApplyRow>| rows.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(store.applies(Some("dev"), None, 9).await.unwrap()), [apply_id(4), apply_id(1)]);
    assert_eq!(ids(store.applies(Some("dev"), Some(&apply_id(4)), 9).await.unwrap()), [apply_id(1)]);
    assert_eq!(ids(store.applies(None, None, 2).await.unwrap()), [apply_id(4), apply_id(2)]);
}

/// The process that runs an apply may be another than the one that is asked to stop it.
async fn an_apply_is_asked_to_stop(database: &TestDatabase) {
    let store = database.store().await;
    let mut new = apply(1, &["dev"]);
    new.audit = Some(entry(1, "deploy.apply"));
    store.begin_apply(&new, &[]).await.unwrap();
    assert_eq!(store.audit(None, 9).await.unwrap().len(), 1, "who began it stands in the audit, in the same commit");
    assert!(!store.apply_cancelled(&apply_id(1)).await.unwrap());
    let elsewhere = database.store().await;
    elsewhere.cancel_apply(&apply_id(1), T0 + 1).await.unwrap();
    elsewhere.cancel_apply(&apply_id(1), T0 + 2).await.unwrap();
    assert!(store.apply_cancelled(&apply_id(1)).await.unwrap());

    store.begin_apply(&apply(2, &["hosted"]), &[]).await.unwrap();
    store.end_apply(&apply_id(2), ApplyState::Succeeded, T0 + 3, &[]).await.unwrap();
    elsewhere.cancel_apply(&apply_id(2), T0 + 4).await.unwrap();
    assert!(!store.apply_cancelled(&apply_id(2)).await.unwrap(), "what has ended can't be cancelled");

    let mut refused = apply(3, &["dev"]);
    refused.audit = Some(entry(2, "deploy.apply"));
    store.begin_apply(&refused, &[]).await.unwrap_err();
    assert_eq!(store.audit(None, 9).await.unwrap().len(), 1, "what did not begin stands nowhere");
}

/// A process that was taken for dead and wakes up writes nothing more into what another has finished.
async fn an_ended_apply_takes_no_more(database: &TestDatabase) {
    let store = database.store().await;
    let error = store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound), "{error}");
    let error = store.end_apply(&apply_id(1), ApplyState::Failed, T0, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound), "{error}");

    store.begin_apply(&apply(1, &["dev"]), &[]).await.unwrap();
    store.end_apply(&apply_id(1), ApplyState::Succeeded, T0 + 9, &[]).await.unwrap();
    for kind in [EntryKind::Intent, EntryKind::Receipt] {
        let error = store.append_entry(&entry_of(1, kind, "[]"), &[]).await.unwrap_err();
        assert!(error.is_conflict("apply_ended"), "{error}");
    }
    assert_eq!(
        store.append_entry(&entry_of(1, EntryKind::Event, "[]"), &[]).await.unwrap(),
        1,
        "watchers hear of the end"
    );
}

fn held(environment: &str, owner: &str, epoch: u64) -> HeldLock {
    HeldLock { environment: environment.into(), owner: owner.into(), epoch }
}

/// An apply whose lock lapsed writes on until another takes it, and then nothing more of any kind.
async fn who_lost_its_lock_writes_no_more(database: &TestDatabase) {
    let store = database.store().await;
    for environment in ["dev", "hosted"] {
        store.acquire_lock(environment, "sleeper", T0, T0 + 60).await.unwrap();
    }
    let sleeper = [held("hosted", "sleeper", 1), held("dev", "sleeper", 1)];
    store.begin_apply(&apply(1, &["dev", "hosted"]), &sleeper).await.unwrap();
    store.keep_revision(&revision(1, "web", 1), &sleeper).await.unwrap();
    assert_eq!(store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), &sleeper).await.unwrap(), 1);

    // One of its two is taken.
    store.acquire_lock("dev", "next", T0 + 61, T0 + 120).await.unwrap();
    for wrong in [&sleeper[..], &[held("dev", "next", 1)], &[held("dev", "sleeper", 2)], &[held("lab", "next", 1)]] {
        let refused = [
            store.begin_apply(&apply(2, &["lab"]), wrong).await.unwrap_err(),
            store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), wrong).await.unwrap_err(),
            store.append_entry(&entry_of(1, EntryKind::Receipt, "[]"), wrong).await.unwrap_err(),
            store.keep_revision(&revision(2, "web", 2), wrong).await.unwrap_err(),
            store.forget_applied("dev", "web", wrong).await.unwrap_err(),
            store.end_apply(&apply_id(1), ApplyState::Failed, T0 + 61, wrong).await.unwrap_err(),
        ];
        assert!(refused.iter().all(|error| error.is_conflict("lock_lost")), "{refused:?}");
    }
    assert_eq!(store.entries_after(&apply_id(1), 0).await.unwrap().len(), 1);
    assert_eq!(numbers(&store, "web").await, [(1, true)]);
    assert_eq!(store.unfinished_applies().await.unwrap().len(), 1);

    let next = [held("dev", "next", 2)];
    assert_eq!(store.append_entry(&entry_of(1, EntryKind::Receipt, "[]"), &next).await.unwrap(), 2);
    store.end_apply(&apply_id(1), ApplyState::Succeeded, T0 + 62, &next).await.unwrap();
}

/// Whoever has taken a lock sees all that its former holder wrote, and nothing comes after.
async fn nothing_is_written_behind_a_lock_that_was_taken(database: &TestDatabase) {
    let store = database.store().await;
    store.begin_apply(&apply(1, &["dev"]), &[]).await.unwrap();
    let mut lapses = T0 + 60;
    for round in 0..10 {
        let (owner, epoch) = (format!("writer {round}"), 2 * round + 1);
        store.acquire_lock("dev", &owner, lapses, lapses + 60).await.unwrap();
        let mine = held("dev", &owner, epoch);
        let (began, begun) = tokio::sync::oneshot::channel();
        let writer = tokio::spawn({
            let store = database.open().await;
            async move {
                let mut began = Some(began);
                loop {
                    match store.append_entry(&entry_of(1, EntryKind::Intent, "[]"), std::slice::from_ref(&mine)).await {
                        Ok(_) => _ = began.take().map(|began| began.send(())),
                        Err(error) => break error,
                    }
                }
            }
        });
        begun.await.unwrap();
        lapses += 60;
        store.acquire_lock("dev", "taker", lapses, lapses + 60).await.unwrap();
        let seen = store.entries_after(&apply_id(1), 0).await.unwrap().len();
        assert!(writer.await.unwrap().is_conflict("lock_lost"));
        assert_eq!(store.entries_after(&apply_id(1), 0).await.unwrap().len(), seen, "round {round}");
        lapses += 60;
    }
}

async fn entries_stand_in_line(database: &TestDatabase) {
    let store = database.store().await;
    store.begin_apply(&apply(1, &["dev"]), &[]).await.unwrap();
    let written = eight(database, |store, n| async move {
        let mut own = Vec::new();
        for round in 0..10 {
            let body = format!("[{n},{round}]");
            own.push((store.append_entry(&entry_of(1, EntryKind::Intent, &body), &[]).await.unwrap(), body));
        }
        assert!(own.is_sorted(), "one writer's entries keep their order");
        own
    })
    .await;
    let mut written: Vec<_> = written.into_iter().flatten().collect();
    written.sort();
    let read = store.entries_after(&apply_id(1), 0).await.unwrap();
    let read: Vec<_> = read.into_iter().map(|one| (one.seq, one.body)).collect();
    assert_eq!(read.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=80).collect::<Vec<_>>());
    assert_eq!(read, written);
}

async fn one_unfinished_apply_on_an_environment(database: &TestDatabase) {
    let store = database.store().await;
    let begun = eight(database, |store, n| async move {
        // In both orders, which would make two of them wait for each other.
        let environments = if n % 2 == 0 { ["dev", "hosted"] } else { ["hosted", "dev"] };
        store.begin_apply(&apply(n, &environments), &[]).await
    })
    .await;
    let refused: Vec<_> = begun.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(refused.len(), 7);
    assert!(refused.iter().all(|error| error.is_conflict("apply_environments_environment")), "{refused:?}");
    assert_eq!(store.unfinished_applies().await.unwrap().len(), 1);
}

async fn revisions_are_numbered_kept_and_forgotten(database: &TestDatabase) {
    let store = database.store().await;
    for wrong in [0, 2, u64::MAX] {
        let error = store.keep_revision(&revision(1, "web", wrong), &[]).await.unwrap_err();
        assert!(error.is_conflict("revisions_number"), "{error}");
    }
    store.keep_revision(&revision(1, "web", 1), &[]).await.unwrap();
    store.keep_revision(&revision(1, "db", 1), &[]).await.unwrap();
    store.keep_revision(&NewRevision { body: "{\"again\":1}".into(), ..revision(1, "web", 1) }, &[]).await.unwrap();
    let error = store.keep_revision(&revision(1, "web", 2), &[]).await.unwrap_err();
    assert!(error.is_conflict("revisions_apply_id_environment_stack"), "{error}");
    let error = store.keep_revision(&revision(2, "web", 1), &[]).await.unwrap_err();
    assert!(error.is_conflict("revisions_number"), "another's number: {error}");
    store.keep_revision(&revision(2, "web", 2), &[]).await.unwrap();
    assert_eq!(numbers(&store, "web").await, [(1, false), (2, true)]);
    assert_eq!(store.revisions("dev", "web").await.unwrap()[0].body, "{\"again\":1}", "the later text");

    let applied =
        |rows: Vec<store::RevisionRow>| rows.into_iter().map(|one| (one.stack, one.number)).collect::<Vec<_>>();
    assert_eq!(applied(store.applied_revisions("dev").await.unwrap()), [("db".into(), 1), ("web".into(), 2)]);
    assert_eq!(store.applied_revisions("hosted").await.unwrap(), []);
    assert!(store.forget_applied("dev", "web", &[]).await.unwrap());
    assert!(!store.forget_applied("dev", "web", &[]).await.unwrap());
    assert_eq!(applied(store.applied_revisions("dev").await.unwrap()), [("db".into(), 1)]);
    store.keep_revision(&revision(3, "web", 3), &[]).await.unwrap();
    assert_eq!(numbers(&store, "web").await, [(1, false), (2, false), (3, true)], "numbers go on after a removal");
}

/// Eight who number by what they read: whoever comes late is told so, and no number is skipped or given twice.
async fn revisions_have_no_gaps(database: &TestDatabase) {
    let store = database.store().await;
    eight(database, |store, n| async move {
        for round in 0..5 {
            loop {
                let next = store.revisions("dev", "web").await.unwrap().last().map_or(1, |last| last.number + 1);
                match store.keep_revision(&revision(n * 5 + round, "web", next), &[]).await {
                    Ok(()) => break,
                    Err(error) => assert!(error.is_conflict("revisions_number"), "{error}"),
                }
            }
        }
    })
    .await;
    let all = store.revisions("dev", "web").await.unwrap();
    assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    assert_eq!(all.iter().filter(|one| one.applied).count(), 1);
    assert!(all[39].applied);
}

async fn pins_are_set_and_released(database: &TestDatabase) {
    let store = database.store().await;
    let pin = |stack: &str, body: &str| PinRow {
        environment: "dev".into(),
        stack: stack.into(),
        body: body.into(),
        set_by: "ada".into(),
        set_at: T0,
    };
    assert!(!store.release_pin("dev", "web").await.unwrap());
    for (stack, body) in [("web", "[1]"), ("db", "[2]"), ("web", "[3]")] {
        store.set_pin(&pin(stack, body)).await.unwrap();
    }
    assert_eq!(store.pins().await.unwrap(), [pin("db", "[2]"), pin("web", "[3]")], "one a stack, the later one");
    assert!(store.release_pin("dev", "web").await.unwrap());
    assert_eq!(store.pins().await.unwrap(), [pin("db", "[2]")]);
}

crate::on_both!(
    an_apply_from_beginning_to_end,
    an_apply_is_asked_to_stop,
    an_ended_apply_takes_no_more,
    who_lost_its_lock_writes_no_more,
    nothing_is_written_behind_a_lock_that_was_taken,
    entries_stand_in_line,
    one_unfinished_apply_on_an_environment,
    revisions_are_numbered_kept_and_forgotten,
    revisions_have_no_gaps,
    pins_are_set_and_released,
);
