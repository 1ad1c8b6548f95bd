//! The vault. Values come in and never go out.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use secrecy::SecretString;
use service::ServiceError;
use types::{
    SecretText,
    catalog::SecretName,
    deploy::{AdoptRequest, RekeyRequest, Rekeyed, SecretValue},
};

use super::{body::Json, caller::Caller};

/// `GET /api/v1/secrets`.
pub(super) async fn list(caller: Caller) -> Response {
    caller.read(|deploy, operator| async move { deploy.secrets(&operator).await }).await
}

/// `PUT /api/v1/secrets/{name}`.
pub(super) async fn set(caller: Caller, Path(name): Path<String>, Json(given): Json<SecretValue>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            deploy.set_secret(&operator, &named(&name)?, &value(&given.value)).await
        })
        .await
}

/// `POST /api/v1/secrets/{name}/rotate`.
pub(super) async fn rotate(caller: Caller, Path(name): Path<String>, Json(given): Json<SecretValue>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            deploy.rotate_secret(&operator, &named(&name)?, &value(&given.value)).await
        })
        .await
}

/// `DELETE /api/v1/secrets/{name}`.
pub(super) async fn remove(caller: Caller, Path(name): Path<String>) -> Response {
    caller
        .write(StatusCode::NO_CONTENT, |deploy, operator| async move {
            deploy.remove_secret(&operator, &named(&name)?).await
        })
        .await
}

/// `POST /api/v1/secrets/{name}/adopt`.
pub(super) async fn adopt(caller: Caller, Path(name): Path<String>, Json(from): Json<AdoptRequest>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            deploy.adopt_secret(&operator, &from.file, &from.pointer, &named(&name)?).await
        })
        .await
}

/// `POST /api/v1/vault/rekey`.
pub(super) async fn rekey(caller: Caller, Json(asked): Json<RekeyRequest>) -> Response {
    caller
        .write(StatusCode::OK, |deploy, operator| async move {
            let key = asked.key.as_ref().map(value);
            let (secrets, public_key) = deploy.rekey(&operator, key.as_ref()).await?;
            Ok(Rekeyed { secrets, public_key })
        })
        .await
}

fn value(text: &SecretText) -> SecretString {
    SecretString::from(text.expose())
}

fn named(name: &str) -> Result<SecretName, ServiceError> {
    name.parse().map_err(|error| ServiceError::field("name", format!("The name of the secret {error}.")))
}
