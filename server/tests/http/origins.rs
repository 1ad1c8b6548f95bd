//! Writes come from our own pages.

use http::{Method, header};
use testkit::{Person, TestApp};

/// Posts to a function that anybody may call and that takes this body.
async fn post(person: &Person, site: Option<&str>, origin: Option<&str>) -> u16 {
    let mut request = person
        .request(Method::POST, "/api/set_theme")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("theme=dark");
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    person.send(request).await.status.as_u16()
}

#[tokio::test]
async fn writes_from_elsewhere_are_refused() {
    let app = TestApp::start().await;
    let (member, nobody) = (app.member().await, app.anonymous());
    let port = app.addr().port();
    let own = format!("http://thinkheads.localhost:{port}");
    let chat = format!("http://chat.thinkheads.localhost:{port}");
    let other_port = "http://thinkheads.localhost:1";
    let table: [(Option<&str>, Option<&str>, u16); 13] = [
        (Some("same-origin"), Some(&own), 200),
        (Some("same-origin"), None, 200),
        (Some("same-site"), Some(&chat), 200),
        (None, Some(&own), 200),
        (Some("cross-site"), Some("https://evil.example"), 403),
        (Some("cross-site"), None, 403),
        (Some("cross-site"), Some(&own), 403),
        (Some("same-site"), Some("http://mail.thinkheads.localhost"), 403),
        (Some("same-site"), Some("null"), 403),
        (Some("none"), None, 403),
        (None, Some("https://evil.example"), 403),
        (None, Some(other_port), 403),
        (None, None, 403),
    ];
    for (site, origin, expected) in table {
        assert_eq!(post(&member, site, origin).await, expected, "{site:?} {origin:?}");
    }
    // A program without a session may call what is public; a page elsewhere may not make a browser do so.
    assert_eq!(post(&nobody, None, None).await, 200);
    assert_eq!(post(&app.anonymous(), Some("cross-site"), Some("https://evil.example")).await, 403);
}

#[tokio::test]
async fn a_refused_write_does_nothing_and_says_why() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let request = member
        .request(Method::POST, "/api/sign_out")
        .header(header::ACCEPT, "text/html")
        .header(header::ORIGIN, "https://evil.example");
    let reply = member.send(request).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("came from another site"), "{}", reply.text);
    assert!(reply.text.contains(reply.header("x-trace-id")));
    assert_eq!(member.get("/account").await.status, 200, "still signed in");
}
