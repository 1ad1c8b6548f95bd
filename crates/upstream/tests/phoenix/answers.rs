//! Good answers in every form, and what dropping one does.

use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;
use types::Usage;
use upstream::phoenix::{ChatDelta, Inference, PhoenixClient, PhoenixConfig, fake::Script};

use super::{PATIENCE, answer, ask, client, config, drain, fake};

fn finished(reason: Option<&str>) -> ChatDelta {
    ChatDelta::Finished { reason: reason.map(str::to_owned) }
}

fn usage(prompt_tokens: u32, completion_tokens: u32) -> ChatDelta {
    ChatDelta::Usage(Usage { prompt_tokens, completion_tokens })
}

#[tokio::test]
async fn the_usual_answer_and_byte_by_byte() {
    let fake = fake().await;
    let client = client(&fake);
    let script = Script::answer(&["Grüße ", "", "👋🏽", " \"quoted\"\n"]);
    for script in [script.clone(), script.every_byte()] {
        fake.script(script);
        let outcome = answer(&client).await;
        assert_eq!(outcome.text, "Grüße 👋🏽 \"quoted\"\n");
        assert_eq!(outcome.rest, [finished(Some("stop")), usage(7, 4)]);
        assert_eq!(outcome.error, None);
    }
}

#[tokio::test]
async fn endings() {
    let fake = fake().await;
    let client = client(&fake);
    let token = || Script::sse().text("Yes.");
    for (script, rest) in [
        (token().finish("length"), vec![finished(Some("length"))]),
        (token().finish("stop").usage(1, 2), vec![finished(Some("stop")), usage(1, 2)]),
        (token().finish("stop").cut(), vec![finished(Some("stop"))]),
        (token().done(), vec![finished(None)]),
        (token().usage(1, 2).done(), vec![finished(None), usage(1, 2)]),
        (token().finish("stop").finish("stop").done(), vec![finished(Some("stop"))]),
    ] {
        fake.script(script);
        let outcome = answer(&client).await;
        assert_eq!((outcome.text.as_str(), outcome.rest, outcome.error), ("Yes.", rest, None));
    }
}

#[tokio::test]
async fn after_the_last_word_silence_is_no_error() {
    let fake = fake().await;
    let short = Duration::from_millis(300);
    let client = PhoenixClient::new(PhoenixConfig { silence_timeout: short, ..config(&fake) }).unwrap();
    fake.script(Script::sse().text("Yes.").finish("stop").stall());
    let outcome = answer(&client).await;
    assert_eq!((outcome.rest, outcome.error), (vec![finished(Some("stop"))], None));
}

#[tokio::test]
async fn servers_that_do_not_stream_or_mislabel() {
    let fake = fake().await;
    let client = client(&fake);
    let whole = json!({
        "object": "chat.completion",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Yes." }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5 },
    });
    let events = "data: {\"choices\":[{\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}]}\n\n\
                  data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    for script in [
        Script::json(200, &whole),
        Script::body(200, None, whole.to_string()).every_byte(),
        Script::body(200, Some("text/plain"), events),
        Script::body(200, None, events).every_byte(),
        Script::body(200, Some("application/json"), events),
        Script::body(200, Some("TEXT/event-stream"), events),
    ] {
        fake.script(script);
        let outcome = answer(&client).await;
        assert_eq!(outcome.text, "Yes.");
        assert_eq!((outcome.rest, outcome.error), (vec![finished(Some("stop")), usage(3, 2)], None));
    }
}

#[tokio::test]
async fn thoughts_and_tool_calls_are_skipped() {
    let fake = fake().await;
    let delta =
        |delta: serde_json::Value| json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] });
    let script = Script::sse()
        .role()
        .event(&delta(json!({ "reasoning_content": "Let me think." })))
        .event(&delta(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{}" } }], "content": null })))
        .event(&delta(json!({ "refusal": null, "function_call": { "x": 1 } })))
        .event(&json!({ "choices": null, "timings": {} }))
        .text("Yes.")
        .finish("tool_calls")
        .done();
    fake.script(script);
    let outcome = answer(&client(&fake)).await;
    assert_eq!((outcome.text.as_str(), outcome.error), ("Yes.", None));
    assert_eq!(outcome.rest, [finished(Some("tool_calls"))]);
}

#[tokio::test]
async fn dropping_an_answer_closes_the_connection_at_once() {
    let fake = fake().await;
    let client = client(&fake);
    for script in [Script::endless(0.0), Script::endless(50.0), Script::sse().text("a").stall()] {
        // The best of a few: a busy machine may take a while to run either side.
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let before = fake.state().disconnects;
            fake.script(script.clone());
            let mut stream = client.chat(ask("test-model")).await.unwrap();
            assert!(matches!(stream.next().await, Some(Ok(ChatDelta::Text(_)))));
            assert_eq!(fake.open_streams(), 1);
            let dropped = Instant::now();
            drop(stream);
            fake.wait_until(|state| state.disconnects == before + 1, PATIENCE).await.unwrap();
            assert_eq!(fake.open_streams(), 0);
            best = best.min(dropped.elapsed());
        }
        assert!(best < Duration::from_millis(100), "{best:?}");
    }
}

#[tokio::test]
async fn giving_up_before_the_head_closes_the_connection_too() {
    let fake = fake().await;
    let client = client(&fake);
    fake.script(Script::stall_before_head());
    let call = client.chat(ask("test-model"));
    let seen = fake.wait_until(|state| state.open_streams == 1, PATIENCE);
    tokio::select! {
        _ = call => panic!("nothing was answered"),
        seen = seen => { seen.unwrap(); }
    }
    fake.wait_until(|state| state.disconnects == 1, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn an_error_closes_the_connection_while_the_stream_is_still_held() {
    let fake = fake().await;
    fake.script(Script::sse().text("a").error("broken").stall());
    let mut stream = client(&fake).chat(ask("test-model")).await.unwrap();
    while let Some(Ok(_)) = stream.next().await {}
    fake.wait_until(|state| state.open_streams == 0, PATIENCE).await.unwrap();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn many_at_once() {
    let fake = fake().await;
    let client = client(&fake);
    let answers = (0..64).map(|_| async { drain(client.chat(ask("bench-200-0")).await.unwrap()).await });
    for outcome in futures::future::join_all(answers).await {
        assert_eq!(outcome.text.split_whitespace().count(), 200);
        assert_eq!(outcome.error, None);
    }
}
