//! The circuit breaker: after several outages in a row, calls fail at once for a while instead of waiting for time-outs.
//!
//! Own code because an answer's outcome is known only at its first token, inside a stream. Tower middleware judges the
//! response future; `failsafe` lets every caller through when half open and cannot say how long it stays open.

use std::time::Duration;

use tokio::time::Instant;

/// Where the breaker stands. One call at a time may probe once the wait is over.
#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

/// Counts outages in a row. Not shared by itself; see `health`.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Outages in a row that open it; 0 never.
    threshold: u32,
    /// How long it stays open.
    pause: Duration,
}

impl Breaker {
    pub(super) const fn new(threshold: u32, pause: Duration) -> Self {
        Self { state: State::Closed { failures: 0 }, threshold, pause }
    }

    /// Lets a call through (`Ok(true)`: as the one probe) or says how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        match self.state {
            State::Closed { .. } => Ok(false),
            State::Open { until } if now >= until => {
                self.state = State::Probing;
                Ok(true)
            }
            State::Open { until } => Err(until - now),
            // The probe's end is not known; the caller may well succeed in a second.
            State::Probing => Err(Duration::from_secs(1)),
        }
    }

    /// Phoenix answered.
    pub(super) fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// An outage. Late ones of calls admitted before it opened do not lengthen the wait.
    pub(super) fn failed(&mut self, probe: bool, now: Instant) {
        match &mut self.state {
            State::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if self.threshold > 0 && *failures >= self.threshold {
                    self.state = State::Open { until: now + self.pause };
                }
            }
            State::Probing if probe => self.state = State::Open { until: now + self.pause },
            State::Open { .. } | State::Probing => {}
        }
    }

    /// The probe was given up before its outcome was known: the next call probes.
    pub(super) fn abandoned(&mut self, now: Instant) {
        if matches!(self.state, State::Probing) {
            self.state = State::Open { until: now };
        }
    }

    /// The wait that is left while it is open.
    pub(super) fn open_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } if until > now => Some(until - now),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let now = Instant::now();
        let mut breaker = Breaker::new(3, PAUSE);
        for _ in 0..2 {
            breaker.failed(false, now);
        }
        breaker.succeeded();
        for _ in 0..2 {
            breaker.failed(false, now);
        }
        assert_eq!(breaker.admit(now), Ok(false));
        breaker.failed(false, now);
        assert_eq!(breaker.admit(now), Err(PAUSE));
        assert_eq!(breaker.open_for(now), Some(PAUSE));
    }

    #[test]
    fn one_probe_decides() {
        let now = Instant::now();
        let mut breaker = Breaker::new(1, PAUSE);
        breaker.failed(false, now);
        let later = now + PAUSE;
        assert_eq!(breaker.admit(later), Ok(true));
        assert!(breaker.admit(later).is_err(), "a second call waits for the probe");
        breaker.failed(false, later);
        assert!(breaker.admit(later).is_err(), "a late failure of an old call does not end the probe");
        breaker.failed(true, later);
        assert_eq!(breaker.admit(later), Err(PAUSE));
        assert_eq!(breaker.admit(later + PAUSE), Ok(true));
        breaker.abandoned(later + PAUSE);
        assert_eq!(breaker.admit(later + PAUSE), Ok(true), "an abandoned probe frees its place");
        breaker.succeeded();
        assert_eq!(breaker.admit(later + PAUSE), Ok(false));
    }

    #[test]
    fn zero_switches_it_off() {
        let now = Instant::now();
        let mut breaker = Breaker::new(0, PAUSE);
        for _ in 0..100 {
            breaker.failed(false, now);
        }
        assert_eq!(breaker.admit(now), Ok(false));
    }
}
