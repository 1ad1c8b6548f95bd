//! Which stack runs where, as switches: each one asked for becomes a change of the person's draft.

use std::collections::BTreeMap;

use catalog::{Edit, Reading, read};
use types::{
    ProblemCode,
    catalog::{Assignment, Guest},
};

use super::{Deploy, DeployError, Draft, Operator};

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

impl Deploy {
    /// Turns switches in the draft. One that is so already changes nothing.
    ///
    /// # Errors
    /// `NotFound` for a stack or an environment that the draft does not have (any more); as [`draft_edit`](Self::draft_edit). Then
    /// none is turned.
    pub async fn draft_switch(&self, operator: &Operator, switches: &[Switch]) -> Result<Draft, DeployError> {
        let draft = self.draft(operator).await?;
        let edits = edits(&draft, switches)?;
        if edits.is_empty() { Ok(draft) } else { self.draft_edit(operator, edits).await }
    }
}

fn edits(draft: &Draft, switches: &[Switch]) -> Result<Vec<Edit>, DeployError> {
    let there = targets(&draft.reading);
    // What is switched off and on again takes the settings it had.
    let before = if switches.iter().any(|one| one.on) { read(&draft.base) } else { Reading::default() };
    let mut edits = Vec::new();
    for Switch { stack, environment, on } in switches {
        let unknown = |what: &str| {
            DeployError::refused(
                ProblemCode::NotFound,
                format!("The catalog has no {what} any more, so “{stack}” on {environment} can't be switched. Look at the list again."),
            )
        };
        let guests = there.get(environment.as_str()).ok_or_else(|| unknown("such environment"))?;
        if *on && !draft.reading.catalog.stacks.iter().any(|one| one.name == *stack) {
            return Err(unknown("such stack"));
        }
        let running = guests.iter().filter(|guest| guest.assignments.iter().any(|one| one.stack == *stack));
        if !on {
            edits.extend(running.map(|guest| Edit::Unassign { guest: guest.name.clone(), stack: stack.clone() }));
        } else if running.count() == 0
            && let Some(first) = guests.first()
        {
            let (guest, assignment) = earlier(&before, guests, stack).unwrap_or_else(|| {
                (first.name.clone(), Assignment { stack: stack.clone(), environment: None })
            });
            edits.push(Edit::Assign { guest, assignment });
        }
    }
    Ok(edits)
}

/// Where among these machines a stack ran, and with whose settings.
fn earlier(before: &Reading, guests: &[&Guest], stack: &str) -> Option<(String, Assignment)> {
    let known = before.catalog.guests.iter().filter(|guest| guests.iter().any(|one| one.name == guest.name));
    known
        .flat_map(|guest| guest.assignments.iter().map(move |one| (guest, one)))
        .find(|(_, one)| one.stack == stack)
        .map(|(guest, one)| (guest.name.clone(), one.clone()))
}
