//! Opening a draft over the catalog as it stands now, and keeping what became of it.

use std::collections::BTreeMap;

use catalog::{CatalogError, Clash, EditError, Part, Rebased, Side, Snapshot, read, rebase};
use store::DraftRow;
use types::{ProblemCode, UserId, catalog::CatalogVersion};

use super::{Draft, Unfinished, kept::Kept};
use crate::deploy::{Deploy, DeployError, Operator};

/// How often a draft is opened again because another window of the same person was quicker.
const TRIES: usize = 8;

/// A draft with what is needed to keep it.
pub(super) struct Opened {
    pub(super) draft: Draft,
    pub(super) row: DraftRow,
    pub(super) user: UserId,
    /// The catalog now.
    pub(super) now: Snapshot,
    /// What the draft was begun with, and what it says; none if there is none.
    pub(super) began: Option<(Snapshot, Snapshot)>,
}

impl Deploy {
    pub(super) async fn open_draft(&self, operator: &Operator) -> Result<Opened, DeployError> {
        let user = person(operator)?;
        let row = self.0.store.draft(user).await?;
        let now = self.0.home.repository().await?.snapshot().await?;
        let mut draft = Draft {
            base: now.clone(),
            snapshot: now.clone(),
            reading: Default::default(),
            unfinished: BTreeMap::new(),
            clashes: Vec::new(),
            changed_at: None,
            has_discarded: row.discarded.is_some(),
        };
        let mut began = None;
        if let Some(body) = &row.body {
            let kept = Kept::read(body)?;
            let base = self.began_with(&kept.base, &now).await?;
            let mine = base.with_texts(&kept.files).map_err(gone)?;
            let rebased = match base == now {
                true => Rebased { snapshot: mine.clone(), clashes: Vec::new() },
                false => rebase(&base, &now, &mine, &BTreeMap::new()),
            };
            draft.unfinished = kept.unfinished;
            draft.clashes = rebased.clashes;
            draft.clashes.extend(typed_clashes(&draft, &base, &now, &mine));
            (draft.base, draft.snapshot) = match draft.clashes.is_empty() {
                true => (now.clone(), rebased.snapshot),
                false => (base.clone(), mine.clone()),
            };
            // Somebody else, or an earlier save that was cut off, may have made the very same changes.
            let is_there = draft.snapshot != draft.base || !draft.unfinished.is_empty();
            draft.changed_at = is_there.then_some(row.changed_at);
            began = Some((base, mine));
        }
        draft.reading = self.0.home.repository().await?.reading_of(&draft.snapshot);
        Ok(Opened { draft, row, user, now, began })
    }

    /// The catalog that a draft was begun with.
    async fn began_with(&self, version: &CatalogVersion, now: &Snapshot) -> Result<Snapshot, DeployError> {
        if *version == now.version {
            return Ok(now.clone());
        }
        let repository = self.0.home.repository().await?;
        match (repository.show(version).await, &version.commit) {
            // Git forgets hand edits that nobody committed, in time; the commit they were made to is the next best.
            (Err(CatalogError::UnknownVersion(_)), Some(commit)) if version.is_dirty() => {
                Ok(repository.show(&CatalogVersion::commit(commit)).await?)
            }
            (shown, _) => Ok(shown?),
        }
    }

    /// Changes a draft and keeps it. `act` may run more than once.
    pub(in crate::deploy) async fn change_draft(
        &self,
        operator: &Operator,
        act: impl Fn(&mut Draft) -> Result<(), DeployError>,
    ) -> Result<Draft, DeployError> {
        for _ in 0..TRIES {
            let Opened { mut draft, row, user, .. } = self.open_draft(operator).await?;
            act(&mut draft)?;
            let body = keep(&draft)?;
            if body.is_none() && row.body.is_none() {
                return Ok(draft);
            }
            let at = self.0.world.now();
            draft.changed_at = body.is_some().then_some(at);
            if self.0.store.put_draft(user, &DraftRow { body, changed_at: at, ..row }).await? {
                draft.reading = read(&draft.snapshot);
                return Ok(draft);
            }
        }
        Err(busy())
    }
}

/// A draft as the database keeps it.
pub(super) fn keep(draft: &Draft) -> Result<Option<String>, DeployError> {
    let files = draft.base.texts_to(&draft.snapshot).map_err(|error| match error {
        EditError::HiddenSecret { file, .. } => DeployError::refused(
            ProblemCode::Invalid,
            format!(
                "{file} would get a secret in plain text, or one would move. Put it into the vault and write vault/NAME in its place."
            ),
        ),
        other => CatalogError::from(other).into(),
    })?;
    Kept { base: draft.base.version.clone(), files, unfinished: draft.unfinished.clone() }.write()
}

pub(super) fn busy() -> DeployError {
    DeployError::refused(
        ProblemCode::Conflict,
        "Another window of yours keeps changing this draft, so nothing was changed from here. Try again.",
    )
}

/// Whose draft it is.
pub(super) fn person(operator: &Operator) -> Result<UserId, DeployError> {
    operator.user().ok_or_else(|| {
        DeployError::refused(
            ProblemCode::Forbidden,
            "A draft belongs to a person with an account. At the machine itself, save changes at once.",
        )
    })
}

fn gone(error: EditError) -> DeployError {
    DeployError::refused(
        ProblemCode::Conflict,
        format!(
            "Your draft does not go together with the catalog it began with any more: {error} Discard it to go on."
        ),
    )
}

/// Stacks whose text or form is half typed here and that somebody else changed.
fn typed_clashes(draft: &Draft, base: &Snapshot, now: &Snapshot, mine: &Snapshot) -> Vec<Clash> {
    let text = |snapshot: &Snapshot, name: &str| snapshot.stack_text(name).map(|found| found.text);
    let mut clashes = Vec::new();
    for (name, typed) in &draft.unfinished {
        let part = Part::Stack(name.clone());
        let (before, theirs) = (text(base, name), text(now, name));
        if before == theirs || draft.clashes.iter().any(|known| known.part == part) {
            continue;
        }
        let mine = match typed {
            Unfinished::Text { text } => Some(text.clone()),
            Unfinished::Form { .. } => text(mine, name),
        };
        clashes.push(Clash { part, base: before, theirs, mine, refused: None });
    }
    clashes
}

/// Whose version of each clashing part is taken, by the words of a form.
pub(super) fn choices(clashes: &[Clash], words: &BTreeMap<String, Side>) -> BTreeMap<Part, Side> {
    clashes.iter().filter_map(|clash| Some((clash.part.clone(), *words.get(&clash.part.key())?))).collect()
}
