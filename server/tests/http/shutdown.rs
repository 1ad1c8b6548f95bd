//! Ending in order, and starting again.

use std::time::Duration;

use testkit::{Person, Script, TestApp};
use types::{Generation, GenerationState};

/// The message's text, and the page that shows it.
async fn kept(person: &Person, answer: &Generation) -> (String, String) {
    let message = answer.message.to_string();
    let text = person.ask("/api/message_text", &[("message", message)]).await.expect("the message is there");
    let page = person.get(&format!("/chat/{}", answer.conversation)).await.text;
    (text, page)
}

#[tokio::test]
async fn a_stop_hands_running_answers_over_as_interrupted() {
    let mut app = TestApp::start().await;
    let member = app.member().await;
    app.phoenix.script(Script::sse().tokens(&["so ", "far"]).stall());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(6).await;
    let stopped = app.stop().await;
    assert!(stopped.took < Duration::from_secs(5), "{stopped:?}");
    assert_eq!(events.end().await, Some(GenerationState::Interrupted));
    let app = app.restart().await;
    let member = member.new_browser(&app);
    assert_eq!(member.sign_in().await.status, 303);
    let (text, page) = kept(&member, &answer).await;
    assert_eq!(text, "so far");
    assert!(page.contains("/api/carry_on"), "it can be continued: {page}");
}

#[tokio::test]
async fn a_stop_lets_answers_end_that_are_almost_done() {
    let gate = testkit::Gate::new();
    let mut app = TestApp::builder().set("THINKHEADS_SHUTDOWN_GRACE_S", "15").start().await;
    let member = app.member().await;
    app.phoenix.script(Script::sse().text("almost ").gate(&gate).text("done").finish("stop").done());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(7).await;
    let addr = app.addr();
    let (stopped, ()) = tokio::join!(app.stop(), async {
        // It takes nobody new while it waits.
        testkit::wait::until("refused connections", async || tokio::net::TcpStream::connect(addr).await.err()).await;
        gate.open();
    });
    assert!(stopped.took < Duration::from_secs(14), "{stopped:?}");
    assert_eq!(events.end().await, Some(GenerationState::Complete));
    assert_eq!(events.text, "almost done");
}

#[tokio::test]
async fn idle_connections_do_not_hold_a_stop_up() {
    let mut app = TestApp::start().await;
    let _idle = tokio::net::TcpStream::connect(app.addr()).await.unwrap();
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    let stopped = app.stop().await;
    assert!(stopped.took < Duration::from_secs(2), "{stopped:?}");
}

#[tokio::test]
async fn a_start_is_fast() {
    let app = TestApp::start().await;
    let again = app.restart().await;
    // The figure is for a release build; this catches what is wrong by an order of magnitude.
    assert!(again.started_in() < Duration::from_secs(5), "{:?}", again.started_in());
}

#[tokio::test]
async fn a_cut_off_instance_leaves_its_text() {
    let mut app = TestApp::start().await;
    let member = app.member().await;
    app.phoenix.script(Script::sse().tokens(&["so ", "far"]).stall());
    let answer = member.say("hello", "test-model").await;
    let mut events = member.events(answer.id, 0).await;
    events.until_bytes(6).await;
    // Stored in batches, a few times a second: the reload shows when.
    testkit::wait::until("the text in the database", async || {
        let found = app.store().pieces_after(answer.id, 0).await.ok()?;
        (!found.is_empty()).then_some(())
    })
    .await;
    app.abort();
    let app = app.restart().await;
    let member = member.new_browser(&app);
    assert_eq!(member.sign_in().await.status, 303);
    let text = testkit::wait::until("the answer marked as interrupted", async || {
        let (text, page) = kept(&member, &answer).await;
        page.contains("/api/carry_on").then_some(text)
    })
    .await;
    assert_eq!(text, "so far");
}
