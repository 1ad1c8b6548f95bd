//! `kill -9` in the middle of work: a real process, really killed.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
};

use store::{ApplyState, EntryKind, NewJob, PieceBatch, Store, StoreConfig, testing::TestDatabase};
use types::{MessageStatus, Role};

use crate::{
    deployments::{apply, apply_id, entry_of},
    jobs::job,
    support::*,
};

/// The variable that turns a victim from a test that does nothing into the process that is killed.
const URL: &str = "STORE_TEST_VICTIM_URL";

/// The database a victim was given; none if this process is no victim.
async fn of_the_victim() -> Option<Store> {
    #[expect(clippy::disallowed_methods, reason = "how a test hands something to a copy of itself")]
    let url = std::env::var(URL).ok()?;
    Some(Store::connect(&StoreConfig { url, max_connections: 2 }).await.unwrap())
}

/// Starts a test of this file as a process of its own.
fn start_victim(test: &str, database: &TestDatabase) -> (Child, BufReader<ChildStderr>) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", &format!("killed::{test}"), "--nocapture"])
        .env(URL, database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stderr.take().unwrap());
    (victim, said)
}

/// Claims the job, writes two pieces, says so, and waits for its end.
#[tokio::test]
#[ignore = "run by the stories as a process of its own"]
async fn victim() {
    let Some(store) = of_the_victim().await else { return };
    store.claim_job("victim", &["mail"], T0, T0 + 1_000).await.unwrap().unwrap();
    let pieces = [(1, "so "), (2, "far")];
    let pieces = pieces.map(|(n, text)| PieceBatch { generation: generation_id(10), n, text: text.into() });
    store.append_pieces(&pieces).await.unwrap();
    // To standard error: the test harness does not buffer it under `--nocapture`.
    eprintln!("claimed");
    std::future::pending().await
}

async fn work_survives_kill_9(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.enqueue(&NewJob { run_at: T0, ..job(1, "mail") }).await.unwrap();

    let (mut victim, said) = start_victim("victim", database);
    let said = said.lines().map_while(Result::ok);
    let claimed = said.into_iter().any(|line| line.contains("claimed"));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(claimed, "it died by itself");

    assert_eq!(store.claim_job("next", &["mail"], T0 + 999, T0 + 9_000).await.unwrap(), None, "still leased");
    let taken = store.claim_job("next", &["mail"], T0 + 1_000, T0 + 9_000).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.attempts), (job(1, "").id, 2));
    assert_eq!(store.interrupt_expired(T0 + 30_000, None).await.unwrap(), [generation_id(10)]);
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.status), ("so far", MessageStatus::Interrupted));
}

/// Appends to a journal for ever, and says of each entry when it was acknowledged.
#[tokio::test]
#[ignore = "run by the stories as a process of its own"]
async fn writer() {
    let Some(store) = of_the_victim().await else { return };
    store.acquire_lock("dev", "writer", T0, T0 + 60).await.unwrap();
    store.begin_apply(&apply(1, &["dev"]), &[]).await.unwrap();
    for n in 1_u64.. {
        let seq = store.append_entry(&entry_of(1, EntryKind::Intent, &format!("[{n}]")), &[]).await.unwrap();
        eprintln!("acknowledged {seq}");
    }
}

async fn what_was_acknowledged_survives_kill_9(database: &TestDatabase) {
    const ENOUGH: u64 = 25;
    let store = database.store().await;
    let (mut victim, said) = start_victim("writer", database);
    let mut last = 0;
    for line in said.lines().map_while(Result::ok) {
        // The harness may speak on the same line, and death may cut one short.
        let Some(Ok(seq)) = line.split_once("acknowledged ").map(|(_, seq)| seq.trim().parse()) else { continue };
        last = seq;
        if last == ENOUGH {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    assert!(last >= ENOUGH, "it died by itself after {last}");

    // Through a new handle, as the process that comes after.
    let next = database.open().await;
    let entries = next.entries_after(&apply_id(1), 0).await.unwrap();
    let bodies: Vec<_> = entries.iter().map(|one| (one.seq, one.body.clone())).collect();
    assert_eq!(bodies, (1..=bodies.len() as u64).map(|n| (n, format!("[{n}]"))).collect::<Vec<_>>());
    assert!((last..=last + 1).contains(&(bodies.len() as u64)), "{last} acknowledged, {} there", bodies.len());
    let unfinished = next.unfinished_applies().await.unwrap();
    assert_eq!(
        unfinished.iter().map(|one| (one.id.clone(), one.entries)).collect::<Vec<_>>(),
        [(apply_id(1), bodies.len() as u64)]
    );

    // It goes on from there, once the lock of the dead has lapsed.
    let attempt = |now| next.acquire_lock("dev", "next", T0 + now, T0 + now + 60);
    assert!(matches!(attempt(59).await.unwrap(), store::LockAttempt::Held(by) if by.owner == "writer"));
    assert!(matches!(attempt(60).await.unwrap(), store::LockAttempt::Taken(lock) if lock.epoch == 2));
    let seq = next.append_entry(&entry_of(1, EntryKind::Receipt, "[]"), &[]).await.unwrap();
    assert_eq!(seq, bodies.len() as u64 + 1);
    next.end_apply(&apply_id(1), ApplyState::Succeeded, T0 + 61, &[]).await.unwrap();
    assert!(store.unfinished_applies().await.unwrap().is_empty());
}

crate::on_both!(work_survives_kill_9, what_was_acknowledged_survives_kill_9);
