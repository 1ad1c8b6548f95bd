//! Reading an event stream.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::HeaderMap;
use types::{GenerationEvent, GenerationState};

use crate::PATIENCE;

/// The events of one answer as they come in.
pub struct Events {
    headers: HeaderMap,
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    read: Vec<u8>,
    /// Comments so far: heartbeats.
    pub heartbeats: usize,
    /// The text so far, as a page would show it.
    pub text: String,
    /// Number of the last piece in it.
    pub n: u64,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            headers: response.headers().clone(),
            bytes: Box::pin(response.bytes_stream()),
            read: Vec::new(),
            heartbeats: 0,
            text: String::new(),
            n: 0,
        }
    }

    /// The response's headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next event; none when the stream has ended or broke.
    ///
    /// # Panics
    /// When nothing comes in time, or what comes is no event of ours.
    pub async fn next(&mut self) -> Option<GenerationEvent> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                self.heartbeats += 1;
                continue;
            }
            let data = block.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
            let event: GenerationEvent = serde_json::from_str(data).expect("an event");
            self.note(&event);
            return Some(event);
        }
    }

    /// Reads on until the next heartbeat.
    ///
    /// # Panics
    /// When an event or the end comes first.
    pub async fn heartbeat(&mut self) {
        let block = self.block().await.expect("the stream goes on");
        assert!(block.starts_with(':'), "an event instead of a heartbeat: {block}");
        self.heartbeats += 1;
    }

    /// Reads on until the text has at least this many bytes.
    ///
    /// # Panics
    /// When the stream ends first.
    pub async fn until_bytes(&mut self, count: usize) {
        while self.text.len() < count {
            assert!(self.next().await.is_some(), "the stream ended at {} bytes", self.text.len());
        }
    }

    /// Reads to the end; how the answer ended, or none if the stream just ended.
    pub async fn end(&mut self) -> Option<GenerationState> {
        let mut state = None;
        while let Some(event) = self.next().await {
            if let GenerationEvent::End { state: ended, .. } = event {
                state = Some(ended);
            }
        }
        state
    }

    /// Whether the stream ends within a time.
    pub async fn ends_within(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.end()).await.is_ok()
    }

    fn note(&mut self, event: &GenerationEvent) {
        match event {
            GenerationEvent::Piece { n, text } => {
                self.text.push_str(text);
                self.n = *n;
            }
            GenerationEvent::Snapshot { n, text } => {
                self.text.clone_from(text);
                self.n = *n;
            }
            GenerationEvent::Open { .. } | GenerationEvent::End { .. } => {}
        }
    }

    /// The next block between blank lines.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                return Some(String::from_utf8(block).expect("UTF-8").trim_end().to_owned());
            }
            let more = tokio::time::timeout(PATIENCE, self.bytes.next()).await.expect("something comes in time");
            self.read.extend_from_slice(&more?.ok()?);
        }
    }
}
