//! Forms before and without scripts.

use testkit::TestApp;

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let fields = [("email", "ada@example.org"), ("password", "not-her-password"), ("next", "/chat?q=1")];
    let reply = nobody.post_form("/sign-in?next=%2Fchat%3Fq%3D1", "/api/sign_in", &fields).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert!(reply.text.contains("action=\"/api/sign_in\""), "the same form again");
    assert!(reply.text.contains("ada@example.org"), "what was typed");
    assert!(!reply.text.contains("not-her-password"), "never the password");
    assert!(reply.text.contains("/chat?q=1"), "where she wanted to go");
    assert_eq!(reply.header("location"), "");
}

#[tokio::test]
async fn complaints_stand_at_their_fields_with_status_422() {
    let app = TestApp::start().await;
    let link = app.setup_link().unwrap().to_owned();
    let page = url::Url::parse(&link).unwrap().path().to_owned();
    let token = page.rsplit('/').next().unwrap();
    let nobody = app.anonymous();
    let fields = [("token", token), ("name", "Ada <b>"), ("email", "no address"), ("password", "short")];
    let reply = nobody.post_form(&page, "/api/accept_invitation", &fields).await;
    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("Ada &lt;b&gt;"), "typed, and escaped: {}", reply.text);
    assert!(reply.text.contains("no address"));
    assert!(!reply.text.contains("value=\"short\""));
    assert!(reply.text.contains("aria-invalid=\"true\""), "{}", reply.text);
    // The link still works.
    let mut ada = app.anonymous();
    ada.join(&link, "Ada", "ada@example.org").await;
    assert_eq!(ada.get("/account").await.status, 200);
    assert_eq!(app.anonymous().get(&page).await.status, 410, "and only once");
}

#[tokio::test]
async fn a_form_refused_twice_still_shows_its_page() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let fields = [("email", "ada@example.org"), ("password", "not-her-password"), ("next", "/account")];
    let first = nobody.post_form("/sign-in?next=%2Faccount", "/api/sign_in", &fields).await;
    assert!(first.text.contains("action=\"/api/sign_in\""));
    // The refused page stands at the server function's address, and browsers say so.
    for _ in 0..2 {
        let again = nobody.post_form("/api/sign_in", "/api/sign_in", &fields).await;
        assert!(again.status.is_client_error(), "{}", again.status);
        assert!(again.text.contains("action=\"/api/sign_in\""), "the same form again: {}", again.text);
        assert!(again.text.contains("/account"), "where she wanted to go");
    }
}

#[tokio::test]
async fn a_form_that_went_well_leads_on() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let browser = member.new_browser(&app);
    let fields = [("email", member.email.as_str()), ("password", &member.password), ("next", "/account")];
    let reply = browser.post_form("/sign-in", "/api/sign_in", &fields).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/account"));
    assert_eq!(reply.text, "");
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let fields = [("email", member.email.as_str()), ("password", &member.password), ("next", elsewhere)];
        assert_eq!(browser.post_form("/sign-in", "/api/sign_in", &fields).await.location(), "/");
    }
}

#[tokio::test]
async fn a_referer_from_elsewhere_is_not_followed() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let request = nobody
        .request(http::Method::POST, "/api/sign_in")
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("referer", "https://evil.example/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=ada%40example.org&password=wrong-wrong");
    let reply = nobody.send(request).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    assert!(!reply.text.contains("evil.example"));
}

#[tokio::test]
async fn a_form_without_a_session_leads_to_sign_in_and_back() {
    let app = TestApp::start().await;
    let reply = app.anonymous().post_form("/account", "/api/end_other_sessions", &[]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/sign-in?next=%2Faccount"));
}

#[tokio::test]
async fn a_message_can_be_sent_without_scripts() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let reply = member.post_form("/chat/new", "/api/send", &[("text", "hello there"), ("model", "test-model")]).await;
    assert_eq!(reply.status, 303);
    assert!(reply.location().starts_with("/chat/"), "{}", reply.location());
    let page = testkit::wait::until("the answer on the page", async || {
        let page = member.get(reply.location()).await;
        page.text.contains("hello there").then_some(page)
    })
    .await;
    assert_eq!(page.status, 200);
    // An empty one is refused on its page, with its words.
    let reply = member.post_form("/chat/new", "/api/send", &[("text", "  "), ("model", "test-model")]).await;
    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("action=\"/api/send\""));
}
