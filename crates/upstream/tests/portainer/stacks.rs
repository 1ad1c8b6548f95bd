//! Stacks from a text: creating, changing, starting, stopping.

use upstream::portainer::{
    PortainerError, StackId, Stacks,
    docker::ContainerHealth,
    fake::{Behaviour, Generation, HostScript},
    stacks::{NewStack, Stack, StackKind, StackStatus, TextUpdate},
};

use super::{
    BOTH, Repository, client, compose, containers, fake, fake_of, git_source, git_stack, text_stack, text_update,
    variables, with_stack,
};

#[tokio::test]
async fn a_stack_lives() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let (environment, stack) = with_stack(&fake).await;
        let client = client(&fake);
        assert_eq!((stack.name.as_str(), stack.kind, stack.status), ("shop", StackKind::Compose, StackStatus::Active));
        assert_eq!((stack.environment, stack.created_by.as_str()), (environment, "admin"));
        assert_eq!(client.stack_file(stack.id).await.unwrap(), compose("nginx:1"));
        assert_eq!(client.stacks_named(environment, "SHOP!").await.unwrap(), std::slice::from_ref(&stack));

        let update = TextUpdate { variables: variables(&[("A", "b")]), ..text_update(&compose("nginx:2")) };
        let updated = client.update_stack_text(&stack, &update).await.unwrap();
        assert_eq!(updated.variables, update.variables);
        assert!(updated.updated > 0 && updated.updated_by == "admin");
        let found = containers(&client, environment, "shop").await;
        assert_eq!((found.len(), found[0].image.as_str()), (1, "nginx:2"));

        let stopped = client.stop_stack(&updated).await.unwrap();
        assert_eq!(stopped.status, StackStatus::Inactive);
        assert!(containers(&client, environment, "shop").await.is_empty());
        assert!(matches!(client.stop_stack(&stopped).await, Err(PortainerError::Conflict { .. })));
        let started = client.start_stack(&stopped).await.unwrap();
        assert_eq!(started.status, StackStatus::Active);
        assert!(matches!(client.start_stack(&started).await, Err(PortainerError::Conflict { .. })));

        client.delete_stack(&started).await.unwrap();
        assert!(matches!(client.stack(stack.id).await, Err(PortainerError::NotFound { .. })));
        assert!(containers(&client, environment, "shop").await.is_empty());
        assert!(matches!(client.delete_stack(&started).await, Err(PortainerError::NotFound { .. })));
    }
}

#[tokio::test]
async fn every_change_names_the_stacks_own_environment() {
    let fake = fake().await;
    fake.add_environment("other", HostScript::default());
    let (environment, stack) = with_stack(&fake).await;
    let client = client(&fake);
    let stack = client.update_stack_text(&stack, &text_update(&compose("nginx:2"))).await.unwrap();
    let stack = client.stop_stack(&stack).await.unwrap();
    let stack = client.start_stack(&stack).await.unwrap();
    client.delete_stack(&stack).await.unwrap();
    let id = environment.to_string();
    let path = format!("/api/stacks/{}", stack.id);
    let writes = fake.calls().into_iter().filter(|call| call.method != "GET" && call.path.starts_with(&path));
    let named: Vec<_> = writes.map(|call| call.query("endpointId").map(str::to_owned)).collect();
    assert_eq!(named, vec![Some(id); 4]);
}

#[tokio::test]
async fn names_are_normalised_and_unique() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let client = client(&fake);
    let stack = client.create_stack(&text_stack(environment, "My Shop!", &compose("nginx:1"))).await.unwrap();
    assert_eq!(stack.name, "myshop");
    for name in ["myshop", "MYSHOP", "My  Shop"] {
        let error = client.create_stack(&text_stack(environment, name, &compose("nginx:1"))).await.unwrap_err();
        assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
        assert!(!error.retriable() && !error.outcome_unknown());
    }
}

#[tokio::test]
async fn containers_started_by_hand_are_adopted() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    fake.run_by_hand("dev", "shop", "web");
    let client = client(&fake);
    client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap();
    let found = containers(&client, environment, "shop").await;
    assert_eq!((found.len(), found[0].image.as_str()), (1, "nginx:1"));
    // Not when a stack of that name is anywhere: there it is a clash.
    let other = fake.add_environment("other", HostScript::default());
    fake.run_by_hand("other", "shop", "web");
    let error = client.create_stack(&text_stack(other, "shop", &compose("nginx:1"))).await.unwrap_err();
    assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
}

#[tokio::test]
async fn a_failed_create_leaves_nothing_and_uses_a_number_up() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default().behaves("bad:1", Behaviour::MissingImage));
    let client = client(&fake);
    let error = client.create_stack(&text_stack(environment, "shop", &compose("bad:1"))).await.unwrap_err();
    let PortainerError::DeployFailed { detail } = &error else { panic!("{error:?}") };
    assert!(detail.contains("manifest unknown"), "{detail}");
    assert!(client.stacks().await.unwrap().is_empty());
    let stack = client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap();
    assert_eq!(stack.id, StackId(2));
}

#[tokio::test]
async fn a_failed_update_takes_down_what_ran_unless_the_pull_comes_first() {
    for (generation, pull_images, survives) in
        [(Generation::V2_23, true, true), (Generation::V2_23, false, false), (Generation::Newer, false, true)]
    {
        let fake = fake_of(generation).await;
        let (environment, stack) = with_stack(&fake).await;
        fake.behave("dev", "bad:1", Behaviour::MissingImage);
        let client = client(&fake);
        let update = TextUpdate { pull_images, ..text_update(&compose("bad:1")) };
        let error = client.update_stack_text(&stack, &update).await.unwrap_err();
        assert!(matches!(error, PortainerError::DeployFailed { .. }), "{error:?}");
        assert_eq!(
            !containers(&client, environment, "shop").await.is_empty(),
            survives,
            "{generation:?} {pull_images}"
        );
        let row = client.stack(stack.id).await.unwrap();
        assert_eq!(row.status, StackStatus::Active, "the row does not know");
        assert_eq!(client.stack_file(stack.id).await.unwrap(), compose("nginx:1"));
    }
}

#[tokio::test]
async fn a_port_clash_is_told_in_dockers_words() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default().takes_port(8080));
    let text = "services:\n  web:\n    image: nginx:1\n    ports: [\"8080:80\"]\n";
    let error = client(&fake).create_stack(&text_stack(environment, "shop", text)).await.unwrap_err();
    assert!(error.message().contains("0.0.0.0:8080 failed: port is already allocated"), "{error}");
}

#[tokio::test]
async fn variables_arrive_as_they_are() {
    let text = "services:\n  web:\n    image: nginx:1\n    environment:\n      SEEN: ${GIVEN}\n";
    for value in ["plain", "pa$$w # \"x\"", " spaced ", "a=b,c", "${HOME}", "ü#ö"] {
        let fake = fake().await;
        let environment = fake.add_environment("dev", HostScript::default());
        let new = NewStack { variables: variables(&[("GIVEN", value)]), ..text_stack(environment, "shop", text) };
        let stack = client(&fake).create_stack(&new).await.unwrap();
        assert_eq!(stack.variables, new.variables, "read back as given");
        assert_eq!(fake.container_variable("dev", "shop-web-1", "SEEN").as_deref(), Some(value));
    }
}

#[tokio::test]
async fn a_variable_that_compose_would_misread_is_not_sent() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let variables = variables(&[("TOKEN", "one\nINJECTED=two")]);
    let new = NewStack { variables, ..text_stack(environment, "shop", &compose("nginx:1")) };
    let error = client(&fake).create_stack(&new).await.unwrap_err();
    assert!(matches!(&error, PortainerError::UnsafeVariable { name, .. } if name == "TOKEN"));
    assert!(!error.message().contains("INJECTED"));
    assert!(fake.calls_of("POST").is_empty());
}

#[tokio::test]
async fn a_text_does_not_cut_a_stack_off_its_repository_by_accident() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let repository = Repository::new(&compose("nginx:1"));
    let client = client(&fake);
    let stack = client.create_stack(&git_stack(environment, "shop", git_source(&repository.url()))).await.unwrap();
    let update = text_update(&compose("nginx:2"));
    let error = client.update_stack_text(&stack, &update).await.unwrap_err();
    assert_eq!(error, PortainerError::WouldDetachGit { stack: "shop".to_owned() });
    let update = TextUpdate { detach_from_git: true, ..update };
    let detached: Stack = client.update_stack_text(&stack, &update).await.unwrap();
    assert_eq!((detached.git, detached.auto_update), (None, None));
}

#[tokio::test]
async fn swarm_stacks() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default().swarm("sw4rm"));
    let client = client(&fake);
    let swarm_id = upstream::portainer::Docker::swarm_id(&client, environment).await.unwrap();
    assert_eq!(swarm_id.as_deref(), Some("sw4rm"));
    // Swarm takes values as they are: nothing is quoted.
    let text = "services:\n  web:\n    image: nginx:1\n    environment:\n      SEEN: ${GIVEN}\n";
    let new = NewStack {
        swarm_id,
        variables: variables(&[("GIVEN", "it's\n$5 #")]),
        ..text_stack(environment, "shop", text)
    };
    let stack = client.create_stack(&new).await.unwrap();
    assert_eq!((stack.kind, stack.swarm_id.as_str()), (StackKind::Swarm, "sw4rm"));
    assert_eq!(fake.container_variable("dev", "shop_web.1", "SEEN").as_deref(), Some("it's\n$5 #"));
    let of = upstream::portainer::docker::ContainersOf::SwarmStack("shop".to_owned());
    let found = upstream::portainer::Docker::containers(&client, environment, &of).await.unwrap();
    assert_eq!((found.len(), found[0].project.as_deref()), (1, Some("shop")));
    // Docker accepts what cannot run; only the containers tell.
    fake.behave("dev", "bad:1", Behaviour::MissingImage);
    client.update_stack_text(&stack, &text_update(&compose("bad:1"))).await.unwrap();
    assert!(upstream::portainer::Docker::containers(&client, environment, &of).await.unwrap().is_empty());
    let error = client.create_stack(&new).await.unwrap_err();
    assert!(matches!(error, PortainerError::NameTaken { .. }), "{error:?}");
    client.delete_stack(&stack).await.unwrap();
}

#[tokio::test]
async fn health_is_in_the_containers() {
    let fake = fake().await;
    let (environment, _) = with_stack(&fake).await;
    let found = containers(&client(&fake), environment, "shop").await;
    assert_eq!(found[0].health, ContainerHealth::Healthy);
    assert_eq!((found[0].project.as_deref(), found[0].service.as_deref()), (Some("shop"), Some("web")));
}
