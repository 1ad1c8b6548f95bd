//! What a form offers of a repository elsewhere, and what the cache keeps of it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use catalog::git::{Address, Credential, Dropped, GitError, Remote};

use crate::support::{by_hand, git, http::GitServer, write};

/// A bare repository under `served/`. Gives its commits, oldest first.
fn served(folder: &Path, name: &str, commits: usize) -> Vec<String> {
    let work = folder.join(name);
    std::fs::create_dir_all(&work).unwrap();
    by_hand(&work, &["init", "-q", "-b", "trunk", "."]);
    for path in [
        "docker-compose.yml",
        "compose.yaml",
        "deploy/prod/Docker-Compose.prod.yml",
        "a/b/c/compose.yml",
        "a/b/c/d/compose.yml",
        "deploy/stack.yml",
        ".github/workflows/ci.yml",
        "decompose.txt",
        "compose.yml/README.md",
    ] {
        write(&work, path, &format!("# {path}\n"));
    }
    std::os::unix::fs::symlink("docker-compose.yml", work.join("link-compose.yml")).unwrap();
    std::fs::write(work.join("picture-compose.yml"), b"\xff\xfe\x00").unwrap();
    let mut ids = Vec::new();
    for number in 0..commits {
        write(&work, "number.txt", &number.to_string());
        by_hand(&work, &["add", "."]);
        by_hand(&work, &["commit", "-qm", "More"]);
        ids.push(by_hand(&work, &["rev-parse", "HEAD"]));
    }
    by_hand(&work, &["tag", "-a", "-m", "One", "v1", &ids[0]]);
    by_hand(&work, &["branch", "feature/x", &ids[0]]);
    by_hand(&work, &["checkout", "-q", "-b", "next"]);
    by_hand(folder, &["clone", "-q", "--bare", name, &format!("served/{name}.git")]);
    by_hand(&folder.join(format!("served/{name}.git")), &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    ids
}

#[tokio::test]
async fn branches_tags_and_compose_files_are_listed_with_and_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let ids = served(folder.path(), "app", 2);
    by_hand(folder.path(), &["init", "-q", "--bare", "-b", "trunk", "served/empty.git"]);
    for password in [None, Some("ada:pw")] {
        let server = GitServer::start(&folder.path().join("served"), password).await;
        let address = Address::parse(&format!("{}/app.git", server.url)).unwrap();
        let credential = password.map(|password| Credential::parse(&password.into()).unwrap());
        let credential = credential.as_ref();
        let remote = Remote::new(git(), folder.path().join(format!("cache-{}", password.is_some())));
        let listing = remote.listing(&address, credential).await.unwrap();
        assert_eq!(listing.default_branch.as_deref(), Some("trunk"));
        let named = |list: &[catalog::git::RemoteReference]| -> Vec<(String, String)> {
            list.iter().map(|one| (one.name.clone(), one.commit.clone())).collect()
        };
        let (old, new) = (ids[0].clone(), ids[1].clone());
        assert_eq!(
            named(&listing.branches),
            [("feature/x".into(), old.clone()), ("next".into(), new.clone()), ("trunk".into(), new.clone())]
        );
        assert_eq!(named(&listing.tags), [("v1".into(), old.clone())]);
        assert!(listing.is_whole);
        let empty = Address::parse(&format!("{}/empty.git", server.url)).unwrap();
        assert_eq!(remote.listing(&empty, credential).await.unwrap().branches, []);
        let files = remote.compose_files(&address, &new, credential).await.unwrap();
        assert_eq!(
            files,
            [
                "docker-compose.yml",
                "compose.yaml",
                "picture-compose.yml",
                "deploy/stack.yml",
                "deploy/prod/Docker-Compose.prod.yml",
                "a/b/c/compose.yml"
            ]
        );
        let text = remote.text(&address, &new, "deploy/stack.yml", credential).await.unwrap();
        assert_eq!(text.as_deref(), Some("# deploy/stack.yml\n"));
        assert_eq!(remote.text(&address, &new, "./deploy//stack.yml", credential).await.unwrap(), text);
        for none in ["nope.yml", "deploy", "../x", ""] {
            assert_eq!(remote.text(&address, &new, none, credential).await.unwrap(), None, "{none}");
        }
        let error = remote.text(&address, &new, "picture-compose.yml", credential).await.unwrap_err();
        assert!(matches!(&error, GitError::BadFile { path, .. } if path == "picture-compose.yml"), "{error}");
        if password.is_some() {
            assert!(matches!(remote.listing(&address, None).await, Err(GitError::Unauthorised { .. })));
            let other = Remote::new(git(), folder.path().join("cache-none"));
            assert!(matches!(other.compose_files(&address, &new, None).await, Err(GitError::Unauthorised { .. })));
        }
    }
}

/// The commits a cache folder holds.
fn kept(cache: &Path) -> Vec<(PathBuf, Vec<String>)> {
    let folders = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let refs = |path: &Path| by_hand(path, &["for-each-ref", "--format=%(refname)", "refs/kept"]);
    let commit = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    folders
        .map(|path| {
            let list = refs(&path).lines().map(commit).collect();
            (path, list)
        })
        .collect()
}

/// Makes all that is in the cache look unused since long.
fn grow_old(cache: &Path) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for (folder, _) in kept(cache) {
        for entry in std::fs::read_dir(folder.join("used")).unwrap() {
            std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap().set_modified(long_ago).unwrap();
        }
    }
}

#[tokio::test]
async fn the_cache_drops_what_nobody_needs_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (app, other) = (served(folder.path(), "app", 4), served(folder.path(), "other", 1));
    let address =
        |name: &str| Address::parse(&format!("file://{}/served/{name}.git", folder.path().display())).unwrap();
    let (first, second) = (address("app"), address("other"));
    let cache = folder.path().join("cache");
    let remote = Remote::new(git(), cache.clone());
    assert_eq!(remote.keep_only(&[]).await.unwrap(), Dropped::default());
    let number = async |address: &Address, commit: &str| remote.text(address, commit, "number.txt", None).await;
    for commit in &app {
        number(&first, commit).await.unwrap();
    }
    number(&second, &other[0]).await.unwrap();
    // Just read: whoever read it may not have written down yet that it is needed.
    assert_eq!(remote.keep_only(&[]).await.unwrap(), Dropped::default());
    grow_old(&cache);
    number(&first, &app[3]).await.unwrap();
    let needed = [(&first, app[1].as_str()), (&first, "0123456789012345678901234567890123456789")];
    assert_eq!(remote.keep_only(&needed).await.unwrap(), Dropped { commits: 3, repositories: 1, busy: 0 });
    let now = kept(&cache);
    let [(inner, commits)] = now.as_slice() else { panic!("{now:?}") };
    let mut wanted = vec![app[1].clone(), app[3].clone()];
    wanted.sort();
    assert_eq!(commits, &wanted);
    // The objects are gone too, and what is left is whole.
    by_hand(inner, &["fsck", "--connectivity-only"]);
    assert!(
        by_hand(inner, &["cat-file", "--batch-all-objects", "--batch-check"])
            .lines()
            .all(|line| !line.starts_with(&app[0]))
    );
    assert_eq!(by_hand(inner, &["rev-list", "--all", "--count"]), "2");
    // With the server gone, what is needed is still there; the rest is fetched again when it is back.
    let (there, away) = (folder.path().join("served"), folder.path().join("away"));
    std::fs::rename(&there, &away).unwrap();
    assert_eq!(number(&first, &app[1]).await.unwrap().as_deref(), Some("1"));
    assert!(number(&first, &app[0]).await.is_err());
    std::fs::rename(&away, &there).unwrap();
    assert_eq!(number(&first, &app[0]).await.unwrap().as_deref(), Some("0"));
    assert_eq!(number(&second, &other[0]).await.unwrap().as_deref(), Some("0"));
}
