//! The journal, the locks and the vault.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use reconcile::{
    model::*,
    ports::{Held as HeldBy, Journal, Lease, Locks, LocksError, PortError, Secrets, SecretsError},
};
use secrecy::SecretString;
use serde::Serialize;
use types::Millis;

use super::World;

/// All that was written down, and what watchers saw.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Book {
    pub(crate) applies: Vec<ApplyRecord>,
    pub(crate) ended: BTreeMap<ApplyId, ApplyVerdict>,
    pub(crate) intents: Vec<Intent>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) revisions: Vec<Revision>,
    /// Stacks that were removed since.
    pub(crate) forgotten: Vec<(StackRef, u64)>,
    #[serde(skip)]
    pub(crate) pins: BTreeMap<StackRef, Pin>,
    pub(crate) events: Vec<Event>,
}

impl Book {
    pub(crate) fn unfinished(&self) -> Vec<Unfinished> {
        self.applies
            .iter()
            .filter(|record| !self.ended.contains_key(&record.id))
            .map(|record| Unfinished {
                record: record.clone(),
                intents: self.intents.iter().filter(|one| one.apply == record.id).cloned().collect(),
                receipts: self.receipts.iter().filter(|one| one.apply == record.id).cloned().collect(),
            })
            .collect()
    }

    pub(crate) fn revisions_of(&self, stack: &StackRef) -> Vec<Revision> {
        let of = |one: &&Revision| one.environment == stack.environment && one.stack == stack.stack;
        self.revisions.iter().filter(of).cloned().collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) owner: String,
    pub(crate) epoch: u64,
    pub(crate) since: Millis,
    pub(crate) expires: Millis,
}

impl World {
    /// A write of an apply: refused once another has one of its locks.
    async fn book_under<T>(
        &self,
        held: &[Lease],
        what: &str,
        write: impl FnOnce(&mut Book) -> T,
    ) -> Result<T, PortError> {
        let lost = {
            let state = self.lock();
            held.iter().any(|lease| state.locks.get(&lease.environment).is_none_or(|one| one.epoch != lease.epoch))
        };
        if lost {
            return Err(PortError::new("its lock was taken by another"));
        }
        self.book(what, write).await
    }

    async fn book<T>(&self, what: &str, write: impl FnOnce(&mut Book) -> T) -> Result<T, PortError> {
        if self.enter(&format!("journal {what}")).await.is_some() {
            return Err(PortError::new("disk full"));
        }
        let value = write(&mut self.lock().journal);
        self.leave().await;
        Ok(value)
    }
}

#[async_trait]
impl Journal for World {
    async fn begin(&self, record: &ApplyRecord, held: &[Lease]) -> Result<(), PortError> {
        self.book_under(held, "begin", |book| book.applies.push(record.clone())).await
    }

    async fn intent(&self, intent: &Intent, held: &[Lease]) -> Result<(), PortError> {
        self.book_under(held, "intent", |book| book.intents.push(intent.clone())).await
    }

    async fn receipt(&self, receipt: &Receipt, held: &[Lease]) -> Result<(), PortError> {
        self.book_under(held, "receipt", |book| {
            book.receipts.retain(|one| one.apply != receipt.apply || one.step != receipt.step);
            book.receipts.push(receipt.clone());
        })
        .await
    }

    async fn end(&self, apply: &ApplyId, verdict: ApplyVerdict, _at: Millis, held: &[Lease]) -> Result<(), PortError> {
        self.book_under(held, "end", |book| {
            book.ended.insert(apply.clone(), verdict);
        })
        .await
    }

    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError> {
        self.book("unfinished", |book| book.unfinished()).await
    }

    async fn keep_revision(&self, revision: &Revision, held: &[Lease]) -> Result<(), PortError> {
        {
            let mut state = self.lock();
            let id = StepId::of(&revision.environment, &revision.stack);
            if let Some(Err(why)) = state.last_look.get(&id).cloned() {
                state.violations.push(format!("{id} is kept as healthy while {why}"));
            }
        }
        self.book_under(held, "keep", |book| {
            let same = |one: &Revision| {
                one.apply == revision.apply && one.environment == revision.environment && one.stack == revision.stack
            };
            book.revisions.retain(|one| !same(one));
            book.revisions.push(revision.clone());
        })
        .await
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError> {
        self.book("revisions", |book| book.revisions_of(stack)).await
    }

    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError> {
        self.book("newest", |book| {
            let mut newest: BTreeMap<String, Revision> = BTreeMap::new();
            for one in book.revisions.iter().filter(|one| one.environment == environment) {
                newest.insert(one.stack.clone(), one.clone());
            }
            let gone =
                |one: &Revision| book.forgotten.contains(&(StackRef::new(&one.environment, &one.stack), one.number));
            newest.into_values().filter(|one| !gone(one)).collect()
        })
        .await
    }

    async fn forget_applied(&self, stack: &StackRef, held: &[Lease]) -> Result<(), PortError> {
        self.book_under(held, "forget", |book| {
            if let Some(last) = book.revisions_of(stack).last() {
                book.forgotten.push((stack.clone(), last.number));
            }
        })
        .await
    }

    async fn set_pin(&self, stack: &StackRef, pin: Option<&Pin>) -> Result<(), PortError> {
        self.book("pin", |book| {
            match pin {
                Some(pin) => book.pins.insert(stack.clone(), pin.clone()),
                None => book.pins.remove(stack),
            };
        })
        .await
    }
}

#[async_trait]
impl Locks for World {
    async fn acquire(&self, environment: &str, owner: &str, ttl: Duration) -> Result<Lease, LocksError> {
        if self.enter("lock acquire").await.is_some() {
            return Err(LocksError::Port(PortError::new("no answer")));
        }
        let mut state = self.lock();
        let now = state.now;
        if let Some(held) = state.locks.get(environment)
            && held.expires > now
        {
            return Err(LocksError::Held(HeldBy {
                environment: environment.to_owned(),
                owner: held.owner.clone(),
                since: held.since,
                expires: held.expires,
            }));
        }
        state.next_epoch += 1;
        let epoch = state.next_epoch;
        let expires = now + i64::try_from(ttl.as_millis()).unwrap();
        state.locks.insert(environment.to_owned(), Held { owner: owner.to_owned(), epoch, since: now, expires });
        Ok(Lease { environment: environment.to_owned(), owner: owner.to_owned(), epoch })
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), LocksError> {
        if self.enter("lock renew").await.is_some() {
            let mut state = self.lock();
            let (now, epoch) = (state.now, state.next_epoch + 1);
            state.next_epoch = epoch;
            let thief = Held { owner: "thief".to_owned(), epoch, since: now, expires: now + 60_000 };
            state.locks.insert(lease.environment.clone(), thief);
            return Err(LocksError::Lost);
        }
        let mut state = self.lock();
        let expires = state.now + i64::try_from(ttl.as_millis()).unwrap();
        match state.locks.get_mut(&lease.environment) {
            Some(held) if held.epoch == lease.epoch => {
                held.expires = expires;
                Ok(())
            }
            _ => Err(LocksError::Lost),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), LocksError> {
        let mut state = self.lock();
        if state.locks.get(&lease.environment).is_some_and(|held| held.epoch == lease.epoch) {
            state.locks.remove(&lease.environment);
        }
        Ok(())
    }
}

#[async_trait]
impl Secrets for World {
    async fn resolve(&self, secret: &SecretRef) -> Result<SecretString, SecretsError> {
        if self.enter("vault").await.is_some() {
            return Err(SecretsError { detail: "the vault can't be opened".to_owned() });
        }
        let state = self.lock();
        let versions = state.vault.get(&secret.name);
        let value = versions.and_then(|all| all.get(usize::try_from(secret.version).unwrap() - 1));
        value.map(|value| value.clone().into()).ok_or_else(|| SecretsError { detail: "no such version".to_owned() })
    }
}
