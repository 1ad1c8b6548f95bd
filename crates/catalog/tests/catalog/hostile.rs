//! A repository whose own settings would run programs, lead elsewhere or listen in: none of it happens.

use std::path::{Path, PathBuf};

use catalog::{
    Edit, Repository, STACKS_FILE, Upstream,
    git::{Address, Credential, Git, GitSettings},
};
use types::catalog::{Stack, StackSource};

use crate::support::{NOW, ada, by_hand, change, http::GitServer, program, text, write};

fn set(name: &str) -> Edit {
    Edit::SetStack(Box::new(Stack::new(name, StackSource::git(format!("https://example.org/{name}.git")))))
}

/// Programs in all the places git would run one, each of which writes down that it ran.
fn lay_traps(root: &Path, trap: &Path, address: &str) {
    let run = trap.display().to_string();
    for hook in [
        "pre-commit",
        "post-commit",
        "commit-msg",
        "reference-transaction",
        "post-index-change",
        "post-checkout",
        "post-merge",
        "pre-push",
        "pre-auto-gc",
    ] {
        write(root, &format!(".git/hooks/{hook}"), "");
        program(&root.join(".git/hooks").join(hook), &format!("#!/bin/sh\n{run} {hook}\n"));
    }
    for (key, value) in [
        ("core.fsmonitor", run.as_str()),
        ("core.pager", &run),
        ("core.editor", &run),
        ("core.sshCommand", &run),
        ("core.gitProxy", &run),
        ("core.askPass", &run),
        ("core.alternateRefsCommand", &run),
        ("core.hooksPath", ".git/hooks"),
        ("filter.x.clean", &run),
        ("filter.x.smudge", &run),
        ("filter.x.process", &run),
        ("filter.x.required", "true"),
        ("diff.external", &run),
        ("diff.x.command", &run),
        ("diff.x.textconv", &run),
        ("diff.orderFile", "/nowhere"),
        ("merge.x.driver", &run),
        ("merge.default", "x"),
        ("gpg.program", &run),
        ("commit.gpgSign", "true"),
        ("log.showSignature", "true"),
        ("credential.helper", &format!("!{run}")),
        (&format!("credential.{address}.helper"), &format!("!{run}")),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
        ("url.ext::TRAP %S.insteadOf", address),
        ("url.http://127.0.0.1:1/.pushInsteadOf", address),
        (&format!("remote.{address}.uploadpack"), &run),
        (&format!("remote.{address}.receivepack"), &run),
        (&format!("remote.{address}.vcs"), "ext"),
        ("http.proxy", "http://127.0.0.1:1"),
        ("core.splitIndex", "true"),
        ("core.autocrlf", "true"),
    ] {
        by_hand(root, &["config", "--add", &key.replace("TRAP", &run), value]);
    }
    write(root, ".git/info/attributes", "* filter=x diff=x merge=x\n");
    write(root, ".gitattributes", "* filter=x diff=x merge=x text eol=crlf\n");
}

fn scene() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path(), &["init", "-q", "--bare", "-b", "main", "served/catalog.git"]);
    by_hand(&folder.path().join("served/catalog.git"), &["config", "http.receivepack", "true"]);
    let (trap, ran) = (folder.path().join("trap"), folder.path().join("ran"));
    program(&trap, &format!("#!/bin/sh\necho \"$0 $*\" >> {}\nexit 1\n", ran.display()));
    (folder, trap, ran)
}

#[tokio::test]
async fn nothing_of_the_repositorys_own_settings_runs() {
    let (folder, trap, ran) = scene();
    let git = || Git::new(GitSettings::default());
    let server = GitServer::start(&folder.path().join("served"), Some("bot:pw")).await;
    let upstream = Upstream {
        address: Address::parse(&format!("{}/catalog.git", server.url)).unwrap(),
        branch: "main".into(),
        credential: Some(Credential::parse(&"bot:pw".into()).unwrap()),
    };
    let here = Repository::open(folder.path().join("here"), git()).await.unwrap();
    let there = Repository::open(folder.path().join("there"), git()).await.unwrap();
    let base = here.read().await.unwrap().version;
    let first = here.commit(&change(&base, set("web"))).await.unwrap();
    here.push(&upstream).await.unwrap();
    lay_traps(there.root(), &trap, upstream.address.as_str());
    lay_traps(here.root(), &trap, upstream.address.as_str());
    let mut more = change(&here.read().await.unwrap().version, set("db"));
    more.edits.push(Edit::SetText { path: "stacks/db/docker-compose.yml".into(), text: Some("services: {}\n".into()) });
    let second = here.commit(&more).await.unwrap();
    here.push(&upstream).await.unwrap();
    // A pull takes .gitattributes and what they are about along, byte for byte.
    there.pull(&upstream).await.unwrap();
    assert_eq!(text(there.root(), STACKS_FILE), text(here.root(), STACKS_FILE));
    assert!(!text(there.root(), STACKS_FILE).contains('\r'));
    write(there.root(), STACKS_FILE, &text(there.root(), STACKS_FILE).replace("web.git", "site.git"));
    let seen = there.read().await.unwrap().version;
    let third = there.commit(&change(&seen, set("cache"))).await.unwrap();
    there.diff(&first.version, &third.version).await.unwrap();
    there.history(Some(STACKS_FILE), 10).await.unwrap();
    there.restore(&first.version, &third.version, &ada(), NOW).await.unwrap();
    there.divergence(&upstream).await.unwrap();
    there.push(&upstream).await.unwrap();
    here.pull(&upstream).await.unwrap();
    assert_eq!(here.history(None, 10).await.unwrap().len(), 5);
    assert!(second.commit.is_some());
    assert!(!ran.exists(), "ran: {}", std::fs::read_to_string(ran).unwrap_or_default());
}

#[tokio::test]
async fn what_is_missing_is_not_fetched_behind_our_back() {
    let (folder, trap, ran) = scene();
    let repository = Repository::open(folder.path().join("catalog"), Git::new(GitSettings::default())).await.unwrap();
    let root = repository.root();
    let base = repository.read().await.unwrap().version;
    let done = repository.commit(&change(&base, set("web"))).await.unwrap();
    let blob = by_hand(root, &["rev-parse", &format!("HEAD:{STACKS_FILE}")]);
    std::fs::remove_file(root.join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    // A partial clone would ask its remote for the missing object, here through a program.
    let run = format!("ext::{} %S", trap.display());
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", run.as_str()),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ] {
        by_hand(root, &["config", key, value]);
    }
    let again = Repository::open(root, Git::new(GitSettings::default())).await.unwrap();
    // The file itself is there: that its committed text is lost blocks nothing.
    assert!(again.read().await.unwrap().catalog.stack("web").is_some());
    let _ = again.show(&done.version).await;
    assert!(!ran.exists(), "ran: {}", std::fs::read_to_string(ran).unwrap_or_default());
}
