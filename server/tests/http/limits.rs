//! Clients that take their time, and bodies that are too large.

use std::time::Duration;

use http::Method;
use testkit::{PATIENCE, TestApp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

/// Sends a header's bytes one by one until the server hangs up; how long it bore with it.
async fn drip(app: &TestApp, begin: &str) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect(app.addr()).await.unwrap();
    stream.write_all(begin.as_bytes()).await.unwrap();
    let hung_up = async {
        let mut byte = [0; 256];
        loop {
            match timeout(Duration::from_millis(50), stream.read(&mut byte)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => {}
                Err(_) if stream.write_all(b"x").await.is_err() => break,
                Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, hung_up).await.expect("the server hangs up");
    began.elapsed()
}

#[tokio::test]
async fn a_client_that_drips_is_cut() {
    let limit = Duration::from_millis(400);
    let app = TestApp::builder().tuning(|tuning| tuning.header_timeout = limit).start().await;
    for begin in ["G", "GET / HTTP/1.1\r\nhost: thinkheads.localhost\r\nx-a: "] {
        let borne = drip(&app, begin).await;
        assert!(borne >= limit, "{borne:?}");
        assert!(borne < limit * 10, "{borne:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let limit = Duration::from_millis(400);
    let app = TestApp::builder().tuning(|tuning| tuning.header_timeout = limit).start().await;
    let mut stream = TcpStream::connect(app.addr()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let large = "x".repeat(2 * 1024 * 1024);
    let reply = member.call("/api/send", &[("text", large.as_str()), ("model", "test-model")]).await;
    assert_eq!(reply.status, 413);
    assert_eq!(reply.json::<types::Problem>().code, types::ProblemCode::TooLarge);
    let page = member.post_form("/chat/new", "/api/send", &[("text", large.as_str())]).await;
    assert_eq!(page.status, 413);
    assert!(page.text.contains("1 MiB"), "{}", page.text);
    // One that does not say how long it is.
    let pieces = futures::stream::iter((0..2048).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1024])));
    let request = member
        .request(Method::POST, "/api/send")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(reqwest::Body::wrap_stream(pieces));
    // It may hang up before all is sent; what must not happen is that it takes it.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 413);
    }
    assert_eq!(member.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_handler_that_does_not_answer_is_given_up() {
    let routes = axum::Router::new().route("/stuck", axum::routing::get(std::future::pending::<()>));
    let builder =
        TestApp::builder().routes(routes).tuning(|tuning| tuning.request_timeout = Duration::from_millis(200));
    let app = builder.start().await;
    let reply = app.anonymous().get("/stuck").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text.contains(reply.header("x-trace-id")), "{}", reply.text);
}

/// Asks on a connection that stays open; the answer's head.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = [0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await.expect("an answer").unwrap();
    String::from_utf8_lossy(&answer[..read]).to_ascii_lowercase()
}

#[tokio::test]
async fn too_many_connections_are_told_to_come_again() {
    let app = TestApp::builder().set("THINKHEADS_MAX_CONNECTIONS", "3").start().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(app.addr()).await.unwrap();
        assert!(ask(&mut stream).await.starts_with("http/1.1 200"));
        open.push(stream);
    }
    let refused = app.anonymous().get("/sign-in").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"), "{}", refused.text);
    assert!(refused.text.contains("Too many connections"), "{}", refused.text);
    assert!(ask(&mut open[0]).await.starts_with("http/1.1 200"), "those that are in go on");
    drop(open.pop());
    testkit::wait::until("room for one more", async || {
        let mut stream = TcpStream::connect(app.addr()).await.unwrap();
        ask(&mut stream).await.starts_with("http/1.1 200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_person_follows_so_many_answers_and_no_more() {
    let app = TestApp::builder().set("THINKHEADS_STREAMS_PER_PERSON", "2").start().await;
    let (anna, bea) = (app.member().await, app.member().await);
    app.phoenix.script(testkit::Script::sse().role().text("so far").stall());
    let answer = anna.say("hello", "test-model").await;
    let first = anna.follow(answer.id, 0).await;
    let second = anna.follow(answer.id, 0).await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    let third = anna.follow(answer.id, 0).await;
    assert_eq!(third.status(), 429);
    assert_eq!(third.headers()["retry-after"], "5");
    let problem: types::Problem = third.json().await.unwrap();
    assert_eq!(problem.code, types::ProblemCode::TooManyRequests);
    assert!(problem.message.contains("2 answers"), "{}", problem.message);
    // Somebody else is not meant.
    app.phoenix.script(testkit::Script::sse().text("hi").finish("stop").done());
    let other = bea.say("hello", "test-model").await;
    assert!(bea.events(other.id, 0).await.end().await.is_some());
    drop(first);
    testkit::wait::until("room for one more reader", async || {
        (anna.follow(answer.id, 0).await.status() == 200).then_some(())
    })
    .await;
}

/// What the bench holds open: a thousand answers, four a person.
#[test]
fn the_defaults_leave_room_for_a_thousand_readers() {
    let config = config::Config::load(&config::Environment::of::<String, String>([])).unwrap();
    assert!(config.http.max_connections >= 2_000 && config.http.streams_per_person >= 8);
}
