//! Files too large to be read, and slow servers: nobody else is held up.

use std::time::Duration;

use catalog::{
    Edit, Pulled, Repository, STACKS_FILE, Upstream,
    git::{Address, Git, GitError, GitSettings, Remote},
};
use types::catalog::{DiagnosticCode as Code, Severity, Stack, StackSource};

use crate::support::{by_hand, change, git, program, repository, write};

const MIB: usize = 1024 * 1024;

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

fn upstream(path: &std::path::Path) -> Upstream {
    let address = Address::parse(&format!("file://{}", path.display())).unwrap();
    Upstream { address, branch: "main".into(), credential: None }
}

#[tokio::test]
async fn a_huge_file_that_was_pulled_blocks_its_own_stack_alone() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "-b", "main", "theirs"]);
    let theirs = folder.path().join("theirs");
    let stack =
        |name: &str| format!("{{\"name\": \"{name}\", \"compose_file_path\": \"stacks/{name}/docker-compose.yml\"}}");
    write(&theirs, STACKS_FILE, &format!("{{\"docker_stacks\": [{}, {}]}}\n", stack("web"), stack("db")));
    write(&theirs, "stacks/web/docker-compose.yml", "services:\n  a:\n    image: x:1\n");
    write(&theirs, "stacks/web/dump.sql", &"x".repeat(70 * MIB));
    write(&theirs, "stacks/db/docker-compose.yml", &"# y\n".repeat(MIB));
    write(&theirs, "video.bin", &"z".repeat(3 * MIB));
    // Many that are each small enough, and together more than one answer of git.
    for number in 0..40 {
        write(&theirs, &format!("stacks/web/data-{number}.txt"), &"w".repeat(2 * MIB));
    }
    by_hand(&theirs, &["add", "."]);
    by_hand(&theirs, &["commit", "-qm", "Large"]);
    let (_folder, repository) = repository().await;
    assert!(matches!(repository.pull(&upstream(&theirs)).await.unwrap(), Pulled::Forward { .. }));
    assert_eq!(by_hand(repository.root(), &["status", "--porcelain"]), "");
    let reading = repository.read().await.unwrap();
    assert!(!reading.version.is_dirty());
    assert_eq!(reading.blocked_stacks.iter().collect::<Vec<_>>(), ["db"]);
    let about = |file: &str| reading.diagnostics.iter().find(|one| one.message.contains(file)).unwrap();
    let compose = about("stacks/db/docker-compose.yml");
    assert_eq!((compose.severity, compose.stack.as_deref()), (Severity::Error, Some("db")));
    assert!(compose.message.contains("4194304 bytes"), "{compose}");
    let dump = reading.diagnostics.iter().find(|one| one.file == "stacks/web/dump.sql").unwrap();
    assert_eq!((dump.severity, dump.code), (Severity::Warning, Code::UnreadableFile));
    assert!(dump.message.contains("73400320 bytes"), "{dump}");
    // And it can be worked with as ever.
    let done = repository.commit(&change(&reading.version, set("other"))).await.unwrap();
    assert!(repository.diff(&reading.version, &done.version).await.unwrap().len() == 1);
}

#[tokio::test]
async fn a_broken_file_whose_older_versions_are_huge_is_read_all_the_same() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    write(
        root,
        STACKS_FILE,
        "{\"docker_stacks\": [{\"name\": \"web\", \"git_repo\": \"https://example.org/web.git\"}]}\n",
    );
    by_hand(root, &["add", "."]);
    by_hand(root, &["commit", "-qm", "Good"]);
    write(root, STACKS_FILE, &" ".repeat(70 * MIB));
    by_hand(root, &["commit", "-qam", "Oops"]);
    write(root, STACKS_FILE, "{\"docker_stacks\": [,]}");
    let reading = repository.read().await.unwrap();
    assert!(reading.catalog.stack("web").is_some() && !reading.stacks_are_complete);
}

#[tokio::test]
async fn an_unreadable_file_is_no_change_of_its_own() {
    let (_folder, repository) = repository().await;
    write(repository.root(), "stacks/web/dump.sql", &"x".repeat(3 * MIB));
    let base = repository.read().await.unwrap().version;
    by_hand(repository.root(), &["commit", "-q", "--allow-empty", "-m", "Nothing"]);
    // Another commit with the same files is the same catalog, this one included.
    repository.commit(&change(&base, set("web"))).await.unwrap();
}

/// A git program that waits, whenever it speaks to a server, until a file is there.
fn slow(folder: &std::path::Path) -> Git {
    let at = folder.join("slow-git");
    let script = "#!/bin/sh\ncase \"$*\" in *\" fetch \"*|*\" push \"*)\n  : > FOLDER/waiting\n  while [ ! -e FOLDER/go ]; do sleep 0.02; done;;\nesac\nexec git \"$@\"\n";
    program(&at, &script.replace("FOLDER", &folder.display().to_string()));
    Git::new(GitSettings { program: at, file_addresses: true, ..GitSettings::default() })
}

async fn wait_for(path: &std::path::Path) {
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_reads_or_commits_does_not_wait_for_a_slow_server() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let root = folder.path().join("catalog");
    let repository = Repository::open(&root, git()).await.unwrap();
    let base = repository.read().await.unwrap().version;
    let first = repository.commit(&change(&base, set("web"))).await.unwrap();
    let behind = Repository::open(&root, slow(folder.path())).await.unwrap();
    let upstream = upstream(&folder.path().join("remote.git"));
    let pushing = tokio::spawn(async move { behind.push(&upstream).await });
    wait_for(&folder.path().join("waiting")).await;
    let meanwhile = async {
        repository.read().await.unwrap();
        repository.commit(&change(&first.version, set("db"))).await.unwrap()
    };
    let second = tokio::time::timeout(Duration::from_secs(15), meanwhile).await.expect("held up by the fetch");
    write(folder.path(), "go", "");
    // What was there when the push began is what arrives, and what was there when it compared.
    let pushed = pushing.await.unwrap().unwrap();
    assert!(!pushed.ours.is_empty());
    let there = by_hand(&folder.path().join("remote.git"), &["rev-parse", "main"]);
    assert!([first.commit, second.commit].contains(&Some(there)));
}

#[tokio::test]
async fn what_the_cache_has_can_be_read_while_another_fetch_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "-b", "main", "origin"]);
    let origin = folder.path().join("origin");
    let mut commits = Vec::new();
    for number in 0..3 {
        write(&origin, "a.yml", &number.to_string());
        by_hand(&origin, &["add", "."]);
        by_hand(&origin, &["commit", "-qm", "One"]);
        commits.push(by_hand(&origin, &["rev-parse", "HEAD"]));
    }
    let address = Address::parse(&format!("file://{}", origin.display())).unwrap();
    let cache = folder.path().join("cache");
    Remote::new(git(), cache.clone()).files(&address, &commits[0], &["a.yml"], None).await.unwrap();
    let slow = Remote::new(slow(folder.path()), cache.clone());
    let fetch = |commit: &String| {
        let (slow, address, commit) = (slow.clone(), address.clone(), commit.clone());
        tokio::spawn(async move { slow.files(&address, &commit, &["a.yml"], None).await })
    };
    let first = fetch(&commits[1]);
    wait_for(&folder.path().join("waiting")).await;
    let second = fetch(&commits[2]);
    let quick = Remote::new(git(), cache.clone());
    let read = quick.files(&address, &commits[0], &["a.yml"], None);
    let files = tokio::time::timeout(Duration::from_secs(10), read).await.expect("held up by the fetch").unwrap();
    assert_eq!(files["a.yml"].as_deref(), Some(&b"0"[..]));
    // What is in use is not dropped.
    assert_eq!(quick.keep_only(&[]).await.unwrap().busy, 1);
    write(folder.path(), "go", "");
    assert_eq!(first.await.unwrap().unwrap()["a.yml"].as_deref(), Some(&b"1"[..]));
    assert_eq!(second.await.unwrap().unwrap()["a.yml"].as_deref(), Some(&b"2"[..]));
}

#[tokio::test]
async fn a_fetch_that_was_given_up_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "-b", "main", "origin"]);
    let origin = folder.path().join("origin");
    write(&origin, "a.yml", "a");
    by_hand(&origin, &["add", "."]);
    by_hand(&origin, &["commit", "-qm", "One"]);
    let commit = by_hand(&origin, &["rev-parse", "HEAD"]);
    let address = Address::parse(&format!("file://{}", origin.display())).unwrap();
    let cache = folder.path().join("cache");
    let slow = Remote::new(slow(folder.path()), cache.clone());
    let given_up = {
        let (address, commit) = (address.clone(), commit.clone());
        tokio::spawn(async move { slow.files(&address, &commit, &["a.yml"], None).await })
    };
    wait_for(&folder.path().join("waiting")).await;
    given_up.abort();
    // As git leaves them when it is killed.
    let inner =
        std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    for lock in ["shallow.lock".to_owned(), format!("refs/kept/{commit}.lock")] {
        write(&inner, &lock, "");
    }
    let remote = Remote::new(git(), cache);
    assert!(remote.files(&address, &commit, &["a.yml"], None).await.unwrap()["a.yml"].is_some());
    write(&origin, "b.yml", &"b".repeat(3 * MIB));
    by_hand(&origin, &["add", "."]);
    by_hand(&origin, &["commit", "-qm", "Two"]);
    let two = by_hand(&origin, &["rev-parse", "HEAD"]);
    let error = remote.files(&address, &two, &["a.yml", "b.yml"], None).await.unwrap_err();
    assert!(matches!(&error, GitError::BadFile { path, .. } if path == "b.yml"), "{error}");
    assert!(error.to_string().contains("3145728 bytes"), "{error}");
}
