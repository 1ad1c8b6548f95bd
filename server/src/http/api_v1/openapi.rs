//! The document of the API (OpenAPI 3.1), made from the table of its routes and from the types that travel.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::deploy::model::Plan;
use types::{Permission, Problem, deploy::EditConflict};

use super::table::{ROUTES, Route};

/// A refusal (RFC 9457), with what a program can go on with.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Refusal {
    /// What went wrong.
    #[serde(flatten)]
    problem: Problem,
    /// The plan as it is now, when the one handed in no longer holds.
    fresh: Option<Plan>,
    /// Both sides, when the catalog was changed meanwhile.
    conflict: Option<EditConflict>,
}

/// The document, for the server with this public address.
pub(super) fn document(public_url: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = SchemaGenerator::new(settings);
    let refusal = generator.subschema_for::<Refusal>();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in ROUTES {
        let refused = if route.conflicts { &refusal } else { &problem };
        let operation = operation(route, refused.as_value(), &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ThinkHeads",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Catalog and deployments. Times are milliseconds since 1970-01-01T00:00:00Z.",
        },
        "servers": [{ "url": public_url }],
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token from Account, API tokens." },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "__Secure-thinkheads",
                    "description": "A browser's session; writes must come from our own pages.",
                },
            },
        },
    })
}

fn operation(route: &Route, refused: &Value, generator: &mut SchemaGenerator) -> Value {
    let said = |schema: Value| json!({ "application/problem+json": { "schema": schema } });
    let mut success = json!({ "description": "Done." });
    if let Some(gives) = route.gives {
        let kind = if route.streams { "text/event-stream" } else { "application/json" };
        success["content"] = json!({ kind: { "schema": gives(generator) } });
    }
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters(route),
        // Which role may; on which environments is for the call itself to say.
        "x-permission": route.permission,
        "responses": {
            route.status.to_string(): success,
            "default": { "description": "Refused or failed.", "content": said(refused.clone()) },
        },
    });
    if route.permission == Permission::Public {
        operation["security"] = json!([]);
    }
    if let Some(takes) = route.takes {
        let schema = takes(generator);
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = route.query.iter().map(|param| {
        json!({
            "name": param.name, "in": "query", "required": param.required, "description": param.says,
            "schema": { "type": param.kind },
        })
    });
    in_path.chain(in_query).collect()
}
