//! The client against the real server, over a connection that can be cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    routing::{get, post},
};
use reqwest::Url;
use service::deploy::{
    model::{ApplyId, OnFailure, PlanOptions, StackRef},
    wire::{Also, WatchEvent},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use types::{
    SecretText,
    catalog::{SecretName, Severity},
    deploy::{ApplyState, SaveRequest, ServerInfo},
};
use upstream::{
    portainer::fake::{FakeConfig, FakePortainer, FakeTls},
    portal::{Portal as _, PortalClient, PortalConfig, PortalError},
};

use super::{
    events::begin_held,
    stage::{DEV, Program, Stage, make_token},
};

fn config(address: SocketAddr, token: &str) -> PortalConfig {
    let url = Url::parse(&format!("http://{address}")).unwrap();
    PortalConfig { retry_pause: Duration::from_millis(5), ..PortalConfig::new(url, token.to_owned().into()) }
}

fn client(address: SocketAddr, token: &str) -> PortalClient {
    PortalClient::new(config(address, token)).unwrap()
}

/// Stands between client and server, and cuts.
struct Wire {
    address: SocketAddr,
    open: Arc<Mutex<JoinSet<()>>>,
    listener: tokio::task::JoinHandle<()>,
}

impl Wire {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let connections = Arc::clone(&open);
        let listener = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                connections.lock().unwrap().spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address, open, listener }
    }

    /// Cuts what is open. New connections are let through.
    fn cut(&self) {
        self.open.lock().unwrap().abort_all();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[tokio::test]
async fn a_deployment_through_the_client() {
    let stage = Stage::new().await;
    let owner = stage.app.administrator().await;
    let portal = client(stage.app.addr(), &make_token(&owner, "0").await);
    let server = portal.server().await.unwrap();
    assert_eq!((server.product.as_str(), server.api), (ServerInfo::PRODUCT, ServerInfo::API));
    assert_eq!(portal.me().await.unwrap().email, owner.email);
    assert!(portal.findings(true).await.unwrap().iter().all(|finding| finding.severity != Severity::Error));

    let options = PlanOptions::default();
    let stale = portal.plan(&options).await.unwrap().plan;
    let catalog = portal.catalog().await.unwrap();
    let edit = |text: &str| SaveRequest {
        base: catalog.version.clone(),
        message: "Greet".to_owned(),
        edits: vec![service::deploy::Edit::SetText {
            path: "phoenix_stacks_config.json".to_owned(),
            text: catalog.files["phoenix_stacks_config.json"].as_ref().map(|old| old.replace("hello", text)),
        }],
    };
    assert!(portal.save(&edit("good evening")).await.unwrap().commit.is_some());
    match portal.save(&edit("good morning")).await.unwrap_err() {
        PortalError::Conflict(sides) => assert_eq!(sides.files.len(), 1),
        other => panic!("{other:?}"),
    }
    let fresh = match portal.apply(&stale, None).await.unwrap_err() {
        PortalError::Moved(fresh) => *fresh,
        other => panic!("{other:?}"),
    };
    assert_ne!(fresh.fingerprint, stale.fingerprint);
    let id = portal.apply(&fresh, None).await.unwrap();
    let mut watcher = portal.watch(&id, 0);
    let mut last = None;
    while let Some(event) = watcher.next().await.unwrap() {
        last = Some(event);
    }
    assert!(matches!(last, Some(WatchEvent::Ended { .. })));
    assert_eq!(portal.apply_view(&id).await.unwrap().summary.state, ApplyState::Succeeded);
    assert_eq!(portal.applies(Some(DEV), None, None).await.unwrap().len(), 1);
    assert_eq!(portal.running().await.unwrap(), []);
    assert_eq!(portal.look().await.unwrap().environments.len(), 1);
    assert!(portal.standing().await.unwrap().overview.is_some());
    assert_eq!(portal.drift().await.unwrap().drift, []);
    let web = StackRef::new(DEV, "web");
    assert_eq!(portal.revisions(&web).await.unwrap().len(), 1);
    assert_eq!(portal.pins().await.unwrap(), []);
    let also = Also::Rollback { stack: web.clone(), to: None };
    for missing in [
        portal.propose(&also, OnFailure::Stop).await.map(drop),
        portal.release(&web).await,
        portal.cancel(&id).await,
        portal.apply_view(&ApplyId("none".into())).await.map(drop),
        portal.sync().await.map(drop),
        portal.divergence().await.map(drop),
    ] {
        let error = missing.unwrap_err();
        assert!(matches!(&error, PortalError::Refused(problem) if !problem.message.is_empty()), "{error:?}");
    }

    let name: SecretName = "web/token".parse().unwrap();
    assert_eq!(portal.set_secret(&name, &SecretText::new("one")).await.unwrap().version, 1);
    assert_eq!(portal.rotate_secret(&name, &SecretText::new("two")).await.unwrap().version, 2);
    assert_eq!(portal.secrets().await.unwrap().len(), 1);
    assert_eq!(portal.rekey(None).await.unwrap().secrets, 1);
    portal.remove_secret(&name).await.unwrap();
    assert!(portal.adopt_secret("phoenix_vm_configs.json", "/none", &name).await.is_err());

    let history = portal.history(None, None).await.unwrap();
    let (newest, oldest) = (history.first().unwrap(), history.last().unwrap());
    let version = |commit: &str| types::catalog::CatalogVersion::commit(commit);
    let (from, to) = (version(&oldest.commit), version(&newest.commit));
    assert!(!portal.difference(&from, &to).await.unwrap().is_empty());
    assert!(portal.restore(&from, &to).await.unwrap().commit.is_some());
    let import = portal.plan_import().await.unwrap();
    assert_eq!(portal.import(&import.version).await.unwrap().commit, None);
}

#[tokio::test]
async fn a_cut_in_mid_stream_loses_and_doubles_nothing() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let wire = Wire::to(stage.app.addr()).await;
    let portal = client(wire.address, &program.token);
    let id = ApplyId(begin_held(&stage, &program).await);
    let mut watcher = portal.watch(&id, 0);
    let mut seen = Vec::new();
    while !format!("{:?}", seen.last()).contains("Calling") {
        seen.push(watcher.next().await.unwrap().expect("it goes on"));
    }
    wire.cut();
    stage.portainer.release_deploys();
    while let Some(event) = watcher.next().await.unwrap() {
        seen.push(event);
        if seen.len() == 6 {
            wire.cut();
        }
    }
    let numbers: Vec<u64> = seen.iter().filter_map(WatchEvent::number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let mut whole = Vec::new();
    let mut late = client(stage.app.addr(), &program.token).watch(&id, 0);
    while let Some(event) = late.next().await.unwrap() {
        whole.push(event);
    }
    assert_eq!(seen, whole);
    assert!(watcher.next().await.unwrap().is_none(), "nothing after the end");
}

#[tokio::test]
async fn a_watcher_gives_up_after_its_tries() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let wire = Wire::to(stage.app.addr()).await;
    let config = PortalConfig { reconnects: 2, retries: 0, ..config(wire.address, &program.token) };
    let portal = PortalClient::new(config).unwrap();
    let id = ApplyId(begin_held(&stage, &program).await);
    let mut watcher = portal.watch(&id, 0);
    assert!(watcher.next().await.unwrap().is_some());
    wire.listener.abort();
    wire.cut();
    let error = loop {
        match watcher.next().await {
            Ok(event) => assert!(event.is_some()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, PortalError::Unreachable | PortalError::NoAnswer { .. }), "{error:?}");
    stage.portainer.release_deploys();
}

#[tokio::test]
async fn every_failure_has_its_word() {
    let stage = Stage::new().await;
    let address = stage.app.addr();
    let member = Program::of(&stage.app, &stage.app.member().await).await;
    let refused = client(address, "tht_wrong").me().await.unwrap_err();
    assert!(matches!(refused, PortalError::Unauthorised), "{refused:?}");
    let forbidden = client(address, &member.token).pins().await.unwrap_err();
    assert!(matches!(forbidden, PortalError::Forbidden { .. }), "{forbidden:?}");
    let mut watcher = client(address, &member.token).watch(&ApplyId("none".into()), 0);
    assert!(matches!(watcher.next().await, Err(PortalError::Forbidden { .. })), "a refusal is not tried again");

    let portainer = Url::parse(stage.portainer.url().as_str()).unwrap();
    let other = PortalClient::new(PortalConfig { url: portainer, ..config(address, &member.token) }).unwrap();
    let stranger = other.pins().await.unwrap_err();
    assert!(matches!(stranger, PortalError::NotThinkHeads { .. }), "{stranger:?}");
    let asked = stage.portainer.calls();
    assert!(asked.iter().all(|call| call.header("authorization").is_none()), "a stranger does not get the token");

    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = client(free, "tht_x").me().await.unwrap_err();
    assert!(matches!(nobody, PortalError::Unreachable), "{nobody:?}");
    for (api, older_wanted) in [(0, true), (2, false)] {
        let info = ServerInfo { product: "thinkheads".into(), version: "9.9.9".into(), api };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/api/v1/server", get(async move || Json(info.clone())));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        match client(address, "tht_x").pins().await.unwrap_err() {
            PortalError::OtherVersion { older, .. } => assert_eq!(older, older_wanted),
            other => panic!("{other:?}"),
        }
        server.abort();
    }
    let shown = format!("{:?}", client(address, "tht_secret"));
    assert!(!shown.contains("tht_secret"), "{shown}");
}

#[tokio::test]
async fn only_the_authority_of_the_file_is_trusted() {
    // Any server with a certificate will do: who it is comes before what it says.
    let server = async || {
        let config = FakeConfig { tls: FakeTls::FromAuthority, ..FakeConfig::default() };
        FakePortainer::start(config).await.unwrap()
    };
    let (ours, other) = (server().await, server().await);
    let ask = async |ca: Option<String>| {
        let config = PortalConfig {
            ca: ca.map(String::into_bytes),
            ..PortalConfig::new(Url::parse(ours.url().as_str()).unwrap(), "tht_x".to_owned().into())
        };
        PortalClient::new(config)?.pins().await
    };
    let known = ask(ours.ca_pem()).await.unwrap_err();
    assert!(matches!(known, PortalError::NotThinkHeads { .. }), "{known:?}");
    let unknown = ask(other.ca_pem()).await.unwrap_err();
    assert!(matches!(unknown, PortalError::UntrustedCertificate { .. }), "{unknown:?}");
    let nonsense = ask(Some("no certificate".to_owned())).await.unwrap_err();
    assert!(matches!(nonsense, PortalError::Misconfigured { .. }), "{nonsense:?}");
}

#[tokio::test]
async fn only_what_changes_nothing_is_repeated() {
    let hits: [Arc<AtomicUsize>; 2] = Default::default();
    let dies = |hits: &Arc<AtomicUsize>| {
        let hits = Arc::clone(hits);
        // A panic cuts the connection.
        post(async move || -> () {
            hits.fetch_add(1, Ordering::SeqCst);
            panic!("the connection is cut here");
        })
    };
    let info = ServerInfo { product: ServerInfo::PRODUCT.into(), version: "1".into(), api: ServerInfo::API };
    let router = Router::new()
        .route("/api/v1/server", get(async move || Json(info.clone())))
        .route("/api/v1/plans", dies(&hits[0]))
        .route("/api/v1/catalog/sync", dies(&hits[1]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let portal = client(listener.local_addr().unwrap(), "tht_x");
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let read = portal.plan(&PlanOptions::default()).await.unwrap_err();
    assert!(matches!(read, PortalError::NoAnswer { write: false }) && !read.outcome_unknown(), "{read:?}");
    let write = portal.sync().await.unwrap_err();
    assert!(matches!(write, PortalError::NoAnswer { write: true }) && write.outcome_unknown(), "{write:?}");
    assert_eq!(hits.map(|hits| hits.load(Ordering::SeqCst)), [3, 1]);
    server.abort();
}
