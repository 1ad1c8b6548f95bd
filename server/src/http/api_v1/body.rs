//! What comes in: bodies and query parameters, refused in our own words.

use app::server::RequestCx;
use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request},
    response::Response,
};
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;
use types::{Problem, ProblemCode};

use crate::{
    http::{middleware::limits, problem},
    state::AppState,
};

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let found = match is_json(&parts.headers) {
            true => limits::read_up_to(body, limits::API_BODY_LIMIT).await.and_then(|text| parse(&text)),
            false => Err(Problem::new(
                ProblemCode::Invalid,
                "The body must be JSON. Send it with the header “Content-Type: application/json”.",
            )),
        };
        found.map(Self).map_err(|refused| refuse(&parts, refused))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        // Other messages show the value they stumbled upon, which may be a secret's.
        let said = error.to_string();
        let what = match said.split_once(" at line ") {
            Some((what, _)) if error.is_data() && what.starts_with("missing field") => what,
            _ if error.is_data() => "a value is not of the kind it must be",
            _ => "this is no JSON",
        };
        let message =
            format!("The body can't be understood: {what}, at {place}. /api/v1/openapi.json says what it must be.");
        Problem::new(ProblemCode::Invalid, message)
    })
}

/// The parameters of the query.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Params<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(found)) => Ok(Self(found)),
            Err(_) => {
                let message = "A parameter of the query is missing or not of the kind it must be. /api/v1/openapi.json \
                               says what it must be.";
                Err(refuse(parts, Problem::new(ProblemCode::Invalid, message)))
            }
        }
    }
}

fn refuse(parts: &Parts, refused: Problem) -> Response {
    let trace_id = parts.extensions.get::<RequestCx>().map(|cx| cx.viewer.origin().trace_id.clone());
    problem::json(&problem::with_trace(refused, &trace_id.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use types::deploy::{AdoptRequest, SecretValue};

    use super::parse;

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let said = parse::<AdoptRequest>(br#"{"file": "a"}"#).unwrap_err().message;
        assert!(said.contains("missing field `pointer`"), "{said}");
        for text in
            ["\"hunter2\"", "{\"value\": [\"hunter2\"]}", "{\"value\": {\"hunter2\": 1}}", "{\"value\": hunter2"]
        {
            let said = parse::<SecretValue>(text.as_bytes()).unwrap_err().message;
            assert!(!said.contains("hunter2") && said.contains("line 1"), "{said}");
        }
    }
}
