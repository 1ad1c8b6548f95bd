//! The one error on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, as a word programs can match. The HTTP status follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// A field or a parameter is not acceptable (422).
    Invalid,
    /// Nobody is signed in (401).
    SignInRequired,
    /// Signed in, but not allowed (403).
    Forbidden,
    /// There is no such thing, or it is not this person's (404).
    NotFound,
    /// It changed meanwhile, or it exists already (409).
    Conflict,
    /// A link or a token is used up or out of date (410).
    Gone,
    /// The request is too large (413).
    TooLarge,
    /// Too many tries; `retry_after_s` says how long to wait (429).
    TooManyRequests,
    /// An upstream does not answer (503).
    UpstreamUnavailable,
    /// An upstream answered with a refusal the person can act upon (502).
    UpstreamRefused,
    /// The browser could not reach this server. Made in the browser, never sent.
    Offline,
    /// A defect on our side (500). The cause is in the log under the trace id.
    Internal,
}

impl ProblemCode {
    /// The HTTP status that goes with this code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::SignInRequired => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::TooManyRequests => 429,
            Self::UpstreamRefused => 502,
            Self::UpstreamUnavailable => 503,
            Self::Offline | Self::Internal => 500,
        }
    }
}

/// A complaint about one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldProblem {
    /// The field's name in the form.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// An error as it leaves the server (RFC 9457's idea, `application/problem+json` on the JSON API). Carries no cause: that
/// is logged once, at the border.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What went wrong, for programs.
    pub code: ProblemCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// Complaints about single fields, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// Seconds to wait before the next try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// The request's trace id, to find the cause in the log. Empty until the border fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
}

impl Problem {
    /// A problem with a message and nothing else.
    #[must_use]
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), retry_after_s: None, trace_id: String::new() }
    }

    /// A complaint about one field.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            fields: vec![FieldProblem { field: field.into(), message: message.clone() }],
            ..Self::new(ProblemCode::Invalid, message)
        }
    }

    /// The complaint about a field, if there is one.
    #[must_use]
    pub fn for_field(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|problem| problem.field == field).map(|problem| problem.message.as_str())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
