//! One container: read, its log without the stack's secrets, followed, restarted by hand.

use std::time::Duration;

use futures::StreamExt as _;
use reconcile::{model::Condition, ports::Locks as _};
use secrecy::SecretString;
use service::deploy::{ContainerRef, Edit, Memory};
use types::{
    ProblemCode,
    catalog::{SecretName, Variable},
};
use upstream::portainer::fake::{Behaviour, DropWhen, Generation, HostScript};

use super::{BOTH, House, Plan, guest, words};

const WEB: &str =
    "services:\n  web:\n    image: nginx:1\n    ports: [\"8080:80\"]\n    healthcheck: {test: [CMD, \"true\"]}\n";
const RESTART: &str = "POST /api/endpoints/1/docker/containers/";

async fn house_with_web(generation: Generation) -> House {
    let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    let script = HostScript::default().says("web", 2, &["could not bind", "trying again"]);
    let id = house.fake.add_environment("rumpledev", script);
    house.fake.add_stack(id, "web", WEB).await;
    house.fake.add_stack(id, "other", "services:\n  web:\n    image: portainer/agent:2.23.0\n").await;
    house
}

fn web() -> ContainerRef {
    ContainerRef::new("rumpledev", "web", "web-web-1")
}

#[tokio::test]
async fn a_container_is_read_as_it_is_now() {
    for generation in BOTH {
        let house = house_with_web(generation).await;
        let reading = house.deploy.container(&house.operator, &web()).await.unwrap();
        assert_eq!((reading.condition, reading.service.as_deref()), (Condition::Well, Some("web")));
        assert_eq!(reading.details.ports[0].public, Some(8080));
        assert!(reading.digest.unwrap().starts_with("nginx@sha256:"));
        assert!(!reading.protected && !reading.details.health_checks.is_empty());
        // No other stack's container is reached by its name, and no other environment's.
        for (environment, stack) in [("rumpledev", "other"), ("rumple", "web")] {
            let at = ContainerRef::new(environment, stack, "web-web-1");
            let error = words(house.deploy.container(&house.operator, &at).await.unwrap_err());
            assert_eq!(error.code, ProblemCode::NotFound, "{}", error.message);
        }
        house.fake.set_host_up("rumpledev", false);
        let error = words(house.deploy.container(&house.operator, &web()).await.unwrap_err());
        assert!(matches!(error.code, ProblemCode::UpstreamUnavailable | ProblemCode::UpstreamRefused), "{error:?}");
    }
}

async fn with_secret(house: &House, value: &str) {
    let name: SecretName = "web/key".parse().unwrap();
    house.deploy.set_secret(&house.operator, &name, &SecretString::from(value)).await.unwrap();
    let edit = Edit::SetVariable { stack: "web".into(), environment: None, variable: Variable::secret("KEY", name) };
    let base = house.version().await;
    house.deploy.save(&house.operator, &base, vec![edit], "a key").await.unwrap();
}

#[tokio::test]
async fn a_log_is_bounded_tells_its_streams_and_no_secret() {
    let house = house_with_web(Generation::V2_23).await;
    with_secret(&house, "hidden-heron").await;
    house.fake.write_log("rumpledev", "web", 1, "got key hidden-heron");
    let log = house.deploy.container_log(&house.operator, &web(), 100).await.unwrap();
    let texts: Vec<(&str, bool)> = log.lines.iter().map(|line| (line.text.as_str(), line.stderr)).collect();
    let all = [("web starts", false), ("could not bind", true), ("trying again", true), ("got key [secret]", false)];
    assert_eq!((texts.as_slice(), log.more), (&all[..], false));
    assert!(log.lines.iter().all(|line| line.at.is_some()));
    let short = house.deploy.container_log(&house.operator, &web(), 2).await.unwrap();
    assert_eq!((short.lines.len(), short.more), (2, true));
    assert_eq!(short.lines[1].text, "got key [secret]");
    // A secret that can't be had leaves nothing to be shown.
    std::fs::write(house.folder.path().join("catalog/phoenix_secrets.json"), "{").unwrap();
    assert!(house.deploy.container_log(&house.operator, &web(), 2).await.is_err());
}

#[tokio::test]
async fn what_docker_says_of_a_start_that_failed_holds_no_secret() {
    let house = Plan::default().build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    let script = HostScript::default().behaves("web", Behaviour::CrashLoops(127));
    let id = house.fake.add_environment("rumpledev", script);
    let text = "services:\n  web:\n    image: nginx:1\n    environment: {KEY: hidden-heron}\n";
    house.fake.add_stack(id, "web", text).await;
    with_secret(&house, "hidden-heron").await;
    let reading = house.deploy.container(&house.operator, &web()).await.unwrap();
    assert!(reading.details.health_checks.is_empty(), "what it says must not hang on a health check");
    assert!(reading.details.error.contains("KEY=[secret]"), "{}", reading.details.error);
}

#[tokio::test]
async fn a_log_is_followed_until_nobody_reads_it() {
    for generation in BOTH {
        let house = house_with_web(generation).await;
        with_secret(&house, "hidden-heron").await;
        let mut log = Box::pin(house.deploy.follow_log(&house.operator, &web(), 2).await.unwrap());
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(log.next().await.unwrap().unwrap().into_iter().map(|line| line.text));
        }
        assert_eq!(seen, ["could not bind", "trying again"]);
        house.fake.write_log("rumpledev", "web", 2, "no luck with hidden-heron");
        let next = log.next().await.unwrap().unwrap();
        assert_eq!((next[0].text.as_str(), next[0].stderr), ("no luck with [secret]", true));
        assert_eq!(house.fake.counts().logs_followed, 1);
        drop(log);
        house.fake.wait_until(|counts| counts.logs_followed == 0, Duration::from_secs(10)).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_has_a_reason_and_is_looked_at_afterwards() {
    for generation in BOTH {
        let house = house_with_web(generation).await;
        for (reason, field) in [("  ", "reason"), (&*"x".repeat(301), "reason")] {
            let error = words(house.deploy.restart_container(&house.operator, &web(), reason).await.unwrap_err());
            assert_eq!((error.code, error.fields[0].field.as_str()), (ProblemCode::Invalid, field));
        }
        let before = house.deploy.container(&house.operator, &web()).await.unwrap().details.started;
        house.fake.advance(Duration::from_secs(5));
        let after = house.deploy.restart_container(&house.operator, &web(), " it hangs ").await.unwrap();
        assert!(after.details.started > before && after.condition == Condition::Well, "{after:?}");
        let audit = house.audit("container.restart").await;
        assert_eq!((audit.len(), audit[0].subject.as_str()), (1, "container:web-web-1"));
        assert!(format!("{:?}", audit[0]).contains("it hangs"), "{:?}", audit[0]);
        // The lock was given back.
        house.deploy.restart_container(&house.operator, &web(), "again").await.unwrap();
    }
}

#[tokio::test]
async fn nobody_restarts_while_an_apply_runs_nor_what_restarts() {
    let house = house_with_web(Generation::V2_23).await;
    let memory = Memory::new(house.store.clone(), house.world.clone());
    let lease = memory.acquire("rumpledev", "run 1", Duration::from_secs(60)).await.unwrap();
    let error = words(house.deploy.restart_container(&house.operator, &web(), "it hangs").await.unwrap_err());
    assert!(error.code == ProblemCode::Conflict && error.message.contains("run 1"), "{}", error.message);
    memory.release(&lease).await.unwrap();
    let agent = ContainerRef::new("rumpledev", "other", "other-web-1");
    assert!(house.deploy.container(&house.operator, &agent).await.unwrap().protected);
    let error = words(house.deploy.restart_container(&house.operator, &agent, "it hangs").await.unwrap_err());
    assert!(error.code == ProblemCode::Conflict && error.message.contains("agent"), "{}", error.message);
    assert!(house.fake.calls_of(RESTART).is_empty() && house.audit("container.restart").await.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_lost_restarts_nothing_twice() {
    let house = house_with_web(Generation::V2_23).await;
    house.fake.advance(Duration::from_secs(5));
    house.fake.drop_connection(RESTART, DropWhen::AfterEffect);
    house.deploy.restart_container(&house.operator, &web(), "it hangs").await.unwrap();
    assert_eq!(house.fake.calls_of(RESTART).len(), 1);
    house.fake.fail(RESTART, 500, 1);
    let error = words(house.deploy.restart_container(&house.operator, &web(), "again").await.unwrap_err());
    assert_eq!(error.code, ProblemCode::UpstreamRefused, "{}", error.message);
    assert_eq!(house.fake.calls_of(RESTART).len(), 2);
}
