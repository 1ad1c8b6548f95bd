//! What a stack's repository offers to whoever edits the stack: a real repository on the disk.

use std::{path::Path, process::Command};

use types::catalog::{Stack, StackSource};

use super::House;
use crate::{
    Deploy, DeploySettings,
    deploy::{Edit, Fields, lacking},
};

const COMPOSE: &str = "services:\n  web:\n    image: nginx:1\n    environment:\n      A: ${NEEDED:?say it}\n      B: ${WANTED}\n      C: ${HAS:-default}\n";

fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(args)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn branches_tags_and_compose_files_are_offered() {
    let house = House::new().await;
    let founder = house.founder().await;
    let ada = house.signed_in(&founder).await.operator().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = DeploySettings::under(folder.path());
    settings.git.file_addresses = true;
    let deploy = Deploy::new(house.store.clone(), house.world.clone(), settings);

    let repository = tempfile::tempdir().unwrap();
    git(repository.path(), &["init", "--quiet", "--initial-branch", "trunk"]);
    std::fs::create_dir(repository.path().join("more")).unwrap();
    std::fs::write(repository.path().join("docker-compose.yml"), COMPOSE).unwrap();
    std::fs::write(repository.path().join("more/compose.yaml"), "services: {}\n").unwrap();
    std::fs::write(repository.path().join("README.md"), "no compose file").unwrap();
    git(repository.path(), &["add", "--all"]);
    git(repository.path(), &["commit", "--quiet", "--message", "first"]);
    git(repository.path(), &["tag", "v1"]);
    git(repository.path(), &["branch", "next"]);

    let address = url::Url::from_directory_path(repository.path()).unwrap().to_string();
    let stack = Stack::new("web", StackSource::git(address));
    let draft = deploy.draft_edit(&ada, vec![Edit::SetStack(Box::new(stack.clone()))]).await.unwrap();
    assert!(deploy.repository_look(&ada, &stack).is_none(), "nobody is asked before somebody says so");
    assert!(deploy.draft_compose(&ada, &draft, &stack).is_empty());

    let offer = deploy.look_at_repository(&ada, "web").await.unwrap().found.unwrap();
    assert_eq!(
        (offer.branches.as_slice(), offer.tags.as_slice()),
        (["next", "trunk"].map(str::to_owned).as_slice(), ["v1".to_owned()].as_slice())
    );
    assert_eq!(offer.default_branch.as_deref(), Some("trunk"));
    assert_eq!(offer.compose_files, ["docker-compose.yml", "more/compose.yaml"]);
    assert!(offer.is_whole && offer.trouble.is_none() && offer.commit.is_some());

    let compose = deploy.draft_compose(&ada, &draft, &stack);
    assert_eq!(compose, [("docker-compose.yml".to_owned(), COMPOSE.to_owned())]);
    assert_eq!(lacking(&stack, None, &compose), [("NEEDED".to_owned(), true), ("WANTED".to_owned(), false)]);
    let fields = |reference: &str| -> Fields {
        let mut fields = draft.form("web", None).unwrap().fields;
        fields.insert("reference".into(), reference.into());
        fields.insert("offer.NEEDED.value".into(), "yes".into());
        fields.insert("offer.WANTED.value".into(), String::new());
        fields
    };
    let filled = deploy.draft_form(&ada, "web", None, &fields("v1"), "").await.unwrap();
    let web = filled.reading.catalog.stack("web").unwrap();
    assert_eq!(lacking(web, None, &compose), [("WANTED".to_owned(), false)], "what was offered and filled is set");

    // What was read for one reference says nothing of another; the branches are the repository's.
    let look = deploy.repository_look(&ada, web).unwrap().found.unwrap();
    assert!(look.commit.is_none() && look.compose.is_empty() && look.branches.len() == 2, "{look:?}");

    // A reference that is not there keeps what is known, and says so.
    deploy.draft_form(&ada, "web", None, &fields("nowhere"), "").await.unwrap();
    let offer = deploy.look_at_repository(&ada, "web").await.unwrap().found.unwrap();
    assert_eq!(offer.branches.len(), 2);
    assert!(offer.trouble.unwrap().contains("nowhere"));

    drop(repository);
    let why = deploy.look_at_repository(&ada, "web").await.unwrap().found.unwrap_err();
    assert!(!why.is_empty());
}
