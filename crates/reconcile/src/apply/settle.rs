//! What became of a call without an answer: the server may have done it, may be at it, or may never have got it.

use std::collections::BTreeSet;

use types::Millis;

use super::call::Caller;
use crate::{
    model::{Action, Call, DesiredStack},
    ports::StackView,
};

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Its effect shows.
    Shows,
    /// No server can still be at it, and nothing shows.
    Nothing,
    /// It may still be at it, or something else carries the name: it must not be made again.
    InDoubt,
}

impl Caller<'_> {
    /// Looks until the effect of a call that was made at `since` shows, or until no server can still be working on it.
    ///
    /// A create's row appears only when all is over, its containers before. So the time allowed begins anew whenever containers
    /// under its name come or go, up to twice as long; and if there are any at the end, or a row that is not ours, it stays in doubt.
    /// A look that fails proves nothing: the last one must succeed.
    pub(super) async fn settle(&self, call: &Call, wanted: Option<&DesiredStack>, since: Millis) -> Settled {
        let clock = self.session.ports.clock;
        let pace = self.session.control.pace;
        let patience = Millis::try_from(pace.patience.as_millis()).unwrap_or(Millis::MAX);
        let give_up = clock.now().max(since.saturating_add(patience)).saturating_add(patience);
        let mut quiet_since = since;
        let mut last: Option<BTreeSet<String>> = None;
        loop {
            let view = self.session.look(self.step, wanted).await;
            let now = clock.now();
            if let Ok(view) = &view {
                if self.has_effect(call, wanted, view) {
                    return Settled::Shows;
                }
                let containers = containers_of(view, &self.step.stack);
                if *call == Call::Create && last.as_ref().is_some_and(|before| *before != containers) {
                    quiet_since = now;
                }
                last = Some(containers);
                if now >= quiet_since.saturating_add(patience) {
                    return if self.is_occupied(call, view) { Settled::InDoubt } else { Settled::Nothing };
                }
            }
            if now >= give_up {
                return Settled::InDoubt;
            }
            clock.sleep(pace.poll).await;
        }
    }

    /// Whether a create would meet something that was not there when its step began.
    fn is_occupied(&self, call: &Call, view: &StackView) -> bool {
        // Containers that are to be taken over are there anyway, and so may be those of what is brought back.
        let expects_containers = matches!(self.step.action, Action::Adopt { .. }) || self.rolling_back;
        *call == Call::Create
            && (view.rows.iter().any(|row| row.name == self.step.stack)
                || !expects_containers && !containers_of(view, &self.step.stack).is_empty())
    }
}

/// The containers under a name that belong to no row.
fn containers_of(view: &StackView, name: &str) -> BTreeSet<String> {
    let projects = view.projects.iter().filter(|one| one.name == name);
    projects.flat_map(|one| &one.containers).map(|one| one.id.clone()).collect()
}
