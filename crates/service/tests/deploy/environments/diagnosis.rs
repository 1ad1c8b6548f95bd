//! The way to a host, step by step.

use service::deploy::environments::{Check, Diagnosis, DiagnosisStep, Finding, Outcome, Verdict, finding_words};
use types::ProblemCode;
use upstream::portainer::{
    agent::fake::{AgentBehaviour, FakeAgent},
    fake::HostScript,
};

use super::{BOTH, House, NEVER, Plan, SHORT, Told, closed_port, guest, house, impatient, words};

async fn diagnose(house: &House, asked: &str) -> Diagnosis {
    let told = Told::<DiagnosisStep>::new();
    let diagnosis = house.deploy.test_connection(&house.operator, asked, &told.hear()).await.unwrap();
    let mut latest: Vec<DiagnosisStep> = Vec::new();
    for step in told.all() {
        match latest.iter_mut().find(|one| one.check == step.check) {
            Some(one) => *one = step,
            None => latest.push(step),
        }
    }
    assert_eq!(latest, diagnosis.steps, "each step is told as it ends, and again when it turns out otherwise");
    let order: Vec<_> = diagnosis.steps.iter().map(|step| step.check).collect();
    use Check::*;
    assert_eq!(order, [Name, Connection, Agent, Registration, Portainer, Pairing, Snapshot]);
    diagnosis
}

fn outcomes(diagnosis: &Diagnosis) -> Vec<Outcome> {
    diagnosis.steps.iter().map(|step| step.outcome).collect()
}

use Outcome::{Failed, Noted, Passed, Skipped};

#[tokio::test]
async fn a_host_that_is_not_registered_yet_is_ready() {
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let house = house(vec![guest(1001, "rumpledev", &agent.address().to_string())]).await;
    for asked in ["1001", "rumpledev", &agent.address().to_string()] {
        let diagnosis = diagnose(&house, asked).await;
        assert_eq!(diagnosis.verdict, Verdict::Ready);
        assert_eq!(outcomes(&diagnosis), [Passed, Passed, Passed, Skipped, Skipped, Skipped, Skipped]);
        let Finding::Agent { answer } = &diagnosis.steps[2].finding else { panic!("{diagnosis:?}") };
        assert_eq!((answer.certificate, answer.version.as_str()), (agent.fingerprint(), "2.23.0"));
        assert_eq!(diagnosis.step(Check::Pairing).unwrap().finding, Finding::PairingUnknown);
    }
    assert_eq!(house.registrations(), 0, "a test registers nothing");
}

#[tokio::test]
async fn a_host_that_portainer_reaches_is_connected() {
    for generation in BOTH {
        let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
        let at = agent.address();
        let house = Plan::of(generation).build(vec![guest(1001, "rumpledev", &at.to_string())]).await;
        house.fake.add_host_at("rumpledev", &at.url(), HostScript::default());
        house.bind("1001").await.unwrap();
        let diagnosis = diagnose(&house, "1001").await;
        assert_eq!((diagnosis.verdict, outcomes(&diagnosis)), (Verdict::Connected, vec![Passed; 7]));
        assert!(matches!(diagnosis.steps[6].finding, Finding::Seen { .. }));
    }
}

#[tokio::test]
async fn what_this_machine_does_not_reach_and_portainer_does_is_no_failure() {
    let port = closed_port().await;
    let at = format!("127.0.0.1:{port}");
    let house = house(vec![guest(1001, "rumpledev", &at)]).await;
    let before = diagnose(&house, "1001").await;
    assert_eq!(before.verdict, Verdict::Unclear, "only binding can tell");
    house.fake.add_host_at("rumpledev", &format!("tcp://{at}"), HostScript::default());
    house.bind("1001").await.unwrap();
    let diagnosis = diagnose(&house, "1001").await;
    assert_eq!(diagnosis.verdict, Verdict::Connected);
    assert_eq!(outcomes(&diagnosis), [Passed, Noted, Skipped, Passed, Passed, Passed, Passed]);
    let (detail, remedy) = finding_words(&diagnosis.steps[1].finding);
    assert!(detail.contains(&port.to_string()) && remedy.unwrap().contains("If Portainer reaches it"), "{detail}");
}

#[tokio::test]
async fn every_fault_of_an_agent_has_its_step_and_its_words() {
    for (behaviour, failing, word) in [
        (AgentBehaviour::NoTls, Check::Agent, "no TLS"),
        (AgentBehaviour::Status(500), Check::Agent, "500"),
        (AgentBehaviour::NoHeaders, Check::Agent, "no Portainer agent"),
        (AgentBehaviour::SilentHandshake, Check::Agent, "in time"),
        (AgentBehaviour::SilentAnswer, Check::Agent, "in time"),
        (AgentBehaviour::HangsUp, Check::Agent, "closed"),
        (AgentBehaviour::Kubernetes, Check::Agent, "Kubernetes"),
    ] {
        let agent = FakeAgent::start(behaviour).await.unwrap();
        let silent = matches!(behaviour, AgentBehaviour::SilentHandshake | AgentBehaviour::SilentAnswer);
        let plan = if silent { impatient() } else { Plan::default() };
        let house = plan.build(vec![guest(1001, "rumpledev", &agent.address().to_string())]).await;
        let diagnosis = diagnose(&house, "rumpledev").await;
        let step = diagnosis.step(failing).unwrap();
        let (detail, remedy) = finding_words(&step.finding);
        assert_eq!((step.outcome, diagnosis.verdict), (Failed, Verdict::Unclear), "{behaviour:?}");
        assert!(detail.contains(word) && remedy.is_some(), "{behaviour:?}: {detail}");
    }
}

#[tokio::test]
async fn a_host_that_portainer_does_not_reach_is_broken() {
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let at = agent.address();
    let house = house(vec![guest(1001, "rumpledev", &at.to_string())]).await;
    house.fake.add_host_at("rumpledev", &at.url(), HostScript::default());
    house.bind("1001").await.unwrap();
    house.fake.set_host_up("rumpledev", false);
    let diagnosis = diagnose(&house, "1001").await;
    assert_eq!(diagnosis.verdict, Verdict::Broken);
    assert_eq!(outcomes(&diagnosis), [Passed, Passed, Passed, Passed, Failed, Skipped, Skipped]);
    let finding = &diagnosis.step(Check::Portainer).unwrap().finding;
    assert_eq!(*finding, Finding::NotReachedByPortainer { agent_answers_here: true });
    assert!(finding_words(finding).1.unwrap().contains("another Portainer"));

    house.fake.go_down().await;
    let diagnosis = diagnose(&house, "1001").await;
    assert_eq!(diagnosis.verdict, Verdict::Broken);
    assert_eq!(outcomes(&diagnosis), [Passed, Passed, Passed, Failed, Skipped, Skipped, Skipped]);
}

#[tokio::test]
async fn a_name_or_an_address_that_is_registered_otherwise() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev"), guest(1002, "rumpletest", "127.0.0.1:1")]).await;
    house.fake.add_environment("rumpletest", HostScript::default());
    house.fake.add_host_at("x", "tcp://rumpledev:9001", HostScript::default());
    house.bind("1001").await.unwrap();
    let elsewhere = diagnose(&house, "1002").await;
    let step = elsewhere.step(Check::Registration).unwrap();
    assert!(
        matches!(&step.finding, Finding::RegisteredElsewhere { address, .. } if address == "tcp://rumpletest:9001")
    );
    assert_eq!((step.outcome, elsewhere.verdict), (Failed, Verdict::Broken));
}

#[tokio::test]
async fn a_portainer_that_hangs_ends_the_diagnosis() {
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let at = agent.address();
    let plan = impatient();
    let house = plan.build(vec![guest(1001, "rumpledev", &at.to_string())]).await;
    house.fake.add_host_at("rumpledev", &at.url(), HostScript::default());
    house.bind("1001").await.unwrap();
    house.fake.delay("POST /api/endpoints/1/snapshot", NEVER);
    let diagnosis = diagnose(&house, "1001").await;
    let step = diagnosis.step(Check::Portainer).unwrap();
    assert_eq!((step.outcome, diagnosis.verdict), (Failed, Verdict::Broken));
    assert!(u128::from(step.took_ms) >= SHORT.as_millis(), "{step:?}");
}

#[tokio::test]
async fn whoever_is_asked_for_is_named() {
    let house = house(vec![guest(1001, "rumpledev", "rumpledev")]).await;
    let refused = |asked: &'static str| {
        let house = &house;
        async move {
            words(house.deploy.test_connection(&house.operator, asked, &|_: &DiagnosisStep| {}).await.unwrap_err())
        }
    };
    let unknown = refused("rumpldev").await;
    assert_eq!(unknown.code, ProblemCode::NotFound);
    assert!(unknown.message.contains("Did you mean 1001 (rumpledev)?"), "{}", unknown.message);
    assert_eq!(refused("unix:///var/run/docker.sock").await.code, ProblemCode::Invalid);
}
