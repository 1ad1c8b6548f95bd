//! Repositories that are not as most are: programs among the files, longer ids, files that may not be looked at, linked work trees.

use std::os::unix::fs::PermissionsExt;

use catalog::{
    CatalogError, Edit, Pulled, Repository, STACKS_FILE, Upstream,
    git::{Address, Remote},
};
use types::catalog::{CatalogVersion, DiagnosticCode as Code, Stack, StackSource};

use crate::support::{by_hand, change, git, repository, write};

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

fn set_text(path: &str, text: Option<&str>) -> Edit {
    Edit::SetText { path: path.into(), text: text.map(str::to_owned) }
}

#[tokio::test]
async fn what_can_be_run_stays_so() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    let make = |path: &str| {
        write(root, path, "#!/bin/sh\n");
        std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    make("stacks/web/start.sh");
    by_hand(root, &["add", "."]);
    by_hand(root, &["commit", "-qm", "By hand"]);
    make("stacks/web/new.sh");
    let mut edits =
        change(&repository.read().await.unwrap().version, set_text("stacks/web/start.sh", Some("#!/bin/bash\n")));
    edits.edits.push(set_text("stacks/web/new.sh", Some("#!/bin/bash\n")));
    edits.edits.push(set_text("stacks/web/plain.txt", Some("x")));
    let done = repository.commit(&edits).await.unwrap();
    assert!(done.hand_edit.is_some());
    let listing = by_hand(root, &["ls-tree", "-r", "HEAD"]);
    let mode = |path: &str| listing.lines().find(|line| line.ends_with(path)).unwrap()[..6].to_owned();
    assert_eq!([mode("start.sh"), mode("new.sh"), mode("plain.txt")], ["100755", "100755", "100644"]);
    for path in ["stacks/web/start.sh", "stacks/web/new.sh"] {
        assert_eq!(std::fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777, 0o755);
    }
    assert_eq!(by_hand(root, &["status", "--porcelain"]), "");
    assert!(
        by_hand(root, &["show", "--summary", "--format=", "HEAD"]).lines().all(|line| !line.contains("mode change"))
    );
}

#[tokio::test]
async fn a_repository_with_sha256_works_like_any() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    std::fs::create_dir(&root).unwrap();
    by_hand(&root, &["init", "-q", "--object-format=sha256", "."]);
    let repository = Repository::open(&root, git()).await.unwrap();
    let base = repository.read().await.unwrap().version;
    let first = repository.commit(&change(&base, set("web"))).await.unwrap();
    assert_eq!(first.commit.as_ref().unwrap().len(), 64);
    let mut both = change(&first.version, set_text("a.yml", Some("services: {}\n")));
    both.edits.push(set_text("stacks/x/b.txt", Some("b")));
    let second = repository.commit(&both).await.unwrap();
    // Taking a file away needs an id of as many zeros.
    let third = repository.commit(&change(&second.version, set_text("a.yml", None))).await.unwrap();
    assert_eq!(by_hand(&root, &["status", "--porcelain"]), "");
    assert_eq!(third.version.to_string().parse::<CatalogVersion>(), Ok(third.version.clone()));
    repository.restore(&second.version, &third.version, &crate::support::ada(), 0).await.unwrap();
    assert_eq!(repository.history(None, 10).await.unwrap().len(), 4);
    by_hand(folder.path(), &["init", "-q", "--bare", "--object-format=sha256", "-b", "main", "remote.git"]);
    let address = Address::parse(&format!("file://{}/remote.git", folder.path().display())).unwrap();
    let upstream = Upstream { address: address.clone(), branch: "main".into(), credential: None };
    repository.push(&upstream).await.unwrap();
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    by_hand(&other, &["init", "-q", "--object-format=sha256", "."]);
    let other = Repository::open(&other, git()).await.unwrap();
    assert!(matches!(other.pull(&upstream).await.unwrap(), Pulled::Forward { .. }));
    let remote = Remote::new(git(), folder.path().join("cache"));
    let commit = remote.resolve(&address, None, None).await.unwrap().commit;
    assert!(remote.text(&address, &commit, STACKS_FILE, None).await.unwrap().unwrap().contains("web"));
    // Of the two kinds neither can take over the other: that is said, and nothing is changed.
    let (_folder, short) = crate::support::repository().await;
    let error = short.pull(&upstream).await.unwrap_err();
    assert!(error.to_string().contains("sha256"), "{error}");
    assert!(short.read().await.unwrap().version.commit.is_none());
}

#[tokio::test]
async fn what_may_not_be_looked_at_is_not_taken_for_removed() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    // No system lets a name be this long, so looking for it fails otherwise than with "not found".
    let long = format!("stacks/{}/docker-compose.yml", "n".repeat(300));
    write(root, "x.yml", "services: {}\n");
    std::fs::create_dir(root.join("stacks")).unwrap();
    by_hand(root, &["add", "."]);
    let object = by_hand(root, &["hash-object", "-w", "x.yml"]);
    by_hand(root, &["update-index", "--add", "--cacheinfo", &format!("100644,{object},{long}")]);
    by_hand(root, &["commit", "-qm", "Odd"]);
    let reading = repository.read().await.unwrap();
    let found = reading
        .diagnostics
        .iter()
        .find(|one| one.file == long)
        .unwrap_or_else(|| panic!("{:#?} {}", reading.diagnostics, reading.version));
    assert_eq!(found.code, Code::UnreadableFile);
    assert!(matches!(reading.version.edits.get(&long), Some(Some(_))), "{}", reading.version);
    let error = repository.commit(&change(&reading.version, set_text(&long, Some("x")))).await.unwrap_err();
    assert!(matches!(error, CatalogError::Unreadable { .. }), "{error}");
    // The same for a folder that is closed, where this user is one that folders can be closed to.
    write(root, "stacks/web/docker-compose.yml", "services: {}\n");
    by_hand(root, &["add", "stacks/web"]);
    by_hand(root, &["commit", "-qm", "More"]);
    let closed = root.join("stacks/web");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read_dir(&closed).is_err() {
        let version = repository.read().await.unwrap().version;
        assert!(matches!(version.edits.get("stacks/web/docker-compose.yml"), Some(Some(_))), "{version}");
    }
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_linked_work_tree_is_a_catalog_too() {
    let (folder, repository) = repository().await;
    let base = repository.read().await.unwrap().version;
    repository.commit(&change(&base, set("web"))).await.unwrap();
    let linked = folder.path().join("linked");
    by_hand(repository.root(), &["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
    let linked = Repository::open(&linked, git()).await.unwrap();
    let base = linked.read().await.unwrap().version;
    linked.commit(&change(&base, set("db"))).await.unwrap();
    assert_eq!(by_hand(linked.root(), &["status", "--porcelain"]), "");
    by_hand(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let address = Address::parse(&format!("file://{}/remote.git", folder.path().display())).unwrap();
    linked.push(&Upstream { address, branch: "main".into(), credential: None }).await.unwrap();
    assert!(repository.read().await.unwrap().catalog.stack("db").is_none());
}
