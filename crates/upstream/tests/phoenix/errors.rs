//! Each error by a real exchange.

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use upstream::phoenix::{
    Inference, NoPhoenix, PhoenixClient, PhoenixConfig, PhoenixError, connect,
    fake::{FakeConfig, FakePhoenix, Script},
};

use super::{SHORT, answer, ask, client, config, fake};

async fn error_of(script: Script) -> PhoenixError {
    let fake = fake().await;
    fake.script(script);
    let error = answer(&client(&fake)).await.error.expect("an error");
    let message = error.message();
    assert!(!message.contains("plum cake"), "{message}");
    assert_eq!(message, error.to_string());
    error
}

#[tokio::test]
async fn a_wrong_key() {
    let fake =
        FakePhoenix::start(FakeConfig { api_key: Some("right".to_owned()), ..FakeConfig::default() }).await.unwrap();
    for (key, welcome) in [(None, false), (Some("wrong"), false), (Some("right"), true)] {
        let api_key = key.map(SecretString::from);
        let client = PhoenixClient::new(PhoenixConfig { api_key, ..config(&fake) }).unwrap();
        let wanted = (!welcome).then_some(PhoenixError::Unauthorised);
        assert_eq!(client.models().await.err(), wanted);
        assert_eq!(answer(&client).await.error, wanted);
    }
    let error = error_of(Script::refusal(403, "forbidden", "no")).await;
    assert!(error.message().contains("PHOENIX_API_KEY"));
}

#[tokio::test]
async fn an_unknown_model() {
    let fake = fake().await;
    let error = client(&fake).chat(ask("nope")).await.err().unwrap();
    assert_eq!(error, PhoenixError::UnknownModel { model: "nope".to_owned() });
    let wanted = PhoenixError::UnknownModel { model: "test-model".to_owned() };
    let ollama = json!({ "error": "model 'x' not found" });
    let old_vllm = json!({ "object": "error", "message": "The model `x` does not exist.", "code": 404 });
    assert_eq!(error_of(Script::json(404, &ollama)).await, wanted);
    assert_eq!(error_of(Script::json(404, &old_vllm)).await, wanted);
    assert_eq!(error_of(Script::refusal(403, "model_not_allowed", "not with this key")).await, wanted);
    assert_eq!(error_of(Script::refusal(400, "model_not_found", "no such thing")).await, wanted);
}

#[tokio::test]
async fn too_many_requests() {
    let busy = || Script::refusal(429, "rate_limit_exceeded", "slow down");
    assert_eq!(error_of(busy()).await, PhoenixError::TooManyRequests { retry_after_s: None });
    let error = error_of(busy().header("retry-after", "17")).await;
    assert_eq!(error, PhoenixError::TooManyRequests { retry_after_s: Some(17) });
    assert!(error.message().contains("17 seconds") && error.is_retryable());
}

#[tokio::test]
async fn too_long() {
    let vllm = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.";
    let llama = "the request exceeds the available context size, try increasing it";
    for script in [
        Script::refusal(400, "context_length_exceeded", "too much"),
        Script::refusal(400, "BadRequestError", vllm),
        Script::refusal(400, "exceed_context_size_error", llama),
        Script::body(413, Some("text/plain"), "Payload Too Large"),
    ] {
        assert!(matches!(error_of(script).await, PhoenixError::TooLong { .. }));
    }
    assert_eq!(
        error_of(Script::refusal(400, "BadRequestError", vllm)).await,
        PhoenixError::TooLong { detail: vllm.to_owned() }
    );
}

#[tokio::test]
async fn refusals_say_why_but_never_echo() {
    let error = error_of(Script::refusal(400, "invalid_value", "temperature must be\nat most 2")).await;
    assert_eq!(error, PhoenixError::Refused { status: 400, detail: "temperature must be at most 2".to_owned() });
    let echo = "bad input: 'What is the plum cake's secret?'";
    let error = error_of(Script::refusal(422, "invalid", echo)).await;
    assert_eq!(error, PhoenixError::Refused { status: 422, detail: String::new() });
    let error = error_of(Script::body(307, None, "").header("location", "/elsewhere")).await;
    assert!(matches!(error, PhoenixError::Refused { status: 307, .. }));
}

#[tokio::test]
async fn server_errors() {
    for status in [500, 502, 503, 524] {
        let error = error_of(Script::body(status, Some("text/html"), "<h1>Oh no</h1>")).await;
        assert_eq!(error, PhoenixError::ServerError { status });
        assert!(error.message().contains(&status.to_string()));
    }
}

#[tokio::test]
async fn nobody_listens() {
    let fake = fake().await;
    let client = client(&fake);
    assert_eq!(answer(&client).await.error, None);
    fake.go_down().await;
    assert_eq!(answer(&client).await.error, Some(PhoenixError::Unreachable));
    assert_eq!(client.models().await, Err(PhoenixError::Unreachable));
    fake.come_back().await.unwrap();
    assert_eq!(answer(&client).await.error, None);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_head() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let accepting = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let client = PhoenixClient::new(PhoenixConfig { url: Some(url), ..PhoenixConfig::default() }).unwrap();
    assert_eq!(answer(&client).await.error, Some(PhoenixError::Unreachable));
    accepting.abort();
}

/// A listener that accepts nothing, its queue full: further connections hang.
async fn deaf_listener() -> (TcpListener, SocketAddr, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(400), TcpStream::connect(address)).await {
        queued.push(stream);
        assert!(queued.len() < 100, "the queue never fills");
    }
    (listener, address, queued)
}

#[tokio::test]
async fn no_connection_in_time() {
    let (_listener, address, _queued) = deaf_listener().await;
    let url = Some(format!("http://{address}").parse().unwrap());
    let client = PhoenixClient::new(PhoenixConfig { url, connect_timeout: SHORT, ..PhoenixConfig::default() }).unwrap();
    assert_eq!(answer(&client).await.error, Some(PhoenixError::ConnectTimeout));
    assert_eq!(client.models().await, Err(PhoenixError::ConnectTimeout));
}

#[tokio::test]
async fn no_token_in_time() {
    let keep_alives = (0..40).fold(Script::sse(), |script, _| script.comment("ping").wait(SHORT / 4)).stall();
    for script in [
        Script::stall_before_head(),
        Script::sse().stall(),
        Script::sse().role().stall(),
        keep_alives,
        Script::json(200, &json!({})).stall(),
        Script::body(200, Some("application/json"), "").stall(),
    ] {
        let fake = fake().await;
        let client = PhoenixClient::new(PhoenixConfig { first_token_timeout: SHORT, ..config(&fake) }).unwrap();
        fake.script(script);
        assert_eq!(answer(&client).await.error, Some(PhoenixError::FirstTokenTimeout));
        fake.wait_until(|state| state.open_streams == 0, super::PATIENCE).await.unwrap();
    }
}

#[tokio::test]
async fn silence_in_the_middle() {
    let fake = fake().await;
    let client = PhoenixClient::new(PhoenixConfig { silence_timeout: SHORT, ..config(&fake) }).unwrap();
    fake.script(Script::sse().text("Half an ").stall());
    let outcome = answer(&client).await;
    assert_eq!((outcome.text.as_str(), outcome.error), ("Half an ", Some(PhoenixError::Silence)));
}

#[tokio::test]
async fn a_slow_answer_is_no_silence() {
    let fake = fake().await;
    let silence_timeout = Duration::from_secs(1);
    let client = PhoenixClient::new(PhoenixConfig { silence_timeout, ..config(&fake) }).unwrap();
    let pause = silence_timeout / 10;
    fake.script((0..12).fold(Script::sse(), |script, _| script.text("a").wait(pause)).finish("stop").done());
    let outcome = answer(&client).await;
    assert_eq!((outcome.text.as_str(), outcome.error), ("aaaaaaaaaaaa", None));
}

#[tokio::test]
async fn cut_off() {
    let token = Script::sse().text("Half ");
    for script in [
        token.clone(),
        token.clone().cut(),
        token.clone().bytes("data: {\"choices\":[{\"index\":0,\"delta\":{\"con").cut(),
        token.bytes("data: {\"choices\":[{\"index\":0,\"delta\":{\"con"),
    ] {
        let fake = fake().await;
        fake.script(script);
        let outcome = answer(&client(&fake)).await;
        assert_eq!((outcome.text.as_str(), outcome.error), ("Half ", Some(PhoenixError::CutOff)));
    }
    assert_eq!(error_of(Script::sse()).await, PhoenixError::CutOff);
    assert_eq!(error_of(Script::sse().cut()).await, PhoenixError::CutOff);
}

#[tokio::test]
async fn errors_in_mid_stream() {
    let wanted = |detail: &str| PhoenixError::MidStream { detail: detail.to_owned() };
    let token = || Script::sse().text("Half ");
    assert_eq!(error_of(token().error("CUDA out of memory")).await, wanted("CUDA out of memory"));
    let old = json!({ "object": "error", "message": "engine died" });
    assert_eq!(error_of(token().event(&old)).await, wanted("engine died"));
    assert_eq!(error_of(token().event(&json!({ "error": "plain" }))).await, wanted("plain"));
    assert_eq!(error_of(token().bytes("event: error\ndata: {\"message\":\"named\"}\n\n")).await, wanted("named"));
    assert_eq!(error_of(token().error("What is the plum cake's secret? is no good")).await, wanted(""));
    assert_eq!(error_of(Script::json(200, &json!({ "error": { "message": "whole" } }))).await, wanted("whole"));
}

#[tokio::test]
async fn not_understood() {
    let page = "<!doctype html><title>Sign in</title>";
    let huge = format!("data: {}", "x".repeat(3 * 1024 * 1024));
    for script in [
        Script::body(200, Some("text/html"), page),
        Script::body(200, None, page),
        Script::body(200, Some("application/json"), "{\"hello\":1}"),
        Script::body(200, Some("application/json"), "{broken"),
        Script::sse().bytes("hello there\n\n"),
        Script::sse().bytes("data: hello\n\n"),
        Script::sse().bytes(&b"data: \"\xff\xfe\"\n\n"[..]),
        Script::sse().bytes(huge),
        Script::body(404, Some("text/plain"), "not found"),
        Script::json(404, &json!({ "detail": "Not Found" })),
    ] {
        let error = error_of(script).await;
        assert!(matches!(error, PhoenixError::NotUnderstood { .. }), "{error:?}");
        assert!(error.message().contains("PHOENIX_URL"));
    }
}

#[tokio::test]
async fn not_configured() {
    assert_eq!(PhoenixClient::new(PhoenixConfig::default()).err(), Some(PhoenixError::NotConfigured));
    assert_eq!(NoPhoenix.models().await, Err(PhoenixError::NotConfigured));
    let nothing = connect(PhoenixConfig::default()).unwrap();
    assert_eq!(nothing.chat(ask("any")).await.err(), Some(PhoenixError::NotConfigured));
    assert_eq!(nothing.status().state, types::ServiceState::NotConfigured);
}

#[test]
fn settings_that_cannot_work() {
    let with = |url: &str, key: &str| {
        let config = PhoenixConfig {
            url: Some(url.parse().unwrap()),
            api_key: Some(SecretString::from(key)),
            ..PhoenixConfig::default()
        };
        assert!(!format!("{config:?}").contains("se\ncret"));
        PhoenixClient::new(config).err().expect("refused")
    };
    for error in [with("http://127.0.0.1", "se\ncret"), with("file:///etc/passwd", "secret")] {
        assert!(matches!(&error, PhoenixError::Misconfigured { .. }));
        assert!(!error.message().contains("cret"));
    }
}
