//! Docker through the proxy: containers, logs, images, hosts.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use upstream::portainer::{
    Docker, EnvironmentId, PortainerClient, PortainerError, Stacks,
    docker::{
        ContainerHealth, ContainerState, ContainerStats, ContainersOf, EventWindow, ImagePull, LogLine, LogOptions,
        LogSource, PullProgress, pulled,
    },
    fake::{After, Behaviour, FakePortainer, HostScript},
};

use super::{PATIENCE, client, compose, containers, fake, text_stack, with_stack};

/// The stand-in's clock starts here.
const EPOCH: i64 = 1_767_225_600_000;

async fn deployed(fake: &FakePortainer, client: &PortainerClient, script: HostScript) -> EnvironmentId {
    let environment = fake.add_environment("dev", script);
    client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap();
    environment
}

#[tokio::test]
async fn a_container_becomes_healthy_when_looked_at_or_in_time() {
    let fake = fake().await;
    let client = client(&fake);
    let polls = HostScript::default().behaves("web", Behaviour::Healthy(After::Polls(2)));
    let environment = deployed(&fake, &client, polls).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(containers(&client, environment, "shop").await[0].health);
    }
    assert_eq!(seen, [ContainerHealth::Starting, ContainerHealth::Starting, ContainerHealth::Healthy]);

    fake.behave("dev", "web", Behaviour::Healthy(After::Elapsed(Duration::from_secs(3600))));
    let stack = client.stacks().await.unwrap().remove(0);
    client.update_stack_text(&stack, &super::text_update(&compose("nginx:2"))).await.unwrap();
    assert_eq!(containers(&client, environment, "shop").await[0].health, ContainerHealth::Starting);
    fake.advance(Duration::from_secs(3601));
    assert_eq!(containers(&client, environment, "shop").await[0].health, ContainerHealth::Healthy);
}

#[tokio::test]
async fn crash_loops_failed_checks_and_ends_are_told_apart() {
    for (behaviour, state, health, exit_code) in [
        (Behaviour::CrashLoops(137), ContainerState::Restarting, ContainerHealth::Unchecked, 137),
        (Behaviour::Unhealthy(After::Polls(0)), ContainerState::Running, ContainerHealth::Unhealthy, 0),
        (Behaviour::Exits(3), ContainerState::Exited, ContainerHealth::Unchecked, 3),
        (Behaviour::Runs, ContainerState::Running, ContainerHealth::Unchecked, 0),
    ] {
        let fake = fake().await;
        let client = client(&fake);
        let environment = deployed(&fake, &client, HostScript::default().behaves("nginx:1", behaviour)).await;
        let listed = containers(&client, environment, "shop").await.remove(0);
        let details = client.container(environment, &listed.id).await.unwrap();
        assert_eq!((&listed.state, listed.health), (&state, health), "{}", listed.status);
        assert_eq!((&details.state, details.health, details.exit_code), (&state, health, exit_code));
        assert_eq!(details.name, "shop-web-1");
        if let Behaviour::CrashLoops(_) = behaviour {
            let again = client.container(environment, &listed.id).await.unwrap();
            assert!(again.restarts > details.restarts && again.finished.is_some());
        }
        if health == ContainerHealth::Unhealthy {
            assert_eq!(details.health_checks[0].output, "connection refused");
        }
    }
}

#[tokio::test]
async fn only_the_projects_containers() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = deployed(&fake, &client, HostScript::default()).await;
    fake.run_by_hand("dev", "other", "job");
    assert_eq!(client.containers(environment, &ContainersOf::Host).await.unwrap().len(), 2);
    let found = containers(&client, environment, "other").await;
    assert_eq!((found.len(), found[0].service.as_deref()), (1, Some("job")));
    assert!(containers(&client, environment, "oth").await.is_empty());
}

#[tokio::test]
async fn restarting_a_container() {
    let fake = fake().await;
    let client = client(&fake);
    let polls = HostScript::default().behaves("web", Behaviour::Healthy(After::Polls(1)));
    let environment = deployed(&fake, &client, polls).await;
    containers(&client, environment, "shop").await;
    let id = containers(&client, environment, "shop").await[0].id.clone();
    let after = client.restart_container(environment, &id).await.unwrap();
    assert_eq!(after.health, ContainerHealth::Starting, "read after the restart");
    let error = client.restart_container(environment, "nothing").await.unwrap_err();
    assert!(matches!(error, PortainerError::NotFound { .. }), "{error:?}");
}

fn texts(lines: &[LogLine]) -> Vec<(LogSource, &str)> {
    lines.iter().map(|line| (line.stream, line.text.as_str())).collect()
}

#[tokio::test]
async fn logs_by_frames_and_from_a_terminal() {
    for tty in [false, true] {
        let fake = fake().await;
        let client = client(&fake);
        let environment = fake.add_environment("dev", HostScript::default());
        let text = format!("services:\n  web:\n    image: nginx:1\n    tty: {tty}\n");
        client.create_stack(&text_stack(environment, "shop", &text)).await.unwrap();
        fake.write_log("dev", "web", 1, "GET / 200 – ünïcode");
        fake.write_log("dev", "web", 2, "");
        fake.write_log("dev", "web", 2, "an error");
        let id = containers(&client, environment, "shop").await[0].id.clone();
        let read = async |options: LogOptions| -> Vec<LogLine> {
            client.container_logs(environment, &id, &options).await.unwrap().try_collect().await.unwrap()
        };
        let all = read(LogOptions::default()).await;
        let error = if tty { LogSource::Stdout } else { LogSource::Stderr };
        let wanted = [
            (LogSource::Stdout, "web starts"),
            (LogSource::Stdout, "GET / 200 – ünïcode"),
            (error, ""),
            (error, "an error"),
        ];
        assert_eq!(texts(&all), wanted);
        assert!(all.iter().all(|line| line.time.is_some()));
        let last = read(LogOptions { tail: Some(1), ..LogOptions::default() }).await;
        assert_eq!(texts(&last), [(error, "an error")]);
        fake.advance(Duration::from_secs(100));
        let since = all[0].time.map(|time| time + 50_000);
        fake.write_log("dev", "web", 1, "later");
        let later = read(LogOptions { since, ..LogOptions::default() }).await;
        assert_eq!(texts(&later), [(LogSource::Stdout, "later")]);
    }
}

#[tokio::test]
async fn a_log_is_followed_until_it_ends() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = deployed(&fake, &client, HostScript::default()).await;
    let id = containers(&client, environment, "shop").await[0].id.clone();
    let options = LogOptions { follow: true, tail: Some(0), ..LogOptions::default() };
    let mut log = client.container_logs(environment, &id, &options).await.unwrap();
    for text in ["one", "two"] {
        fake.write_log("dev", "web", 1, text);
        let line = tokio::time::timeout(PATIENCE, log.next()).await.expect("the line comes").unwrap().unwrap();
        assert_eq!(line.text, text);
    }
    let stack = client.stacks().await.unwrap().remove(0);
    client.stop_stack(&stack).await.unwrap();
    assert!(tokio::time::timeout(PATIENCE, log.next()).await.expect("it ends with its container").is_none());
    let gone = client.container_logs(environment, &id, &options).await.err().unwrap();
    assert!(matches!(gone, PortainerError::NotFound { .. }), "{gone:?}");
}

#[tokio::test]
async fn a_dropped_log_is_no_longer_followed() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = deployed(&fake, &client, HostScript::default()).await;
    let id = containers(&client, environment, "shop").await[0].id.clone();
    let options = LogOptions { follow: true, ..LogOptions::default() };
    let mut log = client.container_logs(environment, &id, &options).await.unwrap();
    assert_eq!(log.next().await.unwrap().unwrap().text, "web starts");
    assert_eq!(fake.counts().logs_followed, 1);
    drop(log);
    // The other side notices when it writes.
    let noticed = async {
        while fake.counts().logs_followed > 0 {
            fake.write_log("dev", "web", 1, "more");
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, noticed).await.expect("the connection is closed");
}

#[tokio::test]
async fn a_log_that_stalls_ends_with_what_came() {
    let fake = fake().await;
    let environment = deployed(&fake, &client(&fake), HostScript::default()).await;
    fake.write_log("dev", "web", 1, &"x".repeat(40_000));
    fake.stall_logs(true);
    let impatient = super::impatient(&fake);
    let id = containers(&client(&fake), environment, "shop").await[0].id.clone();
    let log = impatient.container_logs(environment, &id, &LogOptions::default()).await.unwrap();
    let lines: Vec<_> = tokio::time::timeout(PATIENCE, log.collect::<Vec<_>>()).await.expect("it ends");
    let [Ok(first), Ok(long), Err(PortainerError::TimedOut { write: false, .. })] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert!(!first.cut && long.cut && long.text.len() < 17_000, "a long line is cut, and says so");
}

#[tokio::test]
async fn what_a_container_uses() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = deployed(&fake, &client, HostScript::default()).await;
    let id = containers(&client, environment, "shop").await[0].id.clone();
    let stats = client.container_stats(environment, &id).await.unwrap();
    assert_eq!((stats.cpus, stats.memory, stats.processes), (Some(0.5), 60 * 1024 * 1024, 3));
    assert!(stats.time.is_some() && stats.sent == 2 * stats.received && stats.written == 2 * stats.read);
    fake.behave("dev", "web", Behaviour::Exits(1));
    let stack = client.stacks().await.unwrap().remove(0);
    client.update_stack_text(&stack, &super::text_update(&compose("nginx:2"))).await.unwrap();
    let id = containers(&client, environment, "shop").await[0].id.clone();
    assert_eq!(client.container_stats(environment, &id).await.unwrap(), ContainerStats::default(), "it does not run");
    let error = client.container_stats(environment, "nothing").await.unwrap_err();
    assert!(matches!(error, PortainerError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn what_happened_in_a_time() {
    let fake = fake().await;
    let client = client(&fake);
    fake.freeze_time();
    let environment = deployed(&fake, &client, HostScript::default()).await;
    fake.advance(Duration::from_secs(100));
    fake.run_by_hand("dev", "other", "job");
    let id = containers(&client, environment, "other").await[0].id.clone();
    client.restart_container(environment, &id).await.unwrap();
    // Its clock stands still some moments after its start.
    let now = EPOCH + 150_000;
    let told = async |since: i64, until: i64, of: ContainersOf| {
        let events = client.events(environment, &EventWindow { since, until, of }).await.unwrap();
        events.into_iter().map(|one| (one.action, one.attributes["name"].clone())).collect::<Vec<_>>()
    };
    let of = |actions: &[&str], name: &str| -> Vec<(String, String)> {
        actions.iter().map(|action| ((*action).to_owned(), name.to_owned())).collect()
    };
    let (first, later) = (of(&["create", "start"], "shop-web-1"), of(&["create", "start", "restart"], "other-job-1"));
    assert_eq!(told(0, now, ContainersOf::Host).await, [first.clone(), later.clone()].concat());
    assert_eq!(told(now - 100_000, now, ContainersOf::Host).await, later);
    assert_eq!(told(0, now, ContainersOf::Project("shop".to_owned())).await, first);
    let stack = client.stacks().await.unwrap().remove(0);
    client.stop_stack(&stack).await.unwrap();
    let ended = client.events(environment, &EventWindow { since: 0, until: now, of: ContainersOf::Host }).await;
    let ended: Vec<_> = ended.unwrap().into_iter().filter(|one| one.action == "die").collect();
    assert_eq!((ended.len(), ended[0].exit_code(), ended[0].kind.as_str()), (1, Some(0), "container"));
    assert!((EPOCH + 100_000..now).contains(&ended[0].time));
    let backwards = EventWindow { since: 2, until: 1, of: ContainersOf::Host };
    assert!(matches!(client.events(environment, &backwards).await, Err(PortainerError::Invalid { .. })));
}

#[tokio::test]
async fn a_containers_ports_are_in_its_details() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = fake.add_environment("dev", HostScript::default());
    let text = "services:\n  web:\n    image: nginx:1\n    ports: ['8080:80']\n";
    client.create_stack(&text_stack(environment, "shop", text)).await.unwrap();
    let listed = containers(&client, environment, "shop").await.remove(0);
    let details = client.container(environment, &listed.id).await.unwrap();
    assert_eq!(details.ports, listed.ports);
    assert_eq!((details.ports[0].private, details.ports[0].public), (80, Some(8080)));
}

#[tokio::test]
async fn images_are_pulled_and_read() {
    let fake = fake().await;
    let client = client(&fake);
    let environment = fake.add_environment("dev", HostScript::default().behaves("bad:1", Behaviour::MissingImage));
    let pull = |image: &str| ImagePull { image: image.to_owned(), registry_id: None };
    let missing = client.image(environment, "ghcr.io/org/app:v1").await.unwrap_err();
    assert!(matches!(missing, PortainerError::NotFound { .. }), "{missing:?}");
    let steps: Vec<PullProgress> =
        client.pull_image(environment, &pull("ghcr.io/org/app:v1")).await.unwrap().try_collect().await.unwrap();
    assert!(steps.iter().any(|step| step.current == Some(4_194_304) && step.total == Some(8_388_608)));
    let image = client.image(environment, "ghcr.io/org/app:v1").await.unwrap();
    assert!(image.digests[0].starts_with("ghcr.io/org/app@sha256:"));
    assert_eq!(client.image(environment, &image.id).await.unwrap(), image);
    // Docker says 200 and then no.
    let error = pulled(client.pull_image(environment, &pull("bad:1")).await.unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, PortainerError::Docker { detail, .. } if detail.contains("manifest unknown")),
        "{error:?}"
    );
    pulled(client.pull_image(environment, &pull("nginx")).await.unwrap()).await.unwrap();
    assert!(client.image(environment, "nginx:latest").await.is_ok(), "never all tags");
    let private = ImagePull { image: "private/app:1".to_owned(), registry_id: Some(2) };
    pulled(client.pull_image(environment, &private).await.unwrap()).await.unwrap();
    let call = fake.calls_of(&format!("POST /api/endpoints/{environment}/docker/images/create")).pop().unwrap();
    assert_eq!(call.header("x-registry-auth"), Some("eyJyZWdpc3RyeUlkIjoyfQ=="));
}

#[tokio::test]
async fn about_the_host_and_its_swarm() {
    let fake = fake().await;
    let client = client(&fake);
    let alone = fake.add_environment("alone", HostScript::default());
    let manager = fake.add_environment("manager", HostScript::default().swarm("sw4rm"));
    assert_eq!(client.swarm_id(alone).await, Ok(None));
    assert_eq!(client.swarm_id(manager).await.unwrap().as_deref(), Some("sw4rm"));
    let info = client.docker_info(manager).await.unwrap();
    assert_eq!((info.name.as_str(), info.version.as_str(), info.swarm), ("manager", "27.1.2", true));
    assert!(!client.docker_info(alone).await.unwrap().swarm);
}

#[tokio::test]
async fn a_host_that_is_off() {
    let fake = fake().await;
    let (environment, stack) = with_stack(&fake).await;
    let client = client(&fake);
    fake.set_host_up("dev", false);
    let error = client.containers(environment, &ContainersOf::Host).await.unwrap_err();
    assert!(matches!(error, PortainerError::HostUnreachable { .. }), "{error:?}");
    assert!(error.retriable() && error.message().contains("switched on"));
    let reads = fake.calls_of(&format!("GET /api/endpoints/{environment}/docker"));
    assert_eq!(reads.len(), 3, "a read is tried again, with pauses");
    let error = client.create_stack(&text_stack(environment, "new", &compose("nginx:1"))).await.unwrap_err();
    assert!(matches!(error, PortainerError::HostUnreachable { .. }), "{error:?}");
    let error = client.delete_stack(&stack).await.unwrap_err();
    assert!(matches!(error, PortainerError::HostUnreachable { .. }), "{error:?}");
    assert!(client.stack(stack.id).await.is_ok(), "the row stays");
    let error = client.containers(EnvironmentId(99), &ContainersOf::Host).await.unwrap_err();
    assert!(matches!(error, PortainerError::NotFound { .. }), "{error:?}");
}
