//! A deployment from the plan to the end, through the JSON API.

use http::Method;
use serde_json::{Value, json};
use service::deploy::wire::WatchEvent;

use super::{
    events::Follower,
    stage::{DEV, Program, Stage},
};

#[tokio::test]
async fn plan_apply_watch_and_look_back() {
    let stage = Stage::new().await;
    let program = stage.program().await;

    let planned: Value = program.post("/api/v1/plans", &json!({})).await;
    let plan = &planned["plan"];
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan}");
    assert_eq!(plan["steps"][0]["id"], format!("{DEV}/web"));
    assert!(planned["desired"]["environments"][0]["stacks"][0]["compose"]["text"].as_str().unwrap().contains("nginx"));

    let reply = program.send(Method::POST, "/api/v1/applies", Some(&json!({ "plan": plan }))).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let id = reply.json::<Value>()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.location(), format!("/api/v1/applies/{id}"));
    let events = Follower::follow(&program, &id, 0).await.until_its_end().await;
    assert_eq!(ended(&events), "succeeded");
    assert_eq!(stage.portainer.containers_on(DEV).len(), 1);

    let view: Value = program.get(&format!("/api/v1/applies/{id}")).await;
    assert_eq!(view["summary"]["state"], "succeeded");
    assert_eq!(view["summary"]["actor"], "Ada Administrator");
    assert_eq!(view["receipts"].as_array().unwrap().len(), 1);
    assert!(view["entries"].as_u64().unwrap() > 0);
    let listed: Vec<Value> = program.get(&format!("/api/v1/applies?environment={DEV}&limit=5")).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(program.get::<Vec<Value>>("/api/v1/applies?environment=nowhere").await, Vec::<Value>::new());
    assert_eq!(program.get::<Vec<Value>>("/api/v1/applies/running").await, Vec::<Value>::new());
    let revisions: Vec<Value> = program.get(&format!("/api/v1/revisions/{DEV}/web")).await;
    assert_eq!((revisions.len(), &revisions[0]["number"]), (1, &json!(1)));

    let (status, _, _) = program.refused(&format!("/api/v1/applies/{id}/cancel"), &json!({})).await;
    assert_eq!(status, 409, "it has ended");
    let overview: Value = program.post("/api/v1/status", &json!({})).await;
    assert_eq!(overview["environments"][0]["stacks"][0]["state"], "in_step");
    let standing: Value = program.get("/api/v1/status").await;
    assert_eq!(standing["overview"]["environments"], overview["environments"]);
    let drift: Value = program.post("/api/v1/drift", &json!({})).await;
    assert_eq!(drift["drift"], json!([]));
    let empty: Value = program.post("/api/v1/plans", &json!({})).await;
    let (status, problem, _) = program.refused("/api/v1/applies", &json!({ "plan": empty["plan"] })).await;
    assert_eq!(status, 422, "{}", problem.message);

    back_and_released(&stage, &program).await;
}

/// The second revision, then back to the first, which pins it, then released.
async fn back_and_released(stage: &Stage, program: &Program) {
    assert_eq!(stage.greet(program, "good evening").await.status, 200);
    apply_all(program).await;
    let also = json!({ "kind": "rollback", "stack": { "environment": DEV, "stack": "web" }, "to": null });
    let proposal: Value = program.post("/api/v1/proposals", &json!({ "also": also })).await;
    assert_eq!(proposal["also"]["to"], 1, "the number is filled in");
    let begun: Value =
        program.post("/api/v1/applies", &json!({ "plan": proposal["plan"], "also": proposal["also"] })).await;
    let id = begun["id"].as_str().unwrap();
    let events = Follower::follow(program, id, 0).await.until_its_end().await;
    let view: Value = program.get(&format!("/api/v1/applies/{id}")).await;
    assert_eq!(ended(&events), "succeeded", "{:#}", view["receipts"]);
    assert_eq!(view["summary"]["state"], "succeeded");
    let pins: Vec<Value> = program.get("/api/v1/pins").await;
    assert_eq!((pins.len(), &pins[0]["pin"]["revision"]), (1, &json!(1)));
    let release = format!("/api/v1/pins/{DEV}/web");
    assert_eq!(program.send(Method::DELETE, &release, None::<&()>).await.status, 204);
    assert_eq!(program.send(Method::DELETE, &release, None::<&()>).await.status, 404);
}

async fn apply_all(program: &Program) {
    let planned: Value = program.post("/api/v1/plans", &json!({})).await;
    let begun: Value = program.post("/api/v1/applies", &json!({ "plan": planned["plan"] })).await;
    let events = Follower::follow(program, begun["id"].as_str().unwrap(), 0).await.until_its_end().await;
    assert_eq!(ended(&events), "succeeded", "{events:#?}");
}

fn ended(events: &[WatchEvent]) -> String {
    match events.last() {
        Some(WatchEvent::Ended { verdict }) => serde_json::to_value(verdict).unwrap().as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stale_plan_is_refused_with_the_fresh_one() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let options = json!({});
    let stale: Value = program.post("/api/v1/plans", &options).await;
    assert_eq!(stage.greet(&program, "moved").await.status, 200);
    let (status, problem, said) = program.refused("/api/v1/applies", &json!({ "plan": stale["plan"] })).await;
    assert_eq!((status, problem.code), (409, types::ProblemCode::Conflict));
    let fresh: Value = program.post("/api/v1/plans", &options).await;
    assert_eq!(said["fresh"]["fingerprint"], fresh["plan"]["fingerprint"]);
    assert_ne!(said["fresh"]["fingerprint"], stale["plan"]["fingerprint"]);
    assert_eq!(stage.portainer.containers_on(DEV).len(), 0, "nothing was done");
    // What came along can be applied as it is.
    let begun: Value = program.post("/api/v1/applies", &json!({ "plan": said["fresh"] })).await;
    let events = Follower::follow(&program, begun["id"].as_str().unwrap(), 0).await.until_its_end().await;
    assert_eq!(ended(&events), "succeeded");
}

#[tokio::test]
async fn a_late_edit_is_refused_with_both_sides() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let catalog: Value = program.get("/api/v1/catalog").await;
    assert_eq!(catalog["catalog"]["stacks"][0]["name"], "web");
    assert!(catalog["files"]["phoenix_stacks_config.json"].as_str().unwrap().contains("GREETING"));
    assert_eq!(stage.greet(&program, "first").await.status, 200);
    let edit = json!({ "kind": "set_text", "path": "phoenix_stacks_config.json", "text": "{\"docker_stacks\": []}\n" });
    let change = json!({ "base": catalog["version"], "message": "Second", "edits": [edit] });
    let (status, _, said) = program.refused("/api/v1/catalog/edits", &change).await;
    assert_eq!(status, 409);
    let file = &said["conflict"]["files"][0];
    assert_eq!(file["path"], "phoenix_stacks_config.json");
    assert!(file["base"].as_str().unwrap().contains("hello") && file["theirs"].as_str().unwrap().contains("first"));

    let history: Vec<Value> = program.get("/api/v1/catalog/history?limit=5").await;
    assert_eq!((history.len(), &history[0]["author_name"]), (2, &json!("Ada Administrator")));
    let (from, to) = (history[1]["commit"].as_str().unwrap(), history[0]["commit"].as_str().unwrap());
    let difference: Vec<Value> = program.get(&format!("/api/v1/catalog/difference?from={from}&to={to}")).await;
    assert!(difference[0]["unified"].as_str().unwrap().contains("+"), "{difference:?}");
    let now: Value = program.get("/api/v1/catalog").await;
    let restored: Value =
        program.post("/api/v1/catalog/restore", &json!({ "version": from, "base": now["version"] })).await;
    assert!(restored["commit"].is_string());
    let findings: Vec<Value> = program.get("/api/v1/catalog/findings?deep=true").await;
    assert!(findings.iter().all(|finding| finding["severity"] != "error"), "{findings:?}");
    let import: Value = program.get("/api/v1/catalog/import").await;
    assert_eq!(import["files"], json!({}), "it has our form");
    let imported: Value = program.post("/api/v1/catalog/import", &json!({ "base": import["version"] })).await;
    assert_eq!(imported["commit"], Value::Null);
}
