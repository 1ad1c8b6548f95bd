//! The locks of an apply: taken in one order, renewed while it works, given back at its end.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use futures::future::{Either, select};
use types::Millis;

use super::{ApplyError, Control};
use crate::ports::{Lease, LocksError, Ports};

/// When a lease that was asked for at `asked_at` lapses.
fn lapse(asked_at: Millis, ttl: Duration) -> Millis {
    asked_at.saturating_add(Millis::try_from(ttl.as_millis()).unwrap_or(Millis::MAX))
}

pub(super) struct Leases<'a> {
    ports: Ports<'a>,
    ttl: Duration,
    held: Vec<Lease>,
    lost: AtomicBool,
    /// When the first of them lapses unless renewed, counted from before it was asked for.
    good_until: AtomicI64,
}

impl<'a> Leases<'a> {
    /// Takes all or none. The order of names keeps two applies from waiting for each other.
    pub(super) async fn acquire(
        ports: Ports<'a>,
        environments: BTreeSet<String>,
        control: &Control,
    ) -> Result<Self, ApplyError> {
        let ttl = control.pace.lock_ttl;
        let good_until = AtomicI64::new(lapse(ports.clock.now(), ttl));
        let mut leases = Self { ports, ttl, held: Vec::new(), lost: AtomicBool::new(false), good_until };
        for environment in environments {
            match ports.locks.acquire(&environment, &control.owner, ttl).await {
                Ok(lease) => leases.held.push(lease),
                Err(error) => {
                    leases.release().await;
                    return Err(match error {
                        LocksError::Held(held) => ApplyError::Locked(held),
                        LocksError::Port(error) => ApplyError::Locks(error),
                        LocksError::Lost => {
                            ApplyError::Locks(crate::ports::PortError::new("the lock lapsed while it was taken"))
                        }
                    });
                }
            }
        }
        Ok(leases)
    }

    /// The locks as they were taken, for whoever must know whether they still hold.
    pub(super) fn held(&self) -> &[Lease] {
        &self.held
    }

    /// Whether a lock was lost or has lapsed: nothing may be changed or written any more. Asks the clock, since a renewal may
    /// hang, and this process may have slept.
    pub(super) fn are_lost(&self) -> bool {
        if self.ports.clock.now() >= self.good_until.load(Ordering::SeqCst) {
            self.lost.store(true, Ordering::SeqCst);
        }
        self.lost.load(Ordering::SeqCst)
    }

    /// Renews while `work` goes on.
    pub(super) async fn keeping<T>(&self, work: impl Future<Output = T>) -> T {
        match select(pin!(work), pin!(self.renew_for_ever())).await {
            Either::Left((result, _)) => result,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn renew_for_ever(&self) -> std::convert::Infallible {
        loop {
            self.ports.clock.sleep(self.ttl / 3).await;
            let asked_at = self.ports.clock.now();
            let mut all = true;
            for lease in &self.held {
                match self.ports.locks.renew(lease, self.ttl).await {
                    Ok(()) => {}
                    // Not answered: the leases stand until they lapse.
                    Err(LocksError::Port(_)) => all = false,
                    Err(LocksError::Lost | LocksError::Held(_)) => self.lost.store(true, Ordering::SeqCst),
                }
            }
            if all {
                self.good_until.store(lapse(asked_at, self.ttl), Ordering::SeqCst);
            }
        }
    }

    /// Gives them back. One that can't be given back lapses.
    pub(super) async fn release(&self) {
        for lease in &self.held {
            let _ = self.ports.locks.release(lease).await;
        }
    }
}
