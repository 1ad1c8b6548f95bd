//! Links that work once: what looks ahead (mail scanners, link previews, browsers that prefetch) uses none of them up.

use http::{Method, header};
use testkit::{Person, TestApp};
use types::Role;

/// What a program sends that looks at a link before its person does.
const LOOKS_AHEAD: [(&str, &str); 5] = [
    ("sec-purpose", "prefetch"),
    ("sec-purpose", "prefetch;prerender"),
    ("purpose", "prefetch"),
    ("x-moz", "prefetch"),
    ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
];

async fn look_ahead(person: &Person, path: &str) {
    let head = person.send(person.request(Method::HEAD, path)).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "HEAD {path}");
    for (name, value) in LOOKS_AHEAD {
        let request = person.request(Method::GET, path).header(header::ACCEPT, "text/html").header(name, value);
        assert_eq!(person.send(request).await.status, 200, "{name}: {value}");
    }
}

fn path_of(link: &str) -> String {
    link.parse::<url::Url>().unwrap().path().to_owned()
}

#[tokio::test]
async fn only_the_form_uses_a_link_up() {
    let app = TestApp::start().await;
    let set_up = app.setup_link().unwrap().to_owned();
    look_ahead(&app.anonymous(), &path_of(&set_up)).await;
    let mut ada = app.anonymous();
    ada.join(&set_up, "Ada", "ada@example.org").await;
    assert_eq!(app.anonymous().get(&path_of(&set_up)).await.status, 410, "used up");

    let link = ada.invite(Role::Member).await;
    look_ahead(&app.anonymous(), &path_of(&link)).await;
    let token = path_of(&link).rsplit('/').next().unwrap().to_owned();
    let scanner = app.anonymous();
    let by_get = scanner.get(&format!("/api/accept_invitation?token={token}&name=X&email=x%40example.org")).await;
    assert!(by_get.status.is_client_error(), "the server function takes no GET: {}", by_get.status);
    // A form with a mistake is no use either.
    let wrong = [("token", token.as_str()), ("name", ""), ("email", "x"), ("password", "short")];
    assert_eq!(scanner.post_form(&path_of(&link), "/api/accept_invitation", &wrong).await.status, 422);
    app.anonymous().join(&link, "Bea", "bea@example.org").await;
    let again = app.anonymous();
    let right = [("token", token.as_str()), ("name", "C"), ("email", "c@example.org"), ("password", &again.password)];
    assert_eq!(again.post_form(&path_of(&link), "/api/accept_invitation", &right).await.status, 410);
}

#[tokio::test]
async fn a_link_leaks_to_no_other_site_and_stays_in_no_cache() {
    let app = TestApp::start().await;
    let path = path_of(app.setup_link().unwrap());
    for path in [path.as_str(), "/join/no-such-link"] {
        let page = app.anonymous().get(path).await;
        // Not `no-referrer`: a browser then says `Origin: null` with the form, which is refused.
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("x-robots-tag"), "noindex", "{path}");
    }
}

#[tokio::test]
async fn a_new_invitation_is_shown_to_its_maker_and_not_to_a_prefetch() {
    let app = TestApp::start().await;
    let ada = app.administrator().await;
    let fields = [("role", "member"), ("note", ""), ("days", "7")];
    assert_eq!(ada.post_form("/admin/people", "/api/invite", &fields).await.status, 303);
    ada.send(ada.request(Method::HEAD, "/admin/people")).await;
    for (name, value) in &LOOKS_AHEAD[..4] {
        let request = ada.request(Method::GET, "/admin/people").header(header::ACCEPT, "text/html");
        let page = ada.send(request.header(*name, *value)).await;
        assert!(page.text.contains("/join/"), "a page fetched ahead may be the one that is shown: {name}: {value}");
    }
    assert!(ada.get("/admin/people").await.text.contains("/join/"), "nothing was used up");
    assert!(!ada.get("/admin/people").await.text.contains("/join/"), "shown once");
}
