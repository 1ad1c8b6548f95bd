//! Brings one stack back after its step failed.

use super::{call::Caller, session::Session};
use crate::{
    model::{
        Action, AdoptFrom, Call, ComposeFacts, DesiredSource, DesiredStack, EventKind, FailureCause, Intent,
        ObservedStack, Revision, RollbackOutcome, StackRef, Step,
    },
    plan::compare,
};

impl Session<'_> {
    /// Brings a stack back to its last good revision, or to nothing if there was nothing. None if the step touched nothing, or
    /// if nothing may be touched any more.
    pub(super) async fn roll_back(
        &self,
        caller: &mut Caller<'_>,
        step: &Step,
        wanted: Option<&DesiredStack>,
        cause: &FailureCause,
        begun: &[Intent],
    ) -> Option<RollbackOutcome> {
        if caller.made() == 0 || matches!(cause, FailureCause::Journal { .. } | FailureCause::LockLost) {
            return None;
        }
        let wanted = wanted?;
        let taken = matches!(cause, FailureCause::Refused { call, refusal } if refusal.takes_name(call));
        if taken && matches!(step.action, Action::Create | Action::Adopt { from: AdoptFrom::Project }) {
            return None;
        }
        self.emit(EventKind::RollingBack { step: step.id.clone() });
        caller.rolling_back = true;
        let result = match (&step.action, cause) {
            // It may still come; anything made now could be doubled by it.
            (_, FailureCause::OutcomeUnknown { call: Call::Create, .. }) => Err(cause.clone()),
            // What carries the name is somebody else's.
            _ if taken => Err(cause.clone()),
            (Action::Create, _) => self.clear(caller, step).await,
            _ => self.restore(caller, step, wanted, begun).await,
        };
        Some(result.unwrap_or_else(|cause| RollbackOutcome::Failed { cause: Box::new(cause) }))
    }

    /// Removes what a failed creation left.
    async fn clear(&self, caller: &mut Caller<'_>, step: &Step) -> Result<RollbackOutcome, FailureCause> {
        for row in self.own_rows(step).await? {
            caller.make(&Call::Remove { id: row.id, name: row.name }, None, None).await?;
        }
        self.watch_gone(step).await?;
        Ok(RollbackOutcome::Removed)
    }

    async fn restore(
        &self,
        caller: &mut Caller<'_>,
        step: &Step,
        wanted: &DesiredStack,
        begun: &[Intent],
    ) -> Result<RollbackOutcome, FailureCause> {
        let stack = StackRef::new(&step.environment, &step.stack);
        let newest = self
            .ports
            .journal
            .newest_revisions(&step.environment)
            .await
            .map_err(|error| FailureCause::Journal { detail: error.detail })?;
        let Some(revision) = newest.into_iter().find(|one| one.stack == stack.stack) else {
            return Ok(RollbackOutcome::NothingToRestore);
        };
        let rows = self.own_rows(step).await?;
        let row = match rows.as_slice() {
            [] => None,
            [row] => Some(row),
            _ => return Err(FailureCause::NotAsDesired),
        };
        let now = self.ports.clock.now();
        let Some(before) = as_it_was(&revision, wanted, row, now) else {
            return Ok(RollbackOutcome::NothingToRestore);
        };
        let payload = self.payload(&before).await?;
        let create_broke_off = begun.last().is_some_and(|last| last.rolling_back && last.call == Call::Create);
        match row {
            Some(row) => caller.make(&Call::Update { id: row.id }, Some(&before), Some(&payload)).await?,
            None if create_broke_off => caller.take_up(&Call::Create, Some(&before), Some(&payload)).await?,
            None => caller.make(&Call::Create, Some(&before), Some(&payload)).await?,
        }
        drop(payload);
        self.watch(step, &before).await?;
        Ok(RollbackOutcome::Restored { revision: revision.number })
    }

    async fn own_rows(&self, step: &Step) -> Result<Vec<ObservedStack>, FailureCause> {
        Ok(self.look(step, None).await?.rows)
    }
}

/// The stack as it was: from git if the row still follows the same commit, by its text otherwise, since Portainer deploys no
/// commit but a reference's newest.
fn as_it_was(
    revision: &Revision,
    wanted: &DesiredStack,
    row: Option<&ObservedStack>,
    now: types::Millis,
) -> Option<DesiredStack> {
    let facts = |text: &str| ComposeFacts { services: revision.services.clone(), text: text.to_owned() };
    let mut before = DesiredStack {
        source: revision.source.clone(),
        variables: revision.variables.clone(),
        compose: (!revision.services.is_empty()).then(|| facts("")),
        pin: None,
        ..wanted.clone()
    };
    let same_git =
        revision.source == wanted.source && row.is_some_and(|row| compare(&before, row, None, now).recreate.is_empty());
    if !same_git {
        let text = match (&revision.compose, &revision.source) {
            (Some(text), _) => text.clone(),
            (None, DesiredSource::Text { text }) => text.clone(),
            (None, DesiredSource::Git { .. }) => return None,
        };
        before.compose = before.compose.map(|_| facts(&text));
        before.source = DesiredSource::Text { text };
    }
    Some(before)
}
