//! The clock and chance. Everything in this crate takes them from here, so that tests can hold both still.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use types::{
    ApiTokenId, AuditId, ConversationId, GenerationId, InvitationId, JobId, MessageId, Millis, SessionPublicId, UserId,
};

/// An identifier that [`World::id`] can make.
pub trait Id: Sized {
    /// Builds the identifier from a time and ten random bytes.
    fn from_parts(now: Millis, random: [u8; 10]) -> Self;
}

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl Id for $name {
            fn from_parts(now: Millis, random: [u8; 10]) -> Self {
                Self::from_parts(now, random)
            }
        }
    )*};
}

ids!(ApiTokenId, AuditId, ConversationId, GenerationId, InvitationId, JobId, MessageId, SessionPublicId, UserId);

/// The clock and chance, as one handle. Cheap to clone; clones share the clock.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    source: Source,
    /// Time and counter of the last identifier, so that identifiers of one process rise strictly.
    last_id: Mutex<(Millis, u16)>,
}

enum Source {
    System { started: Instant },
    Fixed { started: Millis, now: AtomicI64, seed: AtomicU64 },
}

/// The counter takes the 12 bits that follow the time in a UUIDv7 (RFC 9562 §6.2, method 1).
const COUNTER_MAX: u16 = 0x0fff;

impl World {
    /// The system's clock and its random source.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Source::System { started: Instant::now() })
    }

    /// For tests: a clock that stands at `now` until [`World::advance`] moves it, and chance that repeats from run to run.
    #[must_use]
    pub fn fixed(now: Millis) -> Self {
        Self::of(Source::Fixed { started: now, now: AtomicI64::new(now), seed: AtomicU64::new(0) })
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(Inner { source, last_id: Mutex::new((0, 0)) }))
    }

    /// Moves a fixed clock forward. The system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed { now, .. } = &self.0.source {
            now.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// The time of day.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    pub fn now(&self) -> Millis {
        match &self.0.source {
            Source::System { .. } => {
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(millis).unwrap_or_default()
            }
            Source::Fixed { now, .. } => now.load(Ordering::SeqCst),
        }
    }

    /// Time since this world began. Never goes back, unlike the time of day: right for limits and durations.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0.source {
            Source::System { started } => started.elapsed(),
            Source::Fixed { started, now, .. } => {
                Duration::from_millis(now.load(Ordering::SeqCst).saturating_sub(*started).max(0).unsigned_abs())
            }
        }
    }

    /// Random bytes, fit for secrets.
    ///
    /// # Panics
    /// When the system has no randomness to give: nothing safe can be done then.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0.source {
            #[expect(clippy::expect_used, reason = "a system without randomness cannot make a single secret")]
            Source::System { .. } => getrandom::fill(&mut bytes).expect("the system gives random bytes"),
            Source::Fixed { seed, .. } => {
                for chunk in bytes.chunks_mut(8) {
                    let word = splitmix64(seed.fetch_add(1, Ordering::SeqCst)).to_le_bytes();
                    chunk.copy_from_slice(&word[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// A secret for a link: 32 random bytes as base64url, 43 characters.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random::<32>())
    }

    /// A number from 0 to below 1, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.random())) / (f64::from(u32::MAX) + 1.0)
    }

    /// A new identifier. Those of one process rise strictly, also within one millisecond and when the clock is set back,
    /// so that sorting by identifier is sorting by creation.
    #[must_use]
    pub fn id<T: Id>(&self) -> T {
        let mut random = self.random::<10>();
        let (at, counter) = {
            let mut last = self.0.last_id.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.now();
            *last = match *last {
                (at, counter) if now <= at && counter < COUNTER_MAX => (at, counter + 1),
                (at, _) if now <= at => (at + 1, 0),
                // A new millisecond starts low enough to leave room to count.
                _ => (now, u16::from_be_bytes([random[0], random[1]]) & 0x03ff),
            };
            *last
        };
        random[..2].copy_from_slice(&counter.to_be_bytes());
        T::from_parts(at, random)
    }
}

/// A duration as whole milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Spreads a counter over 64 bits; the usual test generator.
const fn splitmix64(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_rise_within_one_millisecond() {
        for world in [World::fixed(1_700_000_000_000), World::system()] {
            let ids: Vec<MessageId> = (0..10_000).map(|_| world.id()).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn a_fixed_world_moves_only_by_hand() {
        let world = World::fixed(1_000);
        assert_eq!((world.now(), world.elapsed()), (1_000, Duration::ZERO));
        world.advance(Duration::from_secs(2));
        assert_eq!((world.now(), world.elapsed()), (3_000, Duration::from_secs(2)));
        assert_ne!(world.token(), world.token());
    }
}
