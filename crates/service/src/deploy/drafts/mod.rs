//! Drafts: what a person changes in the catalog before they save it. One a person, kept in the database as it is typed, shown over
//! the catalog as it stands now, saved as one commit. Saving deploys nothing.

mod fields;
mod kept;
mod open;
mod repository;
mod saving;

use std::collections::BTreeMap;

use catalog::{Clash, Edit, EditError, Part, Reading, Snapshot, changed_parts, changed_stacks, diff};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use types::{
    Millis, ProblemCode,
    catalog::{Diagnostic, FileChange},
};

pub(super) use self::repository::Looks;
pub use self::{
    fields::{Fields, StackForm},
    repository::{RepositoryLook, RepositoryOffer, check_repository, lacking},
    saving::DraftSaved,
};
use super::{Deploy, DeployError, Operator};

/// A person's working copy of the catalog.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The catalog without the changes: as it stands now, or while something clashes as it was when they were begun.
    pub base: Snapshot,
    /// The catalog with the changes.
    pub snapshot: Snapshot,
    /// What that says, with everything that is wrong in it.
    pub reading: Reading,
    /// What was typed and can't be taken yet, by stack.
    pub unfinished: BTreeMap<String, Unfinished>,
    /// What somebody else changed meanwhile and the draft too. Until [`Deploy::draft_rebase`] decides it can't be saved.
    pub clashes: Vec<Clash>,
    /// When it was last changed; none if there is none.
    pub changed_at: Option<Millis>,
    /// Whether one was thrown away and can be brought back.
    pub has_discarded: bool,
}

/// What was typed and is no stack yet. Kept as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unfinished {
    /// The text of a stack's entry.
    Text {
        /// As it was typed.
        text: String,
    },
    /// A stack's form.
    Form {
        /// The environment whose form it is; none is the stack's own.
        environment: Option<String>,
        /// The fields as they were sent.
        fields: BTreeMap<String, String>,
    },
}

impl Draft {
    /// Whether there is anything to save.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed_at.is_some()
    }

    /// How the files would change, secrets hidden.
    #[must_use]
    pub fn diff(&self) -> Vec<FileChange> {
        diff(&self.base, &self.snapshot)
    }

    /// The parts that are changed: stacks, assignments, whole files.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        changed_parts(&self.base, &self.snapshot)
    }

    /// The stacks that are changed, or run elsewhere than before, in the order of the alphabet.
    #[must_use]
    pub fn stacks(&self) -> Vec<String> {
        let of_file = |part: Part| match part {
            Part::File(path) => {
                let rest = path.strip_prefix(catalog::STACKS_FOLDER)?.strip_prefix('/')?;
                rest.split_once('/').map(|(name, _)| name.to_owned())
            }
            Part::Stack(_) | Part::Assignment { .. } => None,
        };
        let mut names = changed_stacks(&self.base, &self.snapshot);
        names.extend(self.parts().into_iter().filter_map(of_file));
        names.into_iter().collect()
    }

    /// What the text of a stack's entry is in the draft, typed halves included; none if there is no such stack.
    #[must_use]
    pub fn stack_text(&self, name: &str) -> Option<String> {
        match self.unfinished.get(name) {
            Some(Unfinished::Text { text }) => Some(text.clone()),
            _ => self.snapshot.stack_text(name).map(|found| found.text),
        }
    }

    /// What the draft says of a stack, as a word that changes whenever that does: a form typed over something older is told by it.
    #[must_use]
    pub fn mark(&self, stack: &str) -> String {
        let text = self.snapshot.stack_text(stack).map(|found| found.text).unwrap_or_default();
        short_digest(format!("{text}{:?}", self.unfinished.get(stack)))
    }

    /// What clashes, as a word that changes whenever a side does: a choice made over something older is told by it.
    #[must_use]
    pub fn clash_mark(&self) -> String {
        short_digest(format!("{:?}", self.clashes))
    }

    /// What is wrong with a text as a stack's entry, by line and column in this very text.
    #[must_use]
    pub fn check_stack_text(&self, name: &str, text: &str) -> Vec<Diagnostic> {
        self.snapshot.check_stack_text(name, text)
    }
}

impl Deploy {
    /// The person's draft: the catalog as it stands, with what they changed.
    ///
    /// # Errors
    /// When the catalog can't be read; `Forbidden` for whoever is at the machine itself and so has no account.
    pub async fn draft(&self, operator: &Operator) -> Result<Draft, DeployError> {
        Ok(self.open_draft(operator).await?.draft)
    }

    /// Makes changes in the draft. Nothing else is touched.
    ///
    /// # Errors
    /// A refusal when a change can't be made; then none is. `Conflict` for a stack whose text or form is half typed.
    pub async fn draft_edit(&self, operator: &Operator, edits: Vec<Edit>) -> Result<Draft, DeployError> {
        self.change_draft(operator, |draft| edit_draft(draft, &edits)).await
    }

    /// Puts a typed text in place of a stack's entry, or adds the stack. What is no entry yet is kept as it was typed. `seen` is the
    /// [`Draft::mark`] of what it was typed over; empty asks for no check.
    ///
    /// # Errors
    /// `Conflict` while the stack's form is half typed, or when another window changed the stack; a refusal when the name can't be used.
    pub async fn draft_stack_text(
        &self,
        operator: &Operator,
        name: &str,
        text: &str,
        seen: &str,
    ) -> Result<Draft, DeployError> {
        self.change_draft(operator, |draft| {
            refuse_outdated(draft, name, seen)?;
            if matches!(draft.unfinished.get(name), Some(Unfinished::Form { .. })) {
                refuse_half_typed(draft, name)?;
            }
            draft.unfinished.remove(name);
            let edit = Edit::SetStackText { name: name.to_owned(), text: text.to_owned() };
            match catalog::apply_edits(&draft.snapshot, std::slice::from_ref(&edit)) {
                Err(EditError::StackText { .. }) => {
                    // Browsers send line ends as mail does.
                    let text = text.replace("\r\n", "\n");
                    draft.unfinished.insert(name.to_owned(), Unfinished::Text { text });
                    Ok(())
                }
                _ => take(draft, &[edit]),
            }
        })
        .await
    }

    /// Drops what was typed for a stack and could not be taken; what the draft says of it otherwise stays.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub async fn draft_drop_typed(&self, operator: &Operator, stack: &str) -> Result<Draft, DeployError> {
        self.change_draft(operator, |draft| {
            draft.unfinished.remove(stack);
            Ok(())
        })
        .await
    }
}

/// Makes changes to a draft's files.
fn short_digest(text: String) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes changes to a draft, but over nothing that is half typed.
pub(super) fn edit_draft(draft: &mut Draft, edits: &[Edit]) -> Result<(), DeployError> {
    for edit in edits {
        match edit {
            Edit::RemoveStack { name } => {
                draft.unfinished.remove(name);
            }
            Edit::SetStack(stack) => refuse_half_typed(draft, &stack.name)?,
            Edit::SetStackText { name, .. } | Edit::RenameStack { from: name, .. } => refuse_half_typed(draft, name)?,
            Edit::SetVariable { stack, .. } | Edit::RemoveVariable { stack, .. } => refuse_half_typed(draft, stack)?,
            _ => {}
        }
    }
    take(draft, edits)
}

pub(super) fn take(draft: &mut Draft, edits: &[Edit]) -> Result<(), DeployError> {
    let changes = catalog::apply_edits(&draft.snapshot, edits).map_err(catalog::CatalogError::from)?;
    draft.snapshot = draft.snapshot.with(&changes);
    Ok(())
}

fn refuse_outdated(draft: &Draft, stack: &str, seen: &str) -> Result<(), DeployError> {
    if seen.is_empty() || draft.mark(stack) == seen {
        return Ok(());
    }
    Err(DeployError::refused(
        ProblemCode::Conflict,
        format!(
            "Another window of yours changed “{stack}” in your draft since this was opened. Copy what you need, then load the page again."
        ),
    ))
}

fn refuse_half_typed(draft: &Draft, stack: &str) -> Result<(), DeployError> {
    let what = match draft.unfinished.get(stack) {
        None => return Ok(()),
        Some(Unfinished::Text { .. }) => "text",
        Some(Unfinished::Form { .. }) => "form",
    };
    Err(DeployError::refused(
        ProblemCode::Conflict,
        format!(
            "The {what} of “{stack}” is half typed in your draft: /admin/catalog/{stack} shows it. Mend it or drop it there first."
        ),
    ))
}
