//! Answers and errors in Portainer's shapes, and its lenient way to read JSON.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// An error as Portainer words it: `details` repeats `message` when there is no cause.
#[derive(Debug)]
pub(super) struct Error {
    status: StatusCode,
    message: String,
    details: String,
}

impl Error {
    pub(super) fn new(status: u16, message: impl Into<String>, details: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: message.into(), details: details.into() }
    }

    /// Without a cause.
    pub(super) fn plain(status: u16, message: &str) -> Self {
        Self::new(status, message, message)
    }

    pub(super) fn payload(details: &str) -> Self {
        Self::new(400, "Invalid request payload", details)
    }

    pub(super) fn not_found(kind: &str) -> Self {
        Self::new(
            404,
            format!("Unable to find {kind} with the specified identifier inside the database"),
            "Object not found inside the database",
        )
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "message": self.message, "details": self.details }))).into_response()
    }
}

/// What a handler gives.
pub(super) type Outcome = Result<Response, Error>;

pub(super) fn ok(value: Value) -> Outcome {
    Ok(axum::Json(value).into_response())
}

pub(super) fn no_content() -> Outcome {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A body whose connection is broken.
pub(super) fn broken_body() -> Body {
    Body::from_stream(futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("stopped"))]))
}

/// A JSON object whose keys are found in any case; unknown ones do not matter.
pub(super) struct Payload(Map<String, Value>);

impl Payload {
    /// # Errors
    /// The body is no JSON object, or was sent as a form, whose reading eats it.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Error> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Error::payload("EOF"));
        }
        serde_json::from_slice(body).map(Self).map_err(|error| Error::payload(&error.to_string()))
    }

    fn get(&self, key: &str) -> Option<&Value> {
        let exact = self.0.get(key);
        exact.or_else(|| self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
    }

    /// A text; absent and null are empty.
    pub(super) fn text(&self, key: &str) -> String {
        self.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A text, if it is there at all.
    pub(super) fn text_if_sent(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_i64)
    }

    pub(super) fn object(&self, key: &str) -> Option<Self> {
        self.get(key).and_then(Value::as_object).cloned().map(Self)
    }

    pub(super) fn numbers(&self, key: &str) -> Option<Vec<i64>> {
        Some(self.get(key)?.as_array()?.iter().filter_map(Value::as_i64).collect())
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        Some(self.get(key)?.as_array()?.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }

    /// `[{"name": …, "value": …}]`; absent is nothing at all.
    pub(super) fn pairs(&self, key: &str) -> Option<Vec<(String, String)>> {
        let pair = |one: &Value| {
            let one = Self(one.as_object()?.clone());
            Some((one.text("name"), one.text("value")))
        };
        Some(self.get(key)?.as_array()?.iter().filter_map(pair).collect())
    }
}

/// The query's values.
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl Query {
    pub(super) fn read(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true"))
    }

    /// # Errors
    /// It is missing or no number.
    pub(super) fn number(&self, name: &str) -> Result<i64, Error> {
        let value = self
            .get(name)
            .ok_or_else(|| Error::new(400, format!("Invalid query parameter: {name}"), "Missing query parameter"))?;
        value
            .parse()
            .map_err(|_| Error::new(400, format!("Invalid query parameter: {name}"), "Invalid query parameter"))
    }

    /// All numbers of `name[]`; without brackets Portainer does not see them.
    pub(super) fn numbers(&self, name: &str) -> Vec<i64> {
        let name = format!("{name}[]");
        self.0.iter().filter(|(found, _)| *found == name).filter_map(|(_, value)| value.parse().ok()).collect()
    }
}
