//! The list of models.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use types::Model;
use upstream::phoenix::{
    Inference, PhoenixClient, PhoenixConfig, PhoenixError,
    fake::{Gate, Script},
};

use super::{PATIENCE, client, config, fake};

#[tokio::test]
async fn kept_while_fresh_and_asked_again_after() {
    let fake = fake().await;
    let keeping = client(&fake);
    let first = keeping.models().await.unwrap();
    assert_eq!(first[0], Model { id: "test-model".to_owned(), context_tokens: Some(32768) });
    fake.set_models(&["other"]);
    assert_eq!(keeping.models().await.unwrap(), first);
    assert_eq!(fake.state().requests, 1);

    let asking = PhoenixClient::new(PhoenixConfig { models_ttl: Duration::ZERO, ..config(&fake) }).unwrap();
    assert_eq!(asking.models().await.unwrap()[0].id, "other");
    fake.set_models(&["third"]);
    assert_eq!(asking.models().await.unwrap()[0].id, "third");
}

#[tokio::test]
async fn one_refresh_serves_all_who_wait() {
    let fake = fake().await;
    let client = PhoenixClient::new(PhoenixConfig { models_ttl: Duration::ZERO, ..config(&fake) }).unwrap();
    for script in [Script::json(200, &json!({ "data": [{ "id": "a" }] })), Script::refusal(500, "x", "x")] {
        let before = fake.state().requests;
        let gate = Gate::new();
        fake.script_models(script.gate_before_head(&gate));
        let everybody = join_all((0..20).map(|_| client.models()));
        let opener = async {
            fake.wait_until(|state| state.requests > before, PATIENCE).await.unwrap();
            gate.open();
        };
        let (results, ()) = tokio::join!(everybody, opener);
        assert!(results.iter().all(|result| *result == results[0]));
        assert_eq!(fake.state().requests, before + 1);
    }
}

#[tokio::test]
async fn not_served_from_the_past_but_remembered() {
    let fake = fake().await;
    let client = PhoenixClient::new(PhoenixConfig { models_ttl: Duration::ZERO, ..config(&fake) }).unwrap();
    assert!(client.last_models().is_empty());
    let models = client.models().await.unwrap();
    fake.go_down().await;
    assert_eq!(client.models().await, Err(PhoenixError::Unreachable));
    assert_eq!(client.last_models(), models);
}

#[tokio::test]
async fn lists_of_every_server() {
    let fake = fake().await;
    let client = PhoenixClient::new(PhoenixConfig { models_ttl: Duration::ZERO, ..config(&fake) }).unwrap();
    for (list, context) in [
        (json!({ "data": [{ "id": "m", "max_model_len": 4096, "permission": [{}] }] }), Some(4096)),
        (json!({ "data": [{ "id": "m", "meta": { "n_ctx_train": 8192, "vocab_type": 2 } }] }), Some(8192)),
        (json!({ "data": [{ "id": "m", "context_length": 1024, "pricing": {} }] }), Some(1024)),
        (json!({ "object": "list", "data": [{ "id": "m", "created": 1.5 }] }), None),
    ] {
        fake.script_models(Script::json(200, &list));
        assert_eq!(client.models().await.unwrap(), [Model { id: "m".to_owned(), context_tokens: context }]);
    }
    fake.script_models(Script::json(200, &json!({ "object": "list", "data": null })));
    assert_eq!(client.models().await, Ok(Vec::new()));
}

#[tokio::test]
async fn answers_that_are_no_list() {
    let fake = fake().await;
    let patient = client(&fake);
    for script in [
        Script::body(200, Some("text/html"), "<html>"),
        Script::json(404, &json!({ "detail": "Not Found" })),
        Script::body(200, Some("application/json"), "x".repeat(9 * 1024 * 1024)),
    ] {
        fake.script_models(script);
        let error = patient.models().await.unwrap_err();
        assert!(matches!(error, PhoenixError::NotUnderstood { .. }), "{error:?}");
    }
    let hasty = PhoenixClient::new(PhoenixConfig { models_timeout: super::SHORT, ..config(&fake) }).unwrap();
    for script in [Script::stall_before_head(), Script::json(200, &json!({})).stall()] {
        fake.script_models(script);
        assert_eq!(hasty.models().await, Err(PhoenixError::FirstTokenTimeout));
    }
}
