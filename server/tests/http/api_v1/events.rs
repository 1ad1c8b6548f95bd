//! Following an apply.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use service::deploy::wire::WatchEvent;
use testkit::PATIENCE;

use super::stage::{DEV, Program, Stage, make_token};

/// Reads an event stream as it comes in.
pub(super) struct Follower {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    read: String,
}

impl Follower {
    pub(super) async fn follow(program: &Program, id: &str, after: u64) -> Self {
        let path = format!("/api/v1/applies/{id}/events?after={after}");
        let response = program.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store, no-transform");
        Self { bytes: Box::pin(response.bytes_stream()), read: String::new() }
    }

    /// The next event; none when the stream has ended.
    pub(super) async fn next(&mut self) -> Option<WatchEvent> {
        loop {
            let block = self.block().await?;
            if !block.starts_with(':') {
                return Some(event_of(&block));
            }
        }
    }

    /// What comes until the stream gives three signs of life and nothing else.
    async fn until_silence(&mut self) -> Vec<WatchEvent> {
        let (mut seen, mut signs) = (Vec::new(), 0);
        while signs < 3 {
            let block = self.block().await.expect("it goes on");
            if block.starts_with(':') {
                signs += 1;
            } else {
                signs = 0;
                seen.push(event_of(&block));
            }
        }
        seen
    }

    /// What comes until the first call to Portainer.
    pub(super) async fn until_calling(&mut self) -> Vec<WatchEvent> {
        let mut seen = Vec::new();
        while !format!("{:?}", seen.last()).contains("Calling") {
            seen.push(self.next().await.expect("it goes on"));
        }
        seen
    }

    /// Everything but the greeting, to the end.
    pub(super) async fn until_its_end(mut self) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            if !matches!(event, WatchEvent::Open { .. }) {
                events.push(event);
            }
        }
        events
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(block);
            }
            let more = tokio::time::timeout(PATIENCE, self.bytes.next()).await.expect("something comes in time");
            self.read.push_str(std::str::from_utf8(&more?.ok()?).unwrap());
        }
    }
}

fn event_of(block: &str) -> WatchEvent {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let event: WatchEvent = serde_json::from_str(field("data").expect("data")).expect("an event");
    assert_eq!(field("event"), Some(event.name()));
    assert_eq!(field("id").map(ToOwned::to_owned), event.number().map(|number| number.to_string()));
    event
}

/// Begins an apply that waits at its first deployment.
pub(super) async fn begin_held(stage: &Stage, program: &Program) -> String {
    stage.portainer.hold_deploys();
    let options = json!({});
    let planned: Value = program.post("/api/v1/plans", &options).await;
    let begun: Value = program.post("/api/v1/applies", &json!({ "plan": planned["plan"] })).await;
    begun["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn watchers_see_the_same_from_their_number_on() {
    let stage = Stage::with(|builder| builder.tuning(|tuning| tuning.heartbeat = Duration::from_millis(50))).await;
    let program = stage.program().await;
    let id = begin_held(&stage, &program).await;
    let mut first = Follower::follow(&program, &id, 0).await;
    assert!(matches!(first.next().await, Some(WatchEvent::Open { after: 0, .. })), "an event at once");
    let mut seen = first.until_calling().await;
    let running: Vec<Value> = program.get("/api/v1/applies/running").await;
    assert_eq!(running[0]["id"], *id);
    let second = Follower::follow(&program, &id, 0).await;
    let from = seen[1].number().unwrap();
    let middle = Follower::follow(&program, &id, from).await;
    seen.extend(first.until_silence().await);
    stage.portainer.release_deploys();
    seen.extend(first.until_its_end().await);
    assert!(matches!(seen.last(), Some(WatchEvent::Ended { .. })));
    assert_eq!(second.until_its_end().await, seen);
    let late = Follower::follow(&program, &id, 0).await.until_its_end().await;
    assert_eq!(late, seen, "and so does a late one");
    let rest: Vec<WatchEvent> =
        seen.iter().filter(|event| event.number().is_none_or(|number| number > from)).cloned().collect();
    assert_eq!(middle.until_its_end().await, rest);
    assert!(server::Tuning::default().heartbeat <= Duration::from_secs(15), "what tunnels need");
}

#[tokio::test]
async fn what_ends_the_token_ends_its_stream() {
    let stage = Stage::new().await;
    let owner = stage.app.invited(types::Role::Administrator).await;
    let program = stage.program().await;
    let theirs = Program::with_token(&stage.app, &make_token(&owner, "0").await);
    let id = begin_held(&stage, &program).await;
    let mut stream = Follower::follow(&theirs, &id, 0).await;
    assert!(stream.next().await.is_some());
    let me: types::User = theirs.get("/api/v1/me").await;
    let administrator = stage.app.administrator().await;
    let fields = [("user", me.id.to_string()), ("disabled", "true".to_owned())];
    assert_eq!(administrator.call("/api/set_disabled", &fields).await.status, 200);
    let over = tokio::time::timeout(Duration::from_secs(5), stream.until_its_end()).await.expect("it ends");
    assert!(!over.iter().any(|event| matches!(event, WatchEvent::Ended { .. })));
    stage.portainer.release_deploys();
    let events = Follower::follow(&program, &id, 0).await.until_its_end().await;
    assert!(matches!(events.last(), Some(WatchEvent::Ended { .. })), "the apply went on");
}

#[tokio::test]
async fn an_apply_is_cancelled_between_steps() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let id = begin_held(&stage, &program).await;
    Follower::follow(&program, &id, 0).await.until_calling().await;
    let cancelled = program.send(Method::POST, &format!("/api/v1/applies/{id}/cancel"), None::<&()>).await;
    assert_eq!(cancelled.status, 204, "{}", cancelled.text);
    stage.portainer.release_deploys();
    Follower::follow(&program, &id, 0).await.until_its_end().await;
    // Its one step was under way and is brought to its end.
    let view: Value = program.get(&format!("/api/v1/applies/{id}")).await;
    assert!(["cancelled", "succeeded"].contains(&view["summary"]["state"].as_str().unwrap()), "{view}");
    assert_eq!(stage.portainer.containers_on(DEV).len(), 1);
}
