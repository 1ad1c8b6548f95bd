//! Killed with -9, or given up on, at any point: the history is whole, the catalog is as before or as afterwards, and the next
//! commit works.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use catalog::{
    CatalogError, Change, Edit, GUESTS_FILE, Pulled, Repository, STACKS_FILE, Upstream,
    git::{Address, Git, GitError, GitSettings},
};
use types::catalog::{Stack, StackSource, Variable};

use crate::support::{NOW, ada, by_hand, change, git, program, text, write};

const STACKS: &str = "{\n  \"docker_stacks\": [\n    {\"name\": \"web\", \"git_repo\": \"https://example.org/web.git\"},\n    {\"name\": \"db\", \"git_repo\": \"https://example.org/db.git\", \"depends_on\": [\"web\"]}\n  ]\n}\n";
const GUESTS: &str =
    "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [\"web\"]}]}\n";

/// A folder with the catalog, and beside it what the child is to do there.
fn scene() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    std::fs::create_dir(&root).unwrap();
    by_hand(&root, &["init", "-q", "."]);
    write(&root, STACKS_FILE, STACKS);
    write(&root, GUESTS_FILE, GUESTS);
    write(&root, "README.md", "ours\n");
    by_hand(&root, &["add", "."]);
    by_hand(&root, &["commit", "-qm", "Begin"]);
    (folder, root)
}

/// Lets the remote be a rename ahead, with files that are none of the catalog's.
fn remote_ahead(folder: &Path, root: &Path) {
    by_hand(folder, &["clone", "-q", "--bare", "catalog", "remote.git"]);
    by_hand(folder, &["clone", "-q", "remote.git", "other"]);
    let other = folder.join("other");
    write(&other, STACKS_FILE, &STACKS.replace("\"web\"", "\"site\""));
    write(&other, GUESTS_FILE, &GUESTS.replace("\"web\"", "\"site\""));
    write(&other, "bin/run.sh", "#!/bin/sh\n");
    std::os::unix::fs::symlink("README.md", other.join("link")).unwrap();
    by_hand(&other, &["rm", "-q", "README.md"]);
    by_hand(&other, &["add", "."]);
    by_hand(&other, &["update-index", "--chmod=+x", "bin/run.sh"]);
    by_hand(&other, &["commit", "-qm", "Rename"]);
    by_hand(&other, &["push", "-q", "origin", "HEAD"]);
    assert_eq!(by_hand(root, &["status", "--porcelain"]), "");
}

async fn act(folder: &Path, what: &str, git: Git) -> Result<(), CatalogError> {
    let repository = Repository::open(folder.join("catalog"), git).await?;
    if what == "pull" {
        let address = Address::parse(&format!("file://{}/remote.git", folder.display())).unwrap();
        let upstream = Upstream { address, branch: "main".into(), credential: None };
        return repository.pull(&upstream).await.map(drop);
    }
    let base = repository.read().await?.version;
    let edits = vec![Edit::RenameStack { from: "web".into(), to: "site".into() }];
    let change = Change { edits, base, author: ada(), message: "Rename".into(), at: NOW };
    repository.commit(&change).await.map(drop)
}

/// What the tests below run as a process of its own, to kill it.
#[tokio::test]
#[ignore = "the other half of the tests beside it"]
async fn child() {
    let folder = std::env::current_dir().unwrap();
    let Ok(what) = std::fs::read_to_string(folder.join("what")) else { return };
    let settings = GitSettings { program: folder.join("wrapped-git"), file_addresses: true, ..GitSettings::default() };
    std::fs::write(folder.join("begun"), "").unwrap();
    act(&folder, &what, Git::new(settings)).await.unwrap();
    std::fs::write(folder.join("done"), "").unwrap();
}

fn start(folder: &Path, what: &str, wrapper: &str) -> Child {
    program(&folder.join("wrapped-git"), wrapper);
    write(folder, "what", what);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "crash::child", "--ignored"]).current_dir(folder);
    child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Whatever was killed: now everything is in order.
async fn check(folder: &Path, root: &Path, at: &str) {
    let repository = Repository::open(root, git()).await.unwrap();
    let reading = repository.read().await.unwrap();
    assert!(!reading.has_errors(), "{at}: {:#?}", reading.diagnostics);
    assert!(!reading.version.is_dirty(), "{at}: {}", reading.version);
    let renamed = reading.catalog.stack("site").is_some();
    assert_eq!(reading.catalog.stack("web").is_none(), renamed, "{at}");
    assert_eq!(reading.catalog.guests[0].assignments[0].stack, if renamed { "site" } else { "web" }, "{at}");
    assert_eq!(repository.history(None, 10).await.unwrap().len(), if renamed { 2 } else { 1 }, "{at}");
    let variable = Edit::SetVariable { stack: "db".into(), environment: None, variable: Variable::plain("A", "1") };
    repository.commit(&change(&reading.version, variable)).await.unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_eq!(by_hand(root, &["status", "--porcelain"]), "", "{at}");
    by_hand(root, &["fsck", "--strict", "--no-dangling"]);
    let left = std::fs::read_dir(root.join(".git")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("thinkheads-write")).collect();
    assert!(left.is_empty() && !root.join(".git/thinkheads.pending").exists(), "{at}: {left:?}");
    assert!(!root.join(".git/index.lock").exists() && !folder.join("catalog/.git/HEAD.lock").exists(), "{at}");
}

/// Counts git's calls; at the one in question the caller is killed and `then` happens.
fn killer(call: u32, then: &str) -> String {
    format!(
        "#!/bin/sh\nn=$(cat calls 2>/dev/null || echo 0); n=$((n+1)); echo $n > calls\nif [ $n = {call} ]; then kill -9 $PPID; {then} fi\nexec git \"$@\"\n"
    )
    .replace("calls", "\"$(dirname \"$0\")/calls\"")
}

async fn killed_at_every_call(what: &str) {
    for (name, then) in [
        // Its git goes on alone; its git dies with it before it did anything; or in the midst, with all its locks held.
        ("git goes on", ""),
        ("git dies", "exit 1;"),
        (
            "git leaves its locks",
            "case \"$*\" in *\" HEAD \"*) : > \"$2/.git/HEAD.lock\"; : > \"$2/.git/refs/heads/main.lock\";; *update-ref*) mkdir -p \"$2/.git/refs/remotes/thinkheads\"; : > \"$2/.git/refs/remotes/thinkheads/catalog.lock\";; esac; exit 1;",
        ),
    ] {
        for call in 1.. {
            let (folder, root) = scene();
            if what == "pull" {
                remote_ahead(folder.path(), &root);
            }
            start(folder.path(), what, &killer(call, then)).wait().unwrap();
            let is_done = folder.path().join("done").exists();
            check(folder.path(), &root, &format!("{what}, {name}, call {call}")).await;
            if is_done {
                assert!(call > 8, "only {call} calls were tried");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_commit_killed_at_any_call_of_git_is_all_or_nothing() {
    killed_at_every_call("commit").await;
}

#[tokio::test]
async fn a_pull_killed_at_any_call_of_git_is_all_or_nothing() {
    killed_at_every_call("pull").await;
}

#[tokio::test]
async fn a_commit_killed_at_any_time_is_all_or_nothing() {
    let plain = "#!/bin/sh\nexec git \"$@\"\n";
    let mut length = Duration::from_millis(200);
    for point in 0..25 {
        let (folder, root) = scene();
        let mut child = start(folder.path(), "commit", plain);
        while !folder.path().join("begun").exists() {
            std::thread::yield_now();
        }
        let begun = Instant::now();
        while begun.elapsed() < length.mul_f64(f64::from(point) / 20.0) && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_some() {
            // The machine is quicker than was thought: the points move closer.
            length = begun.elapsed().min(length);
        }
        let _ = child.kill();
        child.wait().unwrap();
        check(folder.path(), &root, &format!("point {point}")).await;
    }
}

#[tokio::test]
async fn a_commit_nobody_waits_for_any_more_is_finished() {
    for pause in 0..12 {
        let (folder, root) = scene();
        let repository = Repository::open(&root, git()).await.unwrap();
        let base = repository.read().await.unwrap().version;
        let rename = change(&base, Edit::RenameStack { from: "web".into(), to: "site".into() });
        let _ = tokio::time::timeout(Duration::from_millis(pause * 6), repository.commit(&rename)).await;
        let begun = Instant::now();
        while repository.history(None, 10).await.unwrap().len() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(20), "the commit was never finished");
        }
        check(folder.path(), &root, &format!("after {pause}")).await;
    }
}

#[tokio::test]
async fn a_lock_of_a_dead_git_is_removed_and_that_of_a_living_one_is_not() {
    let (folder, root) = scene();
    let add = |version| change(version, Edit::SetStack(Box::new(Stack::new("x", StackSource::git("https://x.org/x")))));
    let repository = Repository::open(&root, git()).await.unwrap();
    let base = repository.read().await.unwrap().version;
    // Young, and nobody of ours died: it is somebody's.
    let locked = root.join(".git/refs/heads/main.lock");
    std::fs::write(&locked, "").unwrap();
    assert!(matches!(repository.commit(&add(&base)).await, Err(CatalogError::Git(_))));
    assert!(locked.exists());
    assert_eq!(text(&root, STACKS_FILE), STACKS);
    // Older than any git of ours may run.
    let old = std::fs::metadata(&locked).unwrap().modified().unwrap() - Duration::from_secs(120);
    std::fs::File::options().write(true).open(&locked).unwrap().set_modified(old).unwrap();
    let done = repository.commit(&add(&base)).await.unwrap();
    assert!(!locked.exists());
    // A person's index lock may be as old as it likes: an editor is open. It is named, with what to do.
    let index = root.join(".git/index.lock");
    std::fs::write(&index, "").unwrap();
    std::fs::File::options().write(true).open(&index).unwrap().set_modified(old).unwrap();
    let variable = Edit::SetVariable { stack: "x".into(), environment: None, variable: Variable::plain("A", "1") };
    let error = repository.commit(&change(&done.version, variable)).await.unwrap_err();
    assert!(matches!(&error, CatalogError::Git(GitError::Locked { .. })), "{error}");
    assert!(error.to_string().contains("index.lock") && index.exists());
    drop(folder);
}

#[tokio::test]
async fn a_pull_takes_programs_links_and_removals_along() {
    let (folder, root) = scene();
    remote_ahead(folder.path(), &root);
    // In the way: a file that is not committed, then one that is being prepared for a commit.
    write(&root, "bin/run.sh", "mine");
    let pull = || act(folder.path(), "pull", git());
    assert_eq!(pull().await, Err(CatalogError::Uncommitted(vec!["bin/run.sh".into()])));
    std::fs::remove_dir_all(root.join("bin")).unwrap();
    let staged = text(&root, STACKS_FILE) + "\n";
    write(&root, STACKS_FILE, &staged);
    by_hand(&root, &["add", STACKS_FILE]);
    write(&root, STACKS_FILE, STACKS);
    assert_eq!(pull().await, Err(CatalogError::Uncommitted(vec![STACKS_FILE.into()])));
    by_hand(&root, &["reset", "-q"]);
    assert!(root.join("README.md").exists() && !root.join("bin").exists());
    pull().await.unwrap();
    assert_eq!(by_hand(&root, &["status", "--porcelain"]), "");
    assert_eq!(by_hand(&root, &["rev-parse", "HEAD"]), by_hand(&folder.path().join("other"), &["rev-parse", "HEAD"]));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(root.join("bin/run.sh")).unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(std::fs::read_link(root.join("link")).unwrap(), Path::new("README.md"));
    assert!(!root.join("README.md").exists());
    let repository = Repository::open(&root, git()).await.unwrap();
    let address = Address::parse(&format!("file://{}/remote.git", folder.path().display())).unwrap();
    let upstream = Upstream { address, branch: "main".into(), credential: None };
    assert_eq!(repository.pull(&upstream).await, Ok(Pulled::UpToDate));
}
