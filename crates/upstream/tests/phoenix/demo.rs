//! The stand-in itself: demo models, bench models, waiting.

use std::time::Duration;

use futures::StreamExt;
use upstream::phoenix::{
    ChatDelta, ChatMessage, ChatRole, Inference, PhoenixError,
    fake::{FakeConfig, FakePhoenix},
};

use super::{PATIENCE, ask, client, drain, fake};

#[tokio::test]
async fn the_demo_lists_its_models_and_keeps_no_requests() {
    let fake = FakePhoenix::start(FakeConfig::demo()).await.unwrap();
    let client = client(&fake);
    let models: Vec<String> = client.models().await.unwrap().into_iter().map(|model| model.id).collect();
    assert_eq!(models, ["demo-sample", "demo-slow", "demo-failing", "demo-huge"]);
    let mut stream = client.chat(ask("demo-sample")).await.unwrap();
    let mut text = String::new();
    while !text.contains("Sample answer") {
        let Some(Ok(ChatDelta::Text(more))) = stream.next().await else { panic!("no label: {text}") };
        text.push_str(&more);
    }
    assert!(fake.requests().is_empty());
    assert_eq!(fake.state().requests, 2);
}

#[tokio::test]
async fn failing_breaks_in_mid_answer() {
    let fake = fake().await;
    let outcome = drain(client(&fake).chat(ask("demo-failing")).await.unwrap()).await;
    assert!(outcome.text.contains("Sample answer") && outcome.text.contains("plum cake"));
    assert_eq!(outcome.error, Some(PhoenixError::CutOff));
}

#[tokio::test]
async fn huge_is_huge() {
    let fake = fake().await;
    let outcome = drain(client(&fake).chat(ask("demo-huge")).await.unwrap()).await;
    assert_eq!(outcome.text.split_inclusive(char::is_whitespace).count(), 20_000);
    assert_eq!(outcome.error, None);
}

#[tokio::test]
async fn titles() {
    let fake = fake().await;
    let mut request = ask("demo-slow");
    let system = ChatMessage { role: ChatRole::System, content: "Write a title of at most six words.".to_owned() };
    request.messages.insert(0, system);
    let outcome = drain(client(&fake).chat(request).await.unwrap()).await;
    assert_eq!(outcome.text, "What is the plum cake's secret");
}

#[tokio::test]
async fn bench_tokens_carry_their_time_and_keep_their_pace() {
    let fake = fake().await;
    let began = fake.started().elapsed();
    let outcome = drain(client(&fake).chat(ask("bench-20-100")).await.unwrap()).await;
    let times: Vec<u64> = outcome.text.split_whitespace().map(|time| time.parse().unwrap()).collect();
    assert_eq!(times.len(), 20);
    assert!(times.is_sorted() && u128::from(times[0]) >= began.as_micros());
    let spread = Duration::from_micros(times[19] - times[0]);
    assert!(spread >= Duration::from_millis(180), "19 pauses of 10 ms: {spread:?}");
}

#[tokio::test]
async fn waiting_ends_in_time() {
    let fake = fake().await;
    let error = fake.wait_until(|state| state.requests > 0, Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.last.requests, 0);
    client(&fake).models().await.unwrap();
    fake.wait_until(|state| state.requests == 1, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn going_down_breaks_open_answers() {
    let fake = fake().await;
    let mut stream = client(&fake).chat(ask("bench-1000000-100")).await.unwrap();
    assert!(matches!(stream.next().await, Some(Ok(ChatDelta::Text(_)))));
    tokio::time::timeout(PATIENCE, fake.go_down()).await.expect("it hangs");
    assert_eq!(drain(stream).await.error, Some(PhoenixError::CutOff));
}
