//! Repositories elsewhere: over files and over HTTP, with a password and without; and keeping step with a remote.

use std::path::{Path, PathBuf};

use catalog::{
    CatalogError, Edit, Pulled, Repository, STACKS_FILE, Upstream,
    git::{Address, Credential, Git, GitError, GitSettings, Remote},
};
use types::catalog::{Stack, StackSource};

use crate::support::{by_hand, change, git, http::GitServer, repository, text, write};

/// A bare repository with two commits, a branch, a plain and an annotated tag. Gives the commits.
fn origin(folder: &Path) -> (PathBuf, String, String) {
    let (work, bare) = (folder.join("work"), folder.join("served/origin.git"));
    std::fs::create_dir_all(&work).unwrap();
    by_hand(&work, &["init", "-q", "-b", "main", "."]);
    write(&work, "docker-compose.yml", "services:\n  web:\n    image: x:1\n");
    by_hand(&work, &["add", "."]);
    by_hand(&work, &["commit", "-qm", "One"]);
    let one = by_hand(&work, &["rev-parse", "HEAD"]);
    by_hand(&work, &["tag", "v1"]);
    write(&work, "docker-compose.yml", "services:\n  web:\n    image: x:2\n");
    write(&work, "deploy/ä b.yml", "more");
    by_hand(&work, &["add", "."]);
    by_hand(&work, &["commit", "-qm", "Two"]);
    let two = by_hand(&work, &["rev-parse", "HEAD"]);
    by_hand(&work, &["tag", "-a", "-m", "Second", "v2"]);
    by_hand(&work, &["branch", "feature/x", "v1"]);
    by_hand(folder, &["clone", "-q", "--bare", "work", bare.to_str().unwrap()]);
    by_hand(&bare, &["config", "http.receivepack", "true"]);
    (bare, one, two)
}

fn file_address(path: &Path) -> Address {
    Address::parse(&format!("file://{}", path.display())).unwrap()
}

#[tokio::test]
async fn references_mean_commits() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, one, two) = origin(folder.path());
    let remote = Remote::new(git(), folder.path().join("cache"));
    let server = GitServer::start(&folder.path().join("served"), None).await;
    for address in [file_address(&bare), Address::parse(&format!("{}/origin.git", server.url)).unwrap()] {
        for (reference, commit, full) in [
            (None, &two, Some("refs/heads/main")),
            (Some("HEAD"), &two, Some("refs/heads/main")),
            (Some("main"), &two, Some("refs/heads/main")),
            (Some("v1"), &one, Some("refs/tags/v1")),
            (Some("v2"), &two, Some("refs/tags/v2")),
            (Some("refs/tags/v2"), &two, Some("refs/tags/v2")),
            (Some("feature/x"), &one, Some("refs/heads/feature/x")),
            (Some(one.as_str()), &one, None),
        ] {
            let resolved = remote.resolve(&address, reference, None).await.unwrap();
            assert_eq!((&resolved.commit, resolved.reference.as_deref()), (commit, full), "{reference:?}");
        }
        let error = remote.resolve(&address, Some("nope"), None).await.unwrap_err();
        assert!(matches!(error, GitError::NoReference { .. }), "{error}");
        let names: Vec<String> =
            remote.references(&address, None).await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["refs/heads/feature/x", "refs/heads/main", "refs/tags/v1", "refs/tags/v2"]);
    }
    let error = remote.resolve(&file_address(&bare), Some("--upload-pack=id"), None).await.unwrap_err();
    assert!(matches!(error, GitError::BadArgument { .. }), "{error}");
    let nowhere = file_address(&folder.path().join("nowhere.git"));
    assert!(matches!(remote.resolve(&nowhere, None, None).await, Err(GitError::NoRepository { .. })));
    let closed = Address::parse("http://127.0.0.1:1/x.git").unwrap();
    assert!(matches!(remote.resolve(&closed, None, None).await, Err(GitError::Unreachable { .. })));
}

#[tokio::test]
async fn files_of_one_commit_are_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, one, two) = origin(folder.path());
    let remote = Remote::new(git(), folder.path().join("cache"));
    let server = GitServer::start(&folder.path().join("served"), None).await;
    let http = Address::parse(&format!("{}/origin.git", server.url)).unwrap();
    for address in [&file_address(&bare), &http] {
        let files =
            remote.files(address, &one, &["docker-compose.yml", "deploy/ä b.yml", "deploy"], None).await.unwrap();
        assert_eq!(files["docker-compose.yml"].as_deref(), Some(&b"services:\n  web:\n    image: x:1\n"[..]));
        assert_eq!((&files["deploy/ä b.yml"], &files["deploy"]), (&None, &None));
        let files = remote.files(address, &two, &["deploy/ä b.yml", "deploy"], None).await.unwrap();
        assert_eq!((files["deploy/ä b.yml"].as_deref(), &files["deploy"]), (Some(&b"more"[..]), &None));
        let unknown = "0123456789012345678901234567890123456789";
        let error = remote.files(address, unknown, &["x"], None).await.unwrap_err();
        assert!(matches!(error, GitError::NoReference { .. }), "{error}");
    }
    drop(server);
    // With nobody there any more, the cache answers.
    assert!(remote.files(&http, &two, &["docker-compose.yml"], None).await.unwrap()["docker-compose.yml"].is_some());
    let error = remote.files(&http, &two, &["a\nb"], None).await.unwrap_err();
    assert!(matches!(error, GitError::BadArgument { .. }), "{error}");
    assert!(matches!(remote.files(&http, "--all", &["x"], None).await, Err(GitError::BadArgument { .. })));
}

/// A git program that writes down how it is called.
fn watched(folder: &Path) -> (Git, PathBuf) {
    let (program, log) = (folder.join("watched-git"), folder.join("calls.log"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}\nexec git \"$@\"\n", log.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    (Git::new(GitSettings { program, ..GitSettings::default() }), log)
}

#[tokio::test]
async fn a_password_reaches_its_server_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (_, one, _) = origin(folder.path());
    let (git, calls) = watched(folder.path());
    let cache = folder.path().join("cache");
    let remote = Remote::new(git, cache.clone());
    let server = GitServer::start(&folder.path().join("served"), Some("ada:p'w %$\"x")).await;
    let address = Address::parse(&format!("{}/origin.git", server.url)).unwrap();
    let right = Credential::parse(&"ada:p'w %$\"x".into()).unwrap();
    let wrong = Credential::parse(&"ada:s3cr3t".into()).unwrap();
    assert!(matches!(remote.resolve(&address, None, None).await, Err(GitError::Unauthorised { .. })));
    let refused = remote.resolve(&address, None, Some(&wrong)).await.unwrap_err();
    assert!(matches!(refused, GitError::Unauthorised { .. }), "{refused}");
    assert!(!format!("{refused:?} {refused} {wrong:?}").contains("s3cr3t"));
    remote.resolve(&address, None, Some(&right)).await.unwrap();
    let files = remote.files(&address, &one, &["docker-compose.yml"], Some(&right)).await.unwrap();
    assert!(files["docker-compose.yml"].is_some());
    // A server that sends the caller elsewhere does not get the password sent there.
    let elsewhere = GitServer::redirecting(&server.url).await;
    let through = Address::parse(&format!("{}/origin.git", elsewhere.url)).unwrap();
    assert!(matches!(remote.resolve(&through, None, Some(&right)).await, Err(GitError::Unauthorised { .. })));
    let written = std::fs::read_to_string(calls).unwrap();
    assert!(written.contains("ls-remote") && written.contains("fetch"));
    assert!(!written.contains("p'w") && !written.contains("s3cr3t"), "{written}");
    for entry in std::fs::read_dir(&cache).unwrap() {
        let config = entry.unwrap().path().join("config");
        assert!(!config.exists() || !std::fs::read_to_string(config).unwrap().contains("p'w"));
    }
    for bad in ["", "a:b\nhost=evil", "x\0"] {
        assert!(Credential::parse(&bad.into()).is_err());
    }
}

#[tokio::test]
async fn unsafe_addresses_are_refused_before_git_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, _, _) = origin(folder.path());
    let (git, calls) = watched(folder.path());
    let remote = Remote::new(git, folder.path().join("cache"));
    let credential = Credential::parse(&"ada:s3cr3t".into()).unwrap();
    let open = Address::parse("http://example.invalid/x.git").unwrap();
    let error = remote.resolve(&open, None, Some(&credential)).await.unwrap_err();
    assert!(matches!(&error, GitError::BadArgument { problem, .. } if problem.contains("https://")), "{error}");
    // Not unless the settings say so.
    let error = remote.resolve(&file_address(&bare), None, None).await.unwrap_err();
    assert!(matches!(&error, GitError::BadArgument { problem, .. } if problem.contains("settings")), "{error}");
    assert!(!std::fs::read_to_string(calls).unwrap_or_default().contains("ls-remote"));
}

#[tokio::test]
async fn an_empty_password_does_not_garble_what_git_says() {
    let folder = tempfile::tempdir().unwrap();
    origin(folder.path());
    let server = GitServer::start(&folder.path().join("served"), Some("ada:pw")).await;
    let address = Address::parse(&format!("{}/origin.git", server.url)).unwrap();
    let empty = Credential::parse(&"ada:".into()).unwrap();
    let error =
        Remote::new(git(), folder.path().join("cache")).resolve(&address, None, Some(&empty)).await.unwrap_err();
    assert!(matches!(error, GitError::Unauthorised { .. }), "{error}");
}

#[tokio::test]
async fn git_that_hangs_or_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("slow-git");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let slow = GitSettings { program, network_limit: std::time::Duration::from_millis(100), ..GitSettings::default() };
    let address = Address::parse("https://example.invalid/x.git").unwrap();
    let error = Remote::new(Git::new(slow), folder.path().join("a")).resolve(&address, None, None).await.unwrap_err();
    assert!(matches!(error, GitError::TimedOut { .. }), "{error}");
    let none = GitSettings { program: "no-such-git".into(), ..GitSettings::default() };
    let error = Remote::new(Git::new(none), folder.path().join("b")).resolve(&address, None, None).await.unwrap_err();
    assert!(matches!(error, GitError::NotInstalled { .. }), "{error}");
}

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

async fn add(repository: &Repository, name: &str) {
    let version = repository.read().await.unwrap().version;
    repository.commit(&change(&version, set(name))).await.unwrap();
}

#[tokio::test]
async fn two_catalogs_keep_step_through_a_remote() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "--bare", "-b", "main", "served/catalog.git"]);
    by_hand(&folder.path().join("served/catalog.git"), &["config", "http.receivepack", "true"]);
    let server = GitServer::start(&folder.path().join("served"), Some("bot:pw")).await;
    let upstream = Upstream {
        address: Address::parse(&format!("{}/catalog.git", server.url)).unwrap(),
        branch: "main".into(),
        credential: Some(Credential::parse(&"bot:pw".into()).unwrap()),
    };
    let ((_a, here), (_b, there)) = (repository().await, repository().await);
    // An empty remote is no fault.
    assert_eq!(here.pull(&upstream).await.unwrap(), Pulled::UpToDate);
    add(&here, "web").await;
    assert_eq!(here.divergence(&upstream).await.unwrap().ours.len(), 1);
    here.push(&upstream).await.unwrap();
    assert_eq!(here.divergence(&upstream).await.unwrap(), Default::default());
    // A catalog without a commit takes it all over.
    let Pulled::Forward { from: None, .. } = there.pull(&upstream).await.unwrap() else { panic!() };
    assert!(there.read().await.unwrap().catalog.stack("web").is_some());
    add(&there, "db").await;
    there.push(&upstream).await.unwrap();
    // Behind: a push is refused, a pull goes forward, unless a hand edit stands in the way.
    assert!(matches!(here.push(&upstream).await, Err(CatalogError::Behind(_))));
    let clean = text(here.root(), STACKS_FILE);
    write(here.root(), STACKS_FILE, &clean.replace("web", "site"));
    assert_eq!(here.pull(&upstream).await.unwrap_err(), CatalogError::Uncommitted(vec![STACKS_FILE.into()]));
    write(here.root(), STACKS_FILE, &clean);
    assert!(matches!(here.pull(&upstream).await.unwrap(), Pulled::Forward { from: Some(_), .. }));
    assert_eq!(by_hand(here.root(), &["status", "--porcelain"]), "");
    // Both went on: told with both sides, nothing forced.
    add(&here, "cache").await;
    add(&there, "mail").await;
    there.push(&upstream).await.unwrap();
    for refused in [here.pull(&upstream).await.unwrap_err(), here.push(&upstream).await.unwrap_err()] {
        let CatalogError::Diverged(divergence) = refused else { panic!("{refused}") };
        assert_eq!((divergence.ours.len(), divergence.theirs.len()), (1, 1));
        assert!(divergence.is_diverged() && divergence.theirs[0].files == [STACKS_FILE]);
    }
    let served = by_hand(&folder.path().join("served/catalog.git"), &["rev-parse", "main"]);
    assert_eq!(served, by_hand(there.root(), &["rev-parse", "HEAD"]));
    assert!(!std::fs::read_to_string(here.root().join(".git/config")).unwrap().contains("pw"));
}
