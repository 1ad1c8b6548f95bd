//! Writes that outlive their answer, retries, one deployment at a time.

use std::time::Duration;

use futures::future::join;
use upstream::portainer::{
    Docker, Environments, PortainerError, StackId, Stacks,
    docker::ContainersOf,
    fake::{DropWhen, FakeConfig, FakePortainer, HostScript},
    stacks::StackStatus,
};

use super::{PATIENCE, client, compose, containers, fake, impatient, text_stack, text_update, with_stack};

#[tokio::test]
async fn a_create_that_ran_out_of_time_is_found_by_its_name() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    fake.hold_deploys();
    let new = text_stack(environment, "Shop", &compose("nginx:1"));
    let error = impatient(&fake).create_stack(&new).await.unwrap_err();
    assert!(matches!(error, PortainerError::TimedOut { write: true, .. }), "{error:?}");
    assert!(error.outcome_unknown() && !error.retriable());
    assert!(error.message().contains("still be at work"));
    let client = client(&fake);
    assert!(client.stacks_named(environment, "Shop").await.unwrap().is_empty(), "2.23 saves the row last");
    fake.release_deploys();
    fake.wait_until(|counts| counts.deploys_done == 1, PATIENCE).await.unwrap();
    let found = async {
        loop {
            match client.stacks_named(environment, "Shop").await.unwrap().as_slice() {
                [] => tokio::task::yield_now().await,
                stacks => return stacks.to_vec(),
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await.expect("the row comes");
    assert_eq!((found.len(), found[0].status), (1, StackStatus::Active));
    assert_eq!(fake.calls_of("POST /api/stacks/create").len(), 1, "never sent twice");
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_no_failure() {
    for (when, stacks) in [(DropWhen::AfterEffect, 1), (DropWhen::BeforeEffect, 0)] {
        let fake = fake().await;
        let environment = fake.add_environment("dev", HostScript::default());
        fake.drop_connection("POST /api/stacks/create", when);
        let client = client(&fake);
        let error = client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap_err();
        assert!(matches!(error, PortainerError::ConnectionLost { write: true, .. }), "{error:?}");
        assert!(error.outcome_unknown());
        assert_eq!(fake.calls_of("POST /api/stacks/create").len(), 1, "never sent twice");
        assert_eq!(client.stacks().await.unwrap().len(), stacks);
    }
}

#[tokio::test]
async fn a_proxy_that_gives_up_says_nothing_about_the_outcome() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    for status in [502, 503, 504] {
        fake.fail_with("PUT /api/stacks", status, "<html>Bad gateway</html>".into(), 1);
        let error = client(&fake).update_stack_text(&stack, &text_update(&compose("nginx:2"))).await.unwrap_err();
        assert!(matches!(error, PortainerError::Gateway { write: true, .. }), "{error:?}");
        assert!(error.outcome_unknown() && error.message().contains(&status.to_string()));
    }
    assert_eq!(fake.calls_of("PUT /api/stacks").len(), 3);
}

#[tokio::test]
async fn reads_are_tried_again() {
    let fake = fake().await;
    let client = client(&fake);
    fake.drop_connection("GET /api/stacks", DropWhen::BeforeEffect);
    fake.fail_with("GET /api/stacks", 502, serde_json::Value::Null, 1);
    assert!(client.stacks().await.unwrap().is_empty());
    assert_eq!(fake.calls_of("GET /api/stacks").len(), 3);
    fake.fail("GET /api/stacks", 500, 1);
    let error = client.stacks().await.unwrap_err();
    assert!(matches!(error, PortainerError::ServerError { status: 500, .. }), "{error:?}");
    assert_eq!(fake.calls_of("GET /api/stacks").len(), 4, "an internal problem is not");
}

#[tokio::test]
async fn what_a_backup_refuses_is_tried_again() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    fake.fail("POST /api/stacks/1/stop", 408, 2);
    assert_eq!(client(&fake).stop_stack(&stack).await.unwrap().status, StackStatus::Inactive);
    fake.set_backup_running(true);
    let error = client(&fake).start_stack(&stack).await.unwrap_err();
    assert_eq!(error, PortainerError::Busy);
    assert!(error.retriable() && !error.outcome_unknown());
    assert!(client(&fake).stacks().await.is_ok(), "reads pass");
}

/// Whatever lies in between may say 408 as well, and then Portainer may be at it.
#[tokio::test]
async fn a_proxys_408_is_no_promise_that_nothing_was_done() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    let bodies =
        [serde_json::Value::Null, "<html>Request Time-out</html>".into(), serde_json::json!({ "message": "timeout" })];
    for (at, body) in bodies.into_iter().enumerate() {
        fake.fail_with("PUT /api/stacks", 408, body, 1);
        let error = client(&fake).update_stack_text(&stack, &text_update(&compose("nginx:2"))).await.unwrap_err();
        assert!(matches!(error, PortainerError::Gateway { status: 408, write: true, .. }), "{error:?}");
        assert!(error.outcome_unknown() && !error.retriable());
        assert_eq!(fake.calls_of("PUT /api/stacks").len(), at + 1, "sent once");
    }
    fake.fail_with("GET /api/stacks", 408, serde_json::Value::Null, 1);
    assert!(client(&fake).stacks().await.is_ok(), "a read is tried again");
}

#[tokio::test]
async fn nobody_there_and_back_again() {
    let fake = fake().await;
    let client = client(&fake);
    fake.go_down().await;
    let error = client.stacks().await.unwrap_err();
    assert_eq!(error, PortainerError::Unreachable);
    assert!(error.retriable() && !error.outcome_unknown());
    let error = client.trigger_webhook(uuid::Uuid::nil()).await.unwrap_err();
    assert_eq!(error, PortainerError::Unreachable, "nothing was sent");
    fake.come_back().await.unwrap();
    assert!(client.stacks().await.is_ok());
}

#[tokio::test]
async fn deployments_wait_for_each_other_over_all_environments() {
    let fake = fake().await;
    let one = fake.add_environment("one", HostScript::default());
    let two = fake.add_environment("two", HostScript::default());
    let client = client(&fake);
    fake.slow_deploys(Duration::from_millis(20));
    let (a, b) = (text_stack(one, "a", &compose("nginx:1")), text_stack(two, "b", &compose("nginx:1")));
    let (a, b) = join(client.create_stack(&a), client.create_stack(&b)).await;
    assert!(a.is_ok() && b.is_ok());
    let counts = fake.counts();
    assert_eq!((counts.deploys_done, counts.deploys_at_once), (2, 1));
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_deployment_elsewhere() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    let other = fake.add_environment("other", HostScript::default());
    fake.hold_deploys();
    let new = text_stack(other, "late", &compose("nginx:1"));
    let client = client(&fake);
    let stop = async {
        fake.wait_until(|counts| counts.deploys_asked == 2, PATIENCE).await.unwrap();
        let stopped = client.stop_stack(&stack).await.unwrap();
        fake.release_deploys();
        stopped
    };
    let (created, stopped) = join(client.create_stack(&new), stop).await;
    assert_eq!((created.unwrap().id, stopped.status), (StackId(2), StackStatus::Inactive));
}

#[tokio::test]
async fn two_creates_at_once_make_two_rows() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    fake.hold_deploys();
    let new = text_stack(environment, "shop", &compose("nginx:1"));
    let client = client(&fake);
    let release = async {
        fake.wait_until(|counts| counts.deploys_asked == 2, PATIENCE).await.unwrap();
        fake.release_deploys();
    };
    let ((first, second), ()) = join(join(client.create_stack(&new), client.create_stack(&new)), release).await;
    assert!(first.is_ok() && second.is_ok(), "the name is checked before, the row saved after");
    assert_eq!(client.stacks_named(environment, "shop").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_path_prefix_stays() {
    let prefixed = FakeConfig { prefix: "/docker/portainer".to_owned(), ..FakeConfig::default() };
    let fake = FakePortainer::start(prefixed).await.unwrap();
    let (environment, stack) = with_stack(&fake).await;
    let client = client(&fake);
    assert_eq!(client.environments().await.unwrap().len(), 1);
    assert_eq!(containers(&client, environment, "shop").await.len(), 1);
    let all = client.containers(environment, &ContainersOf::Host).await.unwrap();
    assert!(client.container(environment, &all[0].id).await.is_ok());
    client.delete_stack(&stack).await.unwrap();
}
