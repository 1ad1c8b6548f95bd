//! Every server function and every write of the JSON API leaves a record in the audit when it succeeds, or stands here with the
//! reason why not. A new one without a row fails, and a row that says "record" must have been seen to leave one.

use std::{collections::BTreeSet, path::Path, process::Command};

use http::Method;
use serde_json::{Value, json};
use service::{AuditFilter, Auditor};
use testkit::{Person, Reply};
use types::{Rights, Role, User};

use super::{
    events::Follower,
    stage::{DEV, Program, Stage},
};

/// What becomes of a success.
enum Leaves {
    /// A record of this act.
    Record(&'static str),
    /// The same, seen by another test, which is named.
    Elsewhere(&'static str, &'static str),
    /// None, because.
    Nothing(&'static str),
}

use Leaves::{Elsewhere, Nothing, Record};

/// One's own conversation is nobody else's business.
const PRIVATE: &str = "a person's own conversation";
/// Saving it is what is told.
const DRAFT: &str = "a person's own draft";
/// It changes nothing.
const READS: &str = "it reads";

const FUNCTIONS: &[(&str, Leaves)] = &[
    ("/api/sign_in", Record("session.sign_in")),
    ("/api/sign_out", Record("session.sign_out")),
    ("/api/accept_invitation", Record("invitation.accepted")),
    ("/api/set_theme", Nothing("a cookie of this browser")),
    ("/api/change_password", Record("user.password_changed")),
    ("/api/end_session", Record("session.ended")),
    ("/api/end_other_sessions", Record("session.ended_others")),
    ("/api/create_token", Record("token.created")),
    ("/api/end_token", Record("token.ended")),
    ("/api/invite", Record("invitation.created")),
    ("/api/revoke_invitation", Record("invitation.revoked")),
    ("/api/set_role", Record("user.role_changed")),
    ("/api/set_disabled", Record("user.disabled")),
    ("/api/end_sessions_of", Record("user.sessions_ended")),
    ("/api/look_again", Nothing(READS)),
    ("/api/apply_plan", Record("deploy.apply")),
    ("/api/cancel_apply", Record("deploy.cancel")),
    ("/api/release_pin", Record("deploy.release")),
    ("/api/probe_portainer", Nothing(READS)),
    ("/api/connect_portainer", Elsewhere("portainer.connect", "service: deploy::environments::connecting")),
    ("/api/test_environment", Nothing(READS)),
    ("/api/bind_environment", Elsewhere("environment.register", "service: deploy::environments::binding")),
    ("/api/unbind_environment", Elsewhere("environment.forget", "service: deploy::environments::binding")),
    ("/api/place_guest", Elsewhere("catalog.save", "deployments::hosts::a_machine_is_added_tested_bound_and_let_go")),
    (
        "/api/restart_container",
        Elsewhere("container.restart", "deployments::hosts::a_restart_asks_for_a_reason_and_keeps_it"),
    ),
    ("/api/switch_stacks", Nothing(DRAFT)),
    ("/api/rename_stack", Nothing(DRAFT)),
    ("/api/copy_stack", Nothing(DRAFT)),
    ("/api/remove_stack", Nothing(DRAFT)),
    ("/api/compare_remote", Nothing(READS)),
    ("/api/sync_catalog", Elsewhere("catalog.sync", "this walk, by the API's same use case")),
    ("/api/restore_catalog", Elsewhere("catalog.restore", "this walk, by the API's same use case")),
    ("/api/import_catalog", Elsewhere("catalog.save", "this walk, by the API's same use case")),
    ("/api/bring_file", Nothing(DRAFT)),
    ("/api/begin_stack", Nothing(DRAFT)),
    ("/api/keep_stack_form", Nothing(DRAFT)),
    ("/api/keep_stack_text", Nothing(DRAFT)),
    ("/api/look_at_repository", Nothing(READS)),
    ("/api/store_stack_secret", Elsewhere("secret.set", "service: deploy::secrets, by the same use case")),
    ("/api/drop_typed", Nothing(DRAFT)),
    ("/api/save_draft", Elsewhere("catalog.save", "service: tests::drafts")),
    ("/api/rebase_draft", Nothing(DRAFT)),
    ("/api/discard_draft", Nothing(DRAFT)),
    ("/api/bring_back_draft", Nothing(DRAFT)),
    ("/api/send", Nothing(PRIVATE)),
    ("/api/edit_message", Nothing(PRIVATE)),
    ("/api/regenerate", Nothing(PRIVATE)),
    ("/api/carry_on", Nothing(PRIVATE)),
    ("/api/stop", Nothing(PRIVATE)),
    ("/api/rename", Nothing(PRIVATE)),
    ("/api/delete_conversation", Nothing(PRIVATE)),
    ("/api/restore_conversation", Nothing(PRIVATE)),
    ("/api/save_settings", Nothing(PRIVATE)),
    ("/api/select_branch", Nothing(PRIVATE)),
    ("/api/message_html", Nothing(READS)),
    ("/api/earlier_html", Nothing(READS)),
    ("/api/message_text", Nothing(READS)),
    ("/api/title", Nothing(READS)),
];

/// Everything of the JSON API but GET.
const WRITES: &[(&str, &str, Leaves)] = &[
    ("POST", "/api/v1/plans", Nothing(READS)),
    ("POST", "/api/v1/proposals", Nothing(READS)),
    // Needs a machine that is not registered yet.
    ("POST", "/api/v1/guests/{guest}", Elsewhere("environment.register", "service: deploy::environments::binding")),
    ("POST", "/api/v1/applies", Record("deploy.apply")),
    ("POST", "/api/v1/applies/{id}/cancel", Record("deploy.cancel")),
    ("POST", "/api/v1/applies/{id}/events", Nothing(READS)),
    ("POST", "/api/v1/status", Nothing(READS)),
    ("POST", "/api/v1/drift", Nothing(READS)),
    ("DELETE", "/api/v1/pins/{environment}/{stack}", Record("deploy.release")),
    ("POST", "/api/v1/catalog/edits", Record("catalog.save")),
    ("POST", "/api/v1/catalog/restore", Record("catalog.restore")),
    ("POST", "/api/v1/catalog/import", Record("catalog.save")),
    ("POST", "/api/v1/catalog/sync", Record("catalog.sync")),
    ("PUT", "/api/v1/secrets/{name}", Record("secret.set")),
    ("DELETE", "/api/v1/secrets/{name}", Record("secret.remove")),
    ("POST", "/api/v1/secrets/{name}/rotate", Record("secret.set")),
    ("POST", "/api/v1/secrets/{name}/adopt", Record("secret.adopt")),
    ("POST", "/api/v1/vault/rekey", Record("secret.rekey")),
];

/// The walk: what was seen to leave its record.
struct Walk {
    stage: Stage,
    ada: Person,
    program: Program,
    seen: BTreeSet<Key>,
}

/// Method and path.
type Key = (&'static str, &'static str);

fn rows() -> impl Iterator<Item = (Key, &'static Leaves)> {
    let functions = FUNCTIONS.iter().map(|(path, leaves)| (("POST", *path), leaves));
    functions.chain(WRITES.iter().map(|(method, path, leaves)| ((*method, *path), leaves)))
}

impl Walk {
    async fn records(&self, act: &str) -> usize {
        let filter = AuditFilter { action: Some(act.to_owned()), ..AuditFilter::default() };
        let audit = self.stage.app.services().audit();
        audit.search(Auditor::at_the_machine(), &filter, None, 500).await.unwrap().len()
    }

    /// The row's act, and how many records of it there are before it is done.
    async fn before(&self, key: Key) -> (&'static str, usize) {
        match rows().find(|row| row.0 == key) {
            Some((_, Record(act))) => (act, self.records(act).await),
            _ => panic!("{key:?} has no row that says “record”"),
        }
    }

    async fn after(&mut self, key: Key, (act, before): (&'static str, usize)) {
        assert!(self.records(act).await > before, "{key:?} left no {act}");
        self.seen.insert(key);
    }

    /// Calls a server function, which must succeed and leave its record.
    async fn call(&mut self, who: &Person, path: &'static str, fields: &[(&str, &str)]) -> Reply {
        let before = self.before(("POST", path)).await;
        let reply = who.call(path, &fields).await;
        assert!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.text);
        self.after(("POST", path), before).await;
        reply
    }

    /// Calls a route of the API, which must succeed and leave its record.
    async fn ask(&mut self, method: &'static str, pattern: &'static str, path: &str, body: &Value) -> Value {
        let before = self.before((method, pattern)).await;
        let reply = self.program.send(method.parse().unwrap(), path, Some(body)).await;
        assert!(reply.status.is_success(), "{pattern}: {} {}", reply.status, reply.text);
        self.after((method, pattern), before).await;
        serde_json::from_str(&reply.text).unwrap_or_default()
    }

    async fn version(&self) -> Value {
        self.program.get::<Value>("/api/v1/catalog").await["version"].clone()
    }
}

async fn id(person: &Person) -> String {
    person.send(person.request(Method::GET, "/api/v1/me")).await.json::<User>().id.to_string()
}

/// The first value of this attribute's beginning on a page.
fn on(page: &str, before: &str) -> String {
    page.split(before).nth(1).expect("it is on the page").chars().take_while(|char| *char != '"').collect()
}

async fn account(walk: &mut Walk) {
    let before = walk.before(("POST", "/api/accept_invitation")).await;
    let grace = walk.stage.app.member().await;
    walk.after(("POST", "/api/accept_invitation"), before).await;
    let before = walk.before(("POST", "/api/sign_in")).await;
    let phone = grace.new_browser(&walk.stage.app);
    assert_eq!(phone.sign_in().await.status, 303);
    walk.after(("POST", "/api/sign_in"), before).await;
    walk.call(&grace, "/api/create_token", &[("name", "nightly"), ("days", "30")]).await;
    let page = grace.get("/account").await.text;
    walk.call(&grace, "/api/end_token", &[("token", &on(&page, "name=\"token\" value=\""))]).await;
    walk.call(&grace, "/api/end_session", &[("session", &on(&page, "name=\"session\" value=\""))]).await;
    assert_eq!(phone.sign_in().await.status, 303);
    walk.call(&grace, "/api/end_other_sessions", &[]).await;
    let (old, new) = (grace.password.clone(), "another calm harbour wall");
    walk.call(&grace, "/api/change_password", &[("old_password", &old), ("new_password", new)]).await;
    walk.call(&grace, "/api/sign_out", &[]).await;
}

async fn people(walk: &mut Walk) {
    let ada = walk.ada.clone();
    walk.call(&ada, "/api/invite", &[("role", "viewer"), ("note", "somebody"), ("days", "1")]).await;
    let page = ada.get("/admin/people").await.text;
    walk.call(&ada, "/api/revoke_invitation", &[("invitation", &on(&page, "name=\"invitation\" value=\""))]).await;
    let grace = walk.stage.app.invited(Role::Viewer).await;
    let who = id(&grace).await;
    let rights = [("user", who.as_str()), ("role", "deployer"), ("environments[0]", DEV)];
    walk.call(&ada, "/api/set_role", &rights).await;
    walk.call(&ada, "/api/end_sessions_of", &[("user", &who)]).await;
    walk.call(&ada, "/api/set_disabled", &[("user", &who), ("disabled", "true")]).await;
}

async fn deployments(walk: &mut Walk) {
    let ada = walk.ada.clone();
    walk.stage.portainer.hold_deploys();
    let plan: Value = walk.program.post("/api/v1/plans", &json!({})).await;
    let begun = walk.ask("POST", "/api/v1/applies", "/api/v1/applies", &json!({ "plan": plan["plan"] })).await;
    let apply = begun["id"].as_str().unwrap().to_owned();
    Follower::follow(&walk.program, &apply, 0).await.until_calling().await;
    let cancel = format!("/api/v1/applies/{apply}/cancel");
    walk.ask("POST", "/api/v1/applies/{id}/cancel", &cancel, &json!({})).await;
    walk.call(&ada, "/api/cancel_apply", &[("apply", &apply)]).await;
    walk.stage.portainer.release_deploys();
    Follower::follow(&walk.program, &apply, 0).await.until_its_end().await;

    // A second revision, and back to the first: that pins it.
    assert_eq!(walk.stage.greet(&walk.program, "good evening").await.status, 200);
    for round in ["/api/release_pin", "/api/v1/pins/{environment}/{stack}"] {
        let fingerprint = on(&ada.get("/admin/plan").await.text, "name=\"fingerprint\" value=\"");
        let reply = walk.call(&ada, "/api/apply_plan", &[("fingerprint", &fingerprint)]).await;
        drop(reply);
        settle(walk).await;
        let also = json!({ "kind": "rollback", "stack": { "environment": DEV, "stack": "web" }, "to": 1 });
        let proposal: Value = walk.program.post("/api/v1/proposals", &json!({ "also": also })).await;
        let back = json!({ "plan": proposal["plan"], "also": proposal["also"] });
        walk.program.post::<Value>("/api/v1/applies", &back).await;
        settle(walk).await;
        if round == "/api/release_pin" {
            walk.call(&ada, round, &[("environment", DEV), ("stack", "web")]).await;
        } else {
            walk.ask("DELETE", round, &format!("/api/v1/pins/{DEV}/web"), &json!({})).await;
        }
    }
}

/// Waits until nothing is under way.
async fn settle(walk: &Walk) {
    testkit::wait::until("every apply has ended", async || {
        let running: Vec<Value> = walk.program.get("/api/v1/applies/running").await;
        running.is_empty().then_some(())
    })
    .await;
}

async fn catalog(walk: &mut Walk) {
    let base = walk.version().await;
    let edit = json!({
        "kind": "set_variable", "stack": "web", "environment": null,
        "variable": { "name": "GREETING", "value": { "plain": "hi" } },
    });
    let change = json!({ "base": base, "message": "Greet", "edits": [edit] });
    walk.ask("POST", "/api/v1/catalog/edits", "/api/v1/catalog/edits", &change).await;
    let history: Vec<Value> = walk.program.get("/api/v1/catalog/history").await;
    let restore = json!({ "version": history[1]["commit"], "base": walk.version().await });
    walk.ask("POST", "/api/v1/catalog/restore", "/api/v1/catalog/restore", &restore).await;
    walk.ask("POST", "/api/v1/catalog/sync", "/api/v1/catalog/sync", &json!({})).await;
    let older = r#"{"docker_stacks": {"old": {"description": "An older form", "compose_file_path": "stacks/old/docker-compose.yml"}}}"#;
    std::fs::write(walk.stage.folder.path().join("catalog/phoenix_stacks_config.json"), older).unwrap();
    let import = json!({ "base": walk.version().await });
    walk.ask("POST", "/api/v1/catalog/import", "/api/v1/catalog/import", &import).await;
}

async fn secrets(walk: &mut Walk) {
    let value = json!({ "value": "a-value-0a1b2c" });
    let (one, path) = ("/api/v1/secrets/{name}", "/api/v1/secrets/spare");
    walk.ask("PUT", one, path, &value).await;
    walk.ask("POST", "/api/v1/secrets/{name}/rotate", &format!("{path}/rotate"), &json!({ "value": "b-value-0a1b2c" }))
        .await;
    walk.ask("DELETE", one, path, &json!({})).await;
    let hypervisor = "{\"portainer_api\": {\"password\": \"c-value-0a1b2c\"}}\n";
    std::fs::write(walk.stage.folder.path().join("catalog/phoenix_hypervisor_config.json"), hypervisor).unwrap();
    let adopt = json!({ "file": "phoenix_hypervisor_config.json", "pointer": "/portainer_api/password" });
    walk.ask("POST", "/api/v1/secrets/{name}/adopt", "/api/v1/secrets/portainer/adopt", &adopt).await;
    walk.ask("POST", "/api/v1/vault/rekey", "/api/v1/vault/rekey", &json!({})).await;
}

/// An empty repository to keep the catalog in step with.
fn remote(folder: &Path) -> String {
    let at = folder.join("remote.git");
    let made = Command::new("git").args(["init", "--bare", "--quiet", "-b", "main"]).arg(&at).status().unwrap();
    assert!(made.success());
    format!("file://{}", at.display())
}

#[tokio::test]
async fn every_act_leaves_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let remote = remote(folder.path());
    let stage = Stage::with(|builder| builder.set("PHOENIX_CONFIG_REMOTE", remote)).await;
    let ada = stage.app.administrator().await;
    let program = stage.program().await;
    let mut walk = Walk { stage, ada, program, seen: BTreeSet::new() };
    account(&mut walk).await;
    people(&mut walk).await;
    deployments(&mut walk).await;
    secrets(&mut walk).await;
    catalog(&mut walk).await;
    let told: BTreeSet<Key> = rows().filter(|row| matches!(row.1, Record(_))).map(|row| row.0).collect();
    assert_eq!(walk.seen, told, "each row that says “record” was seen to leave one");

    let page = walk.ada.get("/admin/audit").await;
    assert_eq!(page.status, 200);
    let all = walk.stage.app.services().audit();
    let verdict = all.verify(Auditor::at_the_machine()).await.unwrap();
    assert!(verdict.faults.is_empty(), "{verdict:?}");
    for secret in ["a-value-0a1b2c", "b-value-0a1b2c", "c-value-0a1b2c", "another calm harbour wall"] {
        let mut export = all.export(Auditor::at_the_machine(), AuditFilter::default(), service::AuditFormat::JsonLines);
        while let Some(piece) = export.next().await.unwrap() {
            assert!(!piece.contains(secret), "{secret} stands in the audit");
        }
    }
}

#[test]
fn every_function_and_write_has_a_row() {
    let functions: BTreeSet<&str> = FUNCTIONS.iter().map(|row| row.0).collect();
    assert_eq!(functions, app::server_function_table().iter().map(|row| row.0).collect::<BTreeSet<_>>());
    let writes: BTreeSet<Key> = WRITES.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(writes, server::api_routes().filter(|row| row.0 != "GET").collect::<BTreeSet<_>>());
    assert!(rows().all(|row| !matches!(row.1, Nothing("") | Elsewhere("", _) | Elsewhere(_, ""))), "each has a reason");
}

#[tokio::test]
async fn the_page_filters_and_its_downloads_are_what_it_shows() {
    let stage = Stage::new().await;
    let (app, ada) = (&stage.app, stage.app.administrator().await);
    let grace = app.invited(Rights::deployer([DEV])).await;
    let who = id(&grace).await;
    ada.call("/api/set_role", &[("user", who.as_str()), ("role", "viewer")]).await;
    let page = ada.get(&format!("/admin/audit?act=user.&subject=user%3A{who}")).await.text;
    assert!(
        page.contains("Changed a role") && page.contains("<del>deployer</del>") && page.contains("<ins>viewer</ins>"),
        "{page}"
    );
    assert!(!page.contains("Invited somebody") && page.contains("127.0.0.1"), "{page}");
    let nobody = ada.get(&format!("/admin/audit?person={who}&act=catalog.")).await.text;
    assert!(nobody.contains("No record is like that"), "{nobody}");
    assert!(ada.get("/admin/audit?to=2020-01-01").await.text.contains("No record is like that"));
    let wrong = ada.get("/admin/audit?from=yesterday").await;
    assert!(wrong.status == 422 && wrong.text.contains("Write it as 2026-03-31") && wrong.text.contains("yesterday"));
    let checked = ada.get("/admin/audit?check=chain").await.text;
    assert!(checked.contains("Unbroken: ") && checked.contains("Newest digest"), "{checked}");

    let lines = ada.get(&format!("/admin/audit/export?format=jsonl&act=user.&subject=user%3A{who}")).await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    assert!(lines.header("content-disposition").starts_with("attachment; filename=\"thinkheads-audit-"));
    let records: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.iter().map(|one| one["action"].as_str().unwrap()).collect::<Vec<_>>(), ["user.role_changed"]);
    assert_eq!(records[0]["detail"]["before"]["environments"], json!([DEV]));
    let csv = ada.get("/admin/audit/export?format=csv").await;
    assert!(
        csv.header("content-type").starts_with("text/csv") && csv.text.starts_with("id,time,actor"),
        "{}",
        csv.text
    );
    assert_eq!(ada.get("/admin/audit/export?format=xml").await.status, 422);
    assert_eq!(ada.get("/admin/audit/export?from=x").await.status, 422);
}
