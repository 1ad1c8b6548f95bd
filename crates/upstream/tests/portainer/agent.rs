//! Asking an agent from this machine, over real sockets.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use tokio::net::TcpListener;
use upstream::portainer::agent::{
    AgentAddress, AgentAnswer, AgentClient, AgentError, AgentPlatform, AgentProbe, AgentTimeouts,
    fake::{AgentBehaviour, FakeAgent, VERSION},
};

use super::SHORT;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Waits long, for what must come.
fn client() -> AgentClient {
    let long = Duration::from_secs(20);
    AgentClient::new(AgentTimeouts { resolve: long, connect: long, answer: long })
}

/// Waits shortly, for what never comes.
fn impatient() -> AgentClient {
    AgentClient::new(AgentTimeouts { connect: SHORT, answer: SHORT, ..AgentTimeouts::default() })
}

#[tokio::test]
async fn an_agent_is_found_reached_and_understood() {
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let named = AgentAddress::parse("localhost", agent.address().port()).unwrap();
    let client = client();
    let addresses = client.resolve(&named).await.unwrap();
    assert!(addresses.contains(&HERE), "{addresses:?}");
    let at = client.connect(&named, &addresses).await.unwrap();
    let answer = client.ping(&named, at).await.unwrap();
    let wanted =
        AgentAnswer { version: VERSION.to_owned(), platform: AgentPlatform::Docker, certificate: agent.fingerprint() };
    assert_eq!(answer, wanted);
    let requests = agent.requests();
    assert_eq!(requests.len(), 1);
    let request = requests[0].to_lowercase();
    assert!(request.starts_with("get /ping http/1.1\r\n"), "{request}");
    for secret in ["authorization", "x-api-key", "cookie", "portaineragent"] {
        assert!(!request.contains(secret), "{request}");
    }
}

#[tokio::test]
async fn what_may_stand_there_instead() {
    for (behaviour, wanted) in [
        (AgentBehaviour::Status(200), AgentError::NotAnAgent { status: 200 }),
        (AgentBehaviour::Status(403), AgentError::NotAnAgent { status: 403 }),
        (AgentBehaviour::NoHeaders, AgentError::NotAnAgent { status: 204 }),
        (AgentBehaviour::HangsUp, AgentError::HungUp),
    ] {
        let agent = FakeAgent::start(behaviour).await.unwrap();
        assert_eq!(client().ping(&agent.address(), HERE).await.unwrap_err(), wanted, "{behaviour:?}");
    }
    let agent = FakeAgent::start(AgentBehaviour::NoTls).await.unwrap();
    let port = agent.address().port();
    assert_eq!(client().ping(&agent.address(), HERE).await.unwrap_err(), AgentError::NoTls { port });
    let agent = FakeAgent::start(AgentBehaviour::Kubernetes).await.unwrap();
    assert_eq!(client().ping(&agent.address(), HERE).await.unwrap().platform, AgentPlatform::Kubernetes);
}

#[tokio::test]
async fn silence_ends() {
    for behaviour in [AgentBehaviour::SilentHandshake, AgentBehaviour::SilentAnswer] {
        let agent = FakeAgent::start(behaviour).await.unwrap();
        let error = impatient().ping(&agent.address(), HERE).await.unwrap_err();
        assert_eq!(error, AgentError::Silent, "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_closed_port_and_a_name_nobody_knows() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let closed = AgentAddress::parse("127.0.0.1", port).unwrap();
    let error = client().connect(&closed, &[HERE]).await.unwrap_err();
    assert_eq!(error, AgentError::Refused { port });
    assert!(error.message().contains(&port.to_string()) && error.message().contains("container"), "{error}");
    assert!(client().ping(&closed, HERE).await.is_err());

    // Reserved never to exist (RFC 6761).
    let nowhere = AgentAddress::parse("agent.invalid", 9001).unwrap();
    let quick = AgentClient::new(AgentTimeouts { resolve: Duration::from_secs(2), ..AgentTimeouts::default() });
    let error = quick.resolve(&nowhere).await.unwrap_err();
    assert!(matches!(error, AgentError::NameUnknown { .. } | AgentError::ResolverSilent { .. }), "{error:?}");
    assert!(error.message().contains("agent.invalid"));
}

#[tokio::test]
async fn the_next_address_of_a_name_is_tried() {
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    // Nobody listens on 127.0.0.2 at this port.
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    assert_eq!(client().connect(&agent.address(), &[other, HERE]).await, Ok(HERE));
}
