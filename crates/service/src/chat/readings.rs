//! The chat's metrics.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use types::GenerationState;

use super::live::Final;

const RUNNING: &str = "thinkheads_generations_running";
const ENDED: &str = "thinkheads_generations_total";
const PIECES: &str = "thinkheads_generation_pieces_total";
const FIRST_TOKEN: &str = "thinkheads_generation_first_token_seconds";
const DURATION: &str = "thinkheads_generation_duration_seconds";
const WATCHERS: &str = "thinkheads_stream_watchers";
const WATCHERS_REFUSED: &str = "thinkheads_stream_watchers_refused_total";
const FLUSHES: &str = "thinkheads_flushes_total";
const FLUSH_FAILURES: &str = "thinkheads_flush_failures_total";

/// Tells the recorder what the chat's metrics mean. Call once, after a recorder is installed.
pub fn describe() {
    describe_gauge!(RUNNING, Unit::Count, "Answers being written by this process.");
    describe_counter!(ENDED, Unit::Count, "Answers that ended, by outcome.");
    describe_counter!(PIECES, Unit::Count, "Pieces of text that came from the upstream.");
    describe_histogram!(FIRST_TOKEN, Unit::Seconds, "Time from the request to the first piece of the answer.");
    describe_histogram!(DURATION, Unit::Seconds, "Time from the request to the end of the answer.");
    describe_gauge!(WATCHERS, Unit::Count, "Readers that follow an answer.");
    describe_counter!(WATCHERS_REFUSED, Unit::Count, "Readers refused because their person had too many.");
    describe_counter!(FLUSHES, Unit::Count, "Times the text of running answers was written to the database.");
    describe_counter!(
        FLUSH_FAILURES,
        Unit::Count,
        "Times the text of running answers could not be written to the database."
    );
}

pub(super) fn generation_begins() {
    gauge!(RUNNING).increment(1.0);
}

pub(super) fn generation_ends() {
    gauge!(RUNNING).decrement(1.0);
}

pub(super) fn generation_stored(last: &Ended) {
    counter!(ENDED, "outcome" => outcome(last.state)).increment(1);
    counter!(PIECES).increment(last.pieces);
    histogram!(DURATION).record(last.duration);
    if let Some(first_token) = last.first_token {
        histogram!(FIRST_TOKEN).record(first_token);
    }
}

pub(super) fn flushed() {
    counter!(FLUSHES).increment(1);
}

pub(super) fn flush_failed() {
    counter!(FLUSH_FAILURES).increment(1);
}

/// The figures of an ended generation.
pub(super) struct Ended {
    state: GenerationState,
    pieces: u64,
    duration: std::time::Duration,
    first_token: Option<std::time::Duration>,
}

impl From<&Final> for Ended {
    fn from(last: &Final) -> Self {
        Self { state: last.ending.state, pieces: last.pieces, duration: last.duration, first_token: last.first_token }
    }
}

const fn outcome(state: GenerationState) -> &'static str {
    match state {
        GenerationState::Running => "running",
        GenerationState::Complete => "complete",
        GenerationState::Stopped => "stopped",
        GenerationState::Interrupted => "interrupted",
        GenerationState::Failed => "failed",
    }
}

pub(super) fn watcher_begins() {
    gauge!(WATCHERS).increment(1.0);
}

pub(super) fn watcher_ends() {
    gauge!(WATCHERS).decrement(1.0);
}

pub(super) fn watcher_refused() {
    counter!(WATCHERS_REFUSED).increment(1);
}
