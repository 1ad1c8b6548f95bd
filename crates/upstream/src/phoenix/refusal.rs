//! From an error answer to a typed error, and the cleaning of what a server says before people see it.

use reqwest::{Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ChatMessage, PhoenixError,
    wire::{ErrorBody, WireError},
};

/// So much of an error answer is read.
const MAX_BODY: usize = 64 * 1024;
/// So many characters of it are shown.
const MAX_DETAIL: usize = 300;
/// An echo of a person's text is recognised by any whole piece of so many characters.
const PIECE: usize = 16;

/// Knows what must never stand in an error: the key and the person's text.
pub(super) struct Scrubber {
    key: Option<SecretString>,
    text: String,
}

impl Scrubber {
    /// Keeps the newest messages, up to `cap` bytes: an echo starts with what was sent last.
    pub(super) fn new(key: Option<&SecretString>, messages: &[ChatMessage], cap: usize) -> Self {
        let mut text = String::new();
        for message in messages.iter().rev() {
            let room = cap.saturating_sub(text.len());
            if room == 0 {
                break;
            }
            let end = (0..=room.min(message.content.len())).rev().find(|end| message.content.is_char_boundary(*end));
            text.push_str(&message.content[..end.unwrap_or(0)]);
            text.push('\n');
        }
        Self { key: key.cloned(), text }
    }

    /// Shortens to one line and drops all of it when it holds the key or echoes the person's text.
    pub(super) fn clean(&self, said: &str) -> String {
        let words = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let mut detail = String::new();
        let mut count = 0;
        for word in words {
            count += word.chars().count() + 1;
            if count > MAX_DETAIL {
                detail.push_str(" …");
                break;
            }
            if !detail.is_empty() {
                detail.push(' ');
            }
            detail.push_str(word);
        }
        if self.leaks(&detail) { String::new() } else { detail }
    }

    fn leaks(&self, detail: &str) -> bool {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty());
        if key.is_some_and(|key| detail.contains(key)) {
            return true;
        }
        self.text.lines().any(|line| {
            let letters: Vec<char> = line.trim().chars().collect();
            if letters.len() < PIECE {
                return letters.len() >= 4 && detail.contains(line.trim());
            }
            letters.chunks_exact(PIECE).any(|piece| detail.contains(&piece.iter().collect::<String>()))
        })
    }
}

/// What an answer with an error status means.
pub(super) enum Refusal {
    /// Final.
    Error(PhoenixError),
    /// The server does not know `stream_options`; ask again without.
    StreamOptions,
}

/// Reads an answer whose status is not 2xx. `model` is the one that was asked for; none for the list of models.
pub(super) async fn read(response: Response, model: Option<&str>, scrubber: &Scrubber) -> Refusal {
    let status = response.status();
    let retry_after_s = retry_after(&response);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Refusal::Error(PhoenixError::TooManyRequests { retry_after_s });
    }
    if status.is_server_error() {
        return Refusal::Error(PhoenixError::ServerError { status: status.as_u16() });
    }
    if status.is_redirection() {
        let detail = "it wants to send the request to another address, which is never followed".to_owned();
        return Refusal::Error(PhoenixError::Refused { status: status.as_u16(), detail });
    }
    let said = Said::read(response).await;
    if status == StatusCode::BAD_REQUEST && model.is_some() && said.text().contains("stream_options") {
        return Refusal::StreamOptions;
    }
    Refusal::Error(said.into_error(status, model, scrubber))
}

/// What the server said about its refusal.
struct Said {
    error: Option<WireError>,
    plain: String,
}

impl Said {
    async fn read(response: Response) -> Self {
        let body = bounded(response).await;
        let parsed: ErrorBody = serde_json::from_slice(&body).unwrap_or_default();
        let old_vllm = parsed.object.as_deref() == Some("error");
        let plain = parsed.message.unwrap_or_default();
        let error = parsed.error.or_else(|| old_vllm.then(|| WireError::Text(plain.clone())));
        Self { error, plain }
    }

    fn text(&self) -> &str {
        self.error.as_ref().map_or(&self.plain, WireError::message)
    }

    fn into_error(self, status: StatusCode, model: Option<&str>, scrubber: &Scrubber) -> PhoenixError {
        let code = self.error.as_ref().map(WireError::code).unwrap_or_default();
        let text = self.text().to_lowercase();
        if let Some(model) = model
            && (code.starts_with("model_not_") || (status == StatusCode::NOT_FOUND && text.contains("model")))
        {
            return PhoenixError::UnknownModel { model: model.to_owned() };
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return PhoenixError::Unauthorised;
        }
        if status == StatusCode::PAYLOAD_TOO_LARGE || code.starts_with("context_length") || is_too_long(&text) {
            return PhoenixError::TooLong { detail: scrubber.clean(self.text()) };
        }
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            let detail = format!("there is no OpenAI-compatible API at this address (HTTP {})", status.as_u16());
            return PhoenixError::NotUnderstood { detail };
        }
        PhoenixError::Refused { status: status.as_u16(), detail: scrubber.clean(self.text()) }
    }
}

/// Whether a refusal's text (lower case) speaks of the context: vLLM, OpenAI, llama.cpp, SGLang, TGI.
fn is_too_long(text: &str) -> bool {
    [
        "maximum context length",
        "context length exceeded",
        "exceeds the available context",
        "exceed context",
        "context window",
        "prompt is too long",
        "longer than the model's context",
        "longer than the maximum model length",
        "`inputs` tokens + `max_new_tokens`",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

fn retry_after(response: &Response) -> Option<u32> {
    response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The body's first part; what cannot be read is left out.
async fn bounded(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() >= MAX_BODY {
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::ChatRole;

    fn scrubber(text: &str) -> Scrubber {
        let messages = [ChatMessage { role: ChatRole::User, content: text.to_owned() }];
        Scrubber::new(Some(&SecretString::from("sk-very-secret")), &messages, 4096)
    }

    #[test]
    fn neither_key_nor_text_comes_through() {
        let scrubber = scrubber("my grandmother's recipe for plum cake\nsecond line");
        assert_eq!(scrubber.clean("Incorrect key sk-very-secret given"), "");
        assert_eq!(scrubber.clean("input: 'my grandmother's recipe for pl…"), "");
        assert_eq!(scrubber.clean("bad input: second line"), "");
        assert_eq!(scrubber.clean("  temperature\n must be \u{7} below 2 "), "temperature must be below 2");
    }

    #[test]
    fn long_words_are_cut() {
        let detail = scrubber("x").clean(&"word ".repeat(1000));
        assert!(detail.chars().count() <= MAX_DETAIL + 2);
        assert!(detail.ends_with('…'));
    }

    #[test]
    fn the_newest_text_is_kept_within_the_cap() {
        let messages: Vec<_> =
            ["first", "äääääääää"].map(|text| ChatMessage { role: ChatRole::User, content: text.to_owned() }).into();
        assert_eq!(Scrubber::new(None, &messages, 5).text, "ää\n");
    }
}
