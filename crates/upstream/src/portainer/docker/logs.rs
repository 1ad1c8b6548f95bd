//! Logs: frames, lines, times.
//!
//! Without a terminal Docker sends frames: the stream's number, three zeros, the length in four bytes (big-endian), the payload.
//! Frames may split lines, and the network splits frames, anywhere.

use std::{collections::VecDeque, pin::pin, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::Response;
use tokio::time::timeout;
use types::Millis;

use super::{super::PortainerError, LogLine, LogSource, LogStream, wire::time};

const CALL: &str = "read a log";
const HEADER: usize = 8;
/// A longer line is cut: nobody reads it, and it would fill the memory.
const LONGEST_LINE: usize = 16 * 1024;
/// A log that is not followed ends here with an error.
const LARGEST_LOG: usize = 16 * 1024 * 1024;

/// A line that is being read.
#[derive(Default)]
struct Open {
    bytes: Vec<u8>,
    cut: bool,
}

impl Open {
    /// Takes as much as there is room for.
    fn take(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.bytes.len());
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn close(&mut self, stream: LogSource) -> LogLine {
        let Self { bytes, cut } = std::mem::take(self);
        LogLine { cut, ..line(&bytes, stream) }
    }
}

/// Bytes of a log to lines. Give it everything in order, then [`finish`](Self::finish).
pub(super) struct Decoder {
    framed: bool,
    header: Vec<u8>,
    /// The frame at hand: its stream and how much of it is still to come.
    frame: Option<(u8, usize)>,
    stdout: Open,
    stderr: Open,
    /// What Docker itself reports (stream 3).
    system: Open,
}

impl Decoder {
    pub(super) fn new(framed: bool) -> Self {
        Self {
            framed,
            header: Vec::new(),
            frame: None,
            stdout: Open::default(),
            stderr: Open::default(),
            system: Open::default(),
        }
    }

    /// Takes the next bytes and gives the lines they complete.
    ///
    /// # Errors
    /// [`PortainerError::NotUnderstood`] if these are no frames.
    pub(super) fn feed(&mut self, mut bytes: &[u8], lines: &mut VecDeque<LogLine>) -> Result<(), PortainerError> {
        if !self.framed {
            take(&mut self.stdout, bytes, LogSource::Stdout, lines);
            return Ok(());
        }
        while !bytes.is_empty() {
            match self.frame {
                None => {
                    let wanted = (HEADER - self.header.len()).min(bytes.len());
                    let (header, rest) = bytes.split_at(wanted);
                    self.header.extend_from_slice(header);
                    bytes = rest;
                    if self.header.len() == HEADER {
                        self.frame = Some(frame(&self.header)?).filter(|(_, length)| *length > 0);
                        self.header.clear();
                    }
                }
                Some((number, length)) => {
                    let (payload, rest) = bytes.split_at(length.min(bytes.len()));
                    match number {
                        2 => take(&mut self.stderr, payload, LogSource::Stderr, lines),
                        3 => self.system.take(payload),
                        _ => take(&mut self.stdout, payload, LogSource::Stdout, lines),
                    }
                    bytes = rest;
                    self.frame = Some((number, length - payload.len())).filter(|(_, length)| *length > 0);
                }
            }
        }
        Ok(())
    }

    /// The last lines, which have no line break.
    ///
    /// # Errors
    /// [`PortainerError::Docker`] with what Docker reports about itself.
    pub(super) fn finish(&mut self, lines: &mut VecDeque<LogLine>) -> Result<(), PortainerError> {
        for (open, stream) in [(&mut self.stdout, LogSource::Stdout), (&mut self.stderr, LogSource::Stderr)] {
            if !open.bytes.is_empty() {
                lines.push_back(open.close(stream));
            }
        }
        if self.system.bytes.is_empty() {
            return Ok(());
        }
        let detail = String::from_utf8_lossy(&std::mem::take(&mut self.system).bytes).trim().to_owned();
        Err(PortainerError::Docker { status: 200, detail })
    }
}

fn frame(header: &[u8]) -> Result<(u8, usize), PortainerError> {
    match *header {
        [number @ 0..=3, 0, 0, 0, a, b, c, d] => {
            let length = u32::from_be_bytes([a, b, c, d]);
            Ok((number, usize::try_from(length).unwrap_or(usize::MAX)))
        }
        _ => Err(PortainerError::NotUnderstood { detail: "the log is not in Docker's frames".to_owned() }),
    }
}

/// Adds bytes to the line that is being read, and moves complete ones on.
fn take(open: &mut Open, bytes: &[u8], stream: LogSource, lines: &mut VecDeque<LogLine>) {
    for part in bytes.split_inclusive(|byte| *byte == b'\n') {
        match part.strip_suffix(b"\n") {
            Some(end) => {
                open.take(end);
                lines.push_back(open.close(stream));
            }
            None => open.take(part),
        }
    }
}

/// A line that begins with its time, as it was asked for.
fn line(bytes: &[u8], stream: LogSource) -> LogLine {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let (stamp, rest) = text.split_once(' ').unwrap_or((text, ""));
    match moment(stamp) {
        Some(time) => LogLine { stream, time: Some(time), text: rest.to_owned(), cut: false },
        None => LogLine { stream, time: None, text: text.to_owned(), cut: false },
    }
}

fn moment(stamp: &str) -> Option<Millis> {
    // Cheaper than an attempt to read a time in every odd line.
    stamp.starts_with(|one: char| one.is_ascii_digit()).then(|| time(stamp)).flatten()
}

/// How long and how much is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Without a byte.
    silence: Option<Duration>,
    /// Bytes in all.
    bytes: usize,
}

impl Limits {
    /// Of what is written by now: a host that is silent, or does not come to an end, is given up.
    pub(super) const fn written(silence: Duration) -> Self {
        Self { silence: Some(silence), bytes: LARGEST_LOG }
    }

    /// Of what is followed: silence is what logs do, and whoever reads it says when it is enough.
    pub(super) const fn followed() -> Self {
        Self { silence: None, bytes: usize::MAX }
    }
}

/// The lines of an answer.
pub(super) fn lines(answer: Response, framed: bool, limits: Limits) -> LogStream {
    let lost = |_| PortainerError::ConnectionLost { call: CALL, write: false };
    read(answer.bytes_stream().map(move |chunk| chunk.map_err(lost)), framed, limits)
}

fn read(
    chunks: impl Stream<Item = Result<Bytes, PortainerError>> + Send + 'static,
    framed: bool,
    limits: Limits,
) -> LogStream {
    struct Reading<S> {
        chunks: Option<S>,
        decoder: Decoder,
        ready: VecDeque<LogLine>,
        left: usize,
    }
    let reading = Reading {
        chunks: Some(Box::pin(chunks)),
        decoder: Decoder::new(framed),
        ready: VecDeque::new(),
        left: limits.bytes,
    };
    let read = stream::try_unfold(reading, move |mut reading| async move {
        loop {
            if let Some(line) = reading.ready.pop_front() {
                return Ok(Some((line, reading)));
            }
            let Some(chunks) = &mut reading.chunks else {
                reading.decoder.finish(&mut reading.ready)?;
                return Ok(reading.ready.pop_front().map(|line| (line, reading)));
            };
            let next = match limits.silence {
                None => chunks.next().await,
                Some(silence) => timeout(silence, pin!(chunks.next()))
                    .await
                    .map_err(|_| PortainerError::TimedOut { call: CALL, write: false })?,
            };
            match next.transpose()? {
                Some(chunk) => {
                    reading.left = reading.left.checked_sub(chunk.len()).ok_or_else(too_large)?;
                    reading.decoder.feed(&chunk, &mut reading.ready)?;
                }
                None => reading.chunks = None,
            }
        }
    });
    read.boxed()
}

fn too_large() -> PortainerError {
    let detail = format!("the log is larger than {} MiB: ask for fewer of its last lines", LARGEST_LOG / 1024 / 1024);
    PortainerError::Docker { status: 200, detail }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame_of(number: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        [&[number, 0, 0, 0][..], &length.to_be_bytes(), payload].concat()
    }

    fn decode(pieces: &[&[u8]], framed: bool) -> Result<Vec<LogLine>, PortainerError> {
        let (mut decoder, mut lines) = (Decoder::new(framed), VecDeque::new());
        for piece in pieces {
            decoder.feed(piece, &mut lines)?;
        }
        decoder.finish(&mut lines)?;
        Ok(lines.into())
    }

    fn said(stream: LogSource, text: &str) -> LogLine {
        LogLine { stream, time: None, text: text.to_owned(), cut: false }
    }

    #[test]
    fn cut_at_every_byte_it_stays_the_same() {
        let log = [
            frame_of(1, b"2026-01-02T03:04:05.678901234Z first\n"),
            frame_of(2, "2026-01-02T03:04:05Z errör ".as_bytes()),
            frame_of(1, b"half a "),
            frame_of(1, b""),
            frame_of(2, b"line\nnext\n"),
            frame_of(1, b"line"),
        ]
        .concat();
        let whole = decode(&[&log], true).unwrap();
        let first =
            LogLine { stream: LogSource::Stdout, time: Some(1_767_323_045_678), text: "first".to_owned(), cut: false };
        let second = LogLine {
            stream: LogSource::Stderr,
            time: Some(1_767_323_045_000),
            text: "errör line".to_owned(),
            cut: false,
        };
        assert_eq!(whole, [first, second, said(LogSource::Stderr, "next"), said(LogSource::Stdout, "half a line")]);
        for cut in 0..=log.len() {
            assert_eq!(decode(&[&log[..cut], &log[cut..]], true).unwrap(), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = log.chunks(1).collect();
        assert_eq!(decode(&bytes, true).unwrap(), whole);
    }

    #[test]
    fn a_terminals_log_has_no_frames() {
        let lines = decode(&[b"one\r", b"\ntwo\n\nfo", b"ur"], false).unwrap();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", "", "four"]);
    }

    #[test]
    fn what_is_no_frame_is_noticed() {
        assert!(matches!(decode(&[b"plain text\n"], true), Err(PortainerError::NotUnderstood { .. })));
        let error = decode(&[&frame_of(3, b"the driver cannot read logs\n")], true).unwrap_err();
        assert_eq!(error, PortainerError::Docker { status: 200, detail: "the driver cannot read logs".to_owned() });
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_says_so() {
        let long = vec![b'x'; LONGEST_LINE * 3];
        let lines = decode(&[&frame_of(1, &long), &frame_of(2, b"err\n"), &frame_of(1, b"\nnext\n")], true).unwrap();
        let seen: Vec<_> = lines.iter().map(|line| (line.text.len(), line.cut)).collect();
        assert_eq!(seen, [(3, false), (LONGEST_LINE, true), (4, false)]);
        let mut decoder = Decoder::new(true);
        decoder.feed(&frame_of(3, &long), &mut VecDeque::new()).unwrap();
        assert!(decoder.system.bytes.capacity() <= 2 * LONGEST_LINE, "what Docker reports is bounded too");
    }

    #[tokio::test]
    async fn a_flood_and_a_silence_come_to_an_end() {
        let limits = Limits { silence: Some(Duration::from_millis(20)), bytes: 1000 };
        let chunk = || Ok(Bytes::from_static(b"one line\n"));
        let flood: Vec<_> = read(stream::repeat_with(chunk), false, limits).collect().await;
        assert!(matches!(flood.last(), Some(Err(PortainerError::Docker { .. }))), "{:?}", flood.last());
        assert_eq!(flood.iter().filter(|line| line.is_ok()).count(), 111, "what came before is not lost");
        let stalled = stream::iter([chunk()]).chain(stream::pending());
        let stalled: Vec<_> = read(stalled, false, limits).collect().await;
        assert_eq!(stalled.len(), 2);
        assert_eq!(stalled[1], Err(PortainerError::TimedOut { call: CALL, write: false }));
    }

    proptest! {
        #[test]
        fn however_it_is_cut(
            frames in prop::collection::vec((1_u8..=2, "[a-zä\\n]{0,12}"), 0..12),
            cuts in prop::collection::vec(0_usize..200, 0..20),
        ) {
            let log: Vec<u8> = frames.iter().flat_map(|(number, text)| frame_of(*number, text.as_bytes())).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(log.len())).chain([0, log.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &log[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(&pieces, true).unwrap(), decode(&[&log], true).unwrap());
            // What each stream said is the same text.
            for (number, stream) in [(1, LogSource::Stdout), (2, LogSource::Stderr)] {
                let written: String = frames.iter().filter(|frame| frame.0 == number).map(|frame| frame.1.as_str()).collect();
                let read: Vec<String> =
                    decode(&pieces, true).unwrap().into_iter().filter(|line| line.stream == stream).map(|line| line.text).collect();
                prop_assert_eq!(read, written.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
