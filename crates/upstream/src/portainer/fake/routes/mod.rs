//! The stand-in's routes, by topic.

mod docker;
mod docker_logs;
mod docker_measures;
mod environments;
mod refresh;
mod stacks;
mod stacks_change;
mod stacks_create;
mod system;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, delete, get, post, put},
};
use tokio_util::sync::CancellationToken;

pub(super) use docker::run_by_hand;
pub(super) use environments::take_snapshot;
pub(super) use refresh::poll_repositories;

use super::{
    Shared,
    gate::{Cx, gate},
};

pub(super) fn router(shared: Arc<Shared>, stop: CancellationToken) -> Router {
    let prefix = shared.config.prefix.clone();
    let cx = Cx { shared, stop };
    let api = Router::new()
        .route("/status", get(system::status))
        .route("/system/status", get(system::status))
        .route("/status/version", get(system::version))
        .route("/system/version", get(system::version))
        .route("/system/info", get(system::info))
        .route("/auth", post(users::log_in))
        .route("/users/admin/check", get(users::admin_check))
        .route("/users/admin/init", post(users::admin_init))
        .route("/users/me", get(users::me))
        .route("/users/{id}/tokens", get(users::keys).post(users::create_key))
        .route("/users/{id}/tokens/{key}", delete(users::delete_key))
        .route("/endpoints", get(environments::list).post(environments::create))
        .route("/endpoints/snapshot", post(environments::snapshot_all))
        .route("/endpoints/{id}", get(environments::inspect).put(environments::update).delete(environments::delete))
        .route("/endpoints/{id}/snapshot", post(environments::snapshot))
        .route("/endpoints/{id}/docker/{*path}", any(docker::proxy))
        .route("/stacks", get(stacks::list).post(stacks_create::legacy))
        .route("/stacks/create/{kind}/{method}", post(stacks_create::create))
        .route("/stacks/{id}", get(stacks::inspect).put(stacks_change::update).delete(stacks_change::delete))
        .route("/stacks/{id}/file", get(stacks::file))
        .route("/stacks/{id}/git", post(stacks_change::git_settings))
        .route("/stacks/{id}/git/redeploy", put(stacks_change::git_redeploy))
        .route("/stacks/{id}/start", post(stacks_change::start))
        .route("/stacks/{id}/stop", post(stacks_change::stop))
        .route("/stacks/{id}/associate", put(stacks_change::associate))
        .route("/stacks/webhooks/{webhook}", post(refresh::webhook))
        .route("/gitops/repo/file/preview", post(stacks::preview));
    Router::new()
        .nest(&format!("{prefix}/api"), api)
        .layer(middleware::from_fn_with_state(cx.clone(), gate))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(cx)
}
