//! What the engine sees.

use std::{sync::Arc, time::Duration};

use reconcile::{
    model::{
        BlockedCause, ContainerHealth, ContainerState, DesiredValue, Digest, Disclosure, Generation as Deploys,
        ObservedSource, PlanOptions, Reach, RowStatus, StackKind,
    },
    ports::Target,
};
use upstream::portainer::{
    EnvironmentId, PortainerClient, Stacks,
    engine::{PortainerTarget, Protected},
    fake::{After, Behaviour, DropWhen, Generation, HostScript},
    stacks::{NewStack, StackSource},
};

use super::{
    super::{BOTH, client, compose as one_service, config, settled, text_stack, variables},
    Bench, DEV, compose, digest, stack, text,
};

#[tokio::test]
async fn containers_with_all_that_a_verdict_needs() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        for (service, behaviour) in [
            ("ill", Behaviour::Unhealthy(After::Polls(0))),
            ("job", Behaviour::Exits(3)),
            ("loop", Behaviour::CrashLoops(1)),
            ("plain", Behaviour::Runs),
            ("young", Behaviour::Healthy(After::Elapsed(Duration::from_secs(3600)))),
        ] {
            bench.fake.behave(DEV, service, behaviour);
        }
        let services: Vec<_> = ["ill", "job", "loop", "plain", "well", "young"].map(|name| (name, "app:1")).into();
        let new = text_stack(EnvironmentId(1), "shop", &compose(&services));
        let new = NewStack { variables: variables(&[("OPEN", "a"), ("CLOSED", "b")]), ..new };
        let row = client(&bench.fake).create_stack(&new).await.unwrap();
        settled(&client(&bench.fake), row.id).await;

        let seen = bench.target.observe(DEV, &Disclosure::nothing()).await.unwrap();
        assert_eq!((seen.reach, seen.id, seen.stacks.len()), (Reach::Up, Some(1), 1));
        let row = &seen.stacks[0];
        assert_eq!((row.kind, row.status, row.protected), (StackKind::Compose, RowStatus::Active, false));
        assert_eq!(row.variables["OPEN"].plain, None, "nothing in clear unless allowed");
        assert_eq!(row.variables["OPEN"].digest, digest("a"));
        let of = |service: &str| row.containers.iter().find(|one| one.service == service).unwrap();
        assert_eq!((of("ill").state, of("ill").health), (ContainerState::Running, ContainerHealth::Unhealthy));
        assert_eq!((of("job").state, of("job").exit_code), (ContainerState::Exited, Some(3)));
        assert_eq!(of("loop").state, ContainerState::Restarting);
        assert!(of("loop").restart_count > 0);
        assert_eq!((of("plain").health, of("plain").exit_code), (ContainerHealth::None, None));
        assert_eq!((of("young").health, of("well").health), (ContainerHealth::Starting, ContainerHealth::Healthy));
        assert_eq!((of("well").name.as_str(), of("well").image.as_str()), ("shop-well-1", "app:1"));
        assert!(of("well").image_digest.as_ref().unwrap().starts_with("sha256:"));
        assert!(of("well").started_at.unwrap() >= super::EPOCH);

        let mut wanted = stack("shop", text(&services), &services);
        wanted.variables.insert("OPEN".to_owned(), DesiredValue::Plain("a".to_owned()));
        bench.wish(wanted);
        let seen = bench.observed().await;
        let variables = &seen.environments[0].stacks[0].variables;
        assert_eq!((variables["OPEN"].plain.as_deref(), variables["CLOSED"].plain.as_deref()), (Some("a"), None));

        let logs = bench.target.last_logs(DEV, "shop", 5).await.unwrap();
        let services: Vec<&str> = logs.iter().map(|line| line.service.as_str()).collect();
        assert!(!services.contains(&"well") && !services.contains(&"plain"), "{services:?}");
        assert!(logs.iter().any(|line| line.service == "job" && line.text == "job starts" && !line.stderr));
        assert!(logs.iter().any(|line| line.service == "ill" && line.text.contains("connection refused")));
    }
}

#[tokio::test]
async fn a_host_that_is_off_blocks_its_stacks_only() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.add_environment("other", HostScript::default());
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        let mut other = bench.state().desired.environments[0].clone();
        other.name = "other".to_owned();
        let mut nowhere = other.clone();
        nowhere.name = "nowhere".to_owned();
        bench.state().desired.environments.extend([other, nowhere]);
        bench.fake.set_host_up(DEV, false);
        let seen = bench.observed().await;
        let reach = |name: &str| seen.environments.iter().find(|one| one.name == name).unwrap();
        assert_eq!(
            (reach(DEV).reach, reach("other").reach, reach("nowhere").reach),
            (Reach::Down, Reach::Up, Reach::Missing)
        );
        assert_eq!((reach(DEV).stacks.len(), reach(DEV).stacks[0].containers.len()), (1, 0), "rows only");
        let plan = bench.plan(&PlanOptions::default()).await;
        let blocked = |name: &str| plan.blocked.iter().find(|one| one.stack.environment == name).map(|one| &one.cause);
        assert_eq!(blocked(DEV), Some(&BlockedCause::EnvironmentDown));
        assert_eq!(blocked("nowhere"), Some(&BlockedCause::EnvironmentMissing));
        assert_eq!(plan.steps.len(), 1, "the other host goes on");
        let error = bench.target.observe_stack(DEV, &["shop".to_owned()], &Disclosure::nothing()).await.unwrap_err();
        assert!(error.detail.contains("cannot reach the Docker host"), "{error}");
        let error = bench.target.observe_stack("nowhere", &[], &Disclosure::nothing()).await.unwrap_err();
        assert!(error.detail.contains("no environment named “nowhere”"), "{error}");
        bench.fake.set_host_up(DEV, true);
        assert_eq!(bench.target.observe(DEV, &Disclosure::nothing()).await.unwrap().reach, Reach::Up);
    }
}

#[tokio::test]
async fn both_generations_are_told_apart() {
    for (generation, deploys) in [(Generation::V2_23, Deploys::TakesDown), (Generation::Newer, Deploys::KeepsUp)] {
        let facts = Bench::of(generation).await.target.server().await.unwrap();
        assert_eq!((facts.version.as_str(), facts.generation), (generation.version(), deploys));
    }
    let bench = Bench::of(Generation::V2_23).await;
    bench.fake.go_down().await;
    let error = bench.target.server().await.unwrap_err();
    assert!(error.detail.contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn what_must_stay_is_marked() {
    let bench = Bench::of(Generation::V2_23).await;
    let client = client(&bench.fake);
    let environment = EnvironmentId(1);
    for (name, image) in
        [("hands", "portainer/agent:2.23.0"), ("us", "thinkheads:1"), ("named", "a:1"), ("free", "b:1")]
    {
        client.create_stack(&text_stack(environment, name, &one_service(image))).await.unwrap();
    }
    bench.fake.run_by_hand(DEV, "kept", "web");
    let seen = bench.target.observe(DEV, &Disclosure::nothing()).await.unwrap();
    let own = seen.stacks.iter().find(|row| row.name == "us").unwrap().containers[0].id[..12].to_owned();
    let protected = Protected { projects: ["named".to_owned(), "kept".to_owned()].into(), own_container: Some(own) };
    let target =
        PortainerTarget::new(Arc::new(PortainerClient::new(config(&bench.fake)).unwrap()), Arc::new(digest), protected);
    let seen = target.observe(DEV, &Disclosure::nothing()).await.unwrap();
    let mut kept: Vec<&str> = seen.stacks.iter().filter(|row| row.protected).map(|row| row.name.as_str()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["hands", "named", "us"]);
    assert!(seen.projects[0].protected);
}

#[tokio::test]
async fn swarm_stacks_and_projects_of_one_name_are_kept_apart() {
    let bench = Bench::of(Generation::V2_23).await;
    let swarm = bench.fake.add_environment("swarm", HostScript::default().swarm("s1"));
    let mut new = text_stack(swarm, "shop", &one_service("nginx:1"));
    new.swarm_id = Some("s1".to_owned());
    new.source = StackSource::Text(one_service("nginx:1"));
    client(&bench.fake).create_stack(&new).await.unwrap();
    bench.fake.run_by_hand("swarm", "shop", "stray");
    let seen = bench.target.observe("swarm", &Disclosure::nothing()).await.unwrap();
    assert_eq!((seen.stacks[0].kind, seen.stacks[0].containers[0].service.as_str()), (StackKind::Swarm, "web"));
    assert_eq!((seen.projects[0].kind, seen.projects[0].containers[0].service.as_str()), (StackKind::Compose, "stray"));
    let view = bench.target.observe_stack("swarm", &["shop".to_owned()], &Disclosure::nothing()).await.unwrap();
    assert_eq!((view.rows, view.projects), (seen.stacks, seen.projects));
}

#[tokio::test]
async fn broken_reads_are_tried_again_and_a_lost_file_is_no_error() {
    let bench = Bench::of(Generation::V2_23).await;
    let row =
        client(&bench.fake).create_stack(&text_stack(EnvironmentId(1), "shop", &one_service("nginx:1"))).await.unwrap();
    bench.fake.drop_connection("GET /api/stacks", DropWhen::BeforeEffect);
    bench.fake.fail_with("GET /api/endpoints/1/docker/containers", 502, serde_json::Value::Null, 1);
    assert_eq!(bench.target.observe(DEV, &Disclosure::nothing()).await.unwrap().stacks.len(), 1);
    bench.fake.lose_files(row.id);
    let seen = bench.target.observe(DEV, &Disclosure::nothing()).await.unwrap();
    let lost = ObservedSource::Text { digest: Digest::from_text(""), text: None };
    assert_eq!(seen.stacks[0].source, lost);
    bench.fake.fail("GET /api/stacks/1/file", 500, 1);
    assert!(bench.target.observe(DEV, &Disclosure::nothing()).await.is_err(), "another trouble is no lost file");
}
