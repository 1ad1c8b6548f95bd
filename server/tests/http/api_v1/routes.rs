//! Every route of the JSON API × {nobody, viewer, member, deployer, administrator} × {session, token}. A new one without a row fails.

use std::collections::BTreeSet;

use http::{Method, header};
use testkit::{Person, Reply};
use types::{Rights, Role};

use super::stage::{Program, Stage};

/// Method, pattern, path to ask for without a body, and the status for nobody, a viewer, a member, a
/// deployer (of another environment than the one named) and an administrator. A route that takes a body answers 422 to whom it lets in.
type Row = (&'static str, &'static str, &'static str, [u16; 5]);

const ROUTES: &[Row] = &[
    ("GET", "/api/v1/server", "", [200, 200, 200, 200, 200]),
    ("GET", "/api/v1/openapi.json", "", [200, 200, 200, 200, 200]),
    ("GET", "/api/v1/me", "", [401, 200, 200, 200, 200]),
    ("POST", "/api/v1/plans", "", [401, 403, 403, 422, 422]),
    ("POST", "/api/v1/proposals", "", [401, 403, 403, 422, 422]),
    ("POST", "/api/v1/guests/{guest}", "/api/v1/guests/none", [401, 403, 403, 403, 404]),
    ("GET", "/api/v1/applies", "", [401, 200, 403, 200, 200]),
    ("POST", "/api/v1/applies", "", [401, 403, 403, 422, 422]),
    ("GET", "/api/v1/applies/running", "", [401, 200, 403, 200, 200]),
    ("GET", "/api/v1/applies/{id}", "/api/v1/applies/none", [401, 404, 403, 404, 404]),
    ("POST", "/api/v1/applies/{id}/cancel", "/api/v1/applies/none/cancel", [401, 403, 403, 404, 404]),
    ("POST", "/api/v1/applies/{id}/events", "/api/v1/applies/none/events", [401, 404, 403, 404, 404]),
    ("GET", "/api/v1/status", "", [401, 200, 403, 200, 200]),
    ("POST", "/api/v1/status", "", [401, 200, 403, 200, 200]),
    ("POST", "/api/v1/drift", "", [401, 200, 403, 200, 200]),
    ("GET", "/api/v1/revisions/{environment}/{stack}", "/api/v1/revisions/rumpledev/web", [401, 403, 403, 200, 200]),
    ("GET", "/api/v1/pins", "", [401, 200, 403, 200, 200]),
    ("DELETE", "/api/v1/pins/{environment}/{stack}", "/api/v1/pins/rumpledev/web", [401, 403, 403, 403, 404]),
    ("GET", "/api/v1/catalog", "", [401, 403, 403, 200, 200]),
    ("GET", "/api/v1/catalog/findings", "/api/v1/catalog/findings?deep=true", [401, 403, 403, 200, 200]),
    ("POST", "/api/v1/catalog/edits", "", [401, 403, 403, 403, 422]),
    ("GET", "/api/v1/catalog/history", "", [401, 403, 403, 403, 200]),
    ("GET", "/api/v1/catalog/difference", "", [401, 403, 403, 403, 422]),
    ("POST", "/api/v1/catalog/restore", "", [401, 403, 403, 403, 422]),
    ("GET", "/api/v1/catalog/import", "", [401, 403, 403, 403, 200]),
    ("POST", "/api/v1/catalog/import", "", [401, 403, 403, 403, 422]),
    // No remote is set.
    ("GET", "/api/v1/catalog/divergence", "", [401, 403, 403, 403, 404]),
    ("POST", "/api/v1/catalog/sync", "", [401, 403, 403, 403, 404]),
    ("GET", "/api/v1/secrets", "", [401, 403, 403, 403, 200]),
    ("PUT", "/api/v1/secrets/{name}", "/api/v1/secrets/none", [401, 403, 403, 403, 422]),
    ("DELETE", "/api/v1/secrets/{name}", "/api/v1/secrets/none", [401, 403, 403, 403, 404]),
    ("POST", "/api/v1/secrets/{name}/rotate", "/api/v1/secrets/none/rotate", [401, 403, 403, 403, 422]),
    ("POST", "/api/v1/secrets/{name}/adopt", "/api/v1/secrets/none/adopt", [401, 403, 403, 403, 422]),
    ("POST", "/api/v1/vault/rekey", "", [401, 403, 403, 403, 422]),
];

#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<(&str, &str)> = ROUTES.iter().map(|row| (row.0, row.1)).collect();
    let real: BTreeSet<(&str, &str)> = server::api_routes().collect();
    assert_eq!(rows, real, "the table of this test and the server's differ");
}

fn check(row: &Row, who: usize, how: &str, reply: &Reply) {
    let (method, route, _, statuses) = row;
    assert_eq!(reply.status, statuses[who], "{method} {route} for {who} by {how}: {}", reply.text);
    if !reply.status.is_success() {
        assert_eq!(reply.header("content-type"), "application/problem+json", "{route}");
        let problem: types::Problem = reply.json();
        assert_eq!(problem.trace_id, reply.header("x-trace-id"), "{route}");
        assert!(!problem.message.is_empty());
        assert_eq!(reply.header("www-authenticate") == "Bearer", reply.status == 401, "{route}");
    }
}

#[tokio::test]
async fn routes_let_in_whom_they_should() {
    let stage = Stage::new().await;
    let app = &stage.app;
    let people: [Person; 5] = [
        app.anonymous(),
        app.invited(Role::Viewer).await,
        app.member().await,
        app.invited(Rights::deployer(["rumpletest"])).await,
        app.administrator().await,
    ];
    let mut programs = vec![None];
    for person in &people[1..] {
        programs.push(Some(Program::of(app, person).await));
    }
    for row in ROUTES {
        let (method, route, path, _) = row;
        let path = if path.is_empty() { route } else { path };
        let method: Method = method.parse().unwrap();
        for (who, person) in people.iter().enumerate() {
            let request = person.request(method.clone(), path).header("sec-fetch-site", "same-origin");
            // A browser asks for pages; programs get data all the same.
            let reply = person.send(request.header(header::ACCEPT, "text/html")).await;
            check(row, who, "session", &reply);
        }
        for (who, program) in programs.iter().enumerate() {
            let Some(program) = program else { continue };
            check(row, who, "token", &program.send(method.clone(), path, None::<&()>).await);
        }
    }
}

#[tokio::test]
async fn what_is_no_route_is_refused_as_data() {
    let stage = Stage::new().await;
    let program = stage.program().await;
    let missing = program.send(Method::GET, "/api/v1/nothing", None::<&()>).await;
    assert_eq!((missing.status.as_u16(), missing.header("content-type")), (404, "application/problem+json"));
    let wrong = program.send(Method::PUT, "/api/v1/plans", None::<&()>).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("content-type")), (405, "application/problem+json"));
    let large = "x".repeat(9 * 1024 * 1024);
    let reply = program.send(Method::POST, "/api/v1/plans", Some(&large)).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
}
