//! What leaves: policies, headers, and pages that stand under them.

use testkit::{Reply, TestApp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The tags of a page, scripts' and styles' contents left out.
fn tags(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let tag = &rest[start..];
        let end = tag.find('>').expect("a tag ends");
        let tag = &tag[..=end];
        tags.push(tag.to_owned());
        rest = &rest[start + end + 1..];
        for raw in ["script", "style"] {
            if tag.starts_with(&format!("<{raw}")) {
                rest = &rest[rest.find(&format!("</{raw}")).expect("it ends")..];
            }
        }
    }
    tags
}

/// A tag without what stands in quotes.
fn unquoted(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn check_policy(path: &str, reply: &Reply) {
    let policy = reply.header("content-security-policy");
    for needed in
        ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'"]
    {
        assert!(policy.contains(needed), "{path}: {needed} in {policy}");
    }
    for forbidden in ["unsafe-inline", "'unsafe-eval'", "http:", "https:", "*"] {
        assert!(!policy.contains(forbidden), "{path}: {forbidden} in {policy}");
    }
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(nonce.len() >= 16, "{path}: {nonce}");
    for tag in tags(&reply.text) {
        let lower = unquoted(&tag).to_ascii_lowercase();
        assert!(!lower.contains(" style="), "{path}: {tag}");
        let handler = lower.split_whitespace().skip(1).any(|word| word.starts_with("on") && word.contains('='));
        assert!(!handler, "{path}: {tag}");
        if lower.starts_with("<script") || lower.starts_with("<style") {
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}");
        }
        assert!(!tag.to_ascii_lowercase().contains("\"javascript:"), "{path}: {tag}");
    }
}

fn check_headers(path: &str, reply: &Reply) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(reply.header(name), value, "{path}: {name}");
    }
    assert!(reply.header("permissions-policy").contains("camera=()"), "{path}");
    assert!(!reply.header("cache-control").is_empty(), "{path}");
    assert_eq!(reply.header("x-trace-id").len(), 32, "{path}");
}

#[tokio::test]
async fn every_page_stands_under_a_strict_policy() {
    let app = TestApp::start().await;
    let (nobody, person) = (app.anonymous(), app.administrator().await);
    let said = "**bold** <script>alert(1)</script> <b onclick=x style=y>\n\n```rust\nfn main() {}\n```\n";
    let answer = person.say(said, "demo-sample").await;
    assert!(person.events(answer.id, 0).await.end().await.is_some());
    let thread = format!("/chat/{}", answer.conversation);
    let mut nonces = std::collections::BTreeSet::new();
    for (person, path) in [
        (&nobody, "/sign-in"),
        (&nobody, "/nowhere"),
        (&nobody, "/join/wrong"),
        (&person, "/"),
        (&person, "/chat"),
        (&person, "/chat/new"),
        (&person, &thread),
        (&person, "/account"),
        (&person, "/admin"),
        (&person, "/admin/stacks"),
        (&person, "/admin/environments"),
        (&person, "/admin/plan"),
        (&person, "/admin/applies"),
        (&person, "/admin/people"),
        (&person, "/nowhere"),
    ] {
        let reply = person.get(path).await;
        check_policy(path, &reply);
        check_headers(path, &reply);
        assert!(nonces.insert(reply.header("content-security-policy").to_owned()), "{path}: a nonce came twice");
    }
}

#[tokio::test]
async fn what_is_no_page_may_load_nothing() {
    let app = TestApp::builder().site_file("robots.txt", b"User-agent: *\n").start().await;
    let nobody = app.anonymous();
    for path in ["/healthz", "/readyz", "/metrics", "/robots.txt", "/api/send"] {
        let reply = nobody.get(path).await;
        check_headers(path, &reply);
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn https_is_remembered_and_only_https() {
    let secure = TestApp::builder().public_url("https://heads.example").start().await;
    let reply = secure.anonymous().get("/sign-in").await;
    assert_eq!(reply.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
    let plain = TestApp::start().await;
    assert_eq!(plain.anonymous().get("/sign-in").await.header("strict-transport-security"), "");
}

/// The answer to a path that no client would send.
async fn raw(app: &TestApp, path: &str) -> String {
    let mut stream = TcpStream::connect(app.addr()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_missing_page_says_so_and_a_slash_too_many_is_mended() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let reply = member.get("/nowhere").await;
    assert_eq!(reply.status, 404);
    assert!(reply.text.contains(reply.header("x-trace-id")) || reply.text.contains("no such page"), "{}", reply.text);
    let reply = member.get("/chat/?q=x").await;
    assert_eq!((reply.status.as_u16(), reply.location()), (308, "/chat?q=x"));
    assert!(raw(&app, "//evil.example/").await.starts_with("HTTP/1.1 404"), "no way out");
    let json = member.send(member.request(http::Method::GET, "/nowhere")).await;
    assert_eq!(json.json::<types::Problem>().code, types::ProblemCode::NotFound);
}

#[tokio::test]
async fn a_panic_is_one_requests_trouble() {
    async fn boom() -> &'static str {
        panic!("boom with a secret")
    }
    let routes = axum::Router::new().route("/panic", axum::routing::get(boom));
    let mut app = TestApp::builder().routes(routes).start().await;
    app.expect_panics(2);
    let member = app.member().await;
    let reply = member.get("/panic").await;
    assert_eq!(reply.status, 500);
    assert!(reply.text.contains(reply.header("x-trace-id")), "{}", reply.text);
    assert!(!reply.text.contains("secret"));
    check_policy("/panic", &reply);
    let json = member.send(member.request(http::Method::GET, "/panic")).await;
    let problem: types::Problem = json.json();
    assert_eq!((problem.code, problem.trace_id.as_str()), (types::ProblemCode::Internal, json.header("x-trace-id")));
    assert_eq!(member.get("/account").await.status, 200, "everybody else is served");
}

#[tokio::test]
async fn pages_are_compressed_and_streams_are_not() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let ask = |path: &'static str, accept: &'static str| {
        let request = member.request(http::Method::GET, path).header("accept", "text/html");
        let request = request.header("accept-encoding", accept);
        async move { request.send().await.unwrap() }
    };
    for (accept, expected) in [("br, gzip", "br"), ("gzip", "gzip"), ("identity", "")] {
        let response = ask("/account", accept).await;
        let encoding = response.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap());
        assert_eq!(encoding, expected);
    }
    let answer = member.say("hello", "test-model").await;
    let path = format!("/api/stream/generations/{}?after=0", answer.id);
    let request = member.request(http::Method::POST, &path).header("accept-encoding", "br, gzip");
    let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert!(response.headers().get("content-encoding").is_none());
}
