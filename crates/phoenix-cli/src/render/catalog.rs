//! The catalog's history, imports and secrets.

use std::fmt::Write as _;

use service::deploy::{
    ImportPlan,
    catalog_types::{FileChange, Revision as Commit, SecretInfo},
    words::{moment, short},
};

use super::{count, diff::unified};
use crate::terminal::{Cell, Paint, Table, Tone, clean};

/// Commits, as they come.
pub(crate) fn commits(commits: &[Commit], paint: Paint) -> String {
    if commits.is_empty() {
        return "The catalog has no commit yet.\n".to_owned();
    }
    let mut table = Table::new(&["COMMIT", "WHEN", "BY", "WHAT", "FILES"]);
    for one in commits {
        table.row(vec![
            Cell::new(Tone::Place, short(&one.commit)),
            Cell::from(moment(one.at)),
            Cell::from(&one.author_name),
            Cell::from(&one.subject),
            Cell::new(Tone::Faint, one.files.join(", ")),
        ]);
    }
    table.render(paint)
}

/// How files differ.
pub(crate) fn file_changes(changes: &[FileChange], paint: Paint) -> String {
    if changes.is_empty() {
        return "Nothing differs.\n".to_owned();
    }
    let mut text = String::new();
    for change in changes {
        let what = match (&change.before, &change.after) {
            (None, _) => " (new)",
            (_, None) => " (removed)",
            _ => "",
        };
        let _ = writeln!(text, "{}", paint.paint(Tone::Strong, &format!("{}{what}", clean(&change.path))));
        text.push_str(&unified(&change.unified, paint));
    }
    text
}

/// What an import would do.
pub(crate) fn import(import: &ImportPlan, paint: Paint) -> String {
    let mut text = String::new();
    for step in &import.steps {
        let place = if step.pointer.is_empty() { step.file.clone() } else { format!("{}#{}", step.file, step.pointer) };
        let _ = writeln!(text, "{} becomes {}", paint.paint(Tone::Place, &clean(&place)), clean(&step.becomes));
    }
    for one in &import.left {
        let _ = writeln!(text, "{} stays as it is: {}", paint.paint(Tone::Faint, "·"), clean(&one.to_string()));
    }
    let _ = match import.files.len() {
        0 => writeln!(text, "{} Everything has the present form.", paint.paint(Tone::Good, "✔")),
        files => {
            writeln!(text, "\n{} in {}.", count(import.steps.len(), "part", "parts"), count(files, "file", "files"))
        }
    };
    text
}

/// Secrets by name.
pub(crate) fn secrets(secrets: &[SecretInfo], paint: Paint) -> String {
    if secrets.is_empty() {
        return "The vault is empty. `phoenix-cli secret set NAME` puts a secret in.\n".to_owned();
    }
    let mut table = Table::new(&["NAME", "VERSION", "SET", "BY"]);
    for one in secrets {
        table.row(vec![
            Cell::new(Tone::Strong, one.name.as_str()),
            Cell::from(one.version.to_string()),
            Cell::from(moment(one.updated_at)),
            Cell::from(&one.updated_by),
        ]);
    }
    table.render(paint)
}
