//! The document of the API.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::TestApp;

/// Every reference within the document.
fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference);
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_stands_in_it() {
    let app = TestApp::start().await;
    let reply = app.anonymous().send(app.anonymous().request(http::Method::GET, "/api/v1/openapi.json")).await;
    let document: Value = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], app.url());
    let mut described = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.to_ascii_uppercase(), path.clone()));
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}: twice the same id");
            assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{path}");
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|one| one["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("default") && responses.len() == 2, "{path}");
        }
    }
    let routes: BTreeSet<(String, String)> =
        server::api_routes().map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = TestApp::start().await;
    let reply = app.anonymous().send(app.anonymous().request(http::Method::GET, "/api/v1/openapi.json")).await;
    let document: Value = reply.json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for name in ["Plan", "Problem", "WatchEvent", "CatalogContents"] {
        assert!(found.iter().any(|reference| reference.ends_with(&format!("/{name}"))), "{name} in {found:?}");
    }
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads away"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
