//! Environments.

use std::time::Duration;

use upstream::portainer::{
    EnvironmentId, Environments, PortainerError, Stacks,
    environments::{EnvironmentChange, EnvironmentKind, EnvironmentStatus, NewAgentEnvironment},
    fake::{AgentScript, HostScript},
};

use super::{BOTH, client, fake, fake_of, with_stack};

fn agent(name: &str, host: &str) -> NewAgentEnvironment {
    NewAgentEnvironment {
        name: name.to_owned(),
        url: format!("tcp://{host}:9001"),
        public_url: String::new(),
        group_id: None,
        tag_ids: Vec::new(),
    }
}

#[tokio::test]
async fn an_agent_is_registered_read_changed_and_forgotten() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        fake.add_host("rumpledev", HostScript::default());
        let client = client(&fake);
        let new = NewAgentEnvironment { tag_ids: vec![3, 4], ..agent("Rümple dev!", "rumpledev") };
        let made = client.create_agent_environment(&new).await.unwrap();
        assert_eq!(
            (made.name.as_str(), made.kind, made.status),
            ("Rümple dev!", EnvironmentKind::Agent, EnvironmentStatus::Up)
        );
        assert_eq!((made.tag_ids.as_slice(), made.group_id), (&[3, 4][..], 1));
        assert_eq!(client.environments().await.unwrap(), std::slice::from_ref(&made));
        assert_eq!(client.environment(made.id).await.unwrap(), made);
        let snapshot = client.snapshot(made.id).await.unwrap().unwrap();
        assert_eq!((snapshot.docker_version.as_str(), snapshot.swarm), ("27.1.2", false));
        let change = EnvironmentChange { name: Some("dev".to_owned()), ..EnvironmentChange::default() };
        let changed = client.update_environment(made.id, &change).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.url.as_str()), ("dev", "tcp://rumpledev:9001"));
        client.delete_environment(made.id).await.unwrap();
        assert!(client.environments().await.unwrap().is_empty());
        assert!(matches!(client.environment(made.id).await, Err(PortainerError::NotFound { .. })));
        assert!(matches!(client.delete_environment(made.id).await, Err(PortainerError::NotFound { .. })));
    }
}

#[tokio::test]
async fn the_form_is_a_form_with_tls_and_both_skips() {
    let fake = fake().await;
    fake.add_host("a", HostScript::default());
    client(&fake).create_agent_environment(&agent("a", "a")).await.unwrap();
    let call = &fake.calls_of("POST /api/endpoints")[0];
    assert!(call.header("content-type").unwrap().starts_with("multipart/form-data"));
    // Snapshots are large: they are asked for only when they are wanted.
    client(&fake).environments().await.unwrap();
    assert_eq!(fake.calls_of("GET /api/endpoints/1")[0].query("excludeSnapshot"), Some("true"));
    assert_eq!(fake.calls_of("GET /api/endpoints").last().unwrap().query("excludeSnapshots"), Some("true"));
}

#[tokio::test]
async fn what_may_go_wrong_with_an_agent() {
    let fake = fake().await;
    fake.add_host("good", HostScript::default());
    fake.add_host("silent", HostScript::default().agent(AgentScript::Silent));
    fake.add_host("taken", HostScript::default().agent(AgentScript::PairedElsewhere));
    let client = client(&fake);
    for host in ["silent", "nowhere"] {
        let error = client.create_agent_environment(&agent("x", host)).await.unwrap_err();
        assert!(matches!(error, PortainerError::AgentUnreachable { .. }), "{error:?}");
        assert!(error.message().contains("9001"));
    }
    let error = client.create_agent_environment(&agent("x", "taken")).await.unwrap_err();
    assert_eq!(error, PortainerError::AgentPairedElsewhere);
    let first = client.create_agent_environment(&agent("x", "good")).await.unwrap();
    assert_eq!(first.id, EnvironmentId(2), "the number of the failed one is lost");
    let error = client.create_agent_environment(&agent("x", "good")).await.unwrap_err();
    assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
    let second = client.create_agent_environment(&agent("y", "good")).await.unwrap();
    let change = EnvironmentChange { name: Some("x".to_owned()), ..EnvironmentChange::default() };
    let error = client.update_environment(second.id, &change).await.unwrap_err();
    assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
}

#[tokio::test]
async fn a_host_is_down_when_portainer_has_looked() {
    let fake = fake().await;
    let id = fake.add_environment("dev", HostScript::default());
    let client = client(&fake);
    fake.set_host_up("dev", false);
    assert_eq!(client.environment(id).await.unwrap().status, EnvironmentStatus::Up, "as of the last snapshot");
    assert_eq!(client.refresh_environment(id).await.unwrap().status, EnvironmentStatus::Down);
    fake.set_host_up("dev", true);
    fake.advance(Duration::from_secs(60));
    assert_eq!(client.refresh_environment(id).await.unwrap().status, EnvironmentStatus::Up);
    assert!(matches!(client.refresh_environment(EnvironmentId(9)).await, Err(PortainerError::NotFound { .. })));
}

#[tokio::test]
async fn stacks_outlive_their_environment() {
    let fake = fake().await;
    let (environment, stack) = with_stack(&fake).await;
    let client = client(&fake);
    client.delete_environment(environment).await.unwrap();
    let orphan = client.stack(stack.id).await.unwrap();
    assert_eq!(orphan.environment, environment);
    let again = client.create_agent_environment(&agent("dev", "dev")).await.unwrap();
    let taken = client.associate_stack(&orphan, again.id).await.unwrap();
    assert_eq!(taken.environment, again.id);
    assert_eq!(super::containers(&client, again.id, "shop").await.len(), 1, "its containers ran on");
}
