//! Subdomains are paths, one sign-in is for all, other names are refused.

use http::Method;
use testkit::TestApp;

#[tokio::test]
async fn a_subdomain_is_a_path_and_shares_the_session() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let answer = member.say("hello", "test-model").await;
    let chat = member.at("chat");
    let by_path = member.get("/chat").await;
    let by_name = chat.get("/").await;
    assert_eq!((by_path.status.as_u16(), by_name.status.as_u16()), (200, 200));
    let canonical = format!("<link rel=\"canonical\" href=\"{}/chat\"", app.url());
    assert!(by_path.text.contains(&canonical), "{}", by_path.text);
    assert!(by_name.text.contains(&canonical), "{}", by_name.text);
    assert_eq!(chat.get(&format!("/{}", answer.conversation)).await.status, 200);
    assert_eq!(chat.get(&format!("/chat/{}", answer.conversation)).await.status, 200, "links of the main host work");
    assert_eq!(chat.get("/account").await.status, 200);
    assert_eq!(chat.get("/healthz").await.status, 200);
    // Signing in there signs in here.
    let browser = member.new_browser(&app);
    assert_eq!(browser.at("chat").sign_in().await.status, 303);
    assert_eq!(browser.get("/account").await.status, 200);
    // A refused form there shows its page again.
    let refused = chat.post_form("/", "/api/send", &[("text", ""), ("model", "")]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}

#[tokio::test]
async fn nobody_on_a_subdomain_is_led_to_sign_in_and_back() {
    let app = TestApp::start().await;
    let reply = app.anonymous().at("chat").get("/?x=1").await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/sign-in?next=%2Fchat%3Fx%3D1"));
}

#[tokio::test]
async fn other_names_are_refused_with_clear_words() {
    let app = TestApp::start().await;
    let person = app.anonymous();
    let ask = |host: String, path: &'static str| {
        let request = person.request(Method::GET, path).header("host", host).header("accept", "text/html");
        let person = person.clone();
        async move { person.send(request).await }
    };
    let port = app.addr().port();
    for host in ["evil.example", "mail.thinkheads.localhost.evil.example", "mail.evil.example:80", "192.0.2.1"] {
        let reply = ask(host.to_owned(), "/sign-in").await;
        assert_eq!(reply.status, 421, "{host}");
        assert!(reply.text.contains("THINKHEADS_PUBLIC_URL"), "{}", reply.text);
    }
    for host in ["127.0.0.1".to_owned(), format!("127.0.0.1:{port}"), "localhost".to_owned(), format!("[::1]:{port}")] {
        assert_eq!(ask(host.clone(), "/sign-in").await.status, 200, "{host}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask("anything.example".to_owned(), path).await.status, 200, "{path}");
    }
}
