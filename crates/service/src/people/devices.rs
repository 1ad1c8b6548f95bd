//! Known devices: a browser in which somebody has signed in keeps a proof of it, so that a stranger who tries passwords
//! elsewhere cannot lock the account's owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//!
//! The proof opens nothing: it only has its tries counted apart. It is an HMAC with the account's own password hash as the
//! key, so that it needs no row and no further secret, names one account, and is worth nothing after the password was
//! changed. A copy of the database could forge one, and would gain a few tries a minute by it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::UserRecord;
use types::{Millis, UserId};

use super::People;
use crate::ServiceError;

/// How long a device is known without signing in there: a year, in milliseconds.
pub const DEVICE_LIFETIME: Millis = 365 * 24 * 60 * 60 * 1000;
/// Keeps these codes apart from any other use of the same key.
const PURPOSE: &str = "thinkheads device 1";

/// A device that was recognised. Its tries are counted under this name.
pub(super) struct Device(String);

impl Device {
    pub(super) fn name(&self) -> &str {
        &self.0
    }
}

impl People {
    /// A proof that this person has just signed in with the device that asks. The device keeps it and shows it at its next
    /// sign-in.
    ///
    /// # Errors
    /// When there is no such person, or the database fails.
    pub async fn known_device(&self, user: UserId) -> Result<String, ServiceError> {
        let known = self.context.store.user_by_id(user).await?.ok_or_else(|| ServiceError::not_found("That person"))?;
        let name = URL_SAFE_NO_PAD.encode(self.context.world.random::<16>());
        let expires = self.context.world.now().saturating_add(DEVICE_LIFETIME);
        let code = code(&known, &name, expires).finalize().into_bytes();
        Ok(format!("{name}.{expires}.{}", URL_SAFE_NO_PAD.encode(code)))
    }
}

/// The device, if the proof is one of this account's and has not run out.
pub(super) fn recognise(proof: &str, known: &UserRecord, now: Millis) -> Option<Device> {
    let (name, rest) = proof.split_once('.')?;
    let (expires, given) = rest.split_once('.')?;
    let expires: Millis = expires.parse().ok()?;
    let given = URL_SAFE_NO_PAD.decode(given).ok()?;
    // Compares in constant time.
    code(known, name, expires).verify_slice(&given).ok()?;
    (expires > now).then(|| Device(name.to_owned()))
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn code(known: &UserRecord, name: &str, expires: Millis) -> Hmac<Sha256> {
    let mut code = Hmac::<Sha256>::new_from_slice(known.password_hash.as_bytes()).expect("any length is right");
    code.update(format!("{PURPOSE}\n{}\n{name}\n{expires}", known.user.id).as_bytes());
    code
}
