//! Following an apply: what the journal says, from any number on, in this process or another's.

use std::{collections::VecDeque, time::Duration};

use reconcile::model::{ApplyId, ApplyVerdict, Event, Receipt};
use store::{ApplyState, EntryKind};
use tokio::sync::watch as signal;

use super::{Deploy, DeployError, Onlooker};

/// How often the journal is read when another process writes it.
const POLL: Duration = Duration::from_millis(500);

/// Something a watcher sees. Whoever loses the thread asks again from the last number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// An event.
    Event(u64, Event),
    /// The end of a step.
    Receipt(u64, Receipt),
    /// The end of all.
    Ended(ApplyVerdict),
}

/// Follows one apply; see [`Deploy::watch`].
pub struct Watching {
    deploy: Deploy,
    id: ApplyId,
    after: u64,
    ready: VecDeque<Watched>,
    written: signal::Receiver<u64>,
    is_over: bool,
}

impl Deploy {
    /// Follows an apply from the entry after `after`; 0 is from the beginning.
    ///
    /// # Errors
    /// `NotFound` when there is no such apply.
    pub async fn watch(&self, _: &Onlooker, id: &ApplyId, after: u64) -> Result<Watching, DeployError> {
        self.row(id).await?;
        Ok(Watching {
            deploy: self.clone(),
            id: id.clone(),
            after,
            ready: VecDeque::new(),
            written: self.0.written.subscribe(),
            is_over: false,
        })
    }
}

impl Watching {
    /// What comes next; none after the end. May be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Watched>, DeployError> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Ok(Some(next));
            }
            if self.is_over {
                return Ok(None);
            }
            self.written.borrow_and_update();
            // The state first: what is written before the end is then read after it.
            let state = self.deploy.row(&self.id).await?.state;
            let runs_here = self.deploy.runs().contains_key(&self.id.0);
            self.read().await?;
            if let (Some(verdict), false) = (verdict(state), runs_here) {
                self.ready.push_back(Watched::Ended(verdict));
                self.is_over = true;
            }
            if self.ready.is_empty() {
                // The sender lives as long as `deploy`.
                let _ = tokio::time::timeout(POLL, self.written.changed()).await;
            }
        }
    }

    async fn read(&mut self) -> Result<(), DeployError> {
        for entry in self.deploy.0.store.entries_after(&self.id.0, self.after).await? {
            self.after = entry.seq;
            let watched = match entry.kind {
                EntryKind::Event => {
                    serde_json::from_str(&entry.body).ok().map(|event| Watched::Event(entry.seq, event))
                }
                EntryKind::Receipt => {
                    serde_json::from_str(&entry.body).ok().map(|receipt| Watched::Receipt(entry.seq, receipt))
                }
                EntryKind::Intent => None,
            };
            self.ready.extend(watched);
        }
        Ok(())
    }
}

const fn verdict(state: ApplyState) -> Option<ApplyVerdict> {
    match state {
        ApplyState::Running => None,
        ApplyState::Succeeded => Some(ApplyVerdict::Succeeded),
        ApplyState::Cancelled => Some(ApplyVerdict::Cancelled),
        ApplyState::Failed => Some(ApplyVerdict::Failed),
    }
}
