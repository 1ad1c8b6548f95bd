//! What the pages do with machines: written into the catalog, tested, bound, remembered.

use service::deploy::environments::{BoundHow, EnvironmentReach, Outcome, Verdict, WalkAct, WalkEnd};
use types::{
    ProblemCode,
    catalog::{GuestKind, GuestPlace},
};
use upstream::portainer::fake::{AgentScript, HostScript};

use super::{BOTH, GUESTS, House, Plan, guest, house, impatient, words};

async fn walk(house: &House, guest: &str, act: WalkAct) -> service::deploy::environments::Walk {
    house.deploy.walk(&house.operator, guest, act).await.unwrap()
}

#[tokio::test]
async fn a_machine_is_tested_bound_and_both_are_remembered() {
    for generation in BOTH {
        let plan = Plan { fake: Plan::of(generation).fake, ..impatient() };
        let house = plan.build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
        house.fake.add_host("rumpledev", HostScript::default());
        assert_eq!(house.deploy.walk_of(&house.operator, "rumpledev"), None);
        let tested = walk(&house, "1001", WalkAct::Test).await;
        assert_eq!(tested.steps.len(), 7, "every step of the diagnosis: {:?}", tested.steps);
        assert!(matches!(&tested.end, Some(WalkEnd::Tested(one)) if one.verdict == Verdict::Unclear), "{tested:?}");
        assert_eq!(house.registrations(), 0, "testing binds nothing");
        assert_eq!(house.deploy.walk_of(&house.operator, "rumpledev").as_ref(), Some(&tested));

        let bound = walk(&house, "rumpledev", WalkAct::Bind).await;
        assert!(matches!(&bound.end, Some(WalkEnd::Bound(one)) if one.how == BoundHow::Registered), "{bound:?}");
        // What this machine could not do is no failure once Portainer reaches it.
        assert!(bound.steps.iter().all(|step| step.outcome != Outcome::Failed), "{:?}", bound.steps);
        let hosts = house.deploy.hosts(&house.operator).unwrap();
        assert_eq!(hosts.of("rumpledev").unwrap().reach, EnvironmentReach::Up, "read again at once");
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_kept_with_its_steps() {
    let house = impatient().build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default().agent(AgentScript::Silent));
    let bound = walk(&house, "1001", WalkAct::Bind).await;
    let Some(WalkEnd::Refused(problem)) = &bound.end else { panic!("{bound:?}") };
    assert!(problem.message.contains("agent"), "{}", problem.message);
    assert!(!bound.steps.is_empty());
    let missing = house.deploy.walk(&house.operator, "rumpel", WalkAct::Test).await.unwrap_err();
    assert_eq!(words(missing).code, ProblemCode::NotFound);
}

#[tokio::test]
async fn an_environment_elsewhere_is_moved_when_told_to() {
    let house = house(vec![guest(1001, "rumpledev", "new.lan")]).await;
    house.fake.add_environment("rumpledev", HostScript::default());
    house.fake.add_host_at("new", "tcp://new.lan:9001", HostScript::default());
    let refused = walk(&house, "1001", WalkAct::Bind).await;
    assert!(matches!(refused.end, Some(WalkEnd::Refused(_))), "{refused:?}");
    let moved = walk(&house, "1001", WalkAct::Rebind).await;
    assert!(matches!(&moved.end, Some(WalkEnd::Bound(one)) if matches!(one.how, BoundHow::Moved { .. })), "{moved:?}");
}

fn place(name: &str, environment: &str, agent_host: &str) -> GuestPlace {
    let text = str::to_owned;
    GuestPlace {
        name: text(name),
        kind: GuestKind::Vm,
        vmid: Some(1002),
        environment: text(environment),
        agent_host: text(agent_host),
    }
}

#[tokio::test]
async fn a_machine_is_written_into_the_catalog_as_one_commit() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    let place_it =
        async |place: GuestPlace, known: bool| house.deploy.place_guest(&house.operator, None, place, known).await;
    let saved = place_it(place(" rumpletest ", "rumpletest", "10.0.0.7"), false).await.unwrap();
    assert_eq!(saved.files, [GUESTS]);
    assert!(saved.commit.is_some() && house.text(GUESTS).unwrap().contains("10.0.0.7"));
    for (wrong, field) in [
        (GuestPlace { vmid: Some(7), ..place("rumpledev", "x", "a") }, "name"),
        (GuestPlace { vmid: Some(7), ..place("", "x", "a") }, "name"),
        (GuestPlace { vmid: Some(7), ..place("a/b", "x", "a") }, "name"),
        (GuestPlace { vmid: Some(7), ..place("new", "rumpledev", "a") }, "environment"),
        (GuestPlace { vmid: Some(7), ..place("new", "new", "not an address") }, "agent_host"),
        (GuestPlace { vmid: Some(1001), ..place("new", "new", "a") }, "vmid"),
        (GuestPlace { vmid: Some(7), kind: GuestKind::Hosted, ..place("new", "new", "a") }, "vmid"),
    ] {
        let problem = words(place_it(wrong.clone(), false).await.unwrap_err());
        assert_eq!(
            problem.fields.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
            [field],
            "{wrong:?}: {problem:?}"
        );
    }
    place_it(GuestPlace { vmid: None, ..place("rumpletest", "testing", "10.0.0.8:9002") }, true).await.unwrap();
    let text = house.text(GUESTS).unwrap();
    assert!(text.contains("\"testing\"") && text.contains("10.0.0.8:9002") && !text.contains("10.0.0.7"), "{text}");
}

#[tokio::test]
async fn a_look_remembers_the_hosts_and_since_when_they_are_so() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_environment("rumpledev", HostScript::default());
    house.fake.add_environment("stranger", HostScript::default());
    assert!(house.deploy.hosts(&house.operator).is_none(), "nothing is asked before somebody looks");
    house.deploy.look(&house.operator).await.unwrap();
    let first = house.deploy.hosts(&house.operator).unwrap();
    let dev = first.of("rumpledev").unwrap();
    assert_eq!((dev.reach, dev.cpus, dev.memory), (EnvironmentReach::Up, Some(4), Some(8_589_934_592)));
    assert!(dev.docker_version.is_some() && first.of("stranger").unwrap().guest.is_none());
    house.deploy.look(&house.operator).await.unwrap();
    let second = house.deploy.hosts(&house.operator).unwrap();
    assert_eq!(second.since["rumpledev"], first.since["rumpledev"]);
    house.fake.set_host_up("rumpledev", false);
    house.deploy.look(&house.operator).await.unwrap();
    let down = house.deploy.hosts(&house.operator).unwrap();
    assert_eq!(down.of("rumpledev").unwrap().reach, EnvironmentReach::Down);
    assert_eq!(down.since["rumpledev"], down.reading.at);
    // When Portainer itself is away, what was seen stays.
    house.fake.go_down().await;
    let _ = house.deploy.look(&house.operator).await;
    assert_eq!(house.deploy.hosts(&house.operator), Some(down));
}
