//! Plans, applies, where everything stands, revisions and pins.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use service::{
    Deployer, Onlooker,
    deploy::{
        environments::CreateEvent,
        model::{ApplyId, PlanOptions, StackRef},
        wire::{ApplyRequest, Begun, CreatedGuest, LookTrouble, Pinned, ProposalRequest, Standing},
    },
};

use super::{
    body::{Json, Params},
    caller::Caller,
};

/// Applies in one answer, unless asked otherwise.
const PAGE: u32 = 50;

/// `POST /api/v1/plans`.
pub(super) async fn plan(caller: Caller<Deployer>, Json(options): Json<PlanOptions>) -> Response {
    caller.read(|deploy, operator| async move { deploy.plan(&operator, &options).await }).await
}

/// `POST /api/v1/proposals`.
pub(super) async fn propose(caller: Caller<Deployer>, Json(asked): Json<ProposalRequest>) -> Response {
    caller.read(|deploy, operator| async move { deploy.propose(&operator, &asked.also, asked.on_failure).await }).await
}

/// `POST /api/v1/guests/{guest}`.
pub(super) async fn create(caller: Caller, Path(guest): Path<String>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            let told = std::sync::Mutex::new(Vec::new());
            let keep = |event: &CreateEvent| {
                // What creating tells always has a JSON form.
                let event = serde_json::to_value(event).unwrap_or_default();
                told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
            };
            let created = deploy.create(&operator, &guest, &keep).await?;
            let told = told.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(CreatedGuest { told, plan: created.planned.plan })
        })
        .await
}

/// `POST /api/v1/applies`.
pub(super) async fn apply(caller: Caller<Deployer>, Json(ApplyRequest { plan, also }): Json<ApplyRequest>) -> Response {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let response = caller
        .write(StatusCode::CREATED, |deploy, operator| async move {
            let id = deploy.apply(&operator, plan, also.as_ref()).await?;
            // Nobody listens when the request has ended.
            let _ = begun.send(id.clone());
            Ok(Begun { id })
        })
        .await;
    let place = has_begun.await.ok().and_then(|id| HeaderValue::try_from(format!("/api/v1/applies/{id}")).ok());
    match place {
        Some(place) => ([(header::LOCATION, place)], response).into_response(),
        None => response,
    }
}

/// Which applies are listed.
#[derive(Deserialize)]
pub(super) struct Listed {
    environment: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/applies`.
pub(super) async fn applies(caller: Caller<Onlooker>, Params(asked): Params<Listed>) -> Response {
    caller
        .read(|deploy, operator| async move {
            let Listed { environment, before, limit } = asked;
            deploy.applies(&operator, environment.as_deref(), before.as_deref(), limit.unwrap_or(PAGE)).await
        })
        .await
}

/// `GET /api/v1/applies/running`.
pub(super) async fn running(caller: Caller<Onlooker>) -> Response {
    caller.read(|deploy, operator| async move { deploy.running(&operator).await }).await
}

/// `GET /api/v1/applies/{id}`.
pub(super) async fn one(caller: Caller<Onlooker>, Path(id): Path<String>) -> Response {
    caller.read(|deploy, operator| async move { deploy.apply_view(&operator, &ApplyId(id)).await }).await
}

/// `POST /api/v1/applies/{id}/cancel`.
pub(super) async fn cancel(caller: Caller<Deployer>, Path(id): Path<String>) -> Response {
    caller
        .write(StatusCode::NO_CONTENT, |deploy, operator| async move { deploy.cancel(&operator, &ApplyId(id)).await })
        .await
}

/// `GET /api/v1/status`: the newest look, however old.
pub(super) async fn standing(caller: Caller<Onlooker>) -> Response {
    caller
        .read(|deploy, operator| async move {
            let (look, trouble) = deploy.latest(&operator);
            Ok(Standing {
                overview: look.map(|look| look.overview.clone()),
                trouble: trouble.map(|(at, message)| LookTrouble { at, message }),
            })
        })
        .await
}

/// `POST /api/v1/status`: looks afresh.
pub(super) async fn look(caller: Caller<Onlooker>) -> Response {
    caller.read(|deploy, operator| async move { deploy.look(&operator).await.map(|look| look.overview.clone()) }).await
}

/// `POST /api/v1/drift`.
pub(super) async fn drift(caller: Caller<Onlooker>) -> Response {
    caller.read(|deploy, operator| async move { deploy.drift(&operator).await }).await
}

/// `GET /api/v1/revisions/{environment}/{stack}`.
pub(super) async fn revisions(
    caller: Caller<Deployer>,
    Path((environment, stack)): Path<(String, String)>,
) -> Response {
    caller
        .read(|deploy, operator| async move { deploy.revisions(&operator, &StackRef { environment, stack }).await })
        .await
}

/// `GET /api/v1/pins`.
pub(super) async fn pins(caller: Caller<Onlooker>) -> Response {
    caller
        .read(|deploy, operator| async move {
            let pins = deploy.pins(&operator).await?;
            Ok(pins.into_iter().map(|(stack, pin)| Pinned { stack, pin }).collect::<Vec<_>>())
        })
        .await
}

/// `DELETE /api/v1/pins/{environment}/{stack}`.
pub(super) async fn release(caller: Caller<Deployer>, Path((environment, stack)): Path<(String, String)>) -> Response {
    caller
        .write(StatusCode::NO_CONTENT, |deploy, operator| async move {
            deploy.release(&operator, &StackRef { environment, stack }).await
        })
        .await
}
