//! Who may do what to which environment: the pages, the server functions, the JSON API, and what is under way when a right goes.

use http::{Method, header};
use serde_json::{Value, json};
use service::{Auditor, deploy::Edit};
use testkit::Person;
use types::{AuditRecord, Rights, Role, User};

use super::house::{House, between};

const PLACES: [&str; 2] = ["rumpledev", "rumpleprod"];

/// A house with one stack on two environments, looked at, and somebody who may deploy to the first of them.
async fn house() -> (House, Person) {
    let house = House::new(&["web"], &PLACES).await;
    house.look().await;
    let grace = house.app.invited(Rights::deployer(["rumpledev"])).await;
    (house, grace)
}

/// Who is this, by their own words.
async fn id(person: &Person) -> String {
    let request = person.request(Method::GET, "/api/v1/me").header(header::ACCEPT, "application/json");
    person.send(request).await.json::<User>().id.to_string()
}

/// What stands in the audit about a subject, newest first.
async fn told(house: &House, subject: &str) -> Vec<AuditRecord> {
    let filter = service::AuditFilter { subject: Some(subject.to_owned()), ..service::AuditFilter::default() };
    house.app.services().audit().search(Auditor::at_the_machine(), &filter, None, 50).await.unwrap()
}

async fn press(person: &Person, address: &str, fingerprint: &str) -> testkit::Reply {
    person.post_form(address, "/api/apply_plan", &[("fingerprint", fingerprint)]).await
}

/// Opens a plan; the page and the fingerprint on it.
async fn plan(person: &Person, address: &str) -> (testkit::Reply, String) {
    let reply = person.get(address).await;
    let fingerprint = between(&reply.text, "name=\"fingerprint\" value=\"", "\"").unwrap_or_default();
    (reply, fingerprint)
}

#[tokio::test]
async fn a_deployer_deploys_on_what_is_granted_and_nowhere_else() {
    let (house, grace) = house().await;
    let page = grace.get("/admin").await.text;
    assert!(page.contains("You may deploy to rumpledev.") && page.contains("Review changes"), "{page}");
    assert!(!page.contains("href=\"/admin/people\"") && page.contains("href=\"/chat\""), "the menu: {page}");
    let there = grace.get("/admin/environments/rumpleprod").await.text;
    assert!(there.contains("You may not deploy to rumpleprod.") && !there.contains("Review changes"), "{there}");
    let stack = grace.get("/admin/stacks/rumpleprod/web").await.text;
    assert!(stack.contains("You may not deploy to rumpleprod.") && !stack.contains("Promote here"), "{stack}");

    // Everything means everything that is hers.
    let (page, fingerprint) = plan(&grace, "/admin/plan").await;
    assert!(page.text.contains("Create web") && page.text.contains("1 step on rumpledev"), "{}", page.text);
    assert!(!page.text.contains("Remove everything else"), "{}", page.text);
    let begun = press(&grace, "/admin/plan", &fingerprint).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let apply = begun.location().to_owned();
    assert!(house.frames(&apply, 0).await.last().unwrap().ended);
    assert_eq!((house.revisions("rumpledev", "web").await, house.revisions("rumpleprod", "web").await), (1, 0));

    // Not by another address, nor by a plan that somebody else has read.
    for address in [
        "/admin/plan?env=rumpleprod",
        "/admin/plan?env=rumpleprod&stack=web",
        "/admin/plan?env=rumpleprod&stack=web&promote=rumpledev",
        "/admin/plan?only=rumpledev%2Fweb&only=rumpleprod%2Fweb",
    ] {
        let reply = grace.get(address).await;
        assert_eq!(reply.status, 403, "{address}: {}", reply.text);
        assert!(reply.text.contains("You may deploy to rumpledev, not to rumpleprod."), "{}", reply.text);
    }
    let (_, theirs) = plan(&house.ada, "/admin/plan?env=rumpleprod").await;
    assert_eq!(press(&grace, "/admin/plan", &theirs).await.status, 403);
    assert_eq!(house.revisions("rumpleprod", "web").await, 0);
    let release = [("environment", "rumpleprod"), ("stack", "web")];
    assert_eq!(grace.call("/api/release_pin", &release).await.status, 403);

    // A promotion may come from where she only looks.
    house.apply("/admin/plan?env=rumpleprod").await;
    house.look().await;
    let (page, fingerprint) = plan(&grace, "/admin/plan?env=rumpledev&stack=web&promote=rumpleprod").await;
    assert_eq!(page.status, 200, "{}", page.text);
    if !fingerprint.is_empty() {
        assert_eq!(
            press(&grace, "/admin/plan?env=rumpledev&stack=web&promote=rumpleprod", &fingerprint).await.status,
            303
        );
    }
}

#[tokio::test]
async fn the_api_lets_a_deployer_through_by_environment() {
    let (house, grace) = house().await;
    let ask = async |person: &Person, path: &str, body: &Value| {
        let request = person
            .request(Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json");
        person.send(request.body(body.to_string())).await
    };
    let only = |environment: &str| json!({ "scope": { "kind": "only", "stacks": [{ "environment": environment, "stack": "web" }] } });
    let everything = ask(&grace, "/api/v1/plans", &json!({})).await;
    assert_eq!(everything.status, 403, "{}", everything.text);
    assert!(everything.text.contains("Name one of your environments"), "{}", everything.text);
    assert_eq!(ask(&grace, "/api/v1/plans", &only("rumpleprod")).await.status, 403);
    let mine = ask(&grace, "/api/v1/plans", &only("rumpledev")).await;
    assert_eq!(mine.status, 200, "{}", mine.text);

    // A plan that somebody else made is no way around.
    let theirs: Value = ask(&house.ada, "/api/v1/plans", &only("rumpleprod")).await.json();
    let begun = ask(&grace, "/api/v1/applies", &json!({ "plan": theirs["plan"] })).await;
    assert_eq!(begun.status, 403, "{}", begun.text);
    let mut forged = theirs["plan"].clone();
    forged["options"] = only("rumpledev");
    assert_eq!(ask(&grace, "/api/v1/applies", &json!({ "plan": forged })).await.status, 403, "its steps tell");

    // Nor is cancelling what runs elsewhere.
    house.fake.hold_deploys();
    let running: Value = ask(&house.ada, "/api/v1/applies", &json!({ "plan": theirs["plan"] })).await.json();
    let cancel = format!("/api/v1/applies/{}/cancel", running["id"].as_str().unwrap());
    assert_eq!(ask(&grace, &cancel, &json!({})).await.status, 403);
    assert_eq!(ask(&house.ada, &cancel, &json!({})).await.status, 204);
    house.fake.release_deploys();
    house.frames(&format!("/admin/applies/{}", running["id"].as_str().unwrap()), 0).await;
}

#[tokio::test]
async fn a_viewer_sees_and_changes_nothing() {
    let (house, _) = house().await;
    house.apply("/admin/plan?env=rumpledev").await;
    house.look().await;
    let vera = house.app.invited(Role::Viewer).await;
    let home = vera.get("/").await.text;
    assert!(home.contains("Deployments") && !home.contains("href=\"/chat"), "{home}");
    for path in
        ["/admin", "/admin/stacks", "/admin/environments/rumpledev", "/admin/stacks/rumpledev/web", "/admin/applies"]
    {
        let page = vera.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let forms: Vec<&str> =
            page.text.split("<form").skip(1).filter_map(|form| form.split_once('>')).map(|it| it.0).collect();
        let posts = forms.iter().filter(|form| form.contains("post") && !form.contains("/api/look_again")).count();
        assert_eq!(posts, 0, "{path} offers an act: {forms:?}");
        assert!(!page.text.contains("/admin/plan"), "{path} leads to a plan: {}", page.text);
    }
    assert!(vera.get("/admin").await.text.contains("You look on."));
    let refused = vera.get("/admin/plan").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("Administrators here: Ada Administrator."), "who can grant it: {}", refused.text);
    assert_eq!(vera.get("/chat").await.status, 403);
    assert_eq!(vera.get("/account").await.status, 200, "their own account is theirs");
}

/// Begins an apply of two stacks, one after the other, that waits at its first call.
async fn held(house: &House, person: &Person) -> String {
    let dependent = r#"{"docker_stacks": [
        {"name": "a", "compose_file_path": "stacks/a/docker-compose.yml", "health": {"timeout_s": 20, "stable_s": 0}},
        {"name": "b", "compose_file_path": "stacks/b/docker-compose.yml", "depends_on": ["a"]}]}"#;
    house.save(vec![Edit::SetText { path: "phoenix_stacks_config.json".into(), text: Some(dependent.into()) }]).await;
    house.fake.hold_deploys();
    let (_, fingerprint) = plan(person, "/admin/plan?env=rumpledev").await;
    let begun = press(person, "/admin/plan?env=rumpledev", &fingerprint).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    begun.location().to_owned()
}

#[tokio::test]
async fn whoever_is_disabled_in_mid_apply_leaves_nothing_half_done_unnoticed() {
    let house = House::new(&["a", "b"], &["rumpledev"]).await;
    let grace = house.app.invited(Rights::deployer(["rumpledev"])).await;
    let who = id(&grace).await;
    let page = held(&house, &grace).await;
    let apply = page.rsplit('/').next().unwrap().to_owned();
    let fields = [("user", who.as_str()), ("disabled", "true")];
    assert_eq!(house.ada.call("/api/set_disabled", &fields).await.status, 200);
    assert_eq!(grace.get("/admin").await.status, 303, "she is out");
    assert!(house.app.store().apply_cancelled(&apply).await.unwrap());
    house.fake.release_deploys();
    assert!(house.frames(&page, 0).await.last().unwrap().ended);
    let shown = house.ada.get(&page).await.text;
    assert!(shown.contains("It was cancelled") && shown.contains("Plan the rest"), "{shown}");
    let stop = told(&house, &format!("apply:{apply}")).await;
    assert_eq!(stop.iter().map(|one| one.action.as_str()).collect::<Vec<_>>(), ["deploy.cancel", "deploy.apply"]);
    assert!(stop[0].detail.contains("was disabled") && stop[0].actor_label.contains("Ada"), "{:?}", stop[0]);
    let disabled = told(&house, &format!("user:{who}")).await;
    assert!(disabled[0].detail.contains(&apply), "{:?}", disabled[0]);
    assert!(
        house.ada.get(&format!("/admin/audit?subject=apply%3A{apply}")).await.text.contains("Asked an apply to stop")
    );
}

#[tokio::test]
async fn whoever_loses_the_right_loses_what_is_open_with_it() {
    let house = House::new(&["a", "b"], &["rumpledev"]).await;
    let grace = house.app.invited(Rights::deployer(["rumpledev", "elsewhere"])).await;
    let who = id(&grace).await;
    house.look().await;
    let page = held(&house, &grace).await;
    let apply = page.rsplit('/').next().unwrap().to_owned();
    let stream = {
        let (grace, apply) = (grace.clone(), apply.clone());
        tokio::spawn(async move { grace.call(&format!("/api/stream/applies/{apply}?after=0"), &()).await })
    };
    // Another environment goes: this apply goes on.
    let less = [("user", who.as_str()), ("role", "deployer"), ("environments[3]", "rumpledev")];
    assert_eq!(house.ada.call("/api/set_role", &less).await.status, 200);
    assert!(!house.app.store().apply_cancelled(&apply).await.unwrap());
    assert!(grace.get("/admin").await.text.contains("You may deploy to rumpledev."), "in force with the next request");
    // The role goes: the apply is asked to stop, and the open page hears no more.
    let none = [("user", who.as_str()), ("role", "member")];
    assert_eq!(house.ada.call("/api/set_role", &none).await.status, 200);
    assert!(house.app.store().apply_cancelled(&apply).await.unwrap());
    let over = stream.await.unwrap();
    assert_eq!(over.status, 200);
    assert!(!over.text.contains("\"ended\":true"), "it ended before the apply: {}", over.text);
    assert_eq!(grace.get("/admin").await.status, 403);
    assert_eq!(grace.get("/chat").await.status, 200, "and the rest is still theirs");
    house.fake.release_deploys();
    house.frames(&page, 0).await;
}
