//! What is sent.

use secrecy::SecretString;
use serde_json::json;
use upstream::phoenix::{
    ChatMessage, ChatRequest, ChatRole, Inference, PhoenixClient, PhoenixConfig, PhoenixError,
    fake::{FakePhoenix, Script},
};

use super::{answer, client, config, drain, fake};

fn full_request() -> ChatRequest {
    let message = |role, content: &str| ChatMessage { role, content: content.to_owned() };
    ChatRequest {
        model: "test-model".to_owned(),
        messages: vec![
            message(ChatRole::System, "Be brief."),
            message(ChatRole::User, "Hello"),
            message(ChatRole::Assistant, "Hi"),
            message(ChatRole::User, "Grüße 👋🏽 \"quoted\""),
        ],
        temperature: Some(0.5),
        max_tokens: Some(64),
        user: "0190-opaque".to_owned(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}

#[tokio::test]
async fn body_and_headers() {
    let fake = fake().await;
    let api_key = Some(SecretString::from("sk-1"));
    let client = PhoenixClient::new(PhoenixConfig { api_key, ..config(&fake) }).unwrap();
    drain(client.chat(full_request()).await.unwrap()).await;
    let sent = &fake.chat_requests()[0];
    assert_eq!(sent.target, "/v1/chat/completions");
    assert_eq!(
        sent.body,
        json!({
            "model": "test-model",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Hello" },
                { "role": "assistant", "content": "Hi" },
                { "role": "user", "content": "Grüße 👋🏽 \"quoted\"" },
            ],
            "stream": true,
            "stream_options": { "include_usage": true },
            "temperature": 0.5,
            "max_tokens": 64,
        })
    );
    assert_eq!(sent.header("authorization"), Some("Bearer sk-1"));
    assert_eq!(sent.header("x-phoenix-user"), Some("0190-opaque"));
    assert_eq!(sent.header("traceparent"), full_request().traceparent.as_deref());
    assert_eq!(sent.header("cookie"), None);
}

#[tokio::test]
async fn nothing_of_a_person_in_an_address_or_in_debug() {
    let fake = fake().await;
    let client = client(&fake);
    client.models().await.unwrap();
    drain(client.chat(full_request()).await.unwrap()).await;
    for request in fake.requests() {
        assert!(["/v1/models", "/v1/chat/completions"].contains(&request.target.as_str()));
    }
    let shown = format!("{:?}", full_request());
    assert!(!shown.contains("quoted") && !shown.contains("0190"));
}

#[tokio::test]
async fn a_server_without_stream_options_is_asked_again_without() {
    let fake = fake().await;
    let client = client(&fake);
    let refusal = || Script::refusal(400, "invalid", "Unknown field: stream_options");
    fake.script(refusal());
    fake.script(Script::answer(&["Yes."]));
    assert_eq!(answer(&client).await.text, "Yes.");
    let sent = fake.chat_requests();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].body.get("stream_options").is_some() && sent[1].body.get("stream_options").is_none());

    fake.script(refusal());
    fake.script(refusal());
    assert!(matches!(answer(&client).await.error, Some(PhoenixError::Refused { status: 400, .. })));
    assert_eq!(fake.chat_requests().len(), 4, "once is enough");
}

#[tokio::test]
async fn a_refused_answer_is_not_asked_for_twice() {
    let fake = fake().await;
    let client = client(&fake);
    for script in [Script::refusal(500, "x", "x"), Script::sse().cut(), Script::sse().text("a").cut()] {
        fake.script(script);
        answer(&client).await.error.expect("an error");
    }
    assert_eq!(fake.state().requests, 3);
}

/// The address of another path on the stand-in that does not exist.
async fn status_of_prefix(fake: &FakePhoenix, path: &str) -> Result<(), PhoenixError> {
    let url = Some(fake.url().join(path).unwrap());
    PhoenixClient::new(PhoenixConfig { url, ..config(fake) }).unwrap().models().await.map(drop)
}

#[tokio::test]
async fn addresses_with_and_without_v1() {
    let fake = fake().await;
    assert_eq!(status_of_prefix(&fake, "v1").await, Ok(()));
    assert_eq!(status_of_prefix(&fake, "v1/").await, Ok(()));
    assert_eq!(status_of_prefix(&fake, "").await, Ok(()));
    assert!(matches!(status_of_prefix(&fake, "other/").await, Err(PhoenixError::NotUnderstood { .. })));
}
