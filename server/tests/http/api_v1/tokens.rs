//! Tokens: made on the account page, used by programs on the JSON API alone, ended with their owner.

use std::{num::NonZeroU32, time::Duration};

use http::{Method, header};
use service::Rate;
use testkit::{Person, TestApp};

use super::stage::{Program, make_token};

async fn status(app: &TestApp, token: &str) -> u16 {
    Program::with_token(app, token).send(Method::GET, "/api/v1/me", None::<&()>).await.status.as_u16()
}

async fn id_of(person: &Person) -> String {
    let page = person.get("/account").await.text;
    let at = page.find("name=\"token\" value=\"").expect("a token is listed");
    page[at..].split('"').nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_listed_and_ended_on_the_account_page() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let refused = member.post_form("/account", "/api/create_token", &[("name", " "), ("days", "90")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("Say what it is for"), "{}", refused.text);
    let token = make_token(&member, "90").await;
    assert_eq!(status(&app, &token).await, 200);
    let used = async || member.get("/account").await.text.contains("never used");
    testkit::wait::until("its use is noted", async || (!used().await).then_some(())).await;

    let id = id_of(&member).await;
    let other = app.member().await;
    assert_eq!(other.call("/api/end_token", &[("token", &id)]).await.status, 404, "somebody else's");
    let reply = member.post_form("/account", "/api/end_token", &[("token", &id)]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/account?done=token#tokens"));
    assert_eq!(status(&app, &token).await, 401);
    assert!(!member.get("/account").await.text.contains("name=\"token\""));
}

#[tokio::test]
async fn a_disabled_persons_token_is_refused_at_once() {
    let app = TestApp::start().await;
    let (member, administrator) = (app.member().await, app.administrator().await);
    let token = make_token(&member, "0").await;
    assert_eq!(status(&app, &token).await, 200);
    let me: types::User = Program::with_token(&app, &token).get("/api/v1/me").await;
    assert_eq!(me.email, member.email);
    let user = me.id.to_string();
    let disable = async |disabled: &str| {
        administrator.call("/api/set_disabled", &[("user", user.as_str()), ("disabled", disabled)]).await
    };
    assert_eq!(disable("true").await.status, 200);
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(disable("false").await.status, 200);
    assert_eq!(status(&app, &token).await, 401, "enabling brings no token back");
    assert_eq!(member.sign_in().await.status, 303);
    let token = make_token(&member, "0").await;
    assert_eq!(administrator.call("/api/end_sessions_of", &[("user", &user)]).await.status, 200);
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn a_token_counts_on_the_json_api_alone_and_decides_there() {
    let app = TestApp::start().await;
    let (member, administrator) = (app.member().await, app.administrator().await);
    let token = make_token(&administrator, "0").await;
    let bearer = format!("Bearer {token}");
    // Elsewhere it is not looked at.
    for path in ["/account", "/admin/people", "/"] {
        let request = app.anonymous().request(Method::GET, path).header(header::ACCEPT, "text/html");
        let reply = app.anonymous().send(request.header(header::AUTHORIZATION, &bearer)).await;
        assert_eq!(reply.status, 303, "{path}");
    }
    let request = app.anonymous().request(Method::POST, "/api/end_other_sessions");
    assert_eq!(app.anonymous().send(request.header(header::AUTHORIZATION, &bearer)).await.status, 401);

    // Beside a cookie it decides.
    let ask = async |person: &Person, authorization: &str| {
        let request = person.request(Method::GET, "/api/v1/me").header(header::AUTHORIZATION, authorization);
        person.send(request).await
    };
    let me: types::User = ask(&member, &bearer).await.json();
    assert_eq!(me.email, administrator.email);
    let wrong = ask(&administrator, &format!("Bearer {}x", &token[..46])).await;
    assert_eq!(wrong.status, 401, "a wrong one is not made good by a cookie");
    assert_eq!(wrong.header("content-type"), "application/problem+json");
    assert!(wrong.headers.get_all("set-cookie").iter().next().is_none());
    // What is no token leaves the cookie in force.
    assert_eq!(ask(&member, "Basic dGh0X3g=").await.json::<types::User>().email, member.email);
}

#[tokio::test]
async fn cookies_are_guarded_as_before() {
    let app = TestApp::start().await;
    let administrator = app.administrator().await;
    let token = make_token(&administrator, "0").await;
    let post = async |person: &Person, authorization: Option<&str>, site: Option<&str>| {
        let mut request = person.request(Method::POST, "/api/v1/plans");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site).header(header::ORIGIN, "https://evil.example");
        }
        person.send(request).await.status.as_u16()
    };
    assert_eq!(post(&administrator, None, None).await, 403, "a cookie without an origin");
    assert_eq!(post(&administrator, None, Some("cross-site")).await, 403);
    assert_eq!(post(&administrator, Some("Basic dGh0X3g="), Some("cross-site")).await, 403, "a browser may send this");
    let bearer = format!("Bearer {token}");
    assert_eq!(post(&app.anonymous(), Some(&bearer), None).await, 422, "let in: the body is missing");
    assert_eq!(post(&administrator, Some(&bearer), Some("cross-site")).await, 422, "a token is proof enough");
    let elsewhere = administrator
        .request(Method::POST, "/api/sign_out")
        .header(header::AUTHORIZATION, &bearer)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(administrator.send(elsewhere).await.status, 403, "and only there");
    assert_eq!(administrator.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_flood_of_wrong_tokens_is_limited() {
    let app = TestApp::builder()
        .service(|settings| {
            settings.limits.network = Rate { burst: NonZeroU32::new(5).unwrap(), every: Duration::from_secs(60) };
        })
        .start()
        .await;
    let administrator = app.administrator().await;
    let token = make_token(&administrator, "0").await;
    let mut statuses = Vec::new();
    for n in 0..8 {
        let wrong = Program::with_token(&app, &format!("tht_{n:043}"));
        let reply = wrong.send(Method::GET, "/api/v1/me", None::<&()>).await;
        statuses.push(reply.status.as_u16());
        if reply.status == 429 {
            assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
        }
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(status(&app, &token).await, 200, "a right one is not kept out");
}
