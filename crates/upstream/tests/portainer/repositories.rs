//! Stacks from real repositories.

use secrecy::SecretString;
use serde_json::json;
use upstream::portainer::{
    PortainerError, Stacks,
    fake::{Behaviour, Generation, HostScript},
    stacks::{AutoUpdate, GitAccess, GitFile, GitRedeploy, GitSettings, GitSource, StackKind},
};
use uuid::Uuid;

use super::{
    BOTH, PATIENCE, Repository, client, compose, containers, fake, fake_of, git_source, git_stack, settled, variables,
};

fn redeploy() -> GitRedeploy {
    GitRedeploy {
        reference: "refs/heads/main".to_owned(),
        access: GitAccess::Public,
        variables: Vec::new(),
        pull_images: true,
        prune: false,
    }
}

fn settings() -> GitSettings {
    GitSettings {
        reference: "refs/heads/main".to_owned(),
        access: GitAccess::Public,
        auto_update: None,
        variables: Vec::new(),
        prune: false,
        tls_skip_verify: false,
    }
}

fn password(text: &str) -> GitAccess {
    GitAccess::Password { user: "bot".to_owned(), password: SecretString::from(text) }
}

#[tokio::test]
async fn a_repository_is_cloned_and_deployed_again_after_a_commit() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let environment = fake.add_environment("dev", HostScript::default());
        let repository = Repository::new(&compose("nginx:${TAG:-1}"));
        let first = repository.git(&["rev-parse", "HEAD"]);
        let client = client(&fake);
        let made = client.create_stack(&git_stack(environment, "shop", git_source(&repository.url()))).await.unwrap();
        let stack = settled(&client, made.id).await;
        let git = stack.git.clone().unwrap();
        assert_eq!(
            (git.url.as_str(), git.commit.as_str(), git.config_file.as_str()),
            (repository.url().as_str(), first.as_str(), "docker-compose.yml")
        );
        assert_eq!((stack.kind, git.user), (StackKind::Compose, None));
        assert_eq!(containers(&client, environment, "shop").await[0].image, "nginx:1");
        let before = containers(&client, environment, "shop").await[0].id.clone();

        let second = repository.commit("docker-compose.yml", &compose("nginx:${TAG:-2}"));
        let update = GitRedeploy { variables: variables(&[("TAG", "3")]), ..redeploy() };
        let stack = client.redeploy_git(&stack, &update).await.unwrap();
        let git = stack.git.clone().unwrap();
        assert_eq!((git.commit.as_str(), git.reference.as_str()), (second.as_str(), "refs/heads/main"));
        assert_eq!(stack.variables, update.variables);
        let after = containers(&client, environment, "shop").await;
        assert_eq!((after.len(), after[0].image.as_str()), (1, "nginx:3"));
        assert_ne!(after[0].id, before, "every container is recreated");
        let same = client.redeploy_git(&stack, &update).await.unwrap();
        assert_ne!(containers(&client, environment, "shop").await[0].id, after[0].id, "changed or not");
        assert_eq!(same.git, stack.git);
    }
}

#[tokio::test]
async fn every_field_is_sent_each_time() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let repository = Repository::new(&compose("nginx:1"));
    let client = client(&fake);
    let stack = client.create_stack(&git_stack(environment, "shop", git_source(&repository.url()))).await.unwrap();
    let update = GitRedeploy { variables: variables(&[("A", "b")]), ..redeploy() };
    let stack = client.redeploy_git(&stack, &update).await.unwrap();
    let body = fake.calls_of("PUT /api/stacks").pop().unwrap().body;
    let wanted = json!({
        "RepositoryReferenceName": "refs/heads/main", "RepositoryAuthentication": false, "RepositoryUsername": "",
        "RepositoryPassword": "", "Env": [{ "name": "A", "value": "b" }], "Prune": false, "PullImage": true,
    });
    assert_eq!(body, wanted);
    let webhook = Uuid::from_u128(7);
    let auto_update = Some(AutoUpdate { interval: Some("5m".to_owned()), webhook: Some(webhook) });
    let changed = GitSettings { auto_update: auto_update.clone(), variables: update.variables, ..settings() };
    let stack = client.update_git_settings(&stack, &changed).await.unwrap();
    assert_eq!(stack.auto_update, auto_update);
    let body = fake.calls_of(&format!("POST /api/stacks/{}/git", stack.id)).pop().unwrap().body;
    let wanted = json!({
        "AutoUpdate": { "Interval": "5m", "Webhook": webhook.to_string(), "ForceUpdate": false, "ForcePullImage": false },
        "Env": [{ "name": "A", "value": "b" }], "Prune": false, "RepositoryReferenceName": "refs/heads/main",
        "RepositoryAuthentication": false, "RepositoryUsername": "", "RepositoryPassword": "", "TLSSkipVerify": false,
    });
    assert_eq!(body, wanted);
    let off = client.update_git_settings(&stack, &settings()).await.unwrap();
    assert_eq!((off.auto_update, off.variables.len()), (None, 0), "what is not wanted is gone");
}

#[tokio::test]
async fn other_branches_files_and_variables_of_the_repository() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let repository = Repository::new(&compose("nginx:1"));
    repository.git(&["checkout", "--quiet", "-b", "next"]);
    repository.commit("deploy/stack.yml", &compose("nginx:${TAG}"));
    repository.commit("deploy/.env", "TAG=9\n");
    repository.commit("deploy/more.yml", "services:\n  job:\n    image: busybox:1\n");
    repository.git(&["tag", "v1"]);
    repository.git(&["checkout", "--quiet", "main"]);
    let client = client(&fake);
    for (name, reference) in [("branch", "refs/heads/next"), ("tag", "refs/tags/v1")] {
        let source = GitSource {
            reference: reference.to_owned(),
            config_file: "deploy/stack.yml".to_owned(),
            additional_files: vec!["deploy/more.yml".to_owned()],
            ..git_source(&repository.url())
        };
        let stack = client.create_stack(&git_stack(environment, name, source)).await.unwrap();
        assert_eq!(stack.additional_files, ["deploy/more.yml"]);
        let found = containers(&client, environment, name).await;
        let images: Vec<&str> = found.iter().map(|one| one.image.as_str()).collect();
        assert_eq!(images, ["busybox:1", "nginx:9"]);
    }
}

#[tokio::test]
async fn what_may_go_wrong_with_a_repository() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let repository = Repository::new(&compose("nginx:1"));
    let client = client(&fake);
    let create =
        async |source: GitSource| client.create_stack(&git_stack(environment, "shop", source)).await.unwrap_err();
    for source in [
        git_source("file:///nowhere/at/all"),
        GitSource { reference: "refs/heads/none".to_owned(), ..git_source(&repository.url()) },
        GitSource { config_file: "none.yml".to_owned(), ..git_source(&repository.url()) },
    ] {
        let error = create(source).await;
        assert!(matches!(error, PortainerError::CloneFailed { .. }), "{error:?}");
    }
    let error = create(git_source("not an address")).await;
    assert!(matches!(error, PortainerError::Invalid { .. }), "{error:?}");
    fake.require_git_login(&repository.url(), "bot", "hunter2-hunter2");
    assert_eq!(create(git_source(&repository.url())).await, PortainerError::GitCredentials);
    let wrong = create(GitSource { access: password("wrong-token"), ..git_source(&repository.url()) }).await;
    assert_eq!(wrong, PortainerError::GitCredentials);
    assert!(client.stacks().await.unwrap().is_empty());
}

#[tokio::test]
async fn credentials_are_stored_used_again_and_never_shown() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let environment = fake.add_environment("dev", HostScript::default());
        let repository = Repository::new(&compose("nginx:1"));
        fake.require_git_login(&repository.url(), "bot", "hunter2-hunter2");
        let client = client(&fake);
        let source = GitSource { access: password("hunter2-hunter2"), ..git_source(&repository.url()) };
        assert!(!format!("{source:?}").contains("hunter2"));
        let made = client.create_stack(&git_stack(environment, "shop", source)).await.unwrap();
        let stack = settled(&client, made.id).await;
        assert_eq!(stack.git.as_ref().unwrap().user.as_deref(), Some("bot"));
        assert!(!format!("{stack:?}").contains("hunter2"));
        let stored = GitAccess::Stored { user: "bot".to_owned() };
        client.redeploy_git(&stack, &GitRedeploy { access: stored, ..redeploy() }).await.unwrap();
        // 2.23 goes without; later versions use what is stored.
        let anonymous = client.redeploy_git(&stack, &redeploy()).await;
        match generation {
            Generation::V2_23 => assert_eq!(anonymous.unwrap_err(), PortainerError::GitCredentials),
            Generation::Newer => assert!(anonymous.is_ok()),
        }
        let wrong = GitSettings { access: password("wrong-token"), ..settings() };
        let error = client.update_git_settings(&stack, &wrong).await.unwrap_err();
        assert_eq!(error, PortainerError::GitCredentials);
    }
}

#[tokio::test]
async fn only_stacks_from_a_repository_have_one() {
    let fake = fake().await;
    let (_, stack) = super::with_stack(&fake).await;
    let client = client(&fake);
    for error in [
        client.redeploy_git(&stack, &redeploy()).await.unwrap_err(),
        client.update_git_settings(&stack, &settings()).await.unwrap_err(),
    ] {
        assert!(matches!(error, PortainerError::Conflict { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_webhook_answers_whatever_comes_of_it() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let repository = Repository::new(&compose("nginx:1"));
    let client = client(&fake);
    let webhook = Uuid::from_u128(42);
    let auto_update = Some(AutoUpdate { interval: None, webhook: Some(webhook) });
    let source = GitSource { auto_update, ..git_source(&repository.url()) };
    let stack = client.create_stack(&git_stack(environment, "shop", source.clone())).await.unwrap();
    let mut done = 0;
    let mut trigger = async || {
        client.trigger_webhook(webhook).await.unwrap();
        done += 1;
        fake.wait_until(|counts| counts.auto_updates_done == done, PATIENCE).await.unwrap();
    };
    let deploys = fake.counts().deploys_done;
    trigger().await;
    assert_eq!(fake.counts().deploys_done, deploys, "the commit is the same");
    let second = repository.commit("docker-compose.yml", &compose("nginx:2"));
    fake.set_host_up("dev", false);
    trigger().await;
    fake.set_host_up("dev", true);
    assert_ne!(client.stack(stack.id).await.unwrap().git.unwrap().commit, second, "it failed, and nothing says so");
    trigger().await;
    assert_eq!(client.stack(stack.id).await.unwrap().git.unwrap().commit, second);
    assert_eq!(containers(&client, environment, "shop").await[0].image, "nginx:2");
    let error = client.create_stack(&git_stack(environment, "second", source)).await.unwrap_err();
    assert!(matches!(error, PortainerError::Conflict { .. }), "{error:?}");
    let error = client.trigger_webhook(Uuid::from_u128(1)).await.unwrap_err();
    assert!(matches!(error, PortainerError::NotFound { .. }), "{error:?}");
    fake.remove_user("admin");
    let error = client.trigger_webhook(webhook).await.unwrap_err();
    assert!(matches!(error, PortainerError::Conflict { .. }), "{error:?}");
}

#[tokio::test]
async fn polling_acts_on_new_commits_and_newer_versions_ignore_the_interval() {
    for (generation, acts) in [(Generation::V2_23, true), (Generation::Newer, false)] {
        let fake = fake_of(generation).await;
        let environment = fake.add_environment("dev", HostScript::default());
        let repository = Repository::new(&compose("nginx:1"));
        let client = client(&fake);
        let auto_update = Some(AutoUpdate { interval: Some("5m".to_owned()), webhook: None });
        let source = GitSource { auto_update: auto_update.clone(), ..git_source(&repository.url()) };
        let made = client.create_stack(&git_stack(environment, "shop", source)).await.unwrap();
        assert_eq!(settled(&client, made.id).await.auto_update, auto_update, "echoed in either");
        repository.commit("docker-compose.yml", &compose("nginx:2"));
        fake.poll_repositories().await;
        let image = containers(&client, environment, "shop").await[0].image.clone();
        assert_eq!(image, if acts { "nginx:2" } else { "nginx:1" });
    }
}

#[tokio::test]
async fn a_file_is_read_without_deploying() {
    let fake = fake().await;
    let repository = Repository::new(&compose("nginx:1"));
    let file = GitFile {
        url: repository.url(),
        reference: String::new(),
        access: GitAccess::Public,
        path: "docker-compose.yml".to_owned(),
        tls_skip_verify: false,
    };
    let client = client(&fake);
    assert_eq!(client.preview_git_file(&file).await.unwrap(), compose("nginx:1"));
    let missing = GitFile { path: "none.yml".to_owned(), ..file.clone() };
    let error = client.preview_git_file(&missing).await.unwrap_err();
    assert!(matches!(error, PortainerError::CloneFailed { .. }), "{error:?}");
    fake.require_git_login(&repository.url(), "bot", "hunter2-hunter2");
    let error = client.preview_git_file(&file).await.unwrap_err();
    assert_eq!(error, PortainerError::GitCredentials);
}

#[tokio::test]
async fn a_failed_redeploy_keeps_the_old_commit() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default().behaves("bad:1", Behaviour::MissingImage));
    let repository = Repository::new(&compose("nginx:1"));
    let client = client(&fake);
    let stack = client.create_stack(&git_stack(environment, "shop", git_source(&repository.url()))).await.unwrap();
    repository.commit("docker-compose.yml", &compose("bad:1"));
    let error = client.redeploy_git(&stack, &redeploy()).await.unwrap_err();
    assert!(matches!(error, PortainerError::DeployFailed { .. }), "{error:?}");
    let row = client.stack(stack.id).await.unwrap();
    assert_eq!(row.git, stack.git);
    assert_eq!(client.stack_file(stack.id).await.unwrap(), compose("bad:1"), "the new file lies on the disk");
    assert_eq!(containers(&client, environment, "shop").await.len(), 1, "the pull came first");
}
