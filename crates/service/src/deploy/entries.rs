//! Stacks as entries of the catalog: given another name, copied, taken away. All of it in the person's draft.

use catalog::Edit;
use types::{Problem, ProblemCode};

use super::{Deploy, DeployError, Draft, Operator, drafts::edit_draft};

impl Deploy {
    /// Gives a stack another name in the draft, wherever it is named. What runs keeps the old one: to the next plan it is a new stack
    /// and one that nobody wants any more.
    ///
    /// # Errors
    /// A complaint about the field `to` when the name is taken or can't be used; as [`draft_edit`](Self::draft_edit).
    pub async fn draft_rename(&self, operator: &Operator, from: &str, to: &str) -> Result<Draft, DeployError> {
        let edit = Edit::RenameStack { from: from.to_owned(), to: to.trim().to_owned() };
        self.change_draft(operator, |draft| {
            try_name(draft, &edit)?;
            edit_draft(draft, std::slice::from_ref(&edit))
        })
        .await
    }

    /// Adds a copy of a stack under another name to the draft. It runs nowhere until it is assigned.
    ///
    /// # Errors
    /// A complaint about the field `to` when the name is taken or can't be used; `NotFound` when there is no such stack; as
    /// [`draft_edit`](Self::draft_edit).
    pub async fn draft_copy(&self, operator: &Operator, from: &str, to: &str) -> Result<Draft, DeployError> {
        let to = to.trim();
        self.change_draft(operator, |draft| {
            if draft.snapshot.stack_text(to).is_some() {
                return Err(complaint(format!("There is a stack “{to}” already. Choose another name.")));
            }
            let Some(text) = draft.snapshot.stack_copy(from, to) else {
                return Err(DeployError::refused(
                    ProblemCode::NotFound,
                    format!(
                        "There is no stack “{from}” that could be copied, or the file it stands in is broken. Look at the list again."
                    ),
                ));
            };
            let edit = Edit::SetStackText { name: to.to_owned(), text };
            try_name(draft, &edit)?;
            edit_draft(draft, std::slice::from_ref(&edit))
        })
        .await
    }

    /// Takes a stack away in the draft, and with it what machines run of it. What runs goes away with the next apply that prunes.
    ///
    /// # Errors
    /// A refusal while another stack depends on it; as [`draft_edit`](Self::draft_edit).
    pub async fn draft_remove(&self, operator: &Operator, name: &str) -> Result<Draft, DeployError> {
        self.change_draft(operator, |draft| {
            let guests = draft.reading.catalog.guests.iter();
            let running = guests.filter(|guest| guest.assignments.iter().any(|one| one.stack == name));
            let mut edits: Vec<Edit> =
                running.map(|guest| Edit::Unassign { guest: guest.name.clone(), stack: name.to_owned() }).collect();
            edits.push(Edit::RemoveStack { name: name.to_owned() });
            edit_draft(draft, &edits)
        })
        .await
    }
}

/// Says at its field what is wrong with a name.
fn try_name(draft: &Draft, edit: &Edit) -> Result<(), DeployError> {
    match catalog::apply_edits(&draft.snapshot, std::slice::from_ref(edit)) {
        Err(error @ (catalog::EditError::BadName { .. } | catalog::EditError::StackExists(_))) => {
            Err(complaint(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the name that was typed.
fn complaint(message: String) -> DeployError {
    DeployError::Service(Problem::field("to", message).into())
}
