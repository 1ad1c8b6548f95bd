//! The client for Phoenix against the stand-in, over loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod breaker;
mod demo;
mod errors;
mod models;
mod requests;

use std::time::Duration;

use futures::StreamExt;
use upstream::phoenix::{
    ChatDelta, ChatMessage, ChatRequest, ChatRole, ChatStream, Inference, PhoenixClient, PhoenixConfig, PhoenixError,
    fake::{FakeConfig, FakePhoenix},
};

/// Long enough for a loaded machine; waits end as soon as their condition holds.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the time-out under test.
const SHORT: Duration = Duration::from_millis(60);

async fn fake() -> FakePhoenix {
    FakePhoenix::start(FakeConfig::default()).await.unwrap()
}

fn config(fake: &FakePhoenix) -> PhoenixConfig {
    PhoenixConfig { url: Some(fake.url()), breaker_failures: 0, ..PhoenixConfig::default() }
}

fn client(fake: &FakePhoenix) -> PhoenixClient {
    PhoenixClient::new(config(fake)).unwrap()
}

fn ask(model: &str) -> ChatRequest {
    ChatRequest {
        model: model.to_owned(),
        messages: vec![ChatMessage { role: ChatRole::User, content: "What is the plum cake's secret?".to_owned() }],
        temperature: None,
        max_tokens: None,
        user: "person-1".to_owned(),
        traceparent: None,
    }
}

/// What an answer brought: its text, its other deltas, its error.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    text: String,
    rest: Vec<ChatDelta>,
    error: Option<PhoenixError>,
}

async fn drain(mut stream: ChatStream) -> Outcome {
    let mut outcome = Outcome::default();
    while let Some(item) = tokio::time::timeout(PATIENCE, stream.next()).await.expect("the answer hangs") {
        assert!(outcome.error.is_none(), "something follows the error");
        match item {
            Ok(ChatDelta::Text(text)) => outcome.text.push_str(&text),
            Ok(other) => outcome.rest.push(other),
            Err(error) => outcome.error = Some(error),
        }
    }
    outcome
}

async fn answer(client: &PhoenixClient) -> Outcome {
    match client.chat(ask("test-model")).await {
        Ok(stream) => drain(stream).await,
        Err(error) => Outcome { error: Some(error), ..Outcome::default() },
    }
}
