//! All environments at once.

use std::time::{Duration, Instant};

use serde_json::json;
use service::deploy::{
    EnvironmentSettings,
    environments::{ContainerCounts, EnvironmentKind, EnvironmentReach},
};
use upstream::portainer::fake::{HostScript, populate};

use super::{BOTH, NEVER, Plan, SHORT, guest, house};

#[tokio::test]
async fn the_catalogs_and_portainers_environments_are_read() {
    for generation in BOTH {
        let template = json!({ "vmid": 9000, "name": "template", "is_template": true });
        let guests = vec![
            guest(1001, "rumpledev", "rumpledev"),
            guest(1002, "rumpletest", "10.0.0.9"),
            guest(1004, "new", "new"),
            template,
        ];
        let house = Plan::of(generation).build(guests).await;
        populate(&house.fake).await;
        house.fake.set_host_up("rumpletest", false);

        let reading = house.deploy.environments(&house.operator).await.unwrap();
        assert_eq!(reading.trouble, None);
        let names: Vec<_> = reading.environments.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["rumpledev", "rumpletest", "new", "rumple", "rumpleprod"]);

        let [dev, test, new, rumple, prod] = reading.environments.try_into().unwrap();
        assert_eq!((dev.reach, dev.guest.as_deref(), dev.vmid), (EnvironmentReach::Up, Some("rumpledev"), Some(1001)));
        assert_eq!((dev.kind, dev.misplaced), (Some(EnvironmentKind::Agent), false));
        let wanted = ContainerCounts { running: 2, ..ContainerCounts::default() };
        assert_eq!((dev.containers, dev.read_at), (Some(wanted), Some(reading.at)));
        assert_eq!((dev.cpus, dev.memory), (Some(4), Some(8_589_934_592)));
        assert_eq!(dev.docker_version.as_deref(), Some("27.1.2"));
        assert!(dev.agent_version.is_some() && dev.trouble.is_none());

        // Portainer's book says that it is up: it looks every five minutes only.
        assert_eq!((test.reach, test.misplaced), (EnvironmentReach::Down, true));
        assert_eq!(test.wanted.as_deref(), Some("tcp://10.0.0.9:9001"));
        assert!(test.last_seen.is_some() && test.read_at == test.last_seen && test.age(reading.at).is_some());
        assert!(test.trouble.unwrap().contains("switched on"));

        assert_eq!((new.reach, new.id, new.vmid), (EnvironmentReach::Missing, None, Some(1004)));
        for stranger in [rumple, prod] {
            assert_eq!((stranger.reach, stranger.guest), (EnvironmentReach::Up, None));
        }
    }
}

#[tokio::test]
async fn a_host_that_hangs_delays_no_other() {
    let limit = Duration::from_secs(2);
    let environments = EnvironmentSettings { reading: limit, ..EnvironmentSettings::default() };
    let house = Plan { environments, ..Plan::default() }.build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    populate(&house.fake).await;
    house.fake.delay("GET /api/endpoints/1/docker", NEVER);
    house.fake.delay("GET /api/endpoints/2/docker", NEVER);
    let began = Instant::now();
    let reading = house.deploy.environments(&house.operator).await.unwrap();
    let took = began.elapsed();
    assert!(took >= limit && took < limit * 10, "{took:?}");
    let reach: Vec<_> = reading.environments.iter().map(|one| (one.name.as_str(), one.reach)).collect();
    let (up, down) = (EnvironmentReach::Up, EnvironmentReach::Down);
    assert_eq!(reach, [("rumpledev", down), ("rumple", up), ("rumpleprod", up), ("rumpletest", down)]);
    let dev = &reading.environments[0];
    assert!(dev.trouble.as_ref().unwrap().contains("2 s"), "{dev:?}");
    assert!(dev.last_seen.is_some() && dev.containers.is_some(), "what Portainer saw last is told: {dev:?}");
}

#[tokio::test]
async fn without_portainer_the_catalogs_environments_are_unknown() {
    let house = Plan { connected: false, ..Plan::default() }.build(vec![guest(1001, "rumpledev", "h")]).await;
    let reading = house.deploy.environments(&house.operator).await.unwrap();
    assert!(reading.trouble.unwrap().contains("PORTAINER_URL"));
    assert_eq!(reading.environments[0].reach, EnvironmentReach::Unknown);

    let house = super::house(vec![guest(1001, "rumpledev", "h")]).await;
    house.fake.go_down().await;
    let reading = house.deploy.environments(&house.operator).await.unwrap();
    assert!(reading.trouble.unwrap().contains("cannot be reached"));
    assert_eq!(reading.environments[0].reach, EnvironmentReach::Unknown);

    let environments = EnvironmentSettings { reading: SHORT, ..EnvironmentSettings::default() };
    let house = Plan { environments, ..Plan::default() }.build(vec![guest(1001, "rumpledev", "h")]).await;
    house.fake.delay("GET /api/endpoints", NEVER);
    let reading = house.deploy.environments(&house.operator).await.unwrap();
    assert!(reading.trouble.unwrap().contains("did not list"));
}

#[tokio::test]
async fn a_crash_loop_is_not_counted_as_running() {
    let house = house(vec![]).await;
    populate(&house.fake).await;
    let dev = house.fake.add_environment("more", HostScript::default());
    house.fake.behave("more", "web", upstream::portainer::fake::Behaviour::CrashLoops(1));
    house.fake.add_stack(dev, "web", "services:\n  web:\n    image: nginx:1\n  db:\n    image: postgres:18\n").await;
    let reading = house.deploy.environments(&house.operator).await.unwrap();
    let more = reading.environments.iter().find(|one| one.name == "more").unwrap();
    let wanted = ContainerCounts { running: 1, restarting: 1, ..ContainerCounts::default() };
    assert_eq!(more.containers, Some(wanted));
}
