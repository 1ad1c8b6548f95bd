//! The session cookie's name and attributes, and what a session is worth.

use testkit::{Builder, TestApp};

async fn cookie(builder: Builder) -> String {
    let app = builder.start().await;
    let mut person = app.anonymous();
    let reply = person.join(app.setup_link().unwrap(), "Ada", "ada@example.org").await;
    let mut cookies = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let cookie = cookies.find(|cookie| cookie.contains("thinkheads=")).expect("a session cookie");
    assert!(cookies.next().is_none(), "one cookie");
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
async fn signing_in_gives_a_new_session_and_signing_out_ends_it() {
    let app = TestApp::start().await;
    let person = app.member().await;
    let browser = person.new_browser(&app);
    let value = |reply: &testkit::Reply| reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
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
