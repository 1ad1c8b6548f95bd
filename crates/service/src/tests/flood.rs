//! A flood of sign-ins takes neither the runtime nor the memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use types::{Password, ProblemCode};

use super::house::{House, lenient};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sign_ins_do_not_starve_the_rest() {
    let mut settings = lenient();
    // Heavy enough that the queue fills: some milliseconds each.
    settings.passwords.memory_kib = 8_192;
    settings.passwords.passes = 2;
    settings.passwords.queue = 32;
    let house = House::with(settings).await;
    house.founder().await;

    let over = Arc::new(AtomicBool::new(false));
    let ticks = Arc::new(AtomicU32::new(0));
    let other = tokio::spawn({
        let (over, ticks, store) = (Arc::clone(&over), Arc::clone(&ticks), house.store.clone());
        async move {
            let mut slowest = Duration::ZERO;
            while !over.load(Ordering::SeqCst) {
                let begun = std::time::Instant::now();
                tokio::time::sleep(Duration::from_millis(1)).await;
                store.ping().await.unwrap();
                slowest = slowest.max(begun.elapsed());
                ticks.fetch_add(1, Ordering::SeqCst);
            }
            slowest
        }
    });
    let flood: Vec<_> = (0..200_u8)
        .map(|n| {
            let (services, origin) = (house.services.clone(), house.origin(n));
            tokio::spawn(async move {
                services
                    .people()
                    .sign_in("grace@example.com", Password::new("guess"), None, &origin)
                    .await
                    .unwrap_err()
                    .problem()
            })
        })
        .collect();
    let answers = futures::future::join_all(flood).await;
    over.store(true, Ordering::SeqCst);
    let slowest = other.await.unwrap();

    let refused: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap())
        .filter(|problem| problem.code == ProblemCode::TooManyRequests)
        .collect();
    assert!(!refused.is_empty(), "what does not fit into the queue is sent away");
    assert!(refused.iter().all(|problem| problem.retry_after_s.is_some()));
    let checked = answers.len() - refused.len();
    assert!(checked >= 34, "two at work and 32 waiting are served: {checked}");
    assert_eq!(house.services.people().password_hashes(), u64::try_from(checked).unwrap() + 1, "and the founder's");
    assert!(ticks.load(Ordering::SeqCst) > 3, "the rest goes on");
    assert!(slowest < Duration::from_secs(1), "slowest other work: {slowest:?}");
}
