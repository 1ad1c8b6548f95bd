//! Which stack runs where, as switches: each one asked for becomes a change of the person's draft.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Edit, GUESTS_FILE, Part, Reading, read};
use types::{
    ProblemCode,
    catalog::{Assignment, Guest},
};

use super::{Deploy, DeployError, Draft, Operator, drafts::take};

/// A switch that was turned: a stack on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The stack's name in the catalog.
    pub stack: String,
    /// The environment's name in Portainer.
    pub environment: String,
    /// Whether it is to run there.
    pub on: bool,
}

/// The machines that stacks can be deployed to, by their environments' names in Portainer.
#[must_use]
pub fn targets(reading: &Reading) -> BTreeMap<&str, Vec<&Guest>> {
    let mut found: BTreeMap<&str, Vec<&Guest>> = BTreeMap::new();
    for guest in reading.catalog.guests.iter().filter(|guest| guest.is_target()) {
        found.entry(guest.environment.as_deref().unwrap_or_default()).or_default().push(guest);
    }
    found
}

/// Which stack runs on which machine, and with whose settings: by machine and stack.
type Assignments = BTreeMap<(String, String), Option<String>>;

impl Deploy {
    /// Turns switches in the draft. One that is so already changes nothing; one that is turned back leaves no trace, also in the
    /// order in which a machine lists its stacks.
    ///
    /// # Errors
    /// `NotFound` for a stack or an environment that the draft does not have (any more); as [`draft_edit`](Self::draft_edit). Then
    /// none is turned.
    pub async fn draft_switch(&self, operator: &Operator, switches: &[Switch]) -> Result<Draft, DeployError> {
        // Worked out on the very draft that is written: the list's text is taken whole.
        self.change_draft(operator, |draft| {
            let edits = edits(draft, switches)?;
            if edits.is_empty() { Ok(()) } else { take(draft, &edits) }
        })
        .await
    }
}

fn edits(draft: &Draft, switches: &[Switch]) -> Result<Vec<Edit>, DeployError> {
    let is = assignments(&draft.reading);
    // What is switched off and on again takes the settings it had.
    let before = assignments(&read(&draft.base));
    let wanted = wanted(draft, switches, &is, &before)?;
    if wanted == is {
        return Ok(Vec::new());
    }
    if draft.parts().contains(&Part::File(GUESTS_FILE.to_owned())) {
        return Ok(steps(&is, &wanted));
    }
    // From the base afresh: what it comes to counts, not the way there.
    let changes = catalog::apply_edits(&draft.base, &steps(&before, &wanted)).map_err(catalog::CatalogError::from)?;
    let text = match changes.get(GUESTS_FILE) {
        Some(text) => text.clone(),
        None => draft.base.text(GUESTS_FILE).map(str::to_owned),
    };
    Ok(vec![Edit::SetText { path: GUESTS_FILE.to_owned(), text }])
}

fn assignments(reading: &Reading) -> Assignments {
    let guests = reading.catalog.guests.iter();
    guests
        .flat_map(|guest| guest.assignments.iter().map(move |one| (guest, one)))
        .map(|(guest, one)| ((guest.name.clone(), one.stack.clone()), one.environment.clone()))
        .collect()
}

/// What is to run where once the switches are turned.
fn wanted(
    draft: &Draft,
    switches: &[Switch],
    is: &Assignments,
    before: &Assignments,
) -> Result<Assignments, DeployError> {
    let there = targets(&draft.reading);
    let mut wanted = is.clone();
    for Switch { stack, environment, on } in switches {
        let unknown = |what: &str| {
            DeployError::refused(
                ProblemCode::NotFound,
                format!(
                    "The catalog has no {what} any more, so “{stack}” on {environment} can't be switched. Look at the list again."
                ),
            )
        };
        let guests = there.get(environment.as_str()).ok_or_else(|| unknown("such environment"))?;
        if *on && !draft.reading.catalog.stacks.iter().any(|one| one.name == *stack) {
            return Err(unknown("such stack"));
        }
        let keys: Vec<(String, String)> = guests.iter().map(|guest| (guest.name.clone(), stack.clone())).collect();
        if !on {
            wanted.retain(|key, _| !keys.contains(key));
        } else if !keys.iter().any(|key| wanted.contains_key(key)) {
            let known = keys.iter().find(|key| before.contains_key(*key)).or_else(|| keys.first());
            wanted.extend(known.map(|key| (key.clone(), before.get(key).cloned().flatten())));
        }
    }
    Ok(wanted)
}

/// The changes from one to the other.
fn steps(from: &Assignments, to: &Assignments) -> Vec<Edit> {
    let keys: BTreeSet<&(String, String)> = from.keys().chain(to.keys()).collect();
    let step = |(guest, stack): &(String, String), wanted: Option<&Option<String>>| match wanted {
        Some(environment) => {
            let assignment = Assignment { stack: stack.clone(), environment: environment.clone() };
            Edit::Assign { guest: guest.clone(), assignment }
        }
        None => Edit::Unassign { guest: guest.clone(), stack: stack.clone() },
    };
    keys.into_iter().filter(|key| from.get(*key) != to.get(*key)).map(|key| step(key, to.get(key))).collect()
}
