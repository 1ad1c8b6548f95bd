//! The catalog through its use cases.

use catalog::Edit;
use service::DeployError;
use types::catalog::{Severity, Variable};

use super::yard::{Repository, Yard, compose, git_entry, text_entry};

fn set(value: &str) -> Vec<Edit> {
    vec![Edit::SetVariable { stack: "shop".into(), environment: None, variable: Variable::plain("MODE", value) }]
}

#[tokio::test]
async fn saving_is_a_commit_and_two_editors_meet() {
    let yard = Yard::new().await;
    yard.stacks(&[text_entry("shop", "")]);
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &["MODE"]));
    let base = yard.deploy.catalog(&yard.operator).await.unwrap().reading.version;
    let saved = yard.deploy.save(&yard.operator, &base, set("fast"), "Make the shop fast").await.unwrap();
    assert!(saved.commit.is_some());
    let Err(DeployError::Conflict(conflict)) = yard.deploy.save(&yard.operator, &base, set("slow"), "Slow").await
    else {
        panic!("the other editor was first")
    };
    let file = &conflict.files[0];
    assert!(file.theirs.as_ref().unwrap().contains("fast") && file.yours.as_ref().unwrap().contains("slow"));

    let history = yard.deploy.history(&yard.operator, None, 10).await.unwrap();
    assert_eq!(history[0].subject, "Make the shop fast");
    assert_eq!(history[0].author_name, "ada");
    let before = types::catalog::CatalogVersion::commit(&history[1].commit);
    yard.deploy.restore(&yard.operator, &before, &saved.version).await.unwrap();
    assert!(!yard.read("phoenix_stacks_config.json").contains("fast"));
}

#[tokio::test]
async fn a_broken_stack_blocks_only_itself() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    let missing = git_entry("gone", &repository, ", \"reference\": \"nowhere\"");
    let needs = text_entry("needs", ", \"env\": [{ \"name\": \"A\", \"secret\": \"vault/none\" }]");
    yard.stacks(&[git_entry("shop", &repository, ""), missing, needs, text_entry("textless", "")]);
    yard.write("stacks/needs/docker-compose.yml", &compose("nginx:1", &["A"]));
    yard.assign(&[("rumpledev", &["shop", "gone", "needs", "textless", "unknown"])]);
    let plan = yard.plan().await;
    assert_eq!(plan.steps.iter().map(|step| step.stack.as_str()).collect::<Vec<_>>(), ["shop"]);
    assert_eq!(plan.blocked.len(), 4, "{:#?}", plan.blocked);
    let findings = yard.deploy.validate(&yard.operator, true).await.unwrap();
    for stack in ["gone", "needs", "textless"] {
        assert!(
            findings.iter().any(|one| one.stack.as_deref() == Some(stack) && one.severity == Severity::Error),
            "{stack}: {findings:#?}"
        );
    }
}

#[tokio::test]
async fn compose_files_of_other_repositories_are_checked_too() {
    let yard = Yard::new().await;
    let repository =
        Repository::new("services:\n  web:\n    image: nginx:1\n    environment:\n      A: ${A:?needed}\n");
    yard.stacks(&[git_entry("shop", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop"])]);
    assert!(yard.deploy.validate(&yard.operator, false).await.unwrap().is_empty());
    let findings = yard.deploy.validate(&yard.operator, true).await.unwrap();
    assert!(findings.iter().any(|one| one.message.contains("“A”") && one.line == 5), "{findings:#?}");
    assert_eq!(yard.plan().await.blocked.len(), 1);
}

#[tokio::test]
async fn older_forms_are_imported_on_request() {
    let yard = Yard::new().await;
    yard.write(
        "phoenix_stacks_config.json",
        "{\n  \"docker_stacks\": {\n    \"shop\": { \"name\": \"shop\", \"compose_file_path\": \"/usr/local/phoenix/stacks/shop/docker-compose.yml\" }\n  }\n}\n",
    );
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &[]));
    let (import, base) = yard.deploy.plan_import(&yard.operator).await.unwrap();
    assert!(!import.steps.is_empty());
    yard.deploy.import(&yard.operator, &base).await.unwrap();
    assert!(yard.read("phoenix_stacks_config.json").contains("\"docker_stacks\": ["));
    assert!(yard.deploy.plan_import(&yard.operator).await.unwrap().0.steps.is_empty());
}

#[tokio::test]
async fn the_catalog_keeps_step_with_its_remote() {
    let remote = tempfile::tempdir().unwrap();
    let bare =
        std::process::Command::new("git").args(["init", "--quiet", "--bare", "-b", "main"]).arg(remote.path()).output();
    assert!(bare.unwrap().status.success());
    let address = url::Url::from_directory_path(remote.path()).unwrap().to_string();
    let yard = Yard::with(Default::default(), |settings| {
        settings.remote = Some(service::deploy::RemoteSettings { address, branch: "main".into(), credential: None });
    })
    .await;
    yard.stacks(&[text_entry("shop", "")]);
    let base = yard.deploy.catalog(&yard.operator).await.unwrap().reading.version;
    yard.deploy.save(&yard.operator, &base, set("fast"), "Make it fast").await.unwrap();
    let synced = yard.deploy.sync(&yard.operator).await.unwrap();
    assert_eq!((synced.pulled, synced.pushed > 0), (None, true));
    assert!(yard.deploy.divergence(&yard.operator).await.unwrap().ours.is_empty());
}
