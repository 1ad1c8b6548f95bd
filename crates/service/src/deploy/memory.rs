//! The engine's memory, over the store: its journal, revisions, pins and locks.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use reconcile::{
    model::{ApplyId, ApplyRecord, ApplyVerdict, Intent, Pin, Receipt, Revision, StackRef, Unfinished},
    ports::{Held, Journal, Lease, Locks, LocksError, PortError},
};
use serde::{Serialize, de::DeserializeOwned};
use store::{
    ApplyState, AuditEntry, EntryKind, HeldLock, LockAttempt, NewApply, NewEntry, NewRevision, PinRow, RevisionRow,
    Store, StoreError,
};
use types::Millis;

use crate::{World, world::millis};

/// The ports `Journal` and `Locks` of the engine, over the database. Whatever a call has written is on the disk when it returns,
/// so a process that is killed loses nothing that it was told.
#[derive(Clone)]
pub struct Memory {
    store: Store,
    world: World,
}

impl Memory {
    /// Remembers in `store`; locks lapse by the clock of `world`.
    #[must_use]
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world }
    }

    /// The pins in force, as [`Desired::with_pins`](reconcile::model::Desired::with_pins) takes them.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn pins(&self) -> Result<BTreeMap<StackRef, Pin>, PortError> {
        let rows = self.store.pins().await.map_err(|error| failed("read the pins", &error))?;
        rows.into_iter()
            .map(|row| {
                let stack = StackRef::new(row.environment, row.stack);
                let pin = read(&format!("the pin of {}/{}", stack.environment, stack.stack), &row.body)?;
                Ok((stack, pin))
            })
            .collect()
    }

    async fn append(
        &self,
        apply: &ApplyId,
        kind: EntryKind,
        step: &str,
        body: &(impl Serialize + Sync),
        at: Millis,
        held: &[Lease],
    ) -> Result<(), PortError> {
        let what = format!("write to the journal of apply {apply}");
        let entry =
            NewEntry { apply: apply.0.clone(), kind, step: Some(step.to_owned()), body: json(&what, body)?, at };
        self.store.append_entry(&entry, &locks(held)).await.map_err(|error| failed(&what, &error))?;
        Ok(())
    }
}

/// Says what could not be done. The store's errors carry no values of rows.
fn failed(what: &str, error: &StoreError) -> PortError {
    if error.is_conflict("apply_ended") {
        return PortError::new(format!("could not {what}: another process took it up and ended it"));
    }
    if error.is_conflict("lock_lost") {
        return PortError::new(format!("could not {what}: its lock lapsed and was taken by another"));
    }
    PortError::new(format!("could not {what}: {error}"))
}

/// The locks as the store knows them.
fn locks(held: &[Lease]) -> Vec<HeldLock> {
    held.iter()
        .map(|Lease { environment, owner, epoch }| HeldLock {
            environment: environment.clone(),
            owner: owner.clone(),
            epoch: *epoch,
        })
        .collect()
}

fn json(what: &str, value: &impl Serialize) -> Result<String, PortError> {
    serde_json::to_string(value).map_err(|error| PortError::new(format!("could not {what}: it has no JSON: {error}")))
}

fn read<T: DeserializeOwned>(what: &str, body: &str) -> Result<T, PortError> {
    serde_json::from_str(body).map_err(|error| {
        // The place, not the words: those could quote what is stored.
        let (line, column) = (error.line(), error.column());
        PortError::new(format!(
            "{what} can't be read (line {line}, column {column} of its text): was it written by a newer version of ThinkHeads?"
        ))
    })
}

fn revisions(rows: Vec<RevisionRow>) -> Result<Vec<Revision>, PortError> {
    rows.into_iter()
        .map(|row| read(&format!("revision {} of {}/{}", row.number, row.environment, row.stack), &row.body))
        .collect()
}

fn state(verdict: ApplyVerdict) -> ApplyState {
    match verdict {
        ApplyVerdict::Succeeded => ApplyState::Succeeded,
        ApplyVerdict::Cancelled => ApplyState::Cancelled,
        ApplyVerdict::Failed => ApplyState::Failed,
    }
}

impl Memory {
    /// Writes that an apply begins, with its record in the audit.
    ///
    /// # Errors
    /// When it could not be written for sure, or another apply on one of its environments has not ended.
    pub async fn begin_with(
        &self,
        record: &ApplyRecord,
        held: &[Lease],
        audit: Option<AuditEntry>,
    ) -> Result<(), PortError> {
        let what = format!("begin apply {}", record.id);
        let environments: BTreeSet<&String> = record.plan.steps.iter().map(|step| &step.environment).collect();
        let new = NewApply {
            id: record.id.0.clone(),
            actor: record.actor.clone(),
            owner: record.owner.clone(),
            environments: environments.into_iter().cloned().collect(),
            record: json(&what, record)?,
            now: record.started_at,
            audit,
        };
        self.store.begin_apply(&new, &locks(held)).await.map_err(|error| {
            if error.is_conflict("apply_environments_environment") {
                return PortError::new(format!("could not {what}: another on one of its environments has not ended"));
            }
            if error.is_conflict("may_not_deploy") {
                return PortError::new(format!("could not {what}: whoever asked for it may not deploy there any more"));
            }
            failed(&what, &error)
        })
    }
}

#[async_trait]
impl Journal for Memory {
    async fn begin(&self, record: &ApplyRecord, held: &[Lease]) -> Result<(), PortError> {
        self.begin_with(record, held, None).await
    }

    async fn intent(&self, intent: &Intent, held: &[Lease]) -> Result<(), PortError> {
        self.append(&intent.apply, EntryKind::Intent, intent.step.as_str(), intent, intent.at, held).await
    }

    async fn receipt(&self, receipt: &Receipt, held: &[Lease]) -> Result<(), PortError> {
        self.append(&receipt.apply, EntryKind::Receipt, receipt.step.as_str(), receipt, receipt.ended_at, held).await
    }

    async fn end(&self, apply: &ApplyId, verdict: ApplyVerdict, at: Millis, held: &[Lease]) -> Result<(), PortError> {
        let ended = self.store.end_apply(&apply.0, state(verdict), at, &locks(held)).await;
        ended.map_err(|error| failed(&format!("end apply {apply}"), &error))
    }

    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError> {
        let lost = |error: StoreError| failed("read the journal", &error);
        let mut all = Vec::new();
        for row in self.store.unfinished_applies().await.map_err(lost)? {
            let record: ApplyRecord = read(&format!("apply {}", row.id), &row.record)?;
            let mut intents = Vec::new();
            let mut receipts: Vec<Receipt> = Vec::new();
            for entry in self.store.entries_after(&row.id, 0).await.map_err(lost)? {
                let what = format!("entry {} of apply {}", entry.seq, row.id);
                match entry.kind {
                    EntryKind::Intent => intents.push(read(&what, &entry.body)?),
                    EntryKind::Receipt => {
                        let receipt: Receipt = read(&what, &entry.body)?;
                        receipts.retain(|earlier| earlier.step != receipt.step);
                        receipts.push(receipt);
                    }
                    EntryKind::Event => {}
                }
            }
            all.push(Unfinished { record, intents, receipts });
        }
        Ok(all)
    }

    async fn keep_revision(&self, revision: &Revision, held: &[Lease]) -> Result<(), PortError> {
        let what = format!("keep revision {} of {}/{}", revision.number, revision.environment, revision.stack);
        let new = NewRevision {
            environment: revision.environment.clone(),
            stack: revision.stack.clone(),
            number: revision.number,
            apply: revision.apply.0.clone(),
            actor: revision.actor.clone(),
            body: json(&what, revision)?,
            at: revision.at,
        };
        self.store.keep_revision(&new, &locks(held)).await.map_err(|error| {
            if error.is_conflict("revisions_number") {
                return PortError::new(format!("could not {what}: it is not the next, another was kept meanwhile"));
            }
            failed(&what, &error)
        })
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError> {
        let StackRef { environment, stack } = stack;
        let rows = self.store.revisions(environment, stack).await;
        revisions(rows.map_err(|error| failed(&format!("read the revisions of {environment}/{stack}"), &error))?)
    }

    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError> {
        let rows = self.store.applied_revisions(environment).await;
        revisions(rows.map_err(|error| failed(&format!("read the revisions of {environment}"), &error))?)
    }

    async fn forget_applied(&self, stack: &StackRef, held: &[Lease]) -> Result<(), PortError> {
        let StackRef { environment, stack } = stack;
        let forgotten = self.store.forget_applied(environment, stack, &locks(held)).await;
        forgotten.map(drop).map_err(|error| failed(&format!("note that {environment}/{stack} was removed"), &error))
    }

    async fn set_pin(&self, stack: &StackRef, pin: Option<&Pin>) -> Result<(), PortError> {
        let StackRef { environment, stack } = stack;
        let what = format!("set the pin of {environment}/{stack}");
        let done = match pin {
            Some(pin) => {
                let row = PinRow {
                    environment: environment.clone(),
                    stack: stack.clone(),
                    body: json(&what, pin)?,
                    set_by: pin.by.clone(),
                    set_at: pin.at,
                };
                self.store.set_pin(&row).await
            }
            None => self.store.release_pin(environment, stack).await.map(drop),
        };
        done.map_err(|error| failed(&what, &error))
    }
}

#[async_trait]
impl Locks for Memory {
    async fn acquire(&self, environment: &str, owner: &str, ttl: Duration) -> Result<Lease, LocksError> {
        let now = self.world.now();
        let attempt = self.store.acquire_lock(environment, owner, now, now.saturating_add(millis(ttl))).await;
        match attempt.map_err(|error| failed(&format!("take the lock of {environment}"), &error))? {
            LockAttempt::Taken(lock) => {
                Ok(Lease { environment: lock.environment, owner: lock.owner, epoch: lock.epoch })
            }
            LockAttempt::Held(by) => Err(LocksError::Held(Held {
                environment: by.environment,
                owner: by.owner,
                since: by.acquired_at,
                expires: by.expires_at,
            })),
        }
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), LocksError> {
        let Lease { environment, owner, epoch } = lease;
        let now = self.world.now();
        let until = now.saturating_add(millis(ttl));
        let renewed = self.store.renew_lock(environment, owner, *epoch, now, until).await;
        match renewed.map_err(|error| failed(&format!("renew the lock of {environment}"), &error))? {
            true => Ok(()),
            false => Err(LocksError::Lost),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), LocksError> {
        let Lease { environment, owner, epoch } = lease;
        let released = self.store.release_lock(environment, owner, *epoch).await;
        released.map_err(|error| failed(&format!("give the lock of {environment} back"), &error))?;
        Ok(())
    }
}
