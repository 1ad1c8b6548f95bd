//! Every route and server function × {nobody, viewer, member, deployer, administrator}. A new one without a row fails.

use std::collections::BTreeSet;

use http::Method;
use testkit::{Person, TestApp};
use types::{Rights, Role};

/// No identifier of anything.
const UNKNOWN: &str = "019078e5-0000-7000-8000-000000000000";

/// A route's pattern, the path to ask for, and the status for nobody, a viewer, a member, a
/// deployer and an administrator.
type Row = (&'static str, &'static str, [u16; 5]);

/// Pages, opened as a browser does. 303 for nobody leads to sign in.
const PAGES: &[Row] = &[
    ("/", "/", [303, 200, 200, 200, 200]),
    ("/chat", "/chat", [303, 403, 200, 200, 200]),
    ("/chat/new", "/chat/new", [303, 403, 200, 200, 200]),
    ("/chat/{id}", "/chat/019078e5-0000-7000-8000-000000000000", [303, 403, 404, 404, 404]),
    ("/admin", "/admin", [303, 200, 403, 200, 200]),
    ("/admin/environments", "/admin/environments", [303, 200, 403, 200, 200]),
    ("/admin/environments/{name}", "/admin/environments/nowhere", [303, 200, 403, 200, 200]),
    ("/admin/connect", "/admin/connect", [303, 403, 403, 403, 200]),
    ("/admin/environments/add", "/admin/environments/add", [303, 403, 403, 403, 200]),
    ("/admin/environments/bind", "/admin/environments/bind", [303, 403, 403, 403, 200]),
    (
        "/admin/stacks/{environment}/{stack}/containers/{container}",
        "/admin/stacks/nowhere/nothing/containers/none",
        [303, 200, 403, 200, 200],
    ),
    ("/admin/stacks", "/admin/stacks", [303, 200, 403, 200, 200]),
    ("/admin/stacks/{environment}/{stack}", "/admin/stacks/nowhere/nothing", [303, 200, 403, 200, 200]),
    ("/admin/catalog/new", "/admin/catalog/new", [303, 403, 403, 403, 200]),
    ("/admin/catalog/draft", "/admin/catalog/draft", [303, 403, 403, 403, 200]),
    ("/admin/catalog/{stack}", "/admin/catalog/nothing", [303, 403, 403, 403, 200]),
    ("/admin/catalog", "/admin/catalog", [303, 403, 403, 403, 200]),
    ("/admin/catalog/{stack}/more", "/admin/catalog/nothing/more", [303, 403, 403, 403, 404]),
    ("/admin/catalog/history", "/admin/catalog/history", [303, 403, 403, 403, 200]),
    ("/admin/catalog/history/{version}", "/admin/catalog/history/now", [303, 403, 403, 403, 404]),
    ("/admin/catalog/history/{version}/restore", "/admin/catalog/history/now/restore", [303, 403, 403, 403, 404]),
    ("/admin/catalog/import", "/admin/catalog/import", [303, 403, 403, 403, 200]),
    ("/admin/plan", "/admin/plan", [303, 403, 403, 200, 200]),
    ("/admin/applies", "/admin/applies", [303, 200, 403, 200, 200]),
    ("/admin/applies/{id}", "/admin/applies/019078e5-0000-7000-8000-000000000000", [303, 404, 403, 404, 404]),
    ("/admin/people", "/admin/people", [303, 403, 403, 403, 200]),
    ("/admin/people/{id}", "/admin/people/019078e5-0000-7000-8000-000000000000", [303, 403, 403, 403, 404]),
    ("/admin/audit", "/admin/audit", [303, 403, 403, 403, 200]),
    ("/account", "/account", [303, 200, 200, 200, 200]),
    ("/sign-in", "/sign-in", [200, 303, 303, 303, 303]),
    ("/join/{token}", "/join/no-such-token", [410, 410, 410, 410, 410]),
];

/// Server functions, called without arguments: 422 or 200 means that the caller was let in.
const FUNCTIONS: &[(&str, [u16; 5])] = &[
    ("/api/sign_in", [422, 422, 422, 422, 422]),
    ("/api/sign_out", [200, 200, 200, 200, 200]),
    ("/api/accept_invitation", [422, 422, 422, 422, 422]),
    ("/api/set_theme", [422, 422, 422, 422, 422]),
    ("/api/change_password", [401, 422, 422, 422, 422]),
    ("/api/end_session", [401, 422, 422, 422, 422]),
    ("/api/end_other_sessions", [401, 200, 200, 200, 200]),
    ("/api/create_token", [401, 422, 422, 422, 422]),
    ("/api/end_token", [401, 422, 422, 422, 422]),
    ("/api/invite", [401, 403, 403, 403, 422]),
    ("/api/revoke_invitation", [401, 403, 403, 403, 422]),
    ("/api/set_role", [401, 403, 403, 403, 422]),
    ("/api/set_disabled", [401, 403, 403, 403, 422]),
    ("/api/end_sessions_of", [401, 403, 403, 403, 422]),
    ("/api/look_again", [401, 422, 403, 422, 422]),
    ("/api/apply_plan", [401, 403, 403, 422, 422]),
    ("/api/cancel_apply", [401, 403, 403, 422, 422]),
    ("/api/release_pin", [401, 403, 403, 422, 422]),
    ("/api/begin_stack", [401, 403, 403, 403, 422]),
    ("/api/keep_stack_form", [401, 403, 403, 403, 422]),
    ("/api/keep_stack_text", [401, 403, 403, 403, 422]),
    ("/api/look_at_repository", [401, 403, 403, 403, 422]),
    ("/api/store_stack_secret", [401, 403, 403, 403, 422]),
    ("/api/drop_typed", [401, 403, 403, 403, 422]),
    ("/api/save_draft", [401, 403, 403, 403, 422]),
    ("/api/rebase_draft", [401, 403, 403, 403, 200]),
    ("/api/discard_draft", [401, 403, 403, 403, 200]),
    ("/api/bring_back_draft", [401, 403, 403, 403, 404]),
    ("/api/switch_stacks", [401, 403, 403, 403, 422]),
    ("/api/rename_stack", [401, 403, 403, 403, 422]),
    ("/api/copy_stack", [401, 403, 403, 403, 422]),
    ("/api/remove_stack", [401, 403, 403, 403, 422]),
    ("/api/compare_remote", [401, 403, 403, 403, 200]),
    ("/api/sync_catalog", [401, 403, 403, 403, 404]),
    ("/api/restore_catalog", [401, 403, 403, 403, 422]),
    ("/api/import_catalog", [401, 403, 403, 403, 422]),
    ("/api/bring_file", [401, 403, 403, 403, 422]),
    ("/api/probe_portainer", [401, 403, 403, 403, 422]),
    ("/api/connect_portainer", [401, 403, 403, 403, 422]),
    ("/api/test_environment", [401, 403, 403, 403, 422]),
    ("/api/bind_environment", [401, 403, 403, 403, 422]),
    ("/api/unbind_environment", [401, 403, 403, 403, 422]),
    ("/api/place_guest", [401, 403, 403, 403, 422]),
    ("/api/restart_container", [401, 403, 403, 422, 422]),
    ("/api/send", [401, 403, 422, 422, 422]),
    ("/api/edit_message", [401, 403, 422, 422, 422]),
    ("/api/regenerate", [401, 403, 422, 422, 422]),
    ("/api/carry_on", [401, 403, 422, 422, 422]),
    ("/api/stop", [401, 403, 422, 422, 422]),
    ("/api/rename", [401, 403, 422, 422, 422]),
    ("/api/delete_conversation", [401, 403, 422, 422, 422]),
    ("/api/restore_conversation", [401, 403, 422, 422, 422]),
    ("/api/save_settings", [401, 403, 422, 422, 422]),
    ("/api/select_branch", [401, 403, 422, 422, 422]),
    ("/api/message_html", [401, 403, 422, 422, 422]),
    ("/api/earlier_html", [401, 403, 422, 422, 422]),
    ("/api/message_text", [401, 403, 422, 422, 422]),
    ("/api/title", [401, 403, 422, 422, 422]),
];

/// Everything else that answers, but the JSON API: see `api_v1::routes`.
const OTHERS: &[Row] = &[
    ("/healthz", "/healthz", [200, 200, 200, 200, 200]),
    ("/readyz", "/readyz", [200, 200, 200, 200, 200]),
    // From this machine; see `health` for everybody else.
    ("/metrics", "/metrics", [200, 200, 200, 200, 200]),
    ("/api/palette", "/api/palette", [401, 200, 200, 200, 200]),
    (
        "/api/stream/generations/{id}",
        "/api/stream/generations/019078e5-0000-7000-8000-000000000000?after=0",
        [401, 403, 404, 404, 404],
    ),
    ("/admin/audit/export", "/admin/audit/export?format=csv", [303, 403, 403, 403, 200]),
    (
        "/api/stream/applies/{id}",
        "/api/stream/applies/019078e5-0000-7000-8000-000000000000?after=0",
        [401, 404, 403, 404, 404],
    ),
    // Without a Portainer nobody can say whether there is such a container.
    (
        "/api/stream/containers/{environment}/{stack}/{container}",
        "/api/stream/containers/nowhere/nothing/none",
        [401, 503, 403, 503, 503],
    ),
    ("/api/logs/{environment}/{stack}/{container}", "/api/logs/nowhere/nothing/none", [401, 503, 403, 503, 503]),
];

fn same(what: &str, rows: impl Iterator<Item = &'static str>, real: impl Iterator<Item = &'static str>) {
    let (rows, real): (BTreeSet<_>, BTreeSet<_>) = (rows.collect(), real.collect());
    assert_eq!(rows, real, "{what}: the table of this test and the server's differ");
}

async fn people(app: &TestApp) -> [Person; 5] {
    [
        app.anonymous(),
        app.invited(Role::Viewer).await,
        app.member().await,
        app.invited(Rights::deployer(["rumpledev"])).await,
        app.administrator().await,
    ]
}

#[test]
fn every_route_has_a_row() {
    same("pages", PAGES.iter().map(|row| row.0), app::routes::ROUTES.iter().map(|route| route.path));
    same("functions", FUNCTIONS.iter().map(|row| row.0), app::server_function_table().iter().map(|row| row.0));
    same("others", OTHERS.iter().map(|row| row.0), server::other_routes().map(|route| route.1));
}

/// Where routes are mounted: from the tables that this test reads, and from the list of site files.
const MOUNTS: [&str; 4] = ["api.rs", "pages.rs", "statics.rs", "table.rs"];

fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn routes_come_from_the_tables_only() {
    let mut files = Vec::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut mounts = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mounting = [".route(", ".route_service(", ".nest(", ".nest_service("];
        if mounting.iter().any(|call| text.contains(call)) {
            mounts.insert(file.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    let expected: BTreeSet<String> = MOUNTS.iter().map(ToString::to_string).collect();
    assert_eq!(mounts, expected, "put the route into server/src/http/table.rs, and a row into this test");
}

#[tokio::test]
async fn pages_let_in_whom_they_should() {
    let app = TestApp::start().await;
    for (who, person) in people(&app).await.iter().enumerate() {
        for (route, path, statuses) in PAGES {
            let reply = person.get(path).await;
            assert_eq!(reply.status, statuses[who], "{route} for {who}: {}", reply.text);
            if who == 0 && reply.status == 303 {
                assert!(reply.location().starts_with("/sign-in"), "{route} leads to {}", reply.location());
            }
        }
    }
}

#[tokio::test]
async fn functions_let_in_whom_they_should() {
    let app = TestApp::start().await;
    for (who, person) in people(&app).await.iter().enumerate() {
        for (path, statuses) in FUNCTIONS {
            // Some end sessions: each gets its own.
            let browser = person.new_browser(&app);
            if who > 0 {
                assert_eq!(browser.sign_in().await.status, 303);
            }
            let reply = browser.call(path, &()).await;
            assert_eq!(reply.status, statuses[who], "{path} for {who}: {}", reply.text);
            if !reply.status.is_success() {
                let problem: types::Problem = reply.json();
                assert_eq!(problem.trace_id, reply.header("x-trace-id"), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn other_routes_let_in_whom_they_should() {
    let app = TestApp::start().await;
    for (who, person) in people(&app).await.iter().enumerate() {
        for (route, path, statuses) in OTHERS {
            let reply = if *route == "/api/stream/generations/{id}" {
                let id = UNKNOWN.parse().unwrap();
                let response = person.follow(id, 0).await;
                assert_eq!(response.status(), statuses[who], "{route} for {who}");
                continue;
            } else if route.starts_with("/api/stream/") {
                person.call(path, &()).await
            } else {
                person.send(person.request(Method::GET, path)).await
            };
            assert_eq!(reply.status, statuses[who], "{route} for {who}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn one_person_sees_nothing_of_another() {
    let app = TestApp::start().await;
    let (owner, other) = (app.member().await, app.member().await);
    let answer = owner.say("a secret", "test-model").await;
    assert_eq!(owner.events(answer.id, 0).await.end().await, Some(types::GenerationState::Complete));
    let page = format!("/chat/{}", answer.conversation);
    assert!(owner.get(&page).await.text.contains("a secret"));
    for stranger in [&other, &app.administrator().await] {
        assert_eq!(stranger.get(&page).await.status, 404);
        assert_eq!(stranger.follow(answer.id, 0).await.status(), 404);
        let (conversation, message) = (answer.conversation.to_string(), answer.prompt.to_string());
        for (action, fields) in [
            ("/api/message_text", vec![("message", &message)]),
            ("/api/edit_message", vec![("message", &message), ("text", &message)]),
            ("/api/regenerate", vec![("message", &message)]),
            ("/api/rename", vec![("conversation", &conversation), ("title", &message)]),
            ("/api/delete_conversation", vec![("conversation", &conversation)]),
            ("/api/message_html", vec![("conversation", &conversation), ("message", &message)]),
        ] {
            assert_eq!(stranger.call(action, &fields).await.status, 404, "{action}");
        }
    }
    assert!(owner.get(&page).await.text.contains("a secret"));
}
