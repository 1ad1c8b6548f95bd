//! What the tests share.

pub(crate) mod http;

use std::{path::Path, process::Command};

use catalog::{
    Author, Change, Repository, Snapshot,
    git::{Git, GitSettings},
    read,
};
use tempfile::TempDir;
use types::catalog::{CatalogVersion, Diagnostic, DiagnosticCode};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600_000;

pub(crate) fn git() -> Git {
    Git::new(GitSettings { file_addresses: true, ..GitSettings::default() })
}

/// A repository in a folder of its own.
pub(crate) async fn repository() -> (TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::open(folder.path().join("catalog"), git()).await.unwrap();
    (folder, repository)
}

/// Runs git as a person would, by hand.
pub(crate) fn by_hand(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Hand", "-c", "user.email=hand@example.org", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Writes a script that can be run.
pub(crate) fn program(at: &Path, script: &str) {
    std::fs::write(at, script).unwrap();
    std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let at = folder.join(path);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::fs::write(at, text).unwrap();
}

pub(crate) fn text(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap()
}

pub(crate) fn ada() -> Author {
    Author { name: "Ada".into(), email: "ada@example.org".into() }
}

pub(crate) fn change(base: &CatalogVersion, edit: catalog::Edit) -> Change {
    Change { edits: vec![edit], base: base.clone(), author: ada(), message: "Change it".into(), at: NOW }
}

/// What is found in one file standing alone.
pub(crate) fn findings(file: &str, text: &str) -> Vec<Diagnostic> {
    read(&Snapshot::of_texts([(file, text)])).diagnostics
}

/// The finding of a code; there must be just one.
pub(crate) fn only(findings: &[Diagnostic], code: DiagnosticCode) -> &Diagnostic {
    let found: Vec<&Diagnostic> = findings.iter().filter(|one| one.code == code).collect();
    assert_eq!(found.len(), 1, "{code:?} in {findings:#?}");
    found[0]
}
