//! Commits, history, two editors, hand edits, broken files.

use catalog::{
    CatalogError, Change, Edit, EditError, GUESTS_FILE, HIDDEN, HYPERVISOR_FILE, Repository, SECRETS_FILE, STACKS_FILE,
    vault::{Vault, VaultKey},
};
use types::catalog::{Assignment, CatalogVersion, DiagnosticCode as Code, Stack, StackSource, Variable};

use crate::support::{NOW, ada, by_hand, change, git, only, repository, text, write};

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

fn variable(stack: &str, value: &str) -> Edit {
    Edit::SetVariable { stack: stack.into(), environment: None, variable: Variable::plain("A", value) }
}

/// A catalog with two stacks, committed.
async fn two_stacks() -> (tempfile::TempDir, Repository, CatalogVersion) {
    let (folder, repository) = repository().await;
    let base = repository.read().await.unwrap().version;
    let change = Change { edits: vec![set("web"), set("db")], base, author: ada(), message: "Begin".into(), at: NOW };
    let version = repository.commit(&change).await.unwrap().version;
    (folder, repository, version)
}

fn spread(names: &[&str]) -> String {
    let stacks: Vec<String> = names
        .iter()
        .map(|name| format!("    {{\n      \"name\": \"{name}\",\n      \"git_repo\": \"https://example.org/{name}.git\",\n      \"env\": []\n    }}"))
        .collect();
    format!("{{\n  \"docker_stacks\": [\n{}\n  ]\n}}\n", stacks.join(",\n"))
}

#[tokio::test]
async fn an_empty_folder_becomes_a_repository_and_edits_become_commits() {
    let (_folder, repository) = repository().await;
    let empty = repository.read().await.unwrap();
    assert_eq!(empty.version, CatalogVersion::default());
    assert!(empty.diagnostics.is_empty() && repository.history(None, 10).await.unwrap().is_empty());
    let mut change = change(&empty.version, set("web"));
    change.message = "Add web\n\nBecause.".into();
    let done = repository.commit(&change).await.unwrap();
    assert_eq!((done.files, done.hand_edit), (vec![STACKS_FILE.to_owned()], None));
    let reading = repository.read().await.unwrap();
    assert_eq!(reading.version, done.version);
    assert!(!reading.version.is_dirty() && reading.catalog.stack("web").is_some());
    let history = repository.history(None, 10).await.unwrap();
    let [revision] = history.as_slice() else { panic!("{history:#?}") };
    assert_eq!(
        (revision.author_name.as_str(), revision.author_email.as_str(), revision.at),
        ("Ada", "ada@example.org", NOW)
    );
    assert_eq!((revision.subject.as_str(), revision.body.as_str()), ("Add web", "Because."));
    assert_eq!(revision.files, [STACKS_FILE]);
    assert_eq!(by_hand(repository.root(), &["status", "--porcelain"]), "");
    assert_eq!(by_hand(repository.root(), &["log", "-1", "--format=%cn"]), "ThinkHeads");
}

#[tokio::test]
async fn of_two_editors_the_second_is_shown_both_sides() {
    let (_folder, repository, base) = two_stacks().await;
    let first = repository.commit(&change(&base, variable("web", "ada"))).await.unwrap();
    let refused = repository.commit(&change(&base, variable("web", "bob"))).await.unwrap_err();
    let CatalogError::Conflict(conflict) = refused else { panic!("{refused}") };
    assert_eq!((&conflict.base, &conflict.current), (&base, &first.version));
    let [file] = conflict.files.as_slice() else { panic!("{conflict:#?}") };
    assert!(!file.base.as_ref().unwrap().contains("\"A\""));
    assert!(file.theirs.as_ref().unwrap().contains("\"ada\"") && !file.theirs.as_ref().unwrap().contains("\"bob\""));
    assert!(file.yours.as_ref().unwrap().contains("\"bob\"") && !file.yours.as_ref().unwrap().contains("\"ada\""));
    assert_eq!(repository.read().await.unwrap().version, first.version);
    // On the new version it goes through.
    repository.commit(&change(&first.version, variable("web", "bob"))).await.unwrap();
}

#[tokio::test]
async fn many_at_once_lose_nothing() {
    let (_folder, repository, base) = two_stacks().await;
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            // Each with an opening of its own, as several processes would have.
            let root = repository.root().to_owned();
            let base = base.clone();
            tokio::spawn(async move {
                let repository = Repository::open(root, git()).await.unwrap();
                let mut base = base;
                loop {
                    match repository.commit(&change(&base, set(&format!("stack{number}")))).await {
                        Ok(done) => return done.commit.unwrap(),
                        Err(CatalogError::Conflict(conflict)) => base = conflict.current,
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let reading = repository.read().await.unwrap();
    assert_eq!(reading.catalog.stacks.len(), 8);
    assert!(!reading.version.is_dirty());
    assert_eq!(repository.history(None, 100).await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_hand_edit_is_read_and_never_swept_up_unseen() {
    let (_folder, repository, base) = two_stacks().await;
    let root = repository.root();
    write(root, STACKS_FILE, &text(root, STACKS_FILE).replace("example.org/db.git", "example.org/other.git"));
    write(root, "stacks/new/notes.txt", "somebody's notes");
    write(root, "README.md", "not ours");
    by_hand(root, &["add", "README.md"]);
    let dirty = repository.read().await.unwrap();
    let edited: Vec<&str> = dirty.version.edits.keys().map(String::as_str).collect();
    assert_eq!(edited, [STACKS_FILE, "stacks/new/notes.txt"]);
    assert_eq!(dirty.version.commit, base.commit);
    let other = StackSource::git("https://example.org/other.git");
    assert_eq!(dirty.catalog.stack("db").unwrap().source, other);
    // Who did not see the hand edit is refused; who saw it commits on top of it.
    assert!(matches!(repository.commit(&change(&base, variable("web", "1"))).await, Err(CatalogError::Conflict(_))));
    let seen: CatalogVersion = dirty.version.to_string().parse().unwrap();
    let done = repository.commit(&change(&seen, variable("web", "1"))).await.unwrap();
    assert_eq!(done.files, [STACKS_FILE]);
    let history = repository.history(None, 2).await.unwrap();
    assert_eq!(Some(&history[1].commit), done.hand_edit.as_ref());
    assert_eq!(
        (history[1].author_name.as_str(), history[1].files.as_slice()),
        ("Hand edit", &[STACKS_FILE.to_owned()][..])
    );
    let alone = repository
        .diff(&CatalogVersion::commit(&history[1].commit), &CatalogVersion::commit(&history[0].commit))
        .await
        .unwrap();
    assert!(alone[0].unified.contains("\"A\"") && !alone[0].unified.contains("other.git"), "{}", alone[0].unified);
    // Other files are as they were, staged ones too.
    assert_eq!(by_hand(root, &["status", "--porcelain"]), "A  README.md\n?? stacks/");
    assert_eq!(done.version.edits.len(), 1);
    // The version with the hand edit can still be looked at.
    let shown = repository.show(&seen).await.unwrap();
    assert!(
        shown.text(STACKS_FILE).unwrap().contains("other.git") && !shown.text(STACKS_FILE).unwrap().contains("\"A\"")
    );
}

#[tokio::test]
async fn a_broken_hand_edit_blocks_its_own_stack_alone() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    write(root, STACKS_FILE, &spread(&["web", "db", "cache"]));
    write(
        root,
        GUESTS_FILE,
        "{\n  \"vms\": [\n    {\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [\"web\"]},\n    {\"name\": \"q\", \"portainer_environment_name\": \"q\"}\n  ]\n}\n",
    );
    by_hand(root, &["add", "."]);
    by_hand(root, &["commit", "-qm", "By hand"]);
    let good = text(root, STACKS_FILE);
    write(root, STACKS_FILE, &good.replace("\"https://example.org/db.git\",", "\"https://example.org/db2.git\""));
    let reading = repository.read().await.unwrap();
    let found = only(&reading.diagnostics, Code::Syntax);
    assert_eq!(
        (found.stack.as_deref(), found.line, found.pointer.as_str()),
        (Some("db"), 10, "/docker_stacks/1"),
        "{found:#?}"
    );
    assert_eq!(reading.blocked_stacks.iter().collect::<Vec<_>>(), ["db"]);
    assert!(["web", "db", "cache"].iter().all(|name| reading.catalog.stack(name).is_some()));
    assert!(!reading.stacks_are_complete && reading.guests_are_complete);
    // The text itself can be mended; single values cannot be set in it.
    let refused = repository.commit(&change(&reading.version, variable("web", "1"))).await.unwrap_err();
    assert!(matches!(refused, CatalogError::Edit(EditError::Broken { .. })), "{refused}");
    let mend = Edit::SetText { path: STACKS_FILE.into(), text: Some(good) };
    let done = repository.commit(&change(&reading.version, mend)).await.unwrap();
    assert!(done.hand_edit.is_some(), "the broken text is kept in the history");
    assert!(!repository.read().await.unwrap().has_errors());

    // Even committed, it blocks only its own; and the same holds for machines.
    write(root, GUESTS_FILE, &text(root, GUESTS_FILE).replace("\"q\"}", "\"q\",}"));
    by_hand(root, &["commit", "-qam", "Oops"]);
    let reading = repository.read().await.unwrap();
    assert_eq!(reading.blocked_guests.iter().collect::<Vec<_>>(), ["q"]);
    assert!(reading.blocked_stacks.is_empty() && reading.catalog.guests.len() == 2);
}

#[tokio::test]
async fn versions_can_be_compared_and_restored() {
    let (_folder, repository, begin) = two_stacks().await;
    let key = VaultKey::generate();
    let mut vault = Vault::of(&repository.snapshot().await.unwrap()).unwrap();
    vault.set(&key, &"db".parse().unwrap(), &"s3cr3t".into(), "ada", NOW).unwrap();
    let second = repository.commit(&change(&begin, vault.edit())).await.unwrap().version;
    let third = repository.commit(&change(&second, Edit::RemoveStack { name: "db".into() })).await.unwrap().version;
    let changes = repository.diff(&begin, &third).await.unwrap();
    let paths: Vec<&str> = changes.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, [SECRETS_FILE, STACKS_FILE]);
    assert!(
        changes[0].before.is_none() && changes[1].unified.contains("-      \"name\": \"db\""),
        "{}",
        changes[1].unified
    );
    let restored = repository.restore(&begin, &third, &ada(), NOW).await.unwrap();
    let reading = repository.read().await.unwrap();
    assert_eq!(reading.version, restored.version);
    assert!(reading.catalog.stack("db").is_some());
    // History went on, and the vault was left alone.
    assert_eq!(repository.history(None, 10).await.unwrap().len(), 4);
    let vault = Vault::of(&repository.snapshot().await.unwrap()).unwrap();
    assert!(vault.reveal(&key, &"db".parse().unwrap()).is_ok());
    assert_eq!(repository.history(Some(SECRETS_FILE), 10).await.unwrap().len(), 1);
    let unknown = CatalogVersion::commit("0123456789012345678901234567890123456789");
    assert!(matches!(repository.show(&unknown).await, Err(CatalogError::UnknownVersion(_))));
}

#[tokio::test]
async fn a_secret_in_plain_text_moves_into_the_vault_and_never_shows() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    write(
        root,
        HYPERVISOR_FILE,
        "{\n  \"portainer_api\": {\n    \"url\": \"https://p:9443\",\n    \"api_key\": \"ptr_s3cr3t\"\n  },\n  \"zfs\": 1.50\n}\n",
    );
    by_hand(root, &["add", "."]);
    by_hand(root, &["commit", "-qm", "By hand"]);
    let snapshot = repository.snapshot().await.unwrap();
    let value = snapshot.plain_secret(HYPERVISOR_FILE, "/portainer_api/api_key").unwrap();
    let key = VaultKey::generate();
    let mut vault = Vault::of(&snapshot).unwrap();
    vault.set(&key, &"portainer".parse().unwrap(), &value, "ada", NOW).unwrap();
    let adopt = Edit::AdoptSecret {
        file: HYPERVISOR_FILE.into(),
        pointer: "/portainer_api/api_key".into(),
        secret: "portainer".parse().unwrap(),
    };
    let change = Change {
        edits: vec![adopt, vault.edit()],
        base: snapshot.version.clone(),
        author: ada(),
        message: "Into the vault".into(),
        at: NOW,
    };
    let done = repository.commit(&change).await.unwrap();
    assert_eq!(
        text(root, HYPERVISOR_FILE),
        "{\n  \"portainer_api\": {\n    \"url\": \"https://p:9443\",\n    \"api_key\": \"vault/portainer\"\n  },\n  \"zfs\": 1.50\n}\n"
    );
    assert!(repository.read().await.unwrap().diagnostics.is_empty());
    let changes = repository.diff(&snapshot.version, &done.version).await.unwrap();
    assert!(!format!("{changes:?}").contains("s3cr3t"));
    assert!(changes.iter().any(|one| one.before.as_ref().is_some_and(|text| text.contains(HIDDEN))));
}

#[tokio::test]
async fn hostile_settings_and_links_do_nothing() {
    let (folder, repository, base) = two_stacks().await;
    let root = repository.root();
    let mark = folder.path().join("ran");
    let run = format!("touch {}", mark.display());
    std::fs::create_dir_all(root.join(".git/hooks")).unwrap();
    for hook in
        ["pre-commit", "post-commit", "reference-transaction", "post-index-change", "post-checkout", "post-merge"]
    {
        let at = root.join(".git/hooks").join(hook);
        std::fs::write(&at, format!("#!/bin/sh\n{run}\n")).unwrap();
        std::fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    for key in ["core.fsmonitor", "core.pager", "core.editor", "filter.x.clean", "diff.external", "gpg.program"] {
        by_hand(root, &["config", key, &run]);
    }
    by_hand(root, &["config", "commit.gpgSign", "true"]);
    write(root, ".gitattributes", "*.json filter=x diff=x\n");
    std::os::unix::fs::symlink("/etc/passwd", root.join("stacks.yml")).unwrap();
    std::fs::create_dir_all(root.join("stacks")).unwrap();
    std::os::unix::fs::symlink("/etc", root.join("stacks/etc")).unwrap();
    let version = repository.read().await.unwrap().version;
    let snapshot = repository.snapshot().await.unwrap();
    assert!(snapshot.text("stacks.yml").is_none() && snapshot.text("stacks/etc/passwd").is_none());
    let done = repository.commit(&change(&version, variable("web", "1"))).await.unwrap();
    repository.diff(&base, &done.version).await.unwrap();
    let through = Edit::SetText { path: "stacks/etc/evil.yml".into(), text: Some("x".into()) };
    assert!(repository.commit(&change(&done.version, through)).await.is_err());
    for path in ["../x.yml", "/tmp/x.yml", ".git/config", "stacks/../../x.yml", "x.txt", "stacks/.hidden"] {
        let edit = Edit::SetText { path: path.into(), text: Some("x".into()) };
        let error = repository.commit(&change(&done.version, edit)).await.unwrap_err();
        assert!(matches!(error, CatalogError::Edit(EditError::BadPath(_))), "{path}: {error}");
    }
    assert!(!mark.exists(), "a program of the repository's own settings was run");
}

#[tokio::test]
async fn a_message_and_an_author_are_needed_and_marks_in_them_do_no_harm() {
    let (_folder, repository, base) = two_stacks().await;
    let mut odd = change(&base, variable("web", "1"));
    odd.message = "  ".into();
    assert!(matches!(repository.commit(&odd).await, Err(CatalogError::Incomplete("a message"))));
    odd.message = "Say \"hi\"\n\nauthor Eve <eve@x> 0 +0000".into();
    odd.author.name = "A <x@y>\ncommitter B".into();
    let done = repository.commit(&odd).await.unwrap();
    let revision = &repository.history(None, 1).await.unwrap()[0];
    assert_eq!(revision.author_name, "A x@ycommitter B");
    assert_eq!(revision.subject, "Say \"hi\"");
    // What changes nothing is no commit.
    let again = repository.commit(&change(&done.version, variable("web", "1"))).await.unwrap();
    assert_eq!((again.commit, again.version), (None, done.version));
}

#[tokio::test]
async fn a_folder_inside_another_repository_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "."]);
    let error = Repository::open(folder.path().join("inner"), git()).await.unwrap_err().to_string();
    assert!(error.contains("inside of the git repository"), "{error}");
}

#[tokio::test]
async fn a_rename_is_one_commit_over_all_files() {
    let (_folder, repository, base) = two_stacks().await;
    let root = repository.root();
    write(
        root,
        GUESTS_FILE,
        "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [\"web\", {\"name\": \"db\"}]}]}\n",
    );
    let version = repository.read().await.unwrap().version;
    let mut edits = change(
        &version,
        Edit::Assign {
            guest: "p".into(),
            assignment: Assignment { stack: "web".into(), environment: Some("production".into()) },
        },
    );
    edits.edits.push(Edit::RenameStack { from: "web".into(), to: "site".into() });
    let done = repository.commit(&edits).await.unwrap();
    assert_eq!(done.files, [STACKS_FILE, GUESTS_FILE]);
    assert_eq!(
        text(root, GUESTS_FILE),
        "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [{ \"name\": \"site\", \"environment\": \"production\" }, {\"name\": \"db\"}]}]}\n"
    );
    assert_ne!(done.version.commit, base.commit);
}
