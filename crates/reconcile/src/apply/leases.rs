//! The locks of an apply: taken in one order, renewed while it works, given back at its end.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::{Either, select};
use types::Millis;

use super::{ApplyError, Control};
use crate::ports::{Lease, LocksError, Ports};

pub(super) struct Leases<'a> {
    ports: Ports<'a>,
    ttl: Duration,
    held: Vec<Lease>,
    lost: AtomicBool,
}

impl<'a> Leases<'a> {
    /// Takes all or none. The order of names keeps two applies from waiting for each other.
    pub(super) async fn acquire(
        ports: Ports<'a>,
        environments: BTreeSet<String>,
        control: &Control,
    ) -> Result<Self, ApplyError> {
        let ttl = control.pace.lock_ttl;
        let mut leases = Self { ports, ttl, held: Vec::new(), lost: AtomicBool::new(false) };
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

    /// Whether a lock was lost: nothing may be changed or written any more.
    pub(super) fn are_lost(&self) -> bool {
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
        let ttl = Millis::try_from(self.ttl.as_millis()).unwrap_or(Millis::MAX);
        let mut good_until = self.ports.clock.now().saturating_add(ttl);
        loop {
            self.ports.clock.sleep(self.ttl / 3).await;
            let asked_at = self.ports.clock.now();
            let mut all = true;
            for lease in &self.held {
                match self.ports.locks.renew(lease, self.ttl).await {
                    Ok(()) => {}
                    // Not answered: the lease stands until it lapses.
                    Err(LocksError::Port(_)) => all = false,
                    Err(LocksError::Lost | LocksError::Held(_)) => self.lost.store(true, Ordering::SeqCst),
                }
            }
            if all {
                good_until = asked_at.saturating_add(ttl);
            } else if self.ports.clock.now() >= good_until {
                self.lost.store(true, Ordering::SeqCst);
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
