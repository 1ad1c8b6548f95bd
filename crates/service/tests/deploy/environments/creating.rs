//! From a guest's number to the plan for its stacks, and on.

use std::sync::Arc;

use reconcile::model::ApplyVerdict;
use serde_json::json;
use service::deploy::{
    DeployError, Watched,
    environments::{BoundHow, CreateEvent, Created, HypervisorWord, Outcome, Verdict, create_words},
};
use types::{Problem, ProblemCode};
use upstream::{
    hypervisor::{GuestState, HypervisorError, Power, fake::FakeHypervisor},
    portainer::{
        agent::fake::{AgentBehaviour, FakeAgent},
        fake::{AgentScript, HostScript},
    },
};

use super::{BOTH, House, Plan, Told, closed_port, guest, house, words};

async fn create(house: &House, asked: &str) -> (Result<Created, DeployError>, Vec<CreateEvent>) {
    let told = Told::new();
    let created = house.deploy.create(&house.operator, asked, &told.hear()).await;
    (created, told.all())
}

async fn refused(house: &House, asked: &str) -> Problem {
    let (created, _) = create(house, asked).await;
    words(created.map(|_| ()).unwrap_err())
}

/// The event's kind, and a step's check.
fn kind(event: &CreateEvent) -> String {
    let value = serde_json::to_value(event).unwrap();
    let kind = value["kind"].as_str().unwrap();
    value["step"]["check"].as_str().map_or_else(|| kind.to_owned(), |check| format!("{kind} {check}"))
}

#[tokio::test]
async fn a_guest_goes_from_its_number_to_running_stacks() {
    for generation in BOTH {
        let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
        let at = agent.address();
        let guests = vec![guest(1001, "rumpledev", &at.to_string()), guest(1002, "rumpletest", "elsewhere")];
        let house = Plan::of(generation).build(guests).await;
        house.fake.add_host_at("rumpledev", &at.url(), HostScript::default());

        let (created, events) = create(&house, "1001").await;
        let created = created.unwrap();
        let order: Vec<_> = events.iter().map(kind).collect();
        assert_eq!(
            order,
            [
                "found",
                "hypervisor",
                "step name",
                "step connection",
                "step agent",
                "step registration",
                "step portainer",
                "step pairing",
                "step snapshot",
                "binding",
                "bound",
                "planning",
                "planned",
            ]
        );
        assert!(
            matches!(&events[0], CreateEvent::Found { target, stacks } if target.vmid == Some(1001) && stacks[..] == ["web"])
        );
        assert_eq!(created.hypervisor, HypervisorWord::Unmanaged, "nobody to ask, and it goes on");
        assert_eq!((created.bound.how, created.diagnosis.verdict), (BoundHow::Registered, Verdict::Connected));
        let of = |step: &reconcile::model::Step| (step.environment.clone(), step.stack.clone());
        let steps: Vec<_> = created.planned.plan.steps.iter().map(of).collect();
        assert_eq!(steps, [("rumpledev".to_owned(), "web".to_owned())], "only the guest's stacks");
        let words: Vec<_> = events.iter().map(create_words).collect();
        assert!(words[1].contains("No hypervisor is connected") && words[12].contains("plan: 1."), "{words:#?}");
        assert!(house.fake.containers_on("rumpledev").is_empty(), "nothing was carried out yet");
        assert_eq!(house.audit("guest.create").await.len(), 1);

        let id = house.deploy.apply(&house.operator, created.planned.plan, None).await.unwrap();
        let mut watching = house.deploy.watch(&house.operator, &id, 0).await.unwrap();
        let mut verdict = None;
        while let Some(seen) = watching.next().await.unwrap() {
            if let Watched::Ended(ended) = seen {
                verdict = Some(ended);
            }
        }
        assert_eq!(verdict, Some(ApplyVerdict::Succeeded));
        assert_eq!(house.fake.containers_on("rumpledev").len(), 1);

        let (again, _) = create(&house, "rumpledev").await;
        let again = again.unwrap();
        assert_eq!((again.bound.how, again.planned.plan.is_in_step()), (BoundHow::Found, true));
        assert_eq!(house.registrations(), 1);
    }
}

#[tokio::test]
async fn portainer_reaches_what_this_machine_does_not() {
    let at = format!("127.0.0.1:{}", closed_port().await);
    let house = house(vec![guest(1001, "rumpledev", &at)]).await;
    house.fake.add_host_at("rumpledev", &format!("tcp://{at}"), HostScript::default());
    let (created, events) = create(&house, "1001").await;
    let told: Vec<_> = events.iter().map(kind).filter(|kind| kind == "step connection").collect();
    assert_eq!(told.len(), 2, "as a failure, and then as none");
    let diagnosis = created.unwrap().diagnosis;
    assert_eq!((diagnosis.verdict, diagnosis.steps[1].outcome), (Verdict::Connected, Outcome::Noted));
}

#[tokio::test]
async fn what_the_catalog_lacks_is_said_before_anything_is_asked() {
    let guests = vec![
        guest(1001, "rumpledev", "rumpledev"),
        json!({ "vmid": 9000, "name": "template", "is_template": true, "portainer_environment_name": "t" }),
        json!({ "vmid": 1003, "name": "bare" }),
        json!({ "vmid": 1004, "name": "hostless", "portainer_environment_name": "hostless" }),
        json!({ "vmid": 1005, "name": "bad", "portainer_environment_name": "bad", "portainer_agent_hostname": "https://x/y" }),
    ];
    let house = house(guests).await;
    for (asked, code, word) in [
        ("1010", ProblemCode::NotFound, "Did you mean 1001 (rumpledev)?"),
        ("rumpeldev", ProblemCode::NotFound, "Did you mean 1001 (rumpledev)?"),
        ("zzz", ProblemCode::NotFound, "There are: 1001 (rumpledev), 1003 (bare)"),
        ("9000", ProblemCode::Invalid, "template"),
        ("1003", ProblemCode::Invalid, "portainer_environment_name"),
        ("1004", ProblemCode::Invalid, "portainer_agent_hostname"),
        ("1005", ProblemCode::Invalid, "no address of an agent"),
    ] {
        let error = refused(&house, asked).await;
        assert!(error.code == code && error.message.contains(word), "{asked}: {error:?}");
    }
    assert!(house.fake.calls().is_empty());
}

#[tokio::test]
async fn a_hypervisor_that_does_not_have_the_guest_ends_it() {
    let hypervisor = Arc::new(FakeHypervisor::default());
    let hosted = json!({ "name": "rumple", "kind": "hosted", "portainer_environment_name": "rumple", "portainer_agent_hostname": "rumple" });
    let plan = Plan { hypervisor: hypervisor.clone(), ..Plan::default() };
    let house = plan.build(vec![guest(1001, "rumpledev", "rumpledev"), hosted]).await;
    for name in ["rumpledev", "rumple"] {
        house.fake.add_host(name, HostScript::default());
    }
    let error = refused(&house, "1001").await;
    assert!(error.code == ProblemCode::NotFound && error.message.contains("Nothing was changed"), "{error:?}");
    assert!(house.fake.calls().is_empty());

    let state = GuestState { name: "rumpledev".into(), power: Power::Running };
    hypervisor.put(1001, state.clone());
    let (created, _) = create(&house, "1001").await;
    assert_eq!(created.unwrap().hypervisor, HypervisorWord::Present { state });

    let failure = HypervisorError { detail: "It is busy.".into(), remedy: "Wait.".into() };
    hypervisor.fail(Some(failure));
    let (created, _) = create(&house, "1001").await;
    assert_eq!(created.unwrap().hypervisor, HypervisorWord::Silent { message: "It is busy. Wait.".into() });

    let asked = hypervisor.asked().len();
    let (created, _) = create(&house, "rumple").await;
    assert_eq!(created.unwrap().hypervisor, HypervisorWord::NotItsGuest);
    assert_eq!(hypervisor.asked().len(), asked, "a rented machine is not its guest");
}

#[tokio::test]
async fn where_it_ends_is_told_with_what_was_found_on_the_way() {
    let hypervisor = Arc::new(FakeHypervisor::default());
    hypervisor.put(1001, GuestState { name: "rumpledev".into(), power: Power::Stopped });
    let port = closed_port().await;
    let plan = Plan { hypervisor, ..Plan::default() };
    let house = plan.build(vec![guest(1001, "rumpledev", &format!("127.0.0.1:{port}"))]).await;
    let silent = HostScript::default().agent(AgentScript::Silent);
    house.fake.add_host_at("rumpledev", &format!("tcp://127.0.0.1:{port}"), silent);
    let error = refused(&house, "1001").await;
    for word in ["does not reach the agent", "does not run", &format!("nothing listens on port {port}")] {
        assert!(error.message.contains(word), "{word}: {}", error.message);
    }
    assert!(house.known().await.is_empty());
    assert!(house.audit("guest.create").await.is_empty());
}

#[tokio::test]
async fn an_environment_that_is_down_is_not_planned() {
    let house = house(vec![guest(1001, "rumpledev", "127.0.0.1:1")]).await;
    house.fake.add_host_at("rumpledev", "tcp://127.0.0.1:1", HostScript::default());
    house.bind("1001").await.unwrap();
    house.fake.set_host_up("rumpledev", false);
    let (created, events) = create(&house, "1001").await;
    let error = words(created.map(|_| ()).unwrap_err());
    assert_eq!(error.code, ProblemCode::UpstreamUnavailable);
    assert!(!events.iter().any(|event| matches!(event, CreateEvent::Planning)));
}
