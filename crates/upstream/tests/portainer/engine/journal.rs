//! Journal and locks in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use reconcile::{
    model::{ApplyId, ApplyRecord, ApplyVerdict, Intent, Pin, Receipt, Revision, StackRef, Unfinished},
    ports::{Held, Journal, Lease, Locks, LocksError, PortError},
};
use types::Millis;

use super::Bench;

/// What was written down.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) applies: Vec<ApplyRecord>,
    pub(super) ended: BTreeSet<ApplyId>,
    pub(super) intents: Vec<Intent>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) revisions: Vec<Revision>,
    forgotten: BTreeMap<StackRef, u64>,
    /// Locks, by environment, with their owners.
    pub(super) held: BTreeMap<String, String>,
}

fn is_of(revision: &Revision, stack: &StackRef) -> bool {
    revision.environment == stack.environment && revision.stack == stack.stack
}

#[async_trait]
impl Journal for Bench {
    async fn begin(&self, record: &ApplyRecord, _held: &[Lease]) -> Result<(), PortError> {
        self.state().book.applies.push(record.clone());
        Ok(())
    }

    async fn intent(&self, intent: &Intent, _held: &[Lease]) -> Result<(), PortError> {
        self.state().book.intents.push(intent.clone());
        Ok(())
    }

    async fn receipt(&self, receipt: &Receipt, _held: &[Lease]) -> Result<(), PortError> {
        self.state().book.receipts.push(receipt.clone());
        Ok(())
    }

    async fn end(
        &self,
        apply: &ApplyId,
        _verdict: ApplyVerdict,
        _at: Millis,
        _held: &[Lease],
    ) -> Result<(), PortError> {
        self.state().book.ended.insert(apply.clone());
        Ok(())
    }

    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError> {
        let state = self.state();
        let open = state.book.applies.iter().filter(|record| !state.book.ended.contains(&record.id));
        let found = open.map(|record| Unfinished {
            record: record.clone(),
            intents: state.book.intents.iter().filter(|one| one.apply == record.id).cloned().collect(),
            receipts: state.book.receipts.iter().filter(|one| one.apply == record.id).cloned().collect(),
        });
        Ok(found.collect())
    }

    async fn keep_revision(&self, revision: &Revision, _held: &[Lease]) -> Result<(), PortError> {
        self.state().book.revisions.push(revision.clone());
        Ok(())
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError> {
        Ok(self.state().book.revisions.iter().filter(|one| is_of(one, stack)).cloned().collect())
    }

    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError> {
        let state = self.state();
        let mut newest = BTreeMap::new();
        for one in state.book.revisions.iter().filter(|one| one.environment == environment) {
            newest.insert(StackRef::new(environment, &one.stack), one.clone());
        }
        newest.retain(|stack, one| state.book.forgotten.get(stack) != Some(&one.number));
        Ok(newest.into_values().collect())
    }

    async fn forget_applied(&self, stack: &StackRef, _held: &[Lease]) -> Result<(), PortError> {
        let mut state = self.state();
        let last = state.book.revisions.iter().rfind(|one| is_of(one, stack)).map(|one| one.number);
        if let Some(last) = last {
            state.book.forgotten.insert(stack.clone(), last);
        }
        Ok(())
    }

    async fn set_pin(&self, _stack: &StackRef, _pin: Option<&Pin>) -> Result<(), PortError> {
        Err(PortError::new("no test here pins"))
    }
}

#[async_trait]
impl Locks for Bench {
    async fn acquire(&self, environment: &str, owner: &str, _ttl: Duration) -> Result<Lease, LocksError> {
        let mut state = self.state();
        if let Some(other) = state.book.held.insert(environment.to_owned(), owner.to_owned()) {
            return Err(LocksError::Held(Held {
                environment: environment.to_owned(),
                owner: other,
                since: 0,
                expires: Millis::MAX,
            }));
        }
        Ok(Lease { environment: environment.to_owned(), owner: owner.to_owned(), epoch: 1 })
    }

    async fn renew(&self, lease: &Lease, _ttl: Duration) -> Result<(), LocksError> {
        let state = self.state();
        let own = state.book.held.get(&lease.environment) == Some(&lease.owner);
        own.then_some(()).ok_or(LocksError::Lost)
    }

    async fn release(&self, lease: &Lease) -> Result<(), LocksError> {
        self.state().book.held.remove(&lease.environment);
        Ok(())
    }
}
