//! Portainer, which runs the Docker stacks of all environments. See `README.md` in this folder.

pub mod agent;
mod client;
mod config;
pub mod docker;
pub mod engine;
pub mod environments;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod stacks;
pub mod system;
mod transport;

use std::fmt::{self, Write as _};

pub use client::PortainerClient;
pub use config::{Credential, PortainerConfig, Timeouts, Tls};
pub use docker::Docker;
pub use environments::Environments;
pub use error::PortainerError;
pub use stacks::Stacks;
pub use system::System;
pub use transport::tls::shown_fingerprint;

/// All that Portainer does for us. Each part is a trait of its own topic; whoever holds a `dyn Portainer` calls them all.
pub trait Portainer: System + Environments + Stacks + Docker {}

impl<T: System + Environments + Stacks + Docker> Portainer for T {}

/// Number of an environment. Numbers of deleted ones are not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentId(pub i64);

/// Number of a stack. Numbers of deleted ones, and of creates that failed, are not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId(pub i64);

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A certificate's SHA-256 as people compare it: `AB:CD:…`.
#[must_use]
pub fn fingerprint_text(fingerprint: &[u8; 32]) -> String {
    fingerprint.iter().fold(String::new(), |mut text, byte| {
        let separator = if text.is_empty() { "" } else { ":" };
        let _writing_to_a_string_succeeds = write!(text, "{separator}{byte:02X}");
        text
    })
}

/// Reads a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons, in either case.
///
/// # Errors
/// [`PortainerError::Misconfigured`] if it is none.
pub fn parse_fingerprint(text: &str) -> Result<[u8; 32], PortainerError> {
    let wrong = || PortainerError::Misconfigured {
        detail: "PORTAINER_CERT_SHA256 must be 64 hexadecimal digits, with or without colons".to_owned(),
    };
    let digits: Vec<char> = text.trim().chars().filter(|one| *one != ':').collect();
    let mut fingerprint = [0; 32];
    if digits.len() != 64 {
        return Err(wrong());
    }
    for (byte, pair) in fingerprint.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|one| one.to_digit(16)).ok_or_else(wrong);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| wrong())?;
    }
    Ok(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::{fingerprint_text, parse_fingerprint};

    #[test]
    fn fingerprints_in_every_usual_form() {
        let fingerprint: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
        let text = fingerprint_text(&fingerprint);
        assert!(text.starts_with("00:07:0E:15"), "{text}");
        for form in [text.clone(), text.to_lowercase(), text.replace(':', ""), format!(" {text}\n")] {
            assert_eq!(parse_fingerprint(&form), Ok(fingerprint));
        }
        for wrong in ["", "AB", &text[1..], &text.replace('0', "g"), &format!("{text}00"), "ü"] {
            assert!(parse_fingerprint(wrong).is_err(), "{wrong}");
        }
    }
}
