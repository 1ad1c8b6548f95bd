//! What was, and how versions differ.

use std::collections::BTreeSet;

use similar::TextDiff;
use types::catalog::{CatalogVersion, FileChange, Revision};

use super::{CatalogError, Repository};
use crate::{
    git::{Call, GitError, is_full_id},
    hide::hide,
    snapshot::{Snapshot, is_catalog_path},
};

/// Between commits and between their parts: two characters nobody types.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// Which stretch of the history is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Only commits that changed this file.
    pub file: Option<&'a str>,
    /// The commit to count from; none is the newest.
    pub from: Option<&'a str>,
    /// Commits to leave out.
    pub skip: u32,
    /// Commits to show, at least one.
    pub most: u32,
}

/// A stretch of the history, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The commit it is counted from; none before the first.
    pub from: Option<String>,
    /// Commits left out.
    pub skip: u32,
    /// The commits.
    pub revisions: Vec<Revision>,
    /// Whether there are older ones.
    pub more: bool,
}

impl Repository {
    /// The newest commits, of the whole catalog or of one file; at most so many.
    ///
    /// # Errors
    /// [`CatalogError::Git`].
    pub async fn history(&self, file: Option<&str>, most: u32) -> Result<Vec<Revision>, CatalogError> {
        if self.head().await?.is_none() {
            return Ok(Vec::new());
        }
        self.log("HEAD", file, 0, most).await
    }

    /// A stretch of the history. It is counted from a commit that the first stretch names, in git's order, so that nothing is
    /// missed or shown twice, also where branches were merged and whatever is committed meanwhile.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`] if there is no such commit to count from; [`CatalogError::Git`].
    pub async fn stretch(&self, asked: &Asked<'_>) -> Result<Stretch, CatalogError> {
        let newest = match asked.from {
            Some(from) => Some(from.to_owned()),
            None => self.head().await?,
        };
        let Some(newest) = newest else { return Ok(Stretch::default()) };
        let most = asked.most.max(1);
        let mut revisions = self.of_commit(&newest, self.log_of(&newest, asked, most)).await?;
        let shown = usize::try_from(most).unwrap_or(usize::MAX);
        let more = revisions.len() > shown;
        revisions.truncate(shown);
        Ok(Stretch { from: Some(newest), skip: asked.skip, revisions, more })
    }

    async fn log_of(&self, newest: &str, asked: &Asked<'_>, most: u32) -> Result<Vec<Revision>, CatalogError> {
        self.log(newest, asked.file, asked.skip, most.saturating_add(1)).await
    }

    /// One commit and the one before it, on the side it was made on; none if it is the first.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`] if there is no such commit; [`CatalogError::Git`].
    pub async fn revision(&self, commit: &str) -> Result<(Revision, Option<String>), CatalogError> {
        let found = self.of_commit(commit, self.log(commit, None, 0, 1)).await?;
        let unknown = || CatalogError::UnknownVersion(Box::new(CatalogVersion::commit(commit)));
        let revision = found.into_iter().next().ok_or_else(unknown)?;
        let parent =
            Call::new(["rev-parse".to_owned(), "--verify".to_owned(), "--quiet".to_owned(), format!("{commit}^1")]);
        Ok((revision, self.git.answer(&self.root, parent).await?))
    }

    /// Asks git about a commit that somebody named. Git's refusal means that there is none.
    async fn of_commit<T>(
        &self,
        commit: &str,
        asking: impl Future<Output = Result<T, CatalogError>>,
    ) -> Result<T, CatalogError> {
        let unknown = || CatalogError::UnknownVersion(Box::new(CatalogVersion::commit(commit)));
        if !is_full_id(commit) {
            return Err(unknown());
        }
        match asking.await {
            Err(CatalogError::Git(GitError::Failed { .. })) => Err(unknown()),
            other => other,
        }
    }

    pub(super) async fn log(
        &self,
        range: &str,
        file: Option<&str>,
        skip: u32,
        most: u32,
    ) -> Result<Vec<Revision>, CatalogError> {
        let format = format!("--format={RECORD}%H{FIELD}%an{FIELD}%ae{FIELD}%at{FIELD}%s{FIELD}%b{FIELD}");
        let mut args: Vec<String> =
            ["log", "-z", "--name-only", "--no-renames", "--no-show-signature", "-O/dev/null", "-n"]
                .map(str::to_owned)
                .into();
        args.extend([most.to_string(), format!("--skip={skip}"), format, range.to_owned(), "--".to_owned()]);
        args.extend(file.map(str::to_owned));
        let text = self.text(Call::new(args)).await?;
        Ok(text.split(RECORD).skip(1).filter_map(revision).collect())
    }

    /// How the catalog's files differ between two versions.
    ///
    /// # Errors
    /// [`CatalogError::UnknownVersion`] if the repository does not have one of them.
    pub async fn diff(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>, CatalogError> {
        Ok(diff(&self.show(from).await?, &self.show(to).await?))
    }
}

fn revision(record: &str) -> Option<Revision> {
    let mut fields = record.splitn(7, FIELD);
    let commit = fields.next().filter(|commit| is_full_id(commit))?.to_owned();
    let mut next = || fields.next().unwrap_or_default().trim().to_owned();
    let (author_name, author_email, at, subject, body, files) = (next(), next(), next(), next(), next(), next());
    let files = files.split(['\0', '\n']).filter(|path| is_catalog_path(path)).map(str::to_owned).collect();
    Some(Revision {
        commit,
        author_name,
        author_email,
        at: at.parse::<i64>().ok()?.saturating_mul(1000),
        subject,
        body,
        files,
    })
}

/// How the files of two snapshots differ; secrets in plain text are hidden on both sides. One that changes while hidden is listed
/// with no visible difference.
#[must_use]
pub fn diff(from: &Snapshot, to: &Snapshot) -> Vec<FileChange> {
    let paths: BTreeSet<&str> = from.paths().chain(to.paths()).collect();
    paths
        .into_iter()
        .filter(|path| from.content(path) != to.content(path))
        .map(|path| {
            let side = |snapshot: &Snapshot| snapshot.text(path).map(|text| hide(path, text));
            let (before, after) = (side(from), side(to));
            let unified = TextDiff::from_lines(before.as_deref().unwrap_or(""), after.as_deref().unwrap_or(""))
                .unified_diff()
                .context_radius(3)
                .to_string();
            FileChange { path: path.to_owned(), before, after, unified }
        })
        .collect()
}
