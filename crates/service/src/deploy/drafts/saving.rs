//! The end of a draft: saved as a commit, brought together with what somebody else changed, thrown away, brought back.

use std::collections::BTreeMap;

use catalog::{CatalogError, Change, Clash, Conflict, ConflictFile, Edit, Part, Side, read, rebase};
use store::DraftRow;
use types::{Problem, ProblemCode};

use super::{
    Draft, Unfinished,
    open::{Opened, busy, choices, keep, person},
};
use crate::deploy::{Deploy, DeployError, Operator, Saved};

/// How often a save is tried again because somebody committed at the same moment.
const TRIES: usize = 4;

/// A draft became a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftSaved {
    /// The commit.
    pub saved: Saved,
    /// The stacks it concerns, to review what it would change on the hosts.
    pub stacks: Vec<String>,
}

impl Deploy {
    /// Saves the draft as one commit. What somebody else changed meanwhile elsewhere in the catalog stays as they made it. Deploys
    /// nothing.
    ///
    /// # Errors
    /// [`DeployError::Conflict`] with both sides of each part that somebody else changed too; `Invalid` when there is nothing to save, no message,
    /// or something half typed. Then the draft stays as it is.
    pub async fn draft_save(&self, operator: &Operator, message: &str) -> Result<DraftSaved, DeployError> {
        if message.trim().is_empty() {
            return Err(problem(Problem::field("message", "Say in a few words what you changed and why.")));
        }
        let mut overtaken = None;
        for _ in 0..TRIES {
            let Opened { draft, row, user, now, .. } = self.open_draft(operator).await?;
            refuse_unready(&draft, &now.version)?;
            let texts = draft.base.texts_to(&draft.snapshot).map_err(CatalogError::from)?;
            if texts.is_empty() {
                return Err(DeployError::refused(
                    ProblemCode::Invalid,
                    "There is nothing to save: the catalog says the same as your draft already.",
                ));
            }
            let change = Change {
                edits: texts.into_iter().map(|(path, text)| Edit::SetText { path, text }).collect(),
                base: draft.base.version.clone(),
                author: operator.author(),
                message: message.trim().replace("\r\n", "\n"),
                at: self.0.world.now(),
            };
            match self.0.home.repository().await?.commit(&change).await {
                Ok(done) => {
                    let saved = self.saved(operator, "catalog.save", &change.message, done).await?;
                    // Whoever was quicker put more into the draft: that stays, and what is saved now shows no more.
                    let empty = DraftRow { body: None, changed_at: change.at, ..row };
                    self.0.store.put_draft(user, &empty).await?;
                    return Ok(DraftSaved { saved, stacks: draft.stacks() });
                }
                Err(CatalogError::Conflict(conflict)) => overtaken = Some(conflict),
                Err(error) => return Err(error.into()),
            }
        }
        Err(overtaken.map_or_else(busy, DeployError::Conflict))
    }

    /// Brings the draft together with what somebody else changed: whose version of each clashing part is taken, by
    /// [`Part::key`](catalog::Part::key). What does not clash goes over by itself. The draft as it was can be brought back until
    /// the next is thrown away. `seen` is the [`Draft::clash_mark`] of what was chosen from; empty asks for no check.
    ///
    /// # Errors
    /// `Conflict` when a side is another by now, or naming the parts that still need a choice, or whose version in the draft can't be taken; then nothing changed.
    pub async fn draft_rebase(
        &self,
        operator: &Operator,
        sides: &BTreeMap<String, Side>,
        seen: &str,
    ) -> Result<Draft, DeployError> {
        let Opened { mut draft, row, user, now, began } = self.open_draft(operator).await?;
        let Some((base, mine)) = began.filter(|_| !draft.clashes.is_empty()) else { return Ok(draft) };
        if !seen.is_empty() && draft.clash_mark() != seen {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                "The catalog went on while you were choosing, so nothing was decided. Look at both sides as they are now.",
            ));
        }
        let choices = choices(&draft.clashes, sides);
        let rebased = rebase(&base, &now, &mine, &choices);
        let undecided = |clash: &&Clash| !choices.contains_key(&clash.part);
        let mut left: Vec<String> = draft.clashes.iter().filter(undecided).map(|one| one.part.to_string()).collect();
        left.extend(rebased.clashes.iter().filter_map(|one| Some(format!("{} ({})", one.part, one.refused.as_ref()?))));
        if !left.is_empty() {
            let message = format!("Say whose version is taken of {}.", left.join(", "));
            return Err(DeployError::refused(ProblemCode::Conflict, message));
        }
        for part in choices.iter().filter(|(_, side)| **side == Side::Theirs).map(|(part, _)| part) {
            if let Part::Stack(name) = part {
                draft.unfinished.remove(name);
            }
        }
        draft.clashes.clear();
        (draft.base, draft.snapshot) = (now, rebased.snapshot);
        let body = keep(&draft)?;
        let at = self.0.world.now();
        draft.changed_at = body.is_some().then_some(at);
        let next = DraftRow { number: row.number, body, discarded: row.body, changed_at: at };
        if !self.0.store.put_draft(user, &next).await? {
            return Err(busy());
        }
        draft.has_discarded = true;
        draft.reading = read(&draft.snapshot);
        Ok(draft)
    }

    /// Throws the draft away. It can be brought back until the next one is thrown away.
    ///
    /// # Errors
    /// `Conflict` when another window of the same person is changing it.
    pub async fn draft_discard(&self, operator: &Operator) -> Result<(), DeployError> {
        let user = person(operator)?;
        let row = self.0.store.draft(user).await?;
        if row.body.is_none() {
            return Ok(());
        }
        let next = DraftRow { number: row.number, body: None, discarded: row.body, changed_at: self.0.world.now() };
        if self.0.store.put_draft(user, &next).await? { Ok(()) } else { Err(busy()) }
    }

    /// Brings back the draft that was thrown away last.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when another draft was begun since.
    pub async fn draft_bring_back(&self, operator: &Operator) -> Result<Draft, DeployError> {
        let user = person(operator)?;
        let row = self.0.store.draft(user).await?;
        if row.discarded.is_none() {
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                "No draft was thrown away, so none can come back.",
            ));
        }
        if row.body.is_some() {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                "You have begun another draft. Save it first; throwing it away would put it in the place of the older one.",
            ));
        }
        let next =
            DraftRow { number: row.number, body: row.discarded, discarded: None, changed_at: self.0.world.now() };
        if !self.0.store.put_draft(user, &next).await? {
            return Err(busy());
        }
        self.draft(operator).await
    }
}

fn problem(problem: Problem) -> DeployError {
    DeployError::Service(problem.into())
}

/// Refuses to save what clashes or is half typed.
fn refuse_unready(draft: &Draft, current: &types::catalog::CatalogVersion) -> Result<(), DeployError> {
    if !draft.clashes.is_empty() {
        let files = draft.clashes.iter().map(|clash| ConflictFile {
            path: clash.part.to_string(),
            base: clash.base.clone(),
            theirs: clash.theirs.clone(),
            yours: clash.mine.clone(),
        });
        let conflict = Conflict { base: draft.base.version.clone(), current: current.clone(), files: files.collect() };
        return Err(DeployError::Conflict(Box::new(conflict)));
    }
    let half: Vec<String> = draft
        .unfinished
        .iter()
        .map(|(stack, typed)| match typed {
            Unfinished::Text { .. } => format!("the text of “{stack}”"),
            Unfinished::Form { environment: None, .. } => format!("the form of “{stack}”"),
            Unfinished::Form { environment: Some(name), .. } => format!("the form of “{stack}” on {name}"),
        })
        .collect();
    if half.is_empty() {
        return Ok(());
    }
    let message = format!("Something is half typed: {}. Mend it or drop it, then save.", half.join(", "));
    Err(DeployError::refused(ProblemCode::Invalid, message))
}
