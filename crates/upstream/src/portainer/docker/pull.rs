//! Pulling images. Docker answers 200 at once and tells progress, and failure, line by line.

use std::{collections::VecDeque, time::Duration};

use futures::{StreamExt as _, stream};
use reqwest::Response;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;
use types::catalog::ImageName;

use super::{
    super::{PortainerError, transport::refusal::clean},
    PullProgress, PullStream,
};

const CALL: &str = "pull an image";
/// The longest line that is read.
const LONGEST_LINE: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    id: String,
    #[serde(default)]
    status: String,
    #[serde(rename = "progressDetail", default)]
    detail: Option<Detail>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    current: Option<u64>,
    #[serde(default)]
    total: Option<u64>,
}

/// Repository and tag, or digest, of an image's name. A tag beside a digest says nothing more.
pub(super) fn parts(image: &str) -> (&str, &str) {
    let ImageName { repository, tag, digest } = ImageName::parse(image);
    (repository, digest.or(tag).unwrap_or(ImageName::DEFAULT_TAG))
}

/// The steps of a pull.
pub(super) fn steps(answer: Response, silence: Duration, secrets: Vec<SecretString>) -> PullStream {
    struct Reading {
        answer: Option<Response>,
        bytes: VecDeque<u8>,
        secrets: Vec<SecretString>,
    }
    let reading = Reading { answer: Some(answer), bytes: VecDeque::new(), secrets };
    let read = stream::try_unfold(reading, move |mut reading| async move {
        loop {
            if let Some(end) = reading.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = reading.bytes.drain(..=end).collect();
                if let Some(step) = step(&line, &reading.secrets)? {
                    return Ok(Some((step, reading)));
                }
                continue;
            }
            let Some(answer) = &mut reading.answer else {
                let line: Vec<u8> = reading.bytes.drain(..).collect();
                return Ok(step(&line, &reading.secrets)?.map(|step| (step, reading)));
            };
            match timeout(silence, answer.chunk()).await {
                Ok(Ok(Some(chunk))) => reading.bytes.extend(chunk),
                Ok(Ok(None)) => reading.answer = None,
                Ok(Err(_)) => return Err(PortainerError::ConnectionLost { call: CALL, write: true }),
                Err(_) => return Err(PortainerError::TimedOut { call: CALL, write: true }),
            }
            if reading.bytes.len() > LONGEST_LINE {
                return Err(PortainerError::NotUnderstood {
                    detail: "a step of the pull is larger than 1 MiB".to_owned(),
                });
            }
        }
    });
    read.boxed()
}

fn step(line: &[u8], secrets: &[SecretString]) -> Result<Option<PullProgress>, PortainerError> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let event: Event = serde_json::from_slice(line)
        .map_err(|_| PortainerError::NotUnderstood { detail: "a step of the pull is not JSON".to_owned() })?;
    if let Some(error) = event.error {
        return Err(PortainerError::Docker { status: 200, detail: clean(&error, secrets) });
    }
    let detail = event.detail.unwrap_or_default();
    Ok(Some(PullProgress { layer: event.id, status: event.status, current: detail.current, total: detail.total }))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_in_every_usual_form() {
        for (image, wanted) in [
            ("nginx", ("nginx", "latest")),
            ("nginx:1.27", ("nginx", "1.27")),
            ("localhost:5000/app", ("localhost:5000/app", "latest")),
            ("localhost:5000/org/app:v1", ("localhost:5000/org/app", "v1")),
            ("nginx@sha256:ab", ("nginx", "sha256:ab")),
            ("ghcr.io/org/app:v1@sha256:ab", ("ghcr.io/org/app", "sha256:ab")),
        ] {
            assert_eq!(parts(image), wanted, "{image}");
        }
    }
}
