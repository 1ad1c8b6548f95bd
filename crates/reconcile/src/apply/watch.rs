//! Watches until a stack is as desired and stays so, or does not get there.

use std::collections::BTreeMap;

use types::Millis;

use super::{by_hand::MadeByHand, session::Session};
use crate::{
    model::{
        Condition, DesiredStack, EventKind, FailureCause, ObservedStack, Reason, RowStatus, Step, UnwellContainer,
    },
    plan::compare,
    ports::StackView,
};

/// Seconds until a stack that was removed must be gone.
const GONE_WITHIN_S: u32 = 120;

/// What one look tells.
enum Look {
    Good(Box<ObservedStack>),
    Pending(Vec<UnwellContainer>),
    Bad(FailureCause),
}

/// What was seen over time.
struct History {
    good: Option<(Millis, Vec<(String, u32)>)>,
    bad_since: Option<Millis>,
    conditions: BTreeMap<String, Condition>,
}

impl Session<'_> {
    /// Watches a stack until it was good for its settling time. The time allowed begins now.
    /// Containers that were made by hand and still run are never well.
    pub(super) async fn watch(
        &self,
        step: &Step,
        wanted: &DesiredStack,
        by_hand: &MadeByHand,
    ) -> Result<ObservedStack, FailureCause> {
        let settle = Millis::from(wanted.health.settle_s) * 1000;
        let begun = self.ports.clock.now();
        // It must be able to settle within the time allowed.
        let until = begun + (Millis::from(wanted.health.timeout_s) * 1000).max(settle);
        let mut history = History { good: None, bad_since: None, conditions: BTreeMap::new() };
        loop {
            let view = self.look(step, Some(wanted)).await;
            let now = self.ports.clock.now();
            let late = now >= until;
            match view.map(|view| self.judge(step, wanted, by_hand, view, now, &mut history)) {
                Err(unobservable) => {
                    // Unseen time vouches for nothing.
                    history.good = None;
                    history.bad_since = None;
                    if late {
                        return Err(unobservable);
                    }
                }
                Ok(Look::Good(row)) => {
                    history.bad_since = None;
                    let key = stability(&row);
                    let since = match &history.good {
                        Some((since, before)) if *before == key => *since,
                        _ => {
                            self.emit(EventKind::Settling { step: step.id.clone() });
                            history.good = Some((now, key));
                            now
                        }
                    };
                    if now - since >= settle {
                        return Ok(*row);
                    }
                    // What became good in time may settle beyond it, once.
                    if now >= until + settle {
                        return Err(FailureCause::TimedOut { pending: Vec::new() });
                    }
                }
                Ok(Look::Pending(pending)) => {
                    history.good = None;
                    history.bad_since = None;
                    if late {
                        return Err(FailureCause::TimedOut { pending });
                    }
                }
                Ok(Look::Bad(cause)) => {
                    history.good = None;
                    let since = *history.bad_since.get_or_insert(now);
                    if late || now - since >= settle {
                        return Err(cause);
                    }
                }
            }
            self.ports.clock.sleep(self.control.pace.poll).await;
        }
    }

    /// Watches until nothing of a removed stack is left.
    pub(super) async fn watch_gone(&self, step: &Step) -> Result<(), FailureCause> {
        let until = self.ports.clock.now() + Millis::from(GONE_WITHIN_S) * 1000;
        loop {
            let view = self.look(step, None).await;
            if view.as_ref().is_ok_and(|view| view.rows.is_empty() && view.projects.is_empty()) {
                return Ok(());
            }
            if self.ports.clock.now() >= until {
                return Err(view.err().unwrap_or(FailureCause::NotAsDesired));
            }
            self.ports.clock.sleep(self.control.pace.poll).await;
        }
    }

    fn judge(
        &self,
        step: &Step,
        wanted: &DesiredStack,
        by_hand: &MadeByHand,
        view: StackView,
        now: Millis,
        history: &mut History,
    ) -> Look {
        let mut rows: Vec<ObservedStack> = view.rows.into_iter().filter(|row| row.name == wanted.name).collect();
        let Some(row) = rows.pop() else { return Look::Bad(FailureCause::NotAsDesired) };
        if !rows.is_empty() {
            return Look::Bad(FailureCause::NotAsDesired);
        }
        self.tell(step, &row, now, history);
        if row.status == RowStatus::Deploying {
            return Look::Pending(Vec::new());
        }
        let found = compare(wanted, &row, None, now);
        if !found.row_is_right() {
            let other = found.update.iter().find_map(|reason| match reason {
                Reason::CommitMoved { from, to } => {
                    Some(FailureCause::OtherCommit { planned: to.clone(), found: from.clone() })
                }
                _ => None,
            });
            return Look::Bad(other.unwrap_or(FailureCause::NotAsDesired));
        }
        let mut unwell: Vec<UnwellContainer> = found.redeploy.iter().filter_map(unwell).collect();
        let waits = |one: &UnwellContainer| one.condition == Some(Condition::NotStarted);
        // A number this program does not know may mean that a deploy is under way, and that what runs well is about to go.
        if matches!(row.status, RowStatus::Unknown(_)) {
            return Look::Pending(unwell);
        }
        if !found.redeploy.is_empty() && (unwell.is_empty() || !unwell.iter().all(waits)) {
            unwell.sort();
            return Look::Bad(FailureCause::Unwell { containers: unwell });
        }
        // The deploy answered, and did nothing to them.
        if by_hand.still_runs(&row) {
            return Look::Bad(FailureCause::NotAsDesired);
        }
        unwell.extend(found.pending.into_iter().map(|service| UnwellContainer {
            service,
            container: String::new(),
            condition: Some(Condition::Pending),
        }));
        if unwell.is_empty() { Look::Good(Box::new(row)) } else { Look::Pending(unwell) }
    }

    /// Tells watchers what changed.
    fn tell(&self, step: &Step, row: &ObservedStack, now: Millis, history: &mut History) {
        for container in &row.containers {
            let condition = container.condition(now);
            if history.conditions.insert(container.id.clone(), condition) != Some(condition) {
                self.emit(EventKind::Container {
                    step: step.id.clone(),
                    service: container.service.clone(),
                    container: container.name.clone(),
                    condition,
                });
            }
        }
    }
}

/// What must not change while a stack settles: its containers, and how often each was restarted.
fn stability(row: &ObservedStack) -> Vec<(String, u32)> {
    let mut key: Vec<_> = row.containers.iter().map(|one| (one.id.clone(), one.restart_count)).collect();
    key.sort();
    key
}

fn unwell(reason: &Reason) -> Option<UnwellContainer> {
    match reason {
        Reason::ContainerBad { service, container, condition } => Some(UnwellContainer {
            service: service.clone(),
            container: container.clone(),
            condition: Some(*condition),
        }),
        Reason::ContainerMissing { service } | Reason::ImageDigest { service, .. } => {
            Some(UnwellContainer { service: service.clone(), container: String::new(), condition: None })
        }
        _ => None,
    }
}
