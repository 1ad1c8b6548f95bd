//! What was, and how versions differ.

use std::collections::BTreeSet;

use similar::TextDiff;
use types::catalog::{CatalogVersion, FileChange, Revision};

use super::{CatalogError, Repository};
use crate::{
    git::{Call, is_full_id},
    hide::hide,
    snapshot::{Snapshot, is_catalog_path},
};

/// Between commits and between their parts: two characters nobody types.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

impl Repository {
    /// The newest commits, of the whole catalog or of one file; at most so many.
    ///
    /// # Errors
    /// [`CatalogError::Git`].
    pub async fn history(&self, file: Option<&str>, most: u32) -> Result<Vec<Revision>, CatalogError> {
        if self.head().await?.is_none() {
            return Ok(Vec::new());
        }
        self.log("HEAD", file, most).await
    }

    pub(super) async fn log(&self, range: &str, file: Option<&str>, most: u32) -> Result<Vec<Revision>, CatalogError> {
        let format = format!("--format={RECORD}%H{FIELD}%an{FIELD}%ae{FIELD}%at{FIELD}%s{FIELD}%b{FIELD}");
        let mut args: Vec<String> =
            ["log", "-z", "--name-only", "--no-renames", "--no-show-signature", "-O/dev/null", "-n"]
                .map(str::to_owned)
                .into();
        args.extend([most.to_string(), format, range.to_owned(), "--".to_owned()]);
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
