//! Events and bodies as vLLM writes them.

use std::fmt::Write;

use bytes::Bytes;
use serde_json::{Value, json};

/// What stands before and after a token's text. Built by hand: in benches this is the hot path.
const BEFORE: &str = r#"data: {"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1700000000,"model":"fake","choices":[{"index":0,"delta":{"content":"#;
const AFTER: &str = "},\"logprobs\":null,\"finish_reason\":null}]}\n\n";

pub(super) fn data(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}

fn choice(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }],
    })
}

pub(super) fn role() -> Bytes {
    data(&choice(&json!({ "role": "assistant", "content": "" }), None))
}

pub(super) fn token(text: &str) -> Bytes {
    let text = Value::from(text);
    format!("{BEFORE}{text}{AFTER}").into()
}

/// A token whose text is a number and a space.
pub(super) fn number_token(number: u128) -> Bytes {
    let mut event = String::with_capacity(BEFORE.len() + AFTER.len() + 24);
    event.push_str(BEFORE);
    // Writing into a String cannot fail.
    let _written = write!(event, "\"{number} \"");
    event.push_str(AFTER);
    event.into()
}

pub(super) fn finish(reason: &str) -> Bytes {
    data(&choice(&json!({}), Some(reason)))
}

fn counts(prompt: u32, completion: u32) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt.saturating_add(completion),
    })
}

pub(super) fn usage(prompt: u32, completion: u32) -> Bytes {
    data(&json!({
        "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake",
        "choices": [], "usage": counts(prompt, completion),
    }))
}

pub(super) fn error(message: &str, code: &str) -> Value {
    json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": code } })
}

/// The answer to a call without `stream`.
pub(super) fn completion(model: &str, text: &str, prompt: u32) -> Value {
    let words = u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX);
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 1_700_000_000, "model": model,
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": counts(prompt, words),
    })
}
