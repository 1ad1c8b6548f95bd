//! Logs: frames, lines, times.
//!
//! Without a terminal Docker sends frames: the stream's number, three zeros, the length in four bytes (big-endian), the payload.
//! Frames may split lines, and the network splits frames, anywhere.

use std::collections::VecDeque;

use futures::{StreamExt as _, stream};
use reqwest::Response;
use types::Millis;

use super::{super::PortainerError, LogLine, LogSource, LogStream, wire::time};

const HEADER: usize = 8;
/// A longer line is cut: nobody reads it, and it would fill the memory.
const LONGEST_LINE: usize = 1024 * 1024;

/// Bytes of a log to lines. Give it everything in order, then [`finish`](Self::finish).
pub(super) struct Decoder {
    framed: bool,
    header: Vec<u8>,
    /// The frame at hand: its stream and how much of it is still to come.
    frame: Option<(u8, usize)>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// What Docker itself reports (stream 3).
    system: Vec<u8>,
}

impl Decoder {
    pub(super) const fn new(framed: bool) -> Self {
        Self { framed, header: Vec::new(), frame: None, stdout: Vec::new(), stderr: Vec::new(), system: Vec::new() }
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
                        3 => self.system.extend_from_slice(payload),
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
        for (bytes, stream) in [(&mut self.stdout, LogSource::Stdout), (&mut self.stderr, LogSource::Stderr)] {
            if !bytes.is_empty() {
                lines.push_back(line(&std::mem::take(bytes), stream));
            }
        }
        if self.system.is_empty() {
            return Ok(());
        }
        let detail = String::from_utf8_lossy(&std::mem::take(&mut self.system)).trim().to_owned();
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
fn take(open: &mut Vec<u8>, bytes: &[u8], stream: LogSource, lines: &mut VecDeque<LogLine>) {
    for part in bytes.split_inclusive(|byte| *byte == b'\n') {
        let room = LONGEST_LINE.saturating_sub(open.len());
        match part.strip_suffix(b"\n") {
            Some(end) => {
                open.extend_from_slice(&end[..end.len().min(room)]);
                lines.push_back(line(&std::mem::take(open), stream));
            }
            None => open.extend_from_slice(&part[..part.len().min(room)]),
        }
    }
}

/// A line that begins with its time, as it was asked for.
fn line(bytes: &[u8], stream: LogSource) -> LogLine {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let (stamp, rest) = text.split_once(' ').unwrap_or((text, ""));
    match moment(stamp) {
        Some(time) => LogLine { stream, time: Some(time), text: rest.to_owned() },
        None => LogLine { stream, time: None, text: text.to_owned() },
    }
}

fn moment(stamp: &str) -> Option<Millis> {
    // Cheaper than an attempt to read a time in every odd line.
    stamp.starts_with(|one: char| one.is_ascii_digit()).then(|| time(stamp)).flatten()
}

/// The lines of an answer.
pub(super) fn lines(answer: Response, framed: bool) -> LogStream {
    struct Reading {
        answer: Option<Response>,
        decoder: Decoder,
        ready: VecDeque<LogLine>,
    }
    let reading = Reading { answer: Some(answer), decoder: Decoder::new(framed), ready: VecDeque::new() };
    let read = stream::try_unfold(reading, |mut reading| async move {
        loop {
            if let Some(line) = reading.ready.pop_front() {
                return Ok(Some((line, reading)));
            }
            let Some(answer) = &mut reading.answer else {
                reading.decoder.finish(&mut reading.ready)?;
                return Ok(reading.ready.pop_front().map(|line| (line, reading)));
            };
            match answer.chunk().await {
                Ok(Some(chunk)) => reading.decoder.feed(&chunk, &mut reading.ready)?,
                Ok(None) => reading.answer = None,
                Err(_) => return Err(PortainerError::ConnectionLost { call: "read a log", write: false }),
            }
        }
    });
    read.boxed()
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
        LogLine { stream, time: None, text: text.to_owned() }
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
        let first = LogLine { stream: LogSource::Stdout, time: Some(1_767_323_045_678), text: "first".to_owned() };
        let second =
            LogLine { stream: LogSource::Stderr, time: Some(1_767_323_045_000), text: "errör line".to_owned() };
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
