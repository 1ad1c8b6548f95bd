//! Many stacks on a slow network.

use std::time::Duration;

use reconcile::{
    model::PlanOptions,
    plan,
    ports::{Catalog as _, Clock as _},
};
use tokio::time::Instant;
use upstream::portainer::{
    EnvironmentId,
    engine::READS_AT_ONCE,
    fake::{Generation, HostScript},
};

use super::{Bench, DEV, compose, stack, text};

const STACKS: usize = 200;
const HOSTS: [&str; 4] = [DEV, "test", "prod", "spare"];
const LATENCY: Duration = Duration::from_millis(20);

/// 200 stacks on each of four hosts. What is asserted does not depend on this machine's load: how many calls there are, and so how
/// long they take together at that latency. The time itself is printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_stacks_on_four_hosts_at_20_ms() {
    let bench = Bench::of(Generation::V2_23).await;
    let images = ["nginx:1", "redis:7", "postgres:17", "busybox:1"];
    let stacks: Vec<_> = (0..STACKS)
        .map(|number| {
            let services = [("web", images[number % images.len()])];
            stack(&format!("stack-{number}"), text(&services), &services)
        })
        .collect();
    let mut desired = bench.state().desired.clone();
    desired.environments[0].stacks.clone_from(&stacks);
    for host in &HOSTS[1..] {
        bench.fake.add_environment(host, HostScript::default());
        let mut environment = desired.environments[0].clone();
        environment.name = (*host).to_owned();
        desired.environments.push(environment);
    }
    for host in 1..=4 {
        for (number, one) in stacks.iter().enumerate() {
            let text = compose(&[("web", images[number % images.len()])]);
            bench.fake.add_stack(EnvironmentId(host), &one.name, &text).await;
        }
    }
    bench.state().desired = desired;
    bench.fake.delay("GET /api", LATENCY);
    let before = bench.fake.counts().calls;
    let begun = Instant::now();
    let observed = bench.observed().await;
    let desired = bench.desired().await.unwrap();
    let plan = plan(&desired, &observed, &PlanOptions::default(), bench.now());
    let took = begun.elapsed();
    let calls = bench.fake.counts().calls - before;
    assert!(plan.is_in_step(), "{:#?}", plan.steps.first());
    assert_eq!(plan.unchanged.len(), STACKS * HOSTS.len());
    let lists = bench.asked("GET /api/endpoints/1/docker/containers/json");
    assert_eq!(lists, 1, "one list a host");
    // Version, books (one pair a host and one for orphans), lists, images, then a text and a look for each stack.
    let fixed = 1 + 2 * (HOSTS.len() + 1) + HOSTS.len() + HOSTS.len() * images.len();
    assert_eq!(calls, fixed + 2 * STACKS * HOSTS.len());
    let rounds = u32::try_from(calls.div_ceil(READS_AT_ONCE) + 5).unwrap();
    assert!(rounds * LATENCY < Duration::from_secs(1), "{rounds} rounds leave a second for work");
    println!("{calls} calls in {took:?}, {} ms one after the other", LATENCY.as_millis() * calls as u128);
    let at_once = bench.fake.counts().calls_at_once;
    assert!((READS_AT_ONCE / 2..=READS_AT_ONCE).contains(&at_once), "{at_once} at once");
    let one_by_one = LATENCY * u32::try_from(calls).unwrap();
    assert!(took < one_by_one / 4, "{took:?}: calls are not concurrent");

    let before = bench.fake.counts().calls;
    bench.observed().await;
    let again = bench.fake.counts().calls - before;
    assert_eq!(calls - again, HOSTS.len() * images.len(), "images are not looked at twice");
}
