//! The routes of the JSON API. Router, document and tests are made from this table and from nothing else.

use axum::{
    Router,
    routing::{MethodFilter, MethodRouter, on},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use service::deploy::{
    ApplySummary, ApplyView, DriftReading, Edit, Overview, Planned, Proposal,
    model::{PlanOptions, Revision as StackRevision},
    wire::{ApplyRequest, Begun, CreatedGuest, Pinned, ProposalRequest, Standing, WatchEvent},
};
use types::{
    Permission, User,
    catalog::{Diagnostic, Divergence, FileChange, Revision, SecretInfo},
    deploy::{
        AdoptRequest, CatalogContents, ImportPlan, ImportRequest, RekeyRequest, Rekeyed, RestoreRequest, SaveRequest,
        Saved, SecretValue, ServerInfo, Synced,
    },
};

use super::{about, catalog, deployments, events, secrets};
use crate::{http::problem, state::AppState};

type Handler = fn(MethodFilter) -> MethodRouter<AppState>;
/// Makes the schema of a body.
pub(super) type Body = fn(&mut SchemaGenerator) -> Schema;

/// One route, with what the document says of it.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// In capitals.
    pub(super) method: &'static str,
    filter: MethodFilter,
    pub(super) path: &'static str,
    handler: Handler,
    /// Its name for programs that are made from the document.
    pub(super) id: &'static str,
    /// One sentence.
    pub(super) summary: &'static str,
    pub(super) permission: Permission,
    pub(super) query: &'static [Param],
    /// The body it takes.
    pub(super) takes: Option<Body>,
    /// The status of success.
    pub(super) status: u16,
    /// The body of success.
    pub(super) gives: Option<Body>,
    /// Whether it answers with an event stream of what it gives.
    pub(super) streams: bool,
    /// Whether a refusal may bring the plan as it is now, or both sides of a conflict.
    pub(super) conflicts: bool,
}

/// A parameter of the query.
pub(super) struct Param {
    pub(super) name: &'static str,
    /// A word of JSON Schema.
    pub(super) kind: &'static str,
    pub(super) required: bool,
    pub(super) says: &'static str,
}

impl Param {
    const fn new(name: &'static str, kind: &'static str, says: &'static str) -> Self {
        Self { name, kind, required: false, says }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

impl Route {
    const fn new(
        method: &'static str,
        filter: MethodFilter,
        path: &'static str,
        handler: Handler,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            filter,
            path,
            handler,
            id,
            summary,
            permission: Permission::Administrator,
            query: &[],
            takes: None,
            status: 200,
            gives: None,
            streams: false,
            conflicts: false,
        }
    }

    const fn get(path: &'static str, handler: Handler, id: &'static str, summary: &'static str) -> Self {
        Self::new("GET", MethodFilter::GET, path, handler, id, summary)
    }

    const fn post(path: &'static str, handler: Handler, id: &'static str, summary: &'static str) -> Self {
        Self::new("POST", MethodFilter::POST, path, handler, id, summary)
    }

    const fn put(path: &'static str, handler: Handler, id: &'static str, summary: &'static str) -> Self {
        Self::new("PUT", MethodFilter::PUT, path, handler, id, summary)
    }

    const fn delete(path: &'static str, handler: Handler, id: &'static str, summary: &'static str) -> Self {
        Self::new("DELETE", MethodFilter::DELETE, path, handler, id, summary)
    }

    const fn to(self, permission: Permission) -> Self {
        Self { permission, ..self }
    }

    const fn query(self, query: &'static [Param]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, body: Body) -> Self {
        Self { takes: Some(body), ..self }
    }

    const fn gives(self, body: Body) -> Self {
        Self { gives: Some(body), ..self }
    }

    const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    const fn streams(self) -> Self {
        Self { streams: true, ..self }
    }

    const fn conflicts(self) -> Self {
        Self { conflicts: true, ..self }
    }
}

fn body<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Every route.
pub(super) const ROUTES: &[Route] = &[
    Route::get("/api/v1/server", |f| on(f, about::server), "server", "Which program answers, and its version.")
        .to(Permission::Public)
        .gives(body::<ServerInfo>),
    Route::get("/api/v1/openapi.json", |f| on(f, about::document), "openapi", "This document.").to(Permission::Public),
    Route::get("/api/v1/me", |f| on(f, about::me), "me", "Who asks.").to(Permission::SignedIn).gives(body::<User>),
    Route::post(
        "/api/v1/plans",
        |f| on(f, deployments::plan),
        "plan",
        "What would be done to bring the hosts to what the catalog says. Changes nothing.",
    ).to(Permission::Deploy)
    .takes(body::<PlanOptions>)
    .gives(body::<Planned>),
    Route::post(
        "/api/v1/proposals",
        |f| on(f, deployments::propose),
        "propose",
        "What going back, carrying over or releasing a stack would do. Changes nothing.",
    ).to(Permission::Deploy)
    .takes(body::<ProposalRequest>)
    .gives(body::<Proposal>),
    Route::post(
        "/api/v1/guests/{guest}",
        |f| on(f, deployments::create),
        "create",
        "Makes a guest of the catalog (by number, name or environment) an environment, and plans its stacks.",
    )
    .gives(body::<CreatedGuest>),
    Route::get("/api/v1/applies", |f| on(f, deployments::applies), "applies", "Applies, latest first.").to(Permission::Look)
        .query(&[
            Param::new("environment", "string", "Only applies that change this environment."),
            Param::new("before", "string", "Only applies before the one with this id."),
            Param::new("limit", "integer", "How many at most, 1 to 200; 50 by default."),
        ])
        .gives(body::<Vec<ApplySummary>>),
    Route::post(
        "/api/v1/applies",
        |f| on(f, deployments::apply),
        "apply",
        "Begins to carry out a plan that somebody has read. Refused with the plan as it is now when anything moved since.",
    ).to(Permission::Deploy)
    .takes(body::<ApplyRequest>)
    .status(201)
    .gives(body::<Begun>)
    .conflicts(),
    Route::get("/api/v1/applies/running", |f| on(f, deployments::running), "running", "Applies under way.").to(Permission::Look)
        .gives(body::<Vec<ApplySummary>>),
    Route::get("/api/v1/applies/{id}", |f| on(f, deployments::one), "applyView", "An apply with its journal.").to(Permission::Look)
        .gives(body::<ApplyView>),
    Route::post("/api/v1/applies/{id}/cancel", |f| on(f, deployments::cancel), "cancel", "Stops an apply between steps.").to(Permission::Deploy)
        .status(204),
    Route::post(
        "/api/v1/applies/{id}/events",
        |f| on(f, events::follow),
        "events",
        "Follows an apply. An event at once, a comment in silence; ask again with the last `id` after a cut.",
    ).to(Permission::Look)
    .query(&[Param::new("after", "integer", "The number of the last event you have; 0 is from the beginning.")])
    .gives(body::<WatchEvent>)
    .streams(),
    Route::get("/api/v1/status", |f| on(f, deployments::standing), "standing", "Where everything stood at the newest look.").to(Permission::Look)
        .gives(body::<Standing>),
    Route::post("/api/v1/status", |f| on(f, deployments::look), "look", "Looks at everything afresh.").to(Permission::Look)
        .gives(body::<Overview>),
    Route::post("/api/v1/drift", |f| on(f, deployments::drift), "drift", "Looks for what changed outside of the catalog.").to(Permission::Look)
        .gives(body::<DriftReading>),
    Route::get(
        "/api/v1/revisions/{environment}/{stack}",
        |f| on(f, deployments::revisions),
        "revisions",
        "What was applied and proved healthy, newest first.",
    ).to(Permission::Deploy)
    .gives(body::<Vec<StackRevision>>),
    Route::get("/api/v1/pins", |f| on(f, deployments::pins), "pins", "Stacks that are held at a version.").to(Permission::Look)
        .gives(body::<Vec<Pinned>>),
    Route::delete(
        "/api/v1/pins/{environment}/{stack}",
        |f| on(f, deployments::release),
        "release",
        "Lets the catalog decide again. Deploys nothing.",
    ).to(Permission::Deploy)
    .status(204),
    Route::get("/api/v1/catalog", |f| on(f, catalog::contents), "catalog", "The catalog as it stands, secrets hidden.").to(Permission::Deploy)
        .gives(body::<CatalogContents>),
    Route::get("/api/v1/catalog/findings", |f| on(f, catalog::findings), "findings", "What is wrong with the catalog.").to(Permission::Deploy)
        .query(&[Param::new("deep", "boolean", "Read and check compose files of other repositories too.")])
        .gives(body::<Vec<Diagnostic>>),
    Route::post("/api/v1/catalog/edits", |f| on(f, catalog::save), "save", "Saves changes as a commit. Deploys nothing.")
        .takes(body::<SaveRequest<Edit>>)
        .gives(body::<Saved>)
        .conflicts(),
    Route::get("/api/v1/catalog/history", |f| on(f, catalog::history), "history", "Commits, newest first.")
        .query(&[
            Param::new("file", "string", "Only commits that changed this file."),
            Param::new("limit", "integer", "How many at most, 1 to 500; 50 by default."),
        ])
        .gives(body::<Vec<Revision>>),
    Route::get("/api/v1/catalog/difference", |f| on(f, catalog::difference), "difference", "How two versions differ.")
        .query(&[
            Param::new("from", "string", "A version.").required(),
            Param::new("to", "string", "Another version.").required(),
        ])
        .gives(body::<Vec<FileChange>>),
    Route::post("/api/v1/catalog/restore", |f| on(f, catalog::restore), "restore", "Brings a version back, as a commit.")
        .takes(body::<RestoreRequest>)
        .gives(body::<Saved>)
        .conflicts(),
    Route::get("/api/v1/catalog/import", |f| on(f, catalog::plan_import), "planImport", "What rewriting older forms would change.")
        .gives(body::<ImportPlan>),
    Route::post("/api/v1/catalog/import", |f| on(f, catalog::import), "import", "Rewrites older forms, as a commit.")
        .takes(body::<ImportRequest>)
        .gives(body::<Saved>)
        .conflicts(),
    Route::get("/api/v1/catalog/divergence", |f| on(f, catalog::divergence), "divergence", "What catalog and remote have that the other has not.")
        .gives(body::<Divergence>),
    Route::post("/api/v1/catalog/sync", |f| on(f, catalog::sync), "sync", "Pulls from the remote, then pushes. Forward only.")
        .gives(body::<Synced>),
    Route::get("/api/v1/secrets", |f| on(f, secrets::list), "secrets", "The secrets' names, versions and dates.")
        .gives(body::<Vec<SecretInfo>>),
    Route::put("/api/v1/secrets/{name}", |f| on(f, secrets::set), "setSecret", "Sets a secret, or gives it its next value.")
        .takes(body::<SecretValue>)
        .gives(body::<SecretInfo>)
        .conflicts(),
    Route::delete("/api/v1/secrets/{name}", |f| on(f, secrets::remove), "removeSecret", "Takes a secret away that nothing uses.")
        .status(204)
        .conflicts(),
    Route::post("/api/v1/secrets/{name}/rotate", |f| on(f, secrets::rotate), "rotateSecret", "Gives a secret that is there its next value.")
        .takes(body::<SecretValue>)
        .gives(body::<SecretInfo>)
        .conflicts(),
    Route::post("/api/v1/secrets/{name}/adopt", |f| on(f, secrets::adopt), "adoptSecret", "Moves a secret from plain text into the vault.")
        .takes(body::<AdoptRequest>)
        .gives(body::<SecretInfo>)
        .conflicts(),
    Route::post("/api/v1/vault/rekey", |f| on(f, secrets::rekey), "rekey", "Encrypts every secret for another key.")
        .takes(body::<RekeyRequest>)
        .gives(body::<Rekeyed>)
        .conflicts(),
];

/// A router of the streams, or of all others.
pub(crate) fn router(streams: bool) -> Router<AppState> {
    let routes = ROUTES.iter().filter(|route| route.streams == streams);
    routes
        .fold(Router::new(), |router, route| router.route(route.path, (route.handler)(route.filter)))
        .method_not_allowed_fallback(problem::wrong_method)
}

/// The JSON API's routes: method and path.
pub fn api_routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.path))
}
