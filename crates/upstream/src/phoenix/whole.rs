//! Answers that are not event streams: a server that ignores `stream: true`, or something that is no such server at all.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::Response;

use super::{
    ChatDelta, ChatStream, PhoenixError,
    health::Permit,
    refusal::Scrubber,
    wire::{Chunk, WireError},
};

/// The largest answer that is read in one piece.
const MAX_WHOLE: usize = 8 * 1024 * 1024;

/// The first bytes of a body whose type the server did not tell clearly.
pub(super) struct Sniffed {
    pub(super) start: Vec<u8>,
    /// Otherwise it is taken for an event stream.
    pub(super) is_json: bool,
}

/// Reads until it can tell JSON from events.
///
/// # Errors
/// [`PhoenixError::NotUnderstood`] for a web page, [`PhoenixError::CutOff`] for an empty or broken body.
pub(super) async fn sniff(response: &mut Response) -> Result<Sniffed, PhoenixError> {
    let mut start = Vec::new();
    loop {
        let Some(chunk) = response.chunk().await.map_err(|_| PhoenixError::CutOff)? else {
            return Err(PhoenixError::CutOff);
        };
        start.extend_from_slice(&chunk);
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => {}
            Some(b'{') => return Ok(Sniffed { start, is_json: true }),
            Some(b'<') => {
                return Err(PhoenixError::NotUnderstood {
                    detail: "a web page came back instead of an answer".to_owned(),
                });
            }
            Some(_) => return Ok(Sniffed { start, is_json: false }),
        }
    }
}

/// Reads a body to its end, after what is already there.
///
/// # Errors
/// [`PhoenixError::CutOff`] if it breaks, [`PhoenixError::NotUnderstood`] if it is too large.
pub(super) async fn read(
    mut body: Vec<u8>,
    rest: impl Stream<Item = reqwest::Result<Bytes>>,
) -> Result<Vec<u8>, PhoenixError> {
    let mut rest = std::pin::pin!(rest);
    while let Some(chunk) = rest.next().await {
        body.extend_from_slice(&chunk.map_err(|_| PhoenixError::CutOff)?);
        if body.len() > MAX_WHOLE {
            return Err(PhoenixError::NotUnderstood { detail: "the answer is larger than 8 MiB".to_owned() });
        }
    }
    Ok(body)
}

/// The deltas of an answer that came in one piece.
///
/// # Errors
/// [`PhoenixError::MidStream`] if it reports an error, [`PhoenixError::NotUnderstood`] if it is no answer.
pub(super) fn deltas(body: &[u8], scrubber: &Scrubber) -> Result<Vec<ChatDelta>, PhoenixError> {
    let not_understood =
        || PhoenixError::NotUnderstood { detail: "the answer is not JSON of OpenAI's shape".to_owned() };
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let answer: Chunk = serde_json::from_slice(body).map_err(|_| not_understood())?;
    if let Some(error) = answer.error.as_ref().map(WireError::message) {
        return Err(PhoenixError::MidStream { detail: scrubber.clean(error) });
    }
    let choice = answer.choices.into_iter().flatten().find(|choice| choice.index == 0).ok_or_else(not_understood)?;
    let text = choice.delta.map(super::wire::Delta::into_text).filter(|text| !text.is_empty());
    let usage = answer.usage.map(|usage| ChatDelta::Usage(usage.into()));
    let finished = ChatDelta::Finished { reason: choice.finish_reason };
    Ok(text.map(ChatDelta::Text).into_iter().chain([finished]).chain(usage).collect())
}

/// Notes a failed call and passes the error on.
pub(super) fn failed(permit: Permit, error: PhoenixError) -> Result<ChatStream, PhoenixError> {
    permit.failed(&error);
    Err(error)
}
