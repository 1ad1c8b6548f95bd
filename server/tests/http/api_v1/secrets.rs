//! The vault: values come in and never leave.

use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use super::{
    events::Follower,
    stage::{DEV, Stage},
};

const FIRST: &str = "first-value-4f9a1c";
const SECOND: &str = "second-value-77be02";
const PLAIN: &str = "plain-value-c0ffee";

/// Whether any file below holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn values_come_in_and_never_leave() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let catalog = stage.folder.path().join("catalog");
    let hypervisor = format!("{{\"portainer_api\": {{\"password\": \"{PLAIN}\"}}}}\n");
    std::fs::write(catalog.join("phoenix_hypervisor_config.json"), hypervisor).unwrap();

    let mut said = Vec::new();
    let set = program.send(Method::PUT, "/api/v1/secrets/web%2Ftoken", Some(&json!({ "value": FIRST }))).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json::<Value>()["version"], 1);
    said.push(set.text);
    let rotate =
        program.send(Method::POST, "/api/v1/secrets/web%2Ftoken/rotate", Some(&json!({ "value": SECOND }))).await;
    assert_eq!(rotate.json::<Value>()["version"], 2, "{}", rotate.text);
    said.push(rotate.text);
    let bad = program.send(Method::PUT, "/api/v1/secrets/web%2Ftoken", Some(&json!({ "value": [FIRST] }))).await;
    assert_eq!(bad.status, 422);
    said.push(bad.text);
    let missing = program.send(Method::POST, "/api/v1/secrets/none/rotate", Some(&json!({ "value": FIRST }))).await;
    assert_eq!(missing.status, 404);
    said.push(missing.text);
    let odd = program.send(Method::PUT, "/api/v1/secrets/-odd", Some(&json!({ "value": FIRST }))).await;
    assert_eq!(odd.status, 422);

    let view: Value = program.get("/api/v1/catalog").await;
    said.push(view.to_string());
    let edit = json!({
        "kind": "set_variable", "stack": "web", "environment": null,
        "variable": { "name": "TOKEN", "value": { "secret": "web/token" } },
    });
    let change = json!({ "base": view["version"], "message": "Token", "edits": [edit] });
    program.post::<Value>("/api/v1/catalog/edits", &change).await;
    let options = json!({});
    let planned: Value = program.post("/api/v1/plans", &options).await;
    let begun: Value = program.post("/api/v1/applies", &json!({ "plan": planned["plan"] })).await;
    let id = begun["id"].as_str().unwrap();
    let events = Follower::follow(&program, id, 0).await.until_its_end().await;
    said.push(format!("{planned}{events:?}"));
    let container = &stage.portainer.containers_on(DEV)[0];
    assert_eq!(stage.portainer.container_variable(DEV, container, "TOKEN").as_deref(), Some(SECOND), "it arrived");

    let refused = program.send(Method::DELETE, "/api/v1/secrets/web%2Ftoken", None::<&()>).await;
    assert_eq!(refused.status, 409, "it is in use: {}", refused.text);
    let adopt = json!({ "file": "phoenix_hypervisor_config.json", "pointer": "/portainer_api/password" });
    let adopted = program.send(Method::POST, "/api/v1/secrets/portainer/adopt", Some(&adopt)).await;
    assert_eq!(adopted.status, 200, "{}", adopted.text);
    said.push(adopted.text);
    let rekeyed: Value = program.post("/api/v1/vault/rekey", &json!({})).await;
    assert_eq!(rekeyed["secrets"], 2);
    assert!(rekeyed["public_key"].as_str().unwrap().starts_with("age1"), "{rekeyed}");

    for path in server::api_routes().filter(|(method, path)| *method == "GET" && !path.contains('{')).map(|row| row.1) {
        said.push(program.send(Method::GET, path, None::<&()>).await.text);
    }
    for path in [format!("/api/v1/applies/{id}"), format!("/api/v1/revisions/{DEV}/web")] {
        said.push(program.send(Method::GET, &path, None::<&()>).await.text);
    }
    let history: Vec<Value> = program.get("/api/v1/catalog/history").await;
    let commits: Vec<&str> = history.iter().map(|one| one["commit"].as_str().unwrap()).collect();
    for pair in commits.windows(2) {
        let path = format!("/api/v1/catalog/difference?from={}&to={}", pair[1], pair[0]);
        said.push(program.send(Method::GET, &path, None::<&()>).await.text);
    }
    for secret in [FIRST, SECOND, PLAIN] {
        for text in &said {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    for secret in [FIRST, SECOND] {
        assert!(!holds(&catalog, secret) && !holds(stage.app.folder(), secret), "{secret} on the disk");
    }
    let names: Vec<Value> = program.get("/api/v1/secrets").await;
    assert_eq!(names.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(), ["portainer", "web/token"]);
}
