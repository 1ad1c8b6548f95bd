//! Registering, moving, forgetting; never twice.

use std::time::Duration;

use reconcile::{model::Reach, ports::Locks as _};
use service::{World, deploy::Memory};
use types::ProblemCode;
use upstream::portainer::fake::{AgentScript, DropWhen, HostScript};

use super::{BOTH, BoundHow, Plan, guest, house, impatient, words};

#[tokio::test]
async fn a_guest_is_registered_once_and_found_from_then_on() {
    for generation in BOTH {
        let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", "RumpleDev")]).await;
        house.fake.add_host("rumpledev", HostScript::default());
        let bound = house.bind("1001").await.unwrap();
        assert_eq!((bound.how.clone(), bound.reach), (BoundHow::Registered, Reach::Up));
        assert_eq!((bound.target.agent.url().as_str(), bound.id), ("tcp://rumpledev:9001", 1));
        for asked in ["rumpledev", "1001"] {
            let again = house.bind(asked).await.unwrap();
            assert_eq!((again.how, again.id), (BoundHow::Found, bound.id));
        }
        assert_eq!((house.registrations(), house.known().await), (1, vec!["rumpledev".to_owned()]));
        let audit = house.audit("environment.register").await;
        assert_eq!(audit.len(), 1, "finding it changes nothing, so it leaves no trace");
        assert_eq!((audit[0].subject.as_str(), audit[0].actor_label.as_str()), ("environment:rumpledev", "ada"));
    }
}

#[tokio::test]
async fn a_host_that_is_off_is_bound_and_says_so() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default());
    house.bind("1001").await.unwrap();
    house.fake.set_host_up("rumpledev", false);
    assert_eq!(house.bind("1001").await.unwrap().reach, Reach::Down);
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_second_environment() {
    for generation in BOTH {
        let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
        house.fake.add_host("rumpledev", HostScript::default());
        house.fake.drop_connection("POST /api/endpoints", DropWhen::AfterEffect);
        let bound = house.bind("1001").await.unwrap();
        assert_eq!((bound.how, house.registrations()), (BoundHow::Registered, 1));
        assert_eq!(house.known().await, ["rumpledev"]);
    }
    // The environment is there; reading it back is what fails.
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default());
    house.fake.fail("GET /api/endpoints/1", 500, 1);
    assert_eq!(house.bind("1001").await.unwrap().how, BoundHow::Registered);
    assert_eq!(house.registrations(), 1);
}

#[tokio::test]
async fn what_was_not_answered_and_is_not_seen_is_not_sent_again() {
    let world = World::fixed(1_790_000_000_000);
    let plan = Plan { world: world.clone(), ..impatient() };
    let house = plan.build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default());
    house.fake.drop_connection("POST /api/endpoints", DropWhen::BeforeEffect);
    let error = words(house.bind("1001").await.unwrap_err());
    assert_eq!((error.code, house.registrations()), (ProblemCode::UpstreamUnavailable, 1));
    assert!(error.message.contains("not asked twice"), "{}", error.message);
    // Portainer may still be at work, so nobody registers it meanwhile, in no process.
    let error = words(house.bind("1001").await.unwrap_err());
    assert_eq!((error.code, house.registrations()), (ProblemCode::Conflict, 1));
    world.advance(Duration::from_secs(10 * 60));
    assert_eq!(house.bind("1001").await.unwrap().how, BoundHow::Registered);
    assert_eq!(house.known().await, ["rumpledev"]);
}

#[tokio::test]
async fn two_at_once_make_one() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default());
    let (one, other) = tokio::join!(house.bind("1001"), house.bind("1001"));
    assert!(one.is_ok() || other.is_ok());
    for refused in [one, other].into_iter().filter_map(Result::err) {
        assert_eq!(words(refused).code, ProblemCode::Conflict);
    }
    assert_eq!((house.registrations(), house.known().await), (1, vec!["rumpledev".to_owned()]));
}

#[tokio::test]
async fn nobody_binds_while_an_apply_runs() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_host("rumpledev", HostScript::default());
    let memory = Memory::new(house.store.clone(), house.world.clone());
    let lease = memory.acquire("rumpledev", "run 1", Duration::from_secs(60)).await.unwrap();
    let error = words(house.bind("1001").await.unwrap_err());
    assert!(error.code == ProblemCode::Conflict && error.message.contains("run 1"), "{}", error.message);
    let error = words(house.deploy.unbind(&house.operator, "rumpledev", true).await.unwrap_err());
    assert_eq!(error.code, ProblemCode::Conflict);
    memory.release(&lease).await.unwrap();
    house.bind("1001").await.unwrap();
    let lease = memory.acquire("rumpledev", "run 2", Duration::from_secs(60)).await.expect("the lock was given back");
    memory.release(&lease).await.unwrap();
}

#[tokio::test]
async fn an_environment_elsewhere_moves_only_when_told_to() {
    for generation in BOTH {
        let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", "new.lan")]).await;
        house.fake.add_environment("rumpledev", HostScript::default());
        house.fake.add_host_at("new", "tcp://new.lan:9001", HostScript::default());
        let error = words(house.bind("1001").await.unwrap_err());
        assert_eq!(error.code, ProblemCode::Conflict);
        for word in ["tcp://rumpledev:9001", "tcp://new.lan:9001"] {
            assert!(error.message.contains(word), "{}", error.message);
        }
        house.fake.drop_connection("PUT /api/endpoints", DropWhen::AfterEffect);
        let moved = house.deploy.bind(&house.operator, "1001", true).await.unwrap();
        assert_eq!(moved.how, BoundHow::Moved { from: "tcp://rumpledev:9001".to_owned() });
        assert_eq!((moved.id, moved.reach, house.registrations()), (1, Reach::Up, 0));
        assert_eq!(house.fake.calls_of("PUT /api/endpoints").len(), 1);
        assert_eq!(house.audit("environment.move").await.len(), 1);
        assert_eq!(house.bind("1001").await.unwrap().how, BoundHow::Found);
    }
}

#[tokio::test]
async fn an_address_under_another_name_is_named() {
    let house = house(vec![guest(1001, "rumpledev", "dev")]).await;
    house.fake.add_environment("dev", HostScript::default());
    for rebind in [false, true] {
        let error = words(house.deploy.bind(&house.operator, "1001", rebind).await.unwrap_err());
        assert!(error.code == ProblemCode::Conflict && error.message.contains("“dev”"), "{}", error.message);
    }
    assert_eq!((house.registrations(), house.known().await), (0, vec!["dev".to_owned()]));
}

#[tokio::test]
async fn agents_that_do_not_take_portainer() {
    let house = house(vec![guest(1001, "silent", "silent"), guest(1002, "taken", "taken")]).await;
    house.fake.add_host("silent", HostScript::default().agent(AgentScript::Silent));
    house.fake.add_host("taken", HostScript::default().agent(AgentScript::PairedElsewhere));
    for (name, word) in [("silent", "does not reach the agent"), ("taken", "serves another Portainer")] {
        let error = words(house.bind(name).await.unwrap_err());
        assert!(error.message.contains(word), "{}", error.message);
    }
    assert!(house.known().await.is_empty());
    // What did not come about holds nobody up.
    house.fake.add_host_at("late", "tcp://late:9001", HostScript::default());
    assert!(house.bind("silent").await.is_err());
}

#[tokio::test]
async fn an_environment_is_forgotten_only_when_nothing_runs_there_or_by_force() {
    for generation in BOTH {
        let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
        let id = house.fake.add_environment("rumpledev", HostScript::default());
        house.fake.run_by_hand("rumpledev", "handmade", "app");
        let unbind = |force| house.deploy.unbind(&house.operator, "rumpledev", force);
        let error = words(unbind(false).await.unwrap_err());
        assert!(error.code == ProblemCode::Conflict && error.message.contains("handmade"), "{}", error.message);
        house.fake.add_stack(id, "web", "services:\n  web:\n    image: nginx:1\n").await;
        let error = words(unbind(false).await.unwrap_err());
        assert!(error.message.contains("handmade, web"), "{}", error.message);
        assert_eq!(house.fake.calls_of("DELETE /api/endpoints").len(), 0);

        house.fake.drop_connection("DELETE /api/endpoints", DropWhen::AfterEffect);
        let unbound = unbind(true).await.unwrap();
        assert_eq!((unbound.id, unbound.orphaned), (Some(id.0), vec!["web".to_owned()]));
        assert!(house.known().await.is_empty());
        assert_eq!(unbind(false).await.unwrap().id, None, "done again it finds nothing to do");
        let audit = house.audit("environment.forget").await;
        assert!(audit.len() == 1 && audit[0].detail.contains("\"forced\":true"), "{audit:?}");
    }
}

#[tokio::test]
async fn a_forgetting_that_did_not_happen_is_an_error() {
    let house = impatient().build(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    house.fake.add_environment("rumpledev", HostScript::default());
    house.fake.drop_connection("DELETE /api/endpoints", DropWhen::BeforeEffect);
    assert!(house.deploy.unbind(&house.operator, "rumpledev", false).await.is_err());
    assert_eq!(house.known().await, ["rumpledev"]);
}
