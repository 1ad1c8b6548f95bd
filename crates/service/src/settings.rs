//! Limits, lifetimes and names. `config` reads them; the defaults here are the product's.

use std::{num::NonZeroU32, time::Duration};

/// Everything about the use cases that an owner or a test may set.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Where the site is reached, without a trailing slash. Links in invitations begin with it.
    pub public_url: String,
    /// This process's name among those that share the database: its own, and the same at every start, so that answers
    /// which its former life left running are recognised at once and not only when their lease has run out.
    pub instance: String,
    /// Whether upstreams are labelled stand-ins.
    pub demo: bool,
    /// Lifetimes of sessions.
    pub sessions: SessionSettings,
    /// Cost of hashing a password.
    pub passwords: PasswordSettings,
    /// How often one may try.
    pub limits: LimitSettings,
    /// How background jobs run.
    pub jobs: JobSettings,
    /// How answers are written.
    pub chat: ChatSettings,
    /// How long a deleted conversation can be brought back by its owner or an operator before it is purged.
    pub deleted_conversations_kept: Duration,
    /// How long a set-up link works.
    pub setup_link_lifetime: Duration,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:3000".into(),
            instance: "local".into(),
            demo: false,
            sessions: SessionSettings::default(),
            passwords: PasswordSettings::default(),
            limits: LimitSettings::default(),
            jobs: JobSettings::default(),
            chat: ChatSettings::default(),
            deleted_conversations_kept: days(30),
            setup_link_lifetime: days(1),
        }
    }
}

/// Lifetimes of sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionSettings {
    /// A session not used for this long has ended.
    pub idle: Duration,
    /// A session ends this long after it began, used or not.
    pub absolute: Duration,
    /// "Last used" is written at most this often, so that reading a page does not write.
    pub touch_every: Duration,
    /// How often to look for sessions that another process ended.
    pub revocation_poll: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            idle: days(30),
            absolute: days(90),
            touch_every: Duration::from_secs(60),
            revocation_poll: Duration::from_millis(500),
        }
    }
}

/// Cost of hashing a password: Argon2id, by default with OWASP's parameters (Password Storage Cheat Sheet).
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings {
    /// Memory per hash in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at the same time. Bounds memory and leaves processors to pages during a flood.
    pub permits: usize,
    /// Callers that may wait for a permit; more are sent away with "too many requests".
    pub queue: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1, permits: 2, queue: 32 }
    }
}

/// A burst, then one more per interval.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Tries that may come at once.
    pub burst: NonZeroU32,
    /// Time after which one more is allowed.
    pub every: Duration,
}

/// How often one may try a password or a link.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// For one account from one network, and for one known device.
    pub account: Rate,
    /// For one account by unknown devices, wherever the tries come from. Far higher: whoever uses it up keeps the
    /// account's owner out, where nobody knows their device.
    pub account_everywhere: Rate,
    /// For one IPv4 address or one IPv6 /64 network, whatever accounts it tries.
    pub network: Rate,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let burst = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            account: Rate { burst: burst(5), every: Duration::from_secs(30) },
            // A hundred an hour: a million guesses take more than a year.
            account_everywhere: Rate { burst: burst(100), every: Duration::from_secs(36) },
            network: Rate { burst: burst(20), every: Duration::from_secs(3) },
        }
    }
}

/// How background jobs run.
#[derive(Clone, Copy, Debug)]
pub struct JobSettings {
    /// Jobs at the same time in this process.
    pub concurrency: usize,
    /// A claimed job whose owner has not renewed it for this long is taken by another.
    pub lease: Duration,
    /// How often to look for jobs when nothing woke the runner.
    pub poll: Duration,
    /// How long a finished or failed job is kept for reading.
    pub kept: Duration,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self { concurrency: 2, lease: Duration::from_secs(60), poll: Duration::from_secs(1), kept: days(7) }
    }
}

/// How answers are written.
#[derive(Clone, Copy, Debug)]
pub struct ChatSettings {
    /// Answers one person may have under way at the same time.
    pub per_person: usize,
    /// Answers one person may follow at the same time in this process.
    pub streams_per_person: usize,
    /// At shutdown, how long answers under way may go on before they are handed over as interrupted.
    pub grace: Duration,
    /// How often the text that has arrived is written to the database. A crash loses at most about this much of it.
    pub flush_every: Duration,
    /// A running answer whose process has not renewed it for this long counts as interrupted.
    pub lease: Duration,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            per_person: 4,
            streams_per_person: 32,
            grace: Duration::from_secs(5),
            flush_every: Duration::from_millis(200),
            lease: Duration::from_secs(15),
        }
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::PasswordSettings;

    /// OWASP's Password Storage Cheat Sheet: Argon2id with at least 19 MiB, 2 passes, 1 lane.
    #[test]
    fn passwords_cost_at_least_what_owasp_asks_for() {
        let PasswordSettings { memory_kib, passes, lanes, .. } = PasswordSettings::default();
        assert!(memory_kib >= 19 * 1024 && passes >= 2 && lanes >= 1);
    }
}
