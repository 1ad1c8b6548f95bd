//! What differs between versions of Portainer.
//!
//! The exact version of some changes is not known; where it is not, the careful reading holds for longer. Nothing here replaces
//! looking: after every write the stack and its containers are read, which is right for every version.

use std::fmt;

/// A version's three numbers; what is missing or unreadable counts as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    /// First.
    pub major: u32,
    /// Second.
    pub minor: u32,
    /// Third.
    pub patch: u32,
}

impl ServerVersion {
    /// The oldest version this client was written against.
    pub const OLDEST: Self = Self::new(2, 23, 0);
    /// Seen still to answer a create only when the deployment is over.
    const LAST_BLOCKING: Self = Self::new(2, 39, 1);
    /// Repositories became shared “Sources”.
    const SHARED_SOURCES: Self = Self::new(2, 44, 0);

    const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Reads `2.23.0`, `v2.23`, `2.23.0-ee`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut numbers = text.trim().trim_start_matches('v').split('.').map(|part| {
            let digits = part.find(|one: char| !one.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().unwrap_or(0)
        });
        let mut next = || numbers.next().unwrap_or(0);
        Self::new(next(), next(), next())
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version.
    pub version: ServerVersion,
    /// It is at least [`ServerVersion::OLDEST`].
    pub supported: bool,
    /// A failed update may take down what ran before: compose's `up` is followed by `down`. Pull images first.
    pub failed_update_may_take_down: bool,
    /// A create or update may answer before it is over, with a stack that is still deploying.
    pub may_deploy_in_background: bool,
    /// Redeploying without authentication uses the stored credentials instead of none.
    pub anonymous_redeploy_keeps_credentials: bool,
    /// An interval set with a stack may be echoed and yet not polled.
    pub interval_may_be_ignored: bool,
}

impl Capabilities {
    /// Of the version `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let version = ServerVersion::parse(text);
        let shared_sources = version >= ServerVersion::SHARED_SOURCES;
        Self {
            version,
            supported: version >= ServerVersion::OLDEST,
            failed_update_may_take_down: !shared_sources,
            may_deploy_in_background: version > ServerVersion::LAST_BLOCKING,
            anonymous_redeploy_keeps_credentials: shared_sources,
            interval_may_be_ignored: shared_sources,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, ServerVersion};

    #[test]
    fn versions_in_every_usual_form() {
        for (text, wanted) in [
            ("2.23.0", (2, 23, 0)),
            ("v2.27.9", (2, 27, 9)),
            ("2.39", (2, 39, 0)),
            ("2.40.1-rc1", (2, 40, 1)),
            ("", (0, 0, 0)),
        ] {
            let version = ServerVersion::parse(text);
            assert_eq!((version.major, version.minor, version.patch), wanted, "{text}");
        }
    }

    #[test]
    fn the_generations_differ() {
        let old = Capabilities::of("2.23.0");
        assert!(old.supported && old.failed_update_may_take_down && !old.may_deploy_in_background);
        assert!(
            !Capabilities::of("2.39.1").may_deploy_in_background && Capabilities::of("2.39.2").may_deploy_in_background
        );
        let new = Capabilities::of("2.44.0");
        assert!(!new.failed_update_may_take_down && new.may_deploy_in_background && new.interval_may_be_ignored);
        assert!(!Capabilities::of("2.19.4").supported);
    }
}
