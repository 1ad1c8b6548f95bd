//! Forwarded addresses and trace ids are believed only from configured proxies.

use http::Method;
use testkit::{TestApp, wait};

/// The address a person's own session list shows after a page was opened with these headers.
async fn shown(app: &TestApp, headers: &[(&str, &str)]) -> String {
    let person = app.member().await.new_browser(app);
    let mut request = person
        .request(Method::POST, "/api/accept_invitation")
        .header("sec-fetch-site", "same-origin")
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let link = app.administrator().await.invite(types::Role::Member).await;
    let token = link.rsplit('/').next().unwrap();
    let email = format!("{token}@example.org");
    let email = email.to_ascii_lowercase();
    let body = format!("token={token}&name=N&email={email}&password=correct+horse+battery+staple");
    let reply = person.send(request.body(body)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let page = person.get("/account").await.text;
    let addresses = ["127.0.0.1", "198.51.100.7", "203.0.113.66"];
    addresses.into_iter().find(|address| page.contains(*address)).unwrap_or("none").to_owned()
}

#[tokio::test]
async fn only_configured_proxies_are_believed() {
    let far: &[(&str, &str)] = &[("x-forwarded-for", "203.0.113.66, 198.51.100.7")];
    let tunnel: &[(&str, &str)] = &[("cf-connecting-ip", "198.51.100.7")];
    let open = TestApp::start().await;
    assert_eq!(shown(&open, far).await, "127.0.0.1");
    assert_eq!(shown(&open, tunnel).await, "127.0.0.1");
    let behind = TestApp::builder().set("THINKHEADS_TRUSTED_PROXIES", "127.0.0.1").start().await;
    assert_eq!(shown(&behind, far).await, "198.51.100.7", "the hop our proxy saw, not the one the client typed");
    assert_eq!(shown(&behind, tunnel).await, "198.51.100.7");
    assert_eq!(shown(&behind, &[]).await, "127.0.0.1");
}

#[tokio::test]
async fn a_trace_id_is_taken_over_from_a_trusted_proxy_only() {
    const GIVEN: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{GIVEN}-00f067aa0ba902b7-01");
    for (proxies, taken) in [("", false), ("127.0.0.1", true)] {
        let app = TestApp::builder().set("THINKHEADS_TRUSTED_PROXIES", proxies).start().await;
        let person = app.anonymous();
        let request =
            person.request(Method::GET, "/nowhere").header("accept", "text/html").header("traceparent", &parent);
        let reply = person.send(request).await;
        let id = reply.header("x-trace-id");
        assert_eq!(id == GIVEN, taken, "{proxies:?}");
        assert_eq!(id.len(), 32);
        assert!(reply.text.contains(id), "the page shows it");
    }
}

#[tokio::test]
async fn an_answer_carries_the_trace_on_to_phoenix() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let answer = member.call("/api/send", &[("text", "hello"), ("model", "test-model")]).await;
    let id = answer.header("x-trace-id").to_owned();
    let sent = wait::until("the call to Phoenix", async || app.phoenix.chat_requests().into_iter().next()).await;
    assert!(sent.header("traceparent").is_some_and(|value| value.contains(&id)), "{:?} {id}", sent.headers);
}
