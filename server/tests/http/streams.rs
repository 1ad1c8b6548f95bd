//! Following an answer.

use std::time::Duration;

use testkit::{Gate, Script, TestApp};
use types::{GenerationEvent, GenerationState};

#[tokio::test]
async fn the_first_event_comes_before_the_first_token() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let gate = Gate::new();
    app.phoenix.script(Script::sse().gate(&gate).tokens(&["Hi", " there"]).finish("stop").done());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert_eq!(events.headers()["cache-control"], "no-store, no-transform");
    assert_eq!(events.headers()["x-accel-buffering"], "no");
    assert_eq!(events.next().await, Some(GenerationEvent::Open { generation: answer.id }));
    gate.open();
    assert_eq!(events.end().await, Some(GenerationState::Complete));
    assert_eq!(events.text, "Hi there");
}

#[tokio::test]
async fn silence_is_filled_with_signs_of_life() {
    let app = TestApp::builder().tuning(|tuning| tuning.heartbeat = Duration::from_millis(50)).start().await;
    let member = app.member().await;
    app.phoenix.script(Script::sse().role().text("so far").stall());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(6).await;
    for _ in 0..3 {
        events.heartbeat().await;
    }
    assert!(server::Tuning::default().heartbeat <= Duration::from_secs(15), "what tunnels need");
}

#[tokio::test]
async fn a_reader_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let (first, second) = (Gate::new(), Gate::new());
    let script = Script::sse().tokens(&["one ", "two "]).gate(&first).tokens(&["three ", "vi\u{301}er "]);
    app.phoenix.script(script.gate(&second).tokens(&["\u{1f980}", "\n\nend"]).finish("stop").done());
    let answer = member.say("count", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes("one two ".len()).await;
    let (mut text, n) = (events.text.clone(), events.n);
    drop(events);
    first.open();
    let mut resumed = member.events(answer.id, n).await;
    resumed.until_bytes("three vi\u{301}er ".len()).await;
    text.push_str(&resumed.text);
    let n = resumed.n;
    drop(resumed);
    let mut last = member.events(answer.id, n).await;
    second.open();
    assert_eq!(last.end().await, Some(GenerationState::Complete));
    text.push_str(&last.text);
    assert_eq!(text, "one two three vi\u{301}er \u{1f980}\n\nend");
    // Somebody who comes late gets the whole.
    let mut late = member.events(answer.id, 0).await;
    assert_eq!(late.end().await, Some(GenerationState::Complete));
    assert_eq!(late.text, text);
}

#[tokio::test]
async fn an_answer_goes_on_without_readers_and_on_another_device() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let gate = Gate::new();
    app.phoenix.script(Script::sse().text("before ").gate(&gate).text("after").finish("stop").done());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(7).await;
    drop(events);
    gate.open();
    let phone = member.new_browser(&app);
    assert_eq!(phone.sign_in().await.status, 303);
    let mut events = phone.events(answer.id, 0).await;
    assert_eq!(events.end().await, Some(GenerationState::Complete));
    assert_eq!(events.text, "before after");
    // A title may have been asked for as well.
    app.phoenix.wait_until(|state| state.completed >= 1, testkit::PATIENCE).await.unwrap();
}

#[tokio::test]
async fn stopping_closes_the_call_to_phoenix() {
    let app = TestApp::start().await;
    let member = app.member().await;
    app.phoenix.script(Script::endless(50.0));
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(1).await;
    let stop: Result<(), _> = member.ask("/api/stop", &[("generation", answer.id.to_string())]).await;
    stop.unwrap();
    app.phoenix.wait_until(|state| state.open_streams == 0, Duration::from_secs(1)).await.unwrap();
    assert_eq!(events.end().await, Some(GenerationState::Stopped));
}

#[tokio::test]
async fn a_disabled_persons_stream_ends_within_a_second() {
    let app = TestApp::start().await;
    let (member, administrator) = (app.member().await, app.administrator().await);
    app.phoenix.script(Script::endless(20.0));
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(1).await;
    let page = administrator.get("/admin/people").await.text;
    let id = user_id(&page, &member.email);
    let fields = [("user", id.as_str()), ("disabled", "true")];
    assert_eq!(administrator.call("/api/set_disabled", &fields).await.status, 200);
    assert!(events.ends_within(Duration::from_secs(1)).await);
    assert_eq!(member.get("/account").await.status, 303, "and the session has ended");
    assert!(member.sign_in().await.status.is_client_error());
}

#[tokio::test]
async fn an_ended_session_ends_its_stream_in_another_process_too() {
    let app = TestApp::builder().postgres().start().await;
    let member = app.member().await;
    let other = app.other_instance("other").await;
    app.phoenix.script(Script::endless(20.0));
    let answer = member.say("hello", "test-model").await;
    let elsewhere = member.new_browser(&other);
    assert_eq!(elsewhere.sign_in().await.status, 303);
    let mut events = elsewhere.events(answer.id, 0).await;
    events.until_bytes(1).await;
    assert_eq!(member.call("/api/end_other_sessions", &()).await.status, 200);
    assert!(events.ends_within(Duration::from_secs(2)).await);
    assert_eq!(elsewhere.get("/account").await.status, 303);
    assert_eq!(member.get("/account").await.status, 200);
}

#[tokio::test]
async fn what_is_no_stream_is_refused_as_data() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let post = |path: &'static str| {
        let request = member.request(http::Method::POST, path).header("sec-fetch-site", "same-origin");
        member.send(request)
    };
    assert_eq!(post("/api/stream/generations/nonsense?after=0").await.status, 404);
    let reply = post("/api/stream/generations/019078e5-0000-7000-8000-000000000000?after=-1").await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.header("content-type"), "application/problem+json");
}

/// The identifier of a person, from the page that lists people: the last one before their address or the first after.
fn user_id(page: &str, email: &str) -> String {
    let at = page.find(email).expect("the person is on the page");
    let value = page[..at].rsplit("href=\"/admin/people/").next().expect("a link to the person");
    value[..36].to_owned()
}
