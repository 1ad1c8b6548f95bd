//! What newer versions do differently.

use upstream::portainer::{
    PortainerError, Stacks, System,
    fake::{Behaviour, Generation, HostScript},
    stacks::StackStatus,
};

use super::{BOTH, PATIENCE, client, compose, containers, fake_of, settled, text_stack};

#[tokio::test]
async fn a_create_answers_before_it_is_over() {
    let fake = fake_of(Generation::Newer).await;
    let environment = fake.add_environment("dev", HostScript::default());
    let client = client(&fake);
    assert!(client.capabilities().await.unwrap().may_deploy_in_background);
    fake.hold_deploys();
    let made = client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap();
    assert_eq!(made.status, StackStatus::Deploying);
    fake.wait_until(|counts| counts.deploys_asked == 1, PATIENCE).await.unwrap();
    assert_eq!(client.stack(made.id).await.unwrap().status, StackStatus::Deploying);
    assert!(containers(&client, environment, "shop").await.is_empty());
    fake.release_deploys();
    let stack = settled(&client, made.id).await;
    assert_eq!(stack.status, StackStatus::Active);
    let steps: Vec<StackStatus> = stack.deployments.iter().map(|one| one.status).collect();
    assert_eq!(steps, [StackStatus::Deploying, StackStatus::Active]);
    assert_eq!(containers(&client, environment, "shop").await.len(), 1);
}

#[tokio::test]
async fn a_failed_create_stays_and_says_why() {
    let fake = fake_of(Generation::Newer).await;
    let environment = fake.add_environment("dev", HostScript::default().behaves("bad:1", Behaviour::MissingImage));
    let client = client(&fake);
    let made = client.create_stack(&text_stack(environment, "shop", &compose("bad:1"))).await.unwrap();
    let stack = settled(&client, made.id).await;
    assert_eq!(stack.status, StackStatus::Error);
    assert!(stack.deployments.last().unwrap().message.contains("manifest unknown"));
    let error = client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap_err();
    assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
    client.delete_stack(&stack).await.unwrap();
}

#[tokio::test]
async fn capabilities_tell_them_apart() {
    let mut seen = Vec::new();
    for generation in BOTH {
        let capabilities = client(&fake_of(generation).await).capabilities().await.unwrap();
        assert!(capabilities.supported);
        seen.push((capabilities.failed_update_may_take_down, capabilities.anonymous_redeploy_keeps_credentials));
    }
    assert_eq!(seen, [(true, false), (false, true)]);
}
