//! Jobs: enqueued once, claimed once, retried, given up, and safe from the death of their process.

use store::{FinishedGeneration, JobState, NewJob, testing::TestDatabase};
use types::{JobId, Role};

use crate::support::*;

pub(crate) fn job(n: u32, kind: &str) -> NewJob {
    NewJob {
        id: JobId::from_parts(T0, random(n)),
        kind: kind.into(),
        payload: format!("{{\"n\":{n}}}"),
        run_at: T0 + i64::from(n),
        max_attempts: 2,
        unique_key: None,
    }
}

async fn life(database: &TestDatabase) {
    let store = database.store().await;
    assert_eq!(store.claim_job("a", &["mail"], T0, T0 + 10).await.unwrap(), None);
    assert!(store.enqueue(&job(2, "mail")).await.unwrap());
    assert!(store.enqueue(&job(1, "mail")).await.unwrap());
    assert!(store.enqueue(&job(3, "title")).await.unwrap());
    assert_eq!(store.claim_job("a", &["mail"], T0, T0 + 10).await.unwrap(), None, "not due yet");
    assert_eq!(store.claim_job("a", &["mai", "ail", "m_il", "mail title"], T0 + 9, T0 + 10).await.unwrap(), None);
    assert_eq!(store.claim_job("a", &[], T0 + 9, T0 + 10).await.unwrap(), None);

    let first = store.claim_job("a", &["other", "mail"], T0 + 9, T0 + 100).await.unwrap().unwrap();
    assert_eq!((first.id, first.kind.as_str(), first.payload.as_str()), (job(1, "").id, "mail", "{\"n\":1}"));
    assert_eq!((first.attempts, first.max_attempts), (1, 2));
    assert!(store.renew_job(first.id, "a", T0 + 200).await.unwrap());
    assert!(!store.renew_job(first.id, "b", T0 + 200).await.unwrap(), "somebody else's");
    assert!(!store.finish_job(first.id, "b", T0).await.unwrap());
    assert!(store.finish_job(first.id, "a", T0 + 20).await.unwrap());
    assert!(!store.finish_job(first.id, "a", T0 + 21).await.unwrap());

    let second = store.claim_job("a", &["mail"], T0 + 9, T0 + 100).await.unwrap().unwrap();
    let state = store.retry_job(second.id, "a", T0 + 20, T0 + 2_020, "no route").await.unwrap();
    assert_eq!(state, Some(JobState::Ready));
    assert_eq!(store.claim_job("a", &["mail"], T0 + 2_019, T0 + 9_999).await.unwrap(), None, "waits");
    let again = store.claim_job("b", &["mail"], T0 + 2_020, T0 + 9_999).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (second.id, 2));
    assert_eq!(store.retry_job(second.id, "a", T0, T0, "not mine").await.unwrap(), None);
    let state = store.retry_job(second.id, "b", T0 + 3_000, T0 + 9_000, "no route").await.unwrap();
    assert_eq!(state, Some(JobState::Failed), "that was the last try");

    let third = store.claim_job("a", &["title"], T0 + 9, T0 + 100).await.unwrap().unwrap();
    assert!(store.fail_job(third.id, "a", "no such conversation", T0 + 30).await.unwrap());
    let counts = store.job_counts().await.unwrap();
    assert_eq!(
        counts,
        [
            ("mail".to_owned(), JobState::Done, 1),
            ("mail".to_owned(), JobState::Failed, 1),
            ("title".to_owned(), JobState::Failed, 1)
        ]
    );
    assert_eq!(store.purge_finished_jobs(T0 + 30).await.unwrap(), 1);
    assert_eq!(store.purge_finished_jobs(T0 + 9_999).await.unwrap(), 2);
}

async fn unique_keys(database: &TestDatabase) {
    let store = database.store().await;
    let keyed = |n| NewJob { unique_key: Some("title:7".into()), run_at: T0, ..job(n, "title") };
    assert!(store.enqueue(&keyed(1)).await.unwrap());
    assert!(!store.enqueue(&keyed(2)).await.unwrap(), "one waits");
    let claimed = store.claim_job("a", &["title"], T0, T0 + 10).await.unwrap().unwrap();
    assert!(!store.enqueue(&keyed(3)).await.unwrap(), "one runs");
    store.finish_job(claimed.id, "a", T0).await.unwrap();
    assert!(store.enqueue(&keyed(4)).await.unwrap(), "the key is free again");
    assert!(store.enqueue(&job(5, "title")).await.unwrap() && store.enqueue(&job(6, "title")).await.unwrap());
}

async fn with_its_rows(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(start(&store, 2, user).await, user, 20, None)).await.unwrap();
    stop(&store, 20).await;
    let end = |n, job| FinishedGeneration { job: Some(job), ..ending(n) };
    assert!(!store.finish_generation(end(20, job(1, "title"))).await.unwrap());
    assert!(store.job_counts().await.unwrap().is_empty(), "no job without its rows");
    let keyed = NewJob { unique_key: Some("title:7".into()), ..job(2, "title") };
    assert!(store.enqueue(&keyed).await.unwrap());
    let twin = NewJob { id: job(3, "").id, ..keyed };
    assert!(store.finish_generation(end(10, twin)).await.unwrap(), "a twin of an open job does not hold up the end");
    assert_eq!(store.job_counts().await.unwrap(), [("title".to_owned(), JobState::Ready, 1)]);

    store.append_prompt_and_answer(exchange(start(&store, 3, user).await, user, 30, None)).await.unwrap();
    assert!(store.finish_generation(end(30, job(4, "title"))).await.unwrap());
    assert_eq!(store.job_counts().await.unwrap(), [("title".to_owned(), JobState::Ready, 2)]);
}

/// A process that is killed renews nothing: when the lease has run out another one takes over.
async fn killed(database: &TestDatabase) {
    let store = database.store().await;
    store.enqueue(&job(0, "mail")).await.unwrap();
    let dead = store.claim_job("dead", &["mail"], T0, T0 + 1_000).await.unwrap().unwrap();
    store.close().await;

    let store = database.store().await;
    assert_eq!(store.claim_job("next", &["mail"], T0 + 999, T0 + 9_000).await.unwrap(), None, "still leased");
    let taken = store.claim_job("next", &["mail"], T0 + 1_000, T0 + 9_000).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.attempts), (dead.id, 2));
    assert!(!store.finish_job(dead.id, "dead", T0).await.unwrap(), "it lost the job");
    // A job that takes its process down each time is given up after its last try.
    assert_eq!(store.claim_job("third", &["mail"], T0 + 9_000, T0 + 20_000).await.unwrap(), None);
    assert_eq!(store.job_counts().await.unwrap(), [("mail".to_owned(), JobState::Failed, 1)]);
}

crate::on_both!(life, unique_keys, with_its_rows, killed);
