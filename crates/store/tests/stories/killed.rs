//! `kill -9` in the middle of work: a real process, really killed.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use store::{NewJob, PieceBatch, Store, StoreConfig, testing::TestDatabase};
use types::{MessageStatus, Role};

use crate::{jobs::job, support::*};

/// The variable that turns [`victim`] from a test that does nothing into the process that is killed.
const URL: &str = "STORE_TEST_VICTIM_URL";

/// Claims the job, writes two pieces, says so, and waits for its end.
#[tokio::test]
#[ignore = "run by the stories as a process of its own"]
async fn victim() {
    #[expect(clippy::disallowed_methods, reason = "how a test hands something to a copy of itself")]
    let Ok(url) = std::env::var(URL) else { return };
    let store = Store::connect(&StoreConfig { url, max_connections: 2 }).await.unwrap();
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
    let mut new = exchange(conversation, user, 10, None);
    new.job = Some(NewJob { run_at: T0, ..job(1, "mail") });
    store.append_prompt_and_answer(new).await.unwrap();

    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "killed::victim", "--nocapture"])
        .env(URL, database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stderr.take().unwrap()).lines().map_while(Result::ok);
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

crate::on_both!(work_survives_kill_9);
