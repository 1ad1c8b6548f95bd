//! How often one may try: per account and network, per network, per account wherever from, and per known device.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use sha2::{Digest, Sha256};

use crate::{LimitSettings, Rate, ServiceError, World};

/// Keys are folded into this many buckets, which bounds the memory whatever a flood sends. Two keys share a bucket with a
/// chance of 1 in 65,536, and nobody outside can work out which: the fold is salted at the start.
type Bucket = u16;
type Limiter = RateLimiter<Bucket, DashMapStateStore<Bucket>, WorldClock, NoOpMiddleware<Duration>>;

/// After this many checks, buckets that are full again are forgotten.
const CHECKS_BETWEEN_SWEEPS: u32 = 4_096;

/// The world's clock, as governor reads one.
#[derive(Clone)]
struct WorldClock(World);

impl Clock for WorldClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A try was refused.
#[derive(Debug)]
pub(super) struct Limited {
    /// Whole seconds until the next one counts, at least 1.
    pub(super) wait_s: u32,
    /// Whether this refusal is the first of its minute and should be recorded.
    pub(super) record: bool,
}

impl Limited {
    /// The refusal in words. `what` completes "Too many …".
    pub(super) fn error(&self, what: &str) -> ServiceError {
        ServiceError::too_many(what, self.wait_s)
    }
}

/// The limits of this process. In memory: a restart forgets them.
pub(super) struct Limits {
    salt: [u8; 16],
    clock: WorldClock,
    account: Limiter,
    account_everywhere: Limiter,
    network: Limiter,
    device: Limiter,
    records: Limiter,
    checks: AtomicU32,
}

impl Limits {
    pub(super) fn new(settings: &LimitSettings, world: &World) -> Self {
        let clock = WorldClock(world.clone());
        let limiter = |rate: Rate| RateLimiter::dashmap_with_clock(quota(rate), clock.clone());
        Self {
            salt: world.random(),
            account: limiter(settings.account),
            account_everywhere: limiter(settings.account_everywhere),
            device: limiter(settings.account),
            network: limiter(settings.network),
            records: limiter(Rate { burst: NonZeroU32::MIN, every: Duration::from_secs(60) }),
            checks: AtomicU32::new(0),
            clock,
        }
    }

    /// Counts a try of `account` (an address, or the hash of a link) from `network`, by somebody unknown. What stands
    /// nearer to the one who tries is asked first, so that a limited network cannot use up other people's accounts.
    pub(super) fn check(&self, account: &str, network: IpAddr) -> Result<(), Limited> {
        self.sweep();
        let network = network_key(network);
        self.ask(&self.network, self.bucket("network", &[&network]))?;
        self.ask(&self.account, self.bucket("account", &[&network, account.as_bytes()]))?;
        self.ask(&self.account_everywhere, self.bucket("everywhere", &[account.as_bytes()]))
    }

    /// Counts a wrong token from `network`. Right ones are not counted: whoever shares a network with a stranger who guesses
    /// is not kept out by them, and guessing 256 bits leads nowhere.
    pub(super) fn check_wrong_token(&self, network: IpAddr) -> Result<(), Limited> {
        self.sweep();
        self.ask(&self.network, self.bucket("token", &[&network_key(network)]))
    }

    /// Counts a try by somebody who has proven to have been in before: `kind` and `name` say by what. Nobody else's tries
    /// count against theirs.
    pub(super) fn check_known(&self, kind: &str, name: &str) -> Result<(), Limited> {
        self.sweep();
        self.ask(&self.device, self.bucket(kind, &[name.as_bytes()]))
    }

    fn ask(&self, limiter: &Limiter, bucket: Bucket) -> Result<(), Limited> {
        limiter.check_key(&bucket).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Limited {
                wait_s: u32::try_from(seconds).unwrap_or(u32::MAX).max(1),
                record: self.records.check_key(&bucket).is_ok(),
            }
        })
    }

    fn bucket(&self, kind: &str, key: &[&[u8]]) -> Bucket {
        let salted = Sha256::new().chain_update(self.salt).chain_update(kind);
        // Networks come first and have two lengths: the zero keeps the parts apart.
        let digest = key.iter().fold(salted, |digest, part| digest.chain_update([0]).chain_update(part)).finalize();
        Bucket::from_be_bytes([digest[0], digest[1]])
    }

    fn sweep(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS == CHECKS_BETWEEN_SWEEPS - 1 {
            for limiter in [&self.account, &self.account_everywhere, &self.network, &self.device, &self.records] {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }
}

fn quota(rate: Rate) -> Quota {
    Quota::with_period(rate.every).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(rate.burst)
}

/// An IPv4 address, or the /64 that an IPv6 client has to itself.
fn network_key(network: IpAddr) -> Vec<u8> {
    match network.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(world: &World) -> Limits {
        Limits::new(&LimitSettings::default(), world)
    }

    #[test]
    fn the_sixth_try_waits_and_time_brings_one_more() {
        let world = World::fixed(0);
        let limits = limits(&world);
        let home = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..5 {
            assert!(limits.check("a@example.com", home).is_ok());
        }
        let first = limits.check("a@example.com", home).expect_err("limited");
        assert_eq!((first.wait_s, first.record), (30, true));
        world.advance(Duration::from_millis(2_500));
        let second = limits.check("a@example.com", home).expect_err("limited");
        assert_eq!((second.wait_s, second.record), (28, false), "one record a minute");
        assert!(limits.check("b@example.com", home).is_ok(), "another account is free");
        let elsewhere = IpAddr::from([192, 0, 2, 2]);
        assert!(limits.check("a@example.com", elsewhere).is_ok(), "and so is the account from another network");
        assert!(limits.check_known("device", "a").is_ok());
        world.advance(Duration::from_millis(27_500));
        assert!(limits.check("a@example.com", home).is_ok());
        assert!(limits.check("a@example.com", home).is_err());
    }

    #[test]
    fn a_network_is_one_address_or_one_64() {
        let world = World::fixed(0);
        let limits = limits(&world);
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        for n in 0..20 {
            assert!(limits.check(&format!("{n}@example.com"), address(&format!("2001:db8::{n:x}"))).is_ok());
        }
        assert!(limits.check("x@example.com", address("2001:db8::ffff:1")).is_err());
        assert!(limits.check("x@example.com", address("2001:db8:0:1::1")).is_ok());
        assert_eq!(network_key(address("::ffff:192.0.2.7")), network_key(address("192.0.2.7")));
    }

    #[test]
    fn many_networks_share_an_accounts_hundred_and_known_devices_have_their_own() {
        let world = World::fixed(0);
        let limits = limits(&world);
        let from = |n: u8| IpAddr::from([192, 0, 2, n]);
        for n in 0..100 {
            assert!(limits.check("a@example.com", from(n)).is_ok(), "{n}");
        }
        assert_eq!(limits.check("a@example.com", from(200)).expect_err("limited").wait_s, 36);
        assert!(limits.check("b@example.com", from(200)).is_ok());
        for _ in 0..5 {
            assert!(limits.check_known("device", "laptop").is_ok());
        }
        assert!(limits.check_known("device", "laptop").is_err(), "a stolen proof is no way round either");
        assert!(limits.check_known("device", "phone").is_ok());
        assert!(limits.check_known("session", "laptop").is_ok(), "kinds do not mix");
    }

    #[test]
    fn a_flood_of_keys_takes_bounded_memory() {
        let world = World::fixed(0);
        let limits = limits(&world);
        for n in 0_u32..200_000 {
            let [a, b, c, _] = n.to_be_bytes();
            let _ = limits.check(&n.to_string(), IpAddr::from([10, a ^ b, c, n as u8]));
        }
        assert!(limits.account.len() <= 65_536);
        assert!(limits.network.len() <= 65_536);
        world.advance(Duration::from_secs(3_600));
        for n in 0..CHECKS_BETWEEN_SWEEPS {
            let _ = limits.check(&n.to_string(), IpAddr::from([127, 0, 0, 1]));
        }
        assert!(limits.network.len() < 100, "what is full again is forgotten");
    }
}
