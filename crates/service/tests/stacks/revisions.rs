//! Going back, holding still, carrying over.

use service::deploy::{
    Also,
    model::{ApplyVerdict, OnFailure, StackRef},
};
use types::ProblemCode;

use super::yard::{Repository, Yard, compose, git_entry};

async fn with_two_versions() -> (Yard, Repository, [String; 2]) {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &["MODE"]));
    let first = repository.git(&["rev-parse", "HEAD"]);
    let env = ", \"env\": [{ \"name\": \"MODE\", \"value\": \"all\" }], \"environments\": { \"rumpletest\": { \"env\": [{ \"name\": \"MODE\", \"value\": \"test\" }] } }";
    yard.stacks(&[git_entry("shop", &repository, env)]);
    yard.assign(&[("rumpledev", &["shop"]), ("rumpletest", &["shop"])]);
    yard.converge().await;
    let second = repository.commit("docker-compose.yml", &compose("nginx:2", &["MODE"]));
    yard.converge().await;
    (yard, repository, [first, second])
}

#[tokio::test]
async fn a_rollback_holds_against_new_commits_and_portainers_own_polling_until_released() {
    let (yard, repository, [first, second]) = with_two_versions().await;
    let stack = StackRef::new("rumpledev", "shop");
    let also = Also::Rollback { stack: stack.clone(), to: None };
    let proposal = yard.deploy.propose(&yard.operator, &also, OnFailure::Stop).await.unwrap();
    assert_eq!(proposal.also, Also::Rollback { stack: stack.clone(), to: Some(1) }, "what is read is what is done");
    assert_eq!(proposal.difference.commits, Some((Some(second), Some(first))));
    assert_eq!(proposal.plan.steps.len(), 1);
    assert!(yard.deploy.pins(&yard.operator).await.unwrap().is_empty(), "a proposal changes nothing");
    let id = yard.deploy.apply(&yard.operator, proposal.plan, Some(&proposal.also)).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    assert!(yard.plan().await.steps.is_empty());

    repository.commit("docker-compose.yml", &compose("nginx:3", &["MODE"]));
    yard.fake.poll_repositories().await;
    let look = yard.deploy.look(&yard.operator).await.unwrap();
    let dev = &look.overview.environments.iter().find(|one| one.name == "rumpledev").unwrap().stacks[0];
    let image = &dev.containers[0].image;
    assert!(image.starts_with("nginx:1@sha256:"), "the very image that ran, not what the tag has become: {image}");
    assert_eq!(dev.pin.as_ref().map(|pin| (pin.revision, pin.by.as_str())), Some((1, "ada")));
    let plan = yard.plan().await;
    assert_eq!(plan.steps.len(), 1, "only the other environment follows: {plan:#?}");

    yard.deploy.release(&yard.operator, &stack).await.unwrap();
    assert_eq!(yard.plan().await.steps.len(), 2);
    let again = yard.deploy.release(&yard.operator, &stack).await.unwrap_err();
    assert_eq!(service::ServiceError::from(again).code(), ProblemCode::NotFound);
}

#[tokio::test]
async fn a_promotion_carries_the_commit_and_keeps_the_targets_own_variables() {
    let (yard, repository, [first, _]) = with_two_versions().await;
    repository.commit("docker-compose.yml", &compose("nginx:3", &["MODE"]));
    let stack = StackRef::new("rumpletest", "shop");
    let also = Also::Promote { stack: stack.clone(), from: "rumpledev".into(), revision: Some(1) };
    let proposal = yard.deploy.propose(&yard.operator, &also, OnFailure::Stop).await.unwrap();
    assert!(proposal.difference.variables.is_empty(), "{:?}", proposal.difference);
    let id = yard.deploy.apply(&yard.operator, proposal.plan, Some(&proposal.also)).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    assert_eq!(yard.fake.container_variable("rumpletest", "shop-web-1", "MODE").as_deref(), Some("test"));
    let look = yard.deploy.look(&yard.operator).await.unwrap();
    let test = &look.overview.environments.iter().find(|one| one.name == "rumpletest").unwrap().stacks[0];
    assert_eq!(test.wanted.as_deref(), Some(first.as_str()));
    let revisions = yard.deploy.revisions(&yard.operator, &stack).await.unwrap();
    assert_eq!(revisions.iter().map(|one| one.number).collect::<Vec<_>>(), [3, 2, 1]);

    let unknown = Also::Promote { stack, from: "rumpleprod".into(), revision: None };
    let refused = yard.deploy.propose(&yard.operator, &unknown, OnFailure::Stop).await.unwrap_err();
    assert_eq!(service::ServiceError::from(refused).code(), ProblemCode::NotFound);
}

#[tokio::test]
async fn files_laid_over_one_another_are_kept_and_brought_back_as_one() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    repository.commit("more.yml", "services:\n  web:\n    environment:\n      MODE: ${MODE}\n");
    let more = ", \"additional_files\": [\"more.yml\"], \"env\": [{ \"name\": \"MODE\", \"value\": \"merged\" }]";
    yard.stacks(&[git_entry("shop", &repository, more)]);
    yard.assign(&[("rumpledev", &["shop"])]);
    yard.converge().await;
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    yard.converge().await;
    let stack = StackRef::new("rumpledev", "shop");
    let also = Also::Rollback { stack, to: Some(1) };
    let proposal = yard.deploy.propose(&yard.operator, &also, OnFailure::Stop).await.unwrap();
    let id = yard.deploy.apply(&yard.operator, proposal.plan, Some(&also)).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    assert_eq!(yard.fake.container_variable("rumpledev", "shop-web-1", "MODE").as_deref(), Some("merged"));
}
