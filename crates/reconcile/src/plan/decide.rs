//! What to do with one stack.

use types::{
    Millis,
    catalog::{is_variable_name, variable_form},
};

use super::compare::{Comparison, compare};
use crate::{
    model::{
        Action, AdoptFrom, BlockedCause, DesiredStack, DesiredValue, Generation, HandEdit, ObservedProject,
        ObservedStack, Reason, Risk, RowStatus, StackKind,
    },
    names::is_project_name,
};

use super::environment::Live;

/// What to do with one stack.
pub(super) enum Decision {
    /// Do this.
    Act { action: Action, reasons: Vec<Reason>, risk: Risk },
    /// Leave it.
    Leave,
    /// Can't be planned.
    Block(BlockedCause),
}

/// Decides. `wanted` must be effective. Also returns the comparison with its row, if it has one.
pub(super) fn decide(
    wanted: &DesiredStack,
    live: &Live<'_>,
    generation: Generation,
    now: Millis,
) -> (Decision, Option<Comparison>) {
    if let Some(cause) = unfit(wanted) {
        return (Decision::Block(cause), None);
    }
    match live.rows(&wanted.name) {
        [] => (without_row(wanted, live, generation, now), None),
        [row] => with_row(wanted, row, live, generation, now),
        several => {
            let mut ids: Vec<_> = several.iter().map(|row| row.id).collect();
            ids.sort_unstable();
            (Decision::Block(BlockedCause::SeveralRows { ids }), None)
        }
    }
}

/// What is wrong with the wanted side itself.
fn unfit(wanted: &DesiredStack) -> Option<BlockedCause> {
    if let Some(trouble) = wanted.troubles.first() {
        return Some(BlockedCause::Trouble { trouble: trouble.clone() });
    }
    if !is_project_name(&wanted.name) {
        return Some(BlockedCause::BadName);
    }
    wanted.variables.iter().find_map(|(name, value)| {
        if !is_variable_name(name) {
            return Some(BlockedCause::BadVariable { variable: name.clone() });
        }
        // A secret's value is not known yet: it is looked at before the step's first call.
        let DesiredValue::Plain(value) = value else { return None };
        let hazard = variable_form(value, wanted.swarm).err()?;
        Some(BlockedCause::UnsafeValue { variable: name.clone(), hazard })
    })
}

fn with_row(
    wanted: &DesiredStack,
    row: &ObservedStack,
    live: &Live<'_>,
    generation: Generation,
    now: Millis,
) -> (Decision, Option<Comparison>) {
    if row.status == RowStatus::Deploying {
        return (Decision::Block(BlockedCause::Deploying), None);
    }
    let found = compare(wanted, row, live.applied(&wanted.name), now);
    let id = row.id;
    let (action, risk) = if !found.recreate.is_empty() {
        if row.protected {
            let reasons = found.recreate.clone();
            return (Decision::Block(BlockedCause::Protected { reasons }), Some(found));
        }
        (Action::Recreate { id }, Risk::DownBetween)
    } else if !found.update.is_empty() {
        (Action::Update { id }, deploying_risk(row, generation))
    } else if !found.redeploy.is_empty() {
        (Action::Redeploy { id }, deploying_risk(row, generation))
    } else if !found.configure.is_empty() {
        (Action::Configure { id }, Risk::None)
    } else {
        return (Decision::Leave, Some(found));
    };
    (Decision::Act { action, reasons: found.clone().reasons(), risk }, Some(found))
}

fn deploying_risk(row: &ObservedStack, generation: Generation) -> Risk {
    if row.containers.is_empty() {
        Risk::None
    } else if takes_down(row.kind, generation) {
        Risk::TakesDownOnFailure
    } else {
        Risk::Interrupts
    }
}

fn takes_down(kind: StackKind, generation: Generation) -> bool {
    kind == StackKind::Compose && generation == Generation::TakesDown
}

fn without_row(wanted: &DesiredStack, live: &Live<'_>, generation: Generation, now: Millis) -> Decision {
    if let Some(project) = live.project(&wanted.name) {
        return adopt(wanted, project, live, generation, now);
    }
    let former: Vec<&String> = wanted.former_names.iter().filter(|name| **name != wanted.name).collect();
    let mut alive: Vec<String> = former
        .iter()
        .filter(|name| !live.rows(name).is_empty() || live.project(name).is_some())
        .map(|name| (*name).clone())
        .collect();
    alive.sort();
    alive.dedup();
    match alive.as_slice() {
        [] => {
            let mut reasons = vec![Reason::Absent];
            if live.applied(&wanted.name).is_some() {
                reasons.push(Reason::EditedByHand { what: HandEdit::Removed });
            }
            Decision::Act { action: Action::Create, reasons, risk: Risk::None }
        }
        [name] => match live.rows(name) {
            [] => Decision::Block(BlockedCause::FormerProject { name: name.clone() }),
            [row] if row.status == RowStatus::Deploying => Decision::Block(BlockedCause::Deploying),
            [row] if row.protected => {
                let reasons = vec![Reason::FormerName { name: name.clone() }];
                Decision::Block(BlockedCause::Protected { reasons })
            }
            [row] => Decision::Act {
                action: Action::Rename { id: row.id, from: name.clone() },
                reasons: vec![Reason::FormerName { name: name.clone() }],
                risk: Risk::DownBetween,
            },
            rows => Decision::Block(BlockedCause::SeveralRows { ids: rows.iter().map(|row| row.id).collect() }),
        },
        names => Decision::Block(BlockedCause::LivesTwice { names: names.to_vec() }),
    }
}

/// A project of the name runs without a row on this environment.
fn adopt(
    wanted: &DesiredStack,
    project: &ObservedProject,
    live: &Live<'_>,
    generation: Generation,
    now: Millis,
) -> Decision {
    let orphans = live.orphans(&wanted.name);
    if let [orphan] = orphans {
        let id = orphan.id;
        let mut reasons = vec![Reason::Orphan { id }];
        let found = compare(wanted, orphan, live.applied(&wanted.name), now);
        if !found.recreate.is_empty() && (orphan.protected || project.protected) {
            return Decision::Block(BlockedCause::Protected { reasons: found.recreate });
        }
        let risk = if found.recreate.is_empty() { deploying_risk(orphan, generation) } else { Risk::DownBetween };
        reasons.extend(found.recreate);
        reasons.extend(found.update);
        reasons.extend(found.configure);
        return Decision::Act {
            action: Action::Adopt { from: AdoptFrom::Orphan { id } },
            reasons,
            risk: risk.max(Risk::Interrupts),
        };
    }
    let rows_on = live.rows_elsewhere(&wanted.name);
    if wanted.swarm || !orphans.is_empty() || !rows_on.is_empty() {
        return Decision::Block(BlockedCause::CannotAdopt { rows_on });
    }
    let containers = u32::try_from(project.containers.len()).unwrap_or(u32::MAX);
    Decision::Act {
        action: Action::Adopt { from: AdoptFrom::Project },
        reasons: vec![Reason::RunsWithoutRow { containers }],
        risk: if generation == Generation::TakesDown { Risk::TakesDownOnFailure } else { Risk::Interrupts },
    }
}
