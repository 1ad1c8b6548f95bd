//! Argon2id with bounded permits: a login flood takes neither the memory nor the processors from the pages.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{
        Error as HashError,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::Password;

use crate::{PasswordSettings, ServiceError, World, metric};

/// What a caller who finds the queue full is told to wait.
const BUSY_WAIT_S: u32 = 5;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not the password.
    Wrong,
    /// The password; its hash is up to date.
    Right,
    /// The password; its hash was made with other parameters than today's.
    RightButOld,
}

/// Hashes and checks passwords.
pub(super) struct Passwords {
    params: Params,
    world: World,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    /// A well-formed hash that no password matches: checked when there is no account, so that both take the same time.
    nobody: String,
    computed: AtomicU64,
}

impl Passwords {
    pub(super) fn new(settings: PasswordSettings, world: World) -> Result<Self, ServiceError> {
        let params = Params::new(settings.memory_kib, settings.passes, settings.lanes, None)
            .map_err(|error| ServiceError::defect("reading the Argon2 parameters", error))?;
        let nobody = unmatchable(&params, &world)
            .map_err(|error| ServiceError::defect("making the stand-in password hash", error))?;
        Ok(Self {
            params,
            world,
            permits: Arc::new(Semaphore::new(settings.permits.max(1))),
            waiting: AtomicUsize::new(0),
            queue: settings.queue,
            nobody,
            computed: AtomicU64::new(0),
        })
    }

    /// A hash of a new password, as a PHC string.
    pub(super) async fn hash(&self, password: &Password) -> Result<String, ServiceError> {
        let argon2 = argon2(self.params.clone());
        let salt: [u8; Salt::RECOMMENDED_LENGTH] = self.world.random();
        let password = password.clone();
        self.compute(move || {
            argon2
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map(|hash: PasswordHash| hash.to_string())
        })
        .await?
        .map_err(|error| ServiceError::defect("hashing a password", error))
    }

    /// Checks a password against a stored hash; `None`, for an unknown account, costs the same and is always wrong.
    pub(super) async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<Verdict, ServiceError> {
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let (password, params) = (password.clone(), self.params.clone());
        self.compute(move || {
            let hash = PasswordHash::new(&hash)?;
            // Computes with the parameters in the hash, whatever today's are.
            match argon2(params.clone()).verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) if is_current(&hash, &params) => Ok(Verdict::Right),
                Ok(()) => Ok(Verdict::RightButOld),
                Err(HashError::PasswordInvalid) => Ok(Verdict::Wrong),
                Err(error) => Err(error),
            }
        })
        .await?
        .map_err(|error: HashError| ServiceError::defect("checking a password", error))
    }

    /// How many were computed since the start.
    #[cfg(test)]
    pub(super) fn computed(&self) -> u64 {
        self.computed.load(Ordering::SeqCst)
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
        let permit = self.permit().await?;
        self.computed.fetch_add(1, Ordering::SeqCst);
        metric::password_hash();
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            // Held until the computation is over, also when the caller has gone away.
            drop(permit);
            outcome
        })
        .await
        .map_err(|error| ServiceError::defect("waiting for a password computation", error))
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Place::take(&self.waiting, self.queue)
            .ok_or_else(|| ServiceError::too_many("people are signing in at this moment", BUSY_WAIT_S))?;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        drop(place);
        permit.map_err(|error| ServiceError::defect("waiting for a password permit", error))
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        waiting
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| (now < most).then_some(now + 1))
            .ok()
            .map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn argon2(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn is_current(hash: &PasswordHash, params: &Params) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && Params::try_from(hash).is_ok_and(|used| {
            (used.m_cost(), used.t_cost(), used.p_cost()) == (params.m_cost(), params.t_cost(), params.p_cost())
        })
}

/// Random bytes in the place of a hash: nobody knows a password for it.
fn unmatchable(params: &Params, world: &World) -> Result<String, HashError> {
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&world.random::<{ Salt::RECOMMENDED_LENGTH }>())?),
        hash: Some(Output::new(&world.random::<{ Params::DEFAULT_OUTPUT_LEN }>())?),
    }
    .to_string())
}
