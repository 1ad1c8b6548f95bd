//! Brings one stack back after its step failed.

use types::{Millis, catalog::ImageName};

use super::{by_hand::MadeByHand, call::Caller, session::Session};
use crate::{
    model::{
        Action, AdoptFrom, Call, ComposeFacts, ComposeService, DesiredSource, DesiredStack, EventKind, FailureCause,
        Intent, ObservedStack, Revision, RollbackOutcome, StackRef, Step,
    },
    plan::{compare, may_be_made_of},
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
        // Neither settings nor pulls touch a container.
        let call = match cause {
            FailureCause::Refused { call, .. } | FailureCause::OutcomeUnknown { call, .. } => Some(call),
            _ => None,
        };
        if matches!(step.action, Action::Configure { .. }) || matches!(call, Some(Call::Pull { .. })) {
            return None;
        }
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
            (Action::Create, _) => self.clear(caller, step, wanted).await,
            _ => self.restore(caller, step, wanted, begun).await,
        };
        Some(result.unwrap_or_else(|cause| RollbackOutcome::Failed { cause: Box::new(cause) }))
    }

    /// Removes what a failed creation left. Nothing at all if a row of the name is another's: a removal would take its
    /// containers too.
    async fn clear(
        &self,
        caller: &mut Caller<'_>,
        step: &Step,
        wanted: &DesiredStack,
    ) -> Result<RollbackOutcome, FailureCause> {
        let rows = self.rows(step, wanted).await?;
        let now = self.ports.clock.now();
        if rows.iter().any(|row| !may_be_made_of(wanted, row, now)) {
            return Err(FailureCause::NotAsDesired);
        }
        for row in rows {
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
        let rows = self.rows(step, wanted).await?;
        let row = match rows.as_slice() {
            [] => None,
            [row] => Some(row),
            _ => return Err(FailureCause::NotAsDesired),
        };
        let now = self.ports.clock.now();
        let Some(before) = self.as_it_was(&revision, wanted, row, now)? else {
            return Ok(RollbackOutcome::NothingToRestore);
        };
        // The row that the plan found, what this step created, or what a run that broke off brought back.
        let is_ours = |row: &ObservedStack| {
            row_of(&step.action) == Some(row.id)
                || may_be_made_of(wanted, row, now)
                || may_be_made_of(&before, row, now)
        };
        if row.is_some_and(|row| !is_ours(row)) {
            return Err(FailureCause::NotAsDesired);
        }
        let payload = self.payload(&before).await?;
        let create_broke_off = begun.last().is_some_and(|last| last.rolling_back && last.call == Call::Create);
        match row {
            Some(row) => caller.make(&Call::Update { id: row.id }, Some(&before), Some(&payload)).await?,
            None if create_broke_off => caller.take_up(&Call::Create, Some(&before), Some(&payload)).await?,
            None => caller.make(&Call::Create, Some(&before), Some(&payload)).await?,
        }
        drop(payload);
        self.watch(step, &before, &MadeByHand::Nothing).await?;
        Ok(RollbackOutcome::Restored { revision: revision.number })
    }

    /// The rows of the stack's own name.
    async fn rows(&self, step: &Step, wanted: &DesiredStack) -> Result<Vec<ObservedStack>, FailureCause> {
        let mut rows = self.look(step, Some(wanted)).await?.rows;
        rows.retain(|row| row.name == step.stack);
        Ok(rows)
    }

    /// The stack as it was, with the images it had. From git only if the row still follows the same commit and its images are
    /// named by digest; by its text otherwise, since Portainer deploys no commit but a reference's newest, and pulls whatever a
    /// tag means by now.
    fn as_it_was(
        &self,
        revision: &Revision,
        wanted: &DesiredStack,
        row: Option<&ObservedStack>,
        now: Millis,
    ) -> Result<Option<DesiredStack>, FailureCause> {
        let facts = |text: &str| ComposeFacts { services: revision.services.clone(), text: text.to_owned() };
        let mut before = DesiredStack {
            source: revision.source.clone(),
            variables: revision.variables.clone(),
            compose: (!revision.services.is_empty()).then(|| facts("")),
            pin: None,
            ..wanted.clone()
        };
        let same_git = revision.source == wanted.source
            && row.is_some_and(|row| compare(&before, row, None, now).recreate.is_empty());
        let by_tag =
            |service: &ComposeService| service.digest.is_some() && ImageName::parse(&service.image).digest.is_none();
        let text = match (&revision.compose, &revision.source) {
            (Some(text), _) | (None, DesiredSource::Text { text }) => Some(text),
            (None, DesiredSource::Git { .. }) => None,
        };
        let is_git = matches!(revision.source, DesiredSource::Git { .. });
        if is_git && same_git && (text.is_none() || !revision.services.iter().any(by_tag)) {
            return Ok(Some(before));
        }
        let Some(text) = text else { return Ok(None) };
        let text = self.ports.images.pin_images(text, &revision.services);
        let text = text.map_err(|detail| FailureCause::Unrenderable { detail: self.redactor.clean(&detail) })?;
        before.compose = before.compose.map(|_| facts(&text));
        before.source = DesiredSource::Text { text };
        Ok(Some(before))
    }
}

/// The row that an action works on.
const fn row_of(action: &Action) -> Option<i64> {
    match action {
        Action::Update { id } | Action::Redeploy { id } | Action::Configure { id } | Action::Remove { id } => Some(*id),
        Action::Adopt { from: AdoptFrom::Orphan { id } } => Some(*id),
        // What had the row was removed.
        Action::Recreate { .. } | Action::Rename { .. } => None,
        Action::Create | Action::Adopt { from: AdoptFrom::Project } => None,
    }
}
