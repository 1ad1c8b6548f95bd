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
