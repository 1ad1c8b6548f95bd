//! Plays a script into a response body.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Shared, events, script::Step};

/// Counts one chat call from its start until its answer ended or its caller went away.
pub(super) struct CallGuard {
    shared: Arc<Shared>,
    ended: bool,
}

impl CallGuard {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        shared.state.send_modify(|state| state.open_streams += 1);
        Self { shared, ended: false }
    }

    pub(super) fn ended(&mut self) {
        self.ended = true;
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.shared.state.send_modify(|state| {
            state.open_streams -= 1;
            if self.ended {
                state.completed += 1;
            } else {
                state.disconnects += 1;
            }
        });
    }
}

/// Numbered tokens under way.
struct Run {
    left: Option<u64>,
    per_second: f64,
    sent: u64,
    began: Instant,
}

impl Run {
    /// When the next token is due; the first at once.
    fn due(&self) -> Option<Instant> {
        #[expect(clippy::cast_precision_loss, reason = "a pace, not an account")]
        (self.per_second > 0.0 && self.sent > 0)
            .then(|| self.began + Duration::from_secs_f64(self.sent as f64 / self.per_second))
    }
}

struct Player {
    steps: VecDeque<Step>,
    run: Option<Run>,
    guard: Option<CallGuard>,
    started: Instant,
    stop: CancellationToken,
    broken: bool,
}

/// The body that plays `steps`. `guard` counts the call until then.
pub(super) fn body(
    mut steps: VecDeque<Step>,
    every_byte: bool,
    guard: Option<CallGuard>,
    started: Instant,
    stop: CancellationToken,
) -> Body {
    if every_byte {
        steps = steps.into_iter().flat_map(single_bytes).collect();
    }
    let player = Player { steps, run: None, guard, started, stop, broken: false };
    Body::from_stream(stream::unfold(player, |mut player| async move {
        let item = player.next().await?;
        Some((item, player))
    }))
}

fn single_bytes(step: Step) -> Vec<Step> {
    match step {
        Step::Bytes(bytes) => (0..bytes.len()).map(|at| Step::Bytes(bytes.slice(at..=at))).collect(),
        other => vec![other],
    }
}

impl Player {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.broken {
            return None;
        }
        if self.stop.is_cancelled() {
            return Some(Err(self.cut()));
        }
        let stop = self.stop.clone();
        // First the script: a token that is ready costs no look at the token of cancellation.
        tokio::select! {
            biased;
            item = self.play() => item,
            () = stop.cancelled() => Some(Err(self.cut())),
        }
    }

    /// Must not lose anything when it is dropped in mid-wait: that happens only when the server stops.
    async fn play(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(token) = self.next_number().await {
                return Some(Ok(token));
            }
            match self.steps.pop_front() {
                None => {
                    self.ended();
                    return None;
                }
                Some(Step::Bytes(bytes)) => {
                    // The last bytes are as good as the end: hyper may close before it asks for more.
                    if self.steps.is_empty() {
                        self.ended();
                    }
                    return Some(Ok(bytes));
                }
                Some(Step::Wait(pause)) => tokio::time::sleep(pause).await,
                Some(Step::Gate(gate)) => gate.passed().await,
                Some(Step::Stall) => std::future::pending().await,
                Some(Step::Cut) => {
                    // hyper throws away what it has not written yet when the body fails: let it write first.
                    tokio::task::yield_now().await;
                    return Some(Err(self.cut()));
                }
                Some(Step::Tokens { count, per_second }) => {
                    self.run = Some(Run { left: count, per_second, sent: 0, began: Instant::now() });
                }
            }
        }
    }

    async fn next_number(&mut self) -> Option<Bytes> {
        let run = self.run.as_mut()?;
        if run.left == Some(0) {
            self.run = None;
            return None;
        }
        if let Some(due) = run.due()
            && due > Instant::now()
        {
            tokio::time::sleep_until(due).await;
        }
        run.sent += 1;
        run.left = run.left.map(|left| left - 1);
        Some(events::number_token(self.started.elapsed().as_micros()))
    }

    fn ended(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.ended();
        }
    }

    fn cut(&mut self) -> io::Error {
        self.broken = true;
        self.ended();
        io::Error::new(io::ErrorKind::ConnectionAborted, "the script breaks the connection here")
    }
}
