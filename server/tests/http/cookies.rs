//! The session cookie's name and attributes, and what a session is worth.

use std::time::Duration;

use testkit::{Builder, Script, TestApp};

async fn cookie(builder: Builder) -> String {
    cookie_named("thinkheads=", builder).await
}

async fn cookie_named(name: &str, builder: Builder) -> String {
    let app = builder.start().await;
    let mut person = app.anonymous();
    let reply = person.join(app.setup_link().unwrap(), "Ada", "ada@example.org").await;
    let mut cookies = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let cookie = cookies.find(|cookie| cookie.contains(name)).expect("a session cookie");
    assert!(cookies.all(|other| !other.contains(name)), "one cookie");
    cookie
}

fn attributes(cookie: &str) -> Vec<String> {
    let mut attributes: Vec<String> = cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
    attributes.retain(|attribute| !attribute.starts_with("max-age="));
    attributes.sort_unstable();
    attributes
}

#[tokio::test]
async fn https_has_a_secure_cookie_for_all_subdomains() {
    let cookie = cookie(TestApp::builder().public_url("https://heads.example")).await;
    assert!(cookie.starts_with("__Secure-thinkheads="), "{cookie}");
    assert_eq!(attributes(&cookie), ["domain=heads.example", "httponly", "path=/", "samesite=lax", "secure"]);
    assert!(cookie.to_ascii_lowercase().contains("max-age=7776000"), "90 days: {cookie}");
}

#[tokio::test]
async fn a_local_name_with_a_dot_shares_a_plain_cookie() {
    let cookie = cookie(TestApp::builder()).await;
    assert!(cookie.starts_with("thinkheads="), "{cookie}");
    assert_eq!(attributes(&cookie), ["domain=thinkheads.localhost", "httponly", "path=/", "samesite=lax"]);
}

#[tokio::test]
async fn bare_localhost_has_a_plain_cookie_of_its_own() {
    let cookie = cookie(TestApp::builder().public_url("http://localhost:0")).await;
    assert!(cookie.starts_with("thinkheads="), "{cookie}");
    assert_eq!(attributes(&cookie), ["httponly", "path=/", "samesite=lax"]);
}

#[tokio::test]
async fn a_device_is_made_known_by_a_cookie_for_signing_in_only() {
    let secure = cookie_named("thinkheads-device=", TestApp::builder().public_url("https://heads.example")).await;
    assert!(secure.starts_with("__Secure-thinkheads-device="), "{secure}");
    let expected = ["domain=heads.example", "httponly", "path=/api/sign_in", "samesite=strict", "secure"];
    assert_eq!(attributes(&secure), expected);
    assert!(secure.to_ascii_lowercase().contains("max-age=31536000"), "a year: {secure}");
    let plain = cookie_named("thinkheads-device=", TestApp::builder()).await;
    assert!(plain.starts_with("thinkheads-device="), "{plain}");
    assert_eq!(attributes(&plain), ["domain=thinkheads.localhost", "httponly", "path=/api/sign_in", "samesite=strict"]);
}

/// Strangers on many networks guess at somebody's password until the account takes no more guesses from anybody unknown.
#[tokio::test]
async fn a_crowd_that_guesses_keeps_strangers_out_and_not_the_owner() {
    let app = TestApp::builder()
        .set("THINKHEADS_TRUSTED_PROXIES", "127.0.0.1")
        .service(|settings| settings.limits = service::ServiceSettings::default().limits)
        .start()
        .await;
    let owner = app.member().await;
    let guess = async |n: usize, password: &str| {
        let stranger = owner.new_browser(&app);
        let fields = [("email", owner.email.as_str()), ("password", password)];
        let body = serde_urlencoded::to_string(fields).unwrap();
        let request = stranger
            .request(http::Method::POST, "/api/sign_in")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", format!("198.51.100.{n}"))
            .body(body);
        stranger.send(request).await.status.as_u16()
    };
    for n in 0..100 {
        assert_eq!(guess(n, "wrong").await, 422, "{n}");
    }
    assert_eq!(guess(200, &owner.password).await, 429, "not even with the right password");
    assert_eq!(owner.get("/account").await.status, 200, "who is in stays in");
    assert_eq!(owner.post_form("/account", "/api/sign_out", &[]).await.status, 303);
    assert_eq!(owner.get("/account").await.status, 303);
    assert_eq!(owner.sign_in().await.status, 303, "the browser is known");
    assert_eq!(owner.get("/account").await.status, 200);
}

#[tokio::test]
async fn signing_in_gives_a_new_session_and_signing_out_ends_it() {
    let app = TestApp::start().await;
    let person = app.member().await;
    let browser = person.new_browser(&app);
    let value = |reply: &testkit::Reply| {
        let mut cookies = reply.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookie = cookies.find(|cookie| cookie.starts_with("thinkheads=")).expect("a session cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    };
    let first = value(&browser.sign_in().await);
    let stolen = |cookie: &str| {
        let thief = app.anonymous();
        let request = thief.request(http::Method::GET, "/account").header("cookie", cookie);
        async move { thief.send(request).await.status }
    };
    assert_eq!(stolen(&first).await, 200);
    let again = value(&browser.sign_in().await);
    assert_ne!(first, again, "signing in renames the session");
    assert_eq!(stolen(&first).await, 303, "the old name is worth nothing");
    let out = browser.post_form("/account", "/api/sign_out", &[]).await;
    assert_eq!(out.status, 303);
    assert!(out.header("set-cookie").to_ascii_lowercase().contains("max-age=0"), "{}", out.header("set-cookie"));
    assert_eq!(stolen(&again).await, 303, "a copied cookie ends with the session");
    assert_eq!(browser.get("/account").await.status, 303);
    assert_eq!(person.get("/account").await.status, 200, "the other browser stays");
}

#[tokio::test]
async fn signing_in_over_a_live_session_ends_what_it_had_open() {
    let app = TestApp::start().await;
    let (anna, bea) = (app.member().await, app.member().await);
    app.phoenix.script(Script::endless(20.0));
    let answer = anna.say("hello", "test-model").await;
    let mut events = anna.events(answer.id, 0).await;
    events.until_bytes(1).await;
    // Somebody else takes the chair; the browser, and so the cookie, is the same.
    let mut chair = anna.clone();
    chair.email.clone_from(&bea.email);
    assert_eq!(chair.sign_in().await.status, 303);
    assert!(events.ends_within(Duration::from_secs(1)).await, "the stream of the old session ends");
    assert!(chair.get("/account").await.text.contains(&bea.email));
    assert_eq!(chair.follow(answer.id, 0).await.status(), 404, "nothing of the old person is left");
    let replaced = app.store().audit(None, 50).await.unwrap();
    assert!(replaced.iter().any(|record| record.action == "session.replaced"));
}

#[tokio::test]
async fn nonsense_in_the_cookie_is_nobody() {
    let app = TestApp::start().await;
    for value in ["thinkheads=", "thinkheads=x", "thinkheads=AAAAAAAAAAAAAAAAAAAAAA", "thinkheads=\u{1f980}"] {
        let thief = app.anonymous();
        let request = thief.request(http::Method::GET, "/account").header("cookie", value.as_bytes());
        assert_eq!(thief.send(request).await.status, 303, "{value}");
    }
}

#[tokio::test]
async fn no_page_sets_a_cookie_by_itself() {
    let app = TestApp::start().await;
    for path in ["/sign-in", "/", "/nowhere", "/healthz"] {
        assert_eq!(app.anonymous().get(path).await.header("set-cookie"), "", "{path}");
    }
}
