//! Older forms become ours, on request and with nothing lost.

use catalog::{STACKS_FILE, Snapshot, apply_edits, plan_import, read};
use types::catalog::{DiagnosticCode as Code, StackSource, Variable};

const OLD: &str = r#"{"$schema": "old", "docker_stacks": {
  "app": {"description": "An app", "compose_file_path": "/usr/local/phoenix/stacks/app/docker-compose.yml", "team": "x",
    "nginx_proxy": {"hostname": "app.example.org"},
    "environments": {
      "prod": {"variables": [{"name": "PORT", "value": "80", "why": "web"}], "files": [{"source": "a", "destination_in_container": "/a"}],
               "services": {"web": {"traefik_labels": ["a=b"]}}},
      "testing": {"variables": [], "files": []}}},
  "lost": {"description": "Nobody knows where", "note": 1.50}}}"#;
const BESIDE: &str = r#"{"description": "Side", "placement_constraints": ["node.role==manager"], "environments": {
  "production": {"variables": [{"name": "A", "value": "1"}], "firewall_rules": [{"type": "in", "action": "ACCEPT", "proto": "tcp", "port": 80, "comment": ""}]}}}"#;
const COMPOSE: &str = "services:\n  web:\n    image: x:1\n";

#[test]
fn all_that_was_said_is_said_in_our_form() {
    let snapshot = Snapshot::of_texts([
        (STACKS_FILE, OLD),
        ("stacks/side/phoenix.json", BESIDE),
        ("stacks/app/docker-compose.yml", COMPOSE),
        ("stacks/side/docker-compose.yml", COMPOSE),
    ]);
    let import = plan_import(&snapshot);
    let changes = apply_edits(&snapshot, &import.edits()).unwrap();
    assert_eq!(changes, import.changes);
    assert_eq!(changes["stacks/side/phoenix.json"], None);
    let text = changes[STACKS_FILE].as_deref().unwrap();
    let after = snapshot.with(&changes);
    let reading = read(&after);
    let app = reading.catalog.stack("app").unwrap();
    assert_eq!(app.source, StackSource::Text { path: "stacks/app/docker-compose.yml".into() });
    assert_eq!(app.environments["production"].env, [Variable::plain("PORT", "80")]);
    assert_eq!(app.environments["production"].labels["web"], ["a=b"]);
    assert_eq!(app.publish.hostname.as_deref(), Some("app.example.org"));
    let side = reading.catalog.stack("side").unwrap();
    assert_eq!(side.environments["production"].env, [Variable::plain("A", "1")]);
    assert_eq!(side.environments["production"].firewall_rules.len(), 1);
    assert!(!reading.diagnostics.iter().any(|one| one.code == Code::OlderForm));
    // What nobody understands is there still, to the letter.
    for kept in [
        "\"team\": \"x\"",
        "\"why\": \"web\"",
        "\"note\": 1.50",
        "\"lost\"",
        "\"$schema\": \"old\"",
        "node.role==manager",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    let said: Vec<&str> = import.steps.iter().map(|step| step.pointer.as_str()).collect();
    for pointer in [
        "/docker_stacks",
        "/docker_stacks/app/compose_file_path",
        "/docker_stacks/app/environments/prod",
        "/docker_stacks/app/environments/prod/variables",
        "/docker_stacks/app/nginx_proxy",
    ] {
        assert!(said.contains(&pointer), "{pointer} in {said:?}");
    }
    assert!(
        import.left.iter().any(|one| one.code == Code::NotApplied)
            && import.left.iter().any(|one| one.pointer.ends_with("/team"))
    );
    // Once is enough.
    assert!(plan_import(&after).changes.is_empty());
}

#[test]
fn our_form_is_left_alone() {
    let text = "{\"docker_stacks\":[{\"name\":\"web\",\"git_repo\":\"https://x.org/w.git\",\"env\":[],\"x\":1}]}";
    assert!(plan_import(&Snapshot::of_texts([(STACKS_FILE, text)])).changes.is_empty());
    assert!(plan_import(&Snapshot::of_texts([(STACKS_FILE, "{")])).changes.is_empty());
    assert!(plan_import(&Snapshot::default()).changes.is_empty());
}
