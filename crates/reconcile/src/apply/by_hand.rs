//! Containers that were made again by hand: their row is as wanted, so nothing but themselves shows whether a redeploy did anything.

use std::collections::BTreeSet;

use super::session::Session;
use crate::{
    model::{Action, Applied, FailureCause, HandEdit, ObservedContainer, ObservedStack, Reason, Step},
    ports::StackView,
};

/// What a redeploy is to replace.
pub(super) enum MadeByHand {
    /// Nothing that was made by hand.
    Nothing,
    /// The containers with these identifiers, as seen before the first call.
    These(BTreeSet<String>),
    /// Whatever is not as it was applied: another process looked before the first call. Without what was applied nothing tells
    /// them apart, so that all count.
    Unlike(Option<Applied>),
}

impl MadeByHand {
    /// Whether one of them still runs.
    pub(super) fn still_runs(&self, row: &ObservedStack) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(ids) => row.containers.iter().any(|one| ids.contains(&one.id)),
            Self::Unlike(Some(applied)) => row.containers.iter().any(|one| is_unlike(one, applied)),
            Self::Unlike(None) => true,
        }
    }
}

/// Whether a container has another configuration than the one applied to its service.
fn is_unlike(container: &ObservedContainer, applied: &Applied) -> bool {
    let before = applied.config_hashes.get(&container.service);
    before.is_some_and(|before| container.config_hash.as_ref().is_some_and(|hash| hash != before))
}

impl Session<'_> {
    /// What this step is to replace. `seen` is how the stack was before the first call, if this process looked then.
    pub(super) async fn made_by_hand(&self, step: &Step, seen: Option<&StackView>) -> Result<MadeByHand, FailureCause> {
        let by_hand = |reason: &Reason| matches!(reason, Reason::EditedByHand { what: HandEdit::Container(_) });
        let Action::Redeploy { id } = step.action else { return Ok(MadeByHand::Nothing) };
        if !step.reasons.iter().any(by_hand) {
            return Ok(MadeByHand::Nothing);
        }
        let newest = self.ports.journal.newest_revisions(&step.environment).await;
        let newest = newest.map_err(|error| FailureCause::Journal { detail: error.detail })?;
        let applied = newest.into_iter().find(|one| one.stack == step.stack).map(|one| one.applied());
        let row = seen.and_then(|view| view.rows.iter().find(|row| row.id == id));
        Ok(match (row, applied) {
            (Some(row), Some(applied)) => {
                let found = row.containers.iter().filter(|one| is_unlike(one, &applied));
                MadeByHand::These(found.map(|one| one.id.clone()).collect())
            }
            (_, applied) => MadeByHand::Unlike(applied),
        })
    }
}
