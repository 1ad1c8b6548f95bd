//! Hand edits that a commit must not lose.

use catalog::{
    CatalogError, Change, Edit, Repository, STACKS_FILE,
    git::{Git, GitSettings},
};
use types::catalog::{CatalogVersion, Stack, StackSource, Variable};

use crate::support::{NOW, ada, change, repository, text, write};

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

/// A catalog with two stacks, committed.
async fn stacks() -> (tempfile::TempDir, Repository, CatalogVersion) {
    let (folder, repository) = repository().await;
    let base = repository.read().await.unwrap().version;
    let change = Change { edits: vec![set("web"), set("db")], base, author: ada(), message: "Begin".into(), at: NOW };
    let version = repository.commit(&change).await.unwrap().version;
    (folder, repository, version)
}

fn variable() -> Edit {
    Edit::SetVariable { stack: "web".into(), environment: None, variable: Variable::plain("A", "1") }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_neither_committed_nor_overwritten() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    let large = "x".repeat(2 * 1024 * 1024 + 1);
    write(root, "stacks/web/notes.txt", &large);
    let seen = repository.read().await.unwrap().version;
    for text in [Some("small".to_owned()), None] {
        let edit = Edit::SetText { path: "stacks/web/notes.txt".into(), text };
        let error = repository.commit(&change(&seen, edit)).await.unwrap_err();
        assert!(matches!(&error, CatalogError::Unreadable { path, .. } if path == "stacks/web/notes.txt"), "{error}");
        assert!(error.to_string().contains("larger than 2 MiB"), "{error}");
    }
    assert!(text(root, "stacks/web/notes.txt") == large);
    assert!(repository.history(None, 10).await.unwrap().is_empty());
    // Other files can be changed beside it.
    repository.commit(&change(&seen, set("web"))).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_text_is_put_back_whole() {
    let (_folder, repository, _) = stacks().await;
    let root = repository.root();
    let (path, bytes) = ("stacks/web/logo.bin", b"\xff\xfe\x00logo");
    write(root, path, "");
    std::fs::write(root.join(path), bytes).unwrap();
    let seen = repository.read().await.unwrap().version;
    // The branch cannot move.
    write(root, ".git/refs/heads/main.lock", "");
    let edit = Edit::SetText { path: path.into(), text: None };
    assert!(matches!(repository.commit(&change(&seen, edit)).await, Err(CatalogError::Git(_))));
    assert_eq!(std::fs::read(root.join(path)).unwrap(), bytes);
}

#[tokio::test]
async fn a_hand_edit_saved_during_a_commit_is_kept() {
    let (folder, repository, base) = stacks().await;
    let root = repository.root();
    let hand = text(root, STACKS_FILE).replace("example.org/db.git", "example.org/other.git");
    write(folder.path(), "hand.json", &hand);
    // A git program that saves it when everything was read and nothing is written yet.
    let program = folder.path().join("slow-git");
    let (from, to) = (folder.path().join("hand.json"), root.join(STACKS_FILE));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *commit-tree*) cp '{}' '{}';; esac\nexec git \"$@\"\n",
        from.display(),
        to.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let overtaken = Git::new(GitSettings { program, ..GitSettings::default() });
    let editor = Repository::open(root, overtaken).await.unwrap();
    let mut both = change(&base, variable());
    // Written before the file that somebody saves.
    both.edits.push(Edit::SetText { path: "a.yml".into(), text: Some("services: {}\n".into()) });
    let refused = editor.commit(&both).await.unwrap_err();
    let CatalogError::Conflict(conflict) = refused else { panic!("{refused}") };
    assert!(conflict.files.iter().any(|file| file.theirs.as_deref() == Some(hand.as_str())), "{conflict:#?}");
    assert_eq!(text(root, STACKS_FILE), hand);
    assert!(!root.join("a.yml").exists());
    assert_eq!(repository.history(None, 10).await.unwrap().len(), 1);
}
