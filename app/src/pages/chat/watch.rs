//! Following a generation to its end, whatever the network does: after a loss it is asked for again from the last number seen,
//! so nothing is lost or doubled.

use futures::StreamExt;
use types::{GenerationEvent, GenerationId, GenerationState, Problem};

use crate::browser::{
    stream::{self, StreamError},
    wait::pause_or_wake,
};

/// The first pause after a loss, and the longest.
const PAUSE_MS: (i32, i32) = (250, 8_000);

/// How following ended.
pub(super) enum Ending {
    /// The answer came to its end.
    Done(GenerationState),
    /// It may not be followed any more: the session was ended, or the conversation is gone.
    Refused(Problem),
}

/// Follows a generation after piece `after`. `event` hears what changes the text; `line` hears whether the line is there.
pub(super) async fn watch(
    generation: GenerationId,
    after: u64,
    event: impl Fn(GenerationEvent),
    line: impl Fn(bool),
) -> Ending {
    let mut cursor = Cursor { after };
    let mut pause = PAUSE_MS.0;
    loop {
        let url = format!("/api/stream/generations/{generation}?after={}", cursor.after);
        match stream::open(&url).await {
            Ok(events) => {
                line(true);
                let mut events = std::pin::pin!(events);
                while let Some(Ok(data)) = events.next().await {
                    let Ok(next) = serde_json::from_str::<GenerationEvent>(&data) else { break };
                    pause = PAUSE_MS.0;
                    if let GenerationEvent::End { state, .. } = next {
                        return Ending::Done(state);
                    }
                    if cursor.is_news(&next) {
                        event(next);
                    }
                }
            }
            Err(StreamError::Refused(problem)) => return Ending::Refused(problem),
            Err(StreamError::Lost) => {}
        }
        line(false);
        pause_or_wake(pause).await;
        pause = (pause * 2).min(PAUSE_MS.1);
    }
}

/// How far the text has come.
struct Cursor {
    after: u64,
}

impl Cursor {
    /// Whether an event brings something new; moves on if so. A piece that was seen already is not taken twice.
    fn is_news(&mut self, event: &GenerationEvent) -> bool {
        let n = match event {
            GenerationEvent::Piece { n, .. } if *n > self.after => *n,
            GenerationEvent::Snapshot { n, .. } => *n,
            GenerationEvent::Piece { .. } | GenerationEvent::Open { .. } | GenerationEvent::End { .. } => return false,
        };
        self.after = n;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_taken_once_and_a_snapshot_always() {
        let mut cursor = Cursor { after: 3 };
        let piece = |n| GenerationEvent::Piece { n, text: "x".into() };
        assert!(!cursor.is_news(&piece(3)));
        assert!(cursor.is_news(&piece(5)));
        assert!(!cursor.is_news(&piece(5)));
        assert!(cursor.is_news(&GenerationEvent::Snapshot { n: 2, text: "x".into() }));
        assert_eq!(cursor.after, 2);
    }
}
