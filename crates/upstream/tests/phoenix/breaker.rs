//! The breaker and the status.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use types::ServiceState;
use upstream::phoenix::{
    Inference, PhoenixClient, PhoenixConfig, PhoenixError,
    fake::{Gate, Script},
};

use super::{PATIENCE, answer, ask, config, drain, fake};

const PAUSE: Duration = Duration::from_millis(400);

/// Calls until the breaker lets one through.
async fn let_through(client: &PhoenixClient) -> Option<PhoenixError> {
    let tries = async {
        loop {
            match answer(client).await.error {
                Some(PhoenixError::CircuitOpen { .. }) => tokio::time::sleep(PAUSE / 10).await,
                other => return other,
            }
        }
    };
    tokio::time::timeout(PATIENCE, tries).await.expect("the breaker never lets a call through")
}

#[tokio::test]
async fn opens_probes_and_closes() {
    let fake = fake().await;
    let clock = Arc::new(AtomicI64::new(1000));
    let now = Arc::clone(&clock);
    let client = PhoenixClient::new(PhoenixConfig {
        breaker_failures: 2,
        breaker_open: PAUSE,
        clock: Some(Arc::new(move || now.load(Ordering::Relaxed))),
        ..config(&fake)
    })
    .unwrap();
    assert_eq!((client.status().state, client.status().observed_at), (ServiceState::Unknown, None));
    assert_eq!(answer(&client).await.error, None);
    assert_eq!((client.status().state, client.status().observed_at), (ServiceState::Up, Some(1000)));

    clock.store(2000, Ordering::Relaxed);
    fake.go_down().await;
    assert_eq!(answer(&client).await.error, Some(PhoenixError::Unreachable));
    assert_eq!(answer(&client).await.error, Some(PhoenixError::Unreachable));
    let open = answer(&client).await.error.unwrap();
    assert_eq!(open, PhoenixError::CircuitOpen { retry_in_s: 1 });
    assert!(open.message().contains("1 second") && open.is_retryable());
    assert_eq!(client.models().await, Err(open), "one breaker for all calls");
    let status = client.status();
    assert_eq!((status.state, status.observed_at), (ServiceState::Down, Some(2000)));
    assert_eq!(status.detail, Some(PhoenixError::Unreachable.message()));

    assert_eq!(let_through(&client).await, Some(PhoenixError::Unreachable), "the probe fails");
    assert!(matches!(answer(&client).await.error, Some(PhoenixError::CircuitOpen { .. })), "and it is open again");

    fake.come_back().await.unwrap();
    let seen = fake.state().requests;
    assert_eq!(let_through(&client).await, None);
    assert_eq!(fake.state().requests, seen + 1, "nothing came through while it was open");
    assert_eq!(answer(&client).await.error, None);
    assert_eq!((client.status().state, client.status().detail), (ServiceState::Up, None));
}

#[tokio::test]
async fn one_probe_at_a_time_and_an_abandoned_one_frees_its_place() {
    let fake = fake().await;
    let client =
        PhoenixClient::new(PhoenixConfig { breaker_failures: 1, breaker_open: PAUSE, ..config(&fake) }).unwrap();
    fake.script(Script::refusal(500, "x", "x"));
    assert_eq!(answer(&client).await.error, Some(PhoenixError::ServerError { status: 500 }));

    let gate = Gate::new();
    fake.script(Script::sse().gate(&gate).text("late").finish("stop").done());
    let probe = async {
        loop {
            match client.chat(ask("test-model")).await {
                Err(PhoenixError::CircuitOpen { .. }) => tokio::time::sleep(PAUSE / 10).await,
                other => break other.unwrap(),
            }
        }
    };
    let probe = tokio::time::timeout(PATIENCE, probe).await.unwrap();
    assert_eq!(answer(&client).await.error, Some(PhoenixError::CircuitOpen { retry_in_s: 1 }));
    drop(probe);

    fake.script(Script::sse().gate(&gate).text("late").finish("stop").done());
    let probe = client.chat(ask("test-model")).await.unwrap();
    assert!(matches!(answer(&client).await.error, Some(PhoenixError::CircuitOpen { .. })));
    gate.open();
    assert_eq!(drain(probe).await.text, "late");
    assert_eq!(answer(&client).await.error, None);
}

#[tokio::test]
async fn late_first_tokens_open_it_refusals_do_not() {
    let fake = fake().await;
    let with = |first_token_timeout| {
        PhoenixClient::new(PhoenixConfig { breaker_failures: 2, first_token_timeout, ..config(&fake) }).unwrap()
    };
    let client = with(PATIENCE);
    for _ in 0..4 {
        fake.script(Script::refusal(400, "x", "bad"));
        assert!(matches!(answer(&client).await.error, Some(PhoenixError::Refused { .. })));
    }
    assert_eq!(client.status().state, ServiceState::Up);
    let client = with(Duration::from_millis(40));
    for _ in 0..2 {
        fake.script(Script::sse().role().stall());
        assert_eq!(answer(&client).await.error, Some(PhoenixError::FirstTokenTimeout));
    }
    let open = answer(&client).await.error.unwrap();
    assert!(matches!(open, PhoenixError::CircuitOpen { retry_in_s: 2..=10 }), "{open:?}");
}

#[tokio::test]
async fn a_refused_key_shows_in_the_status() {
    let fake = fake().await;
    let client = super::client(&fake);
    fake.script(Script::refusal(401, "invalid_api_key", "no"));
    assert_eq!(answer(&client).await.error, Some(PhoenixError::Unauthorised));
    let status = client.status();
    assert_eq!((status.state, status.detail), (ServiceState::Down, Some(PhoenixError::Unauthorised.message())));
}
