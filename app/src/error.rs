//! The one error of the web UI: a [`Problem`] that a server function can carry.

use std::fmt;

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use types::{Problem, ProblemCode};

/// A [`Problem`] on its way to a page, a form or an island. Carries no cause: that was logged at the border.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppError(pub Problem);

impl AppError {
    /// A page or a thing that is not there, or is not this person's.
    #[must_use]
    pub fn not_found(message: &str) -> Self {
        Self(Problem::new(ProblemCode::NotFound, message))
    }

    /// The problem it carries.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// Faults of the transport. Their texts name types and arguments, so none of them reaches a person.
    fn from_server_fn_error(fault: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as Fault;
        Self(match fault {
            Fault::Args(_) | Fault::MissingArg(_) => Problem::new(
                ProblemCode::Invalid,
                "Something in this form is missing or has the wrong shape. Check it and send it again.",
            ),
            // The browser got no answer, or one that is not ours (a proxy's error page).
            Fault::Request(_) | Fault::Deserialization(_) => {
                Problem::new(ProblemCode::Offline, "The server can't be reached. Check your connection and try again.")
            }
            Fault::Registration(_)
            | Fault::UnsupportedRequestMethod(_)
            | Fault::ServerError(_)
            | Fault::MiddlewareError(_)
            | Fault::Serialization(_)
            | Fault::Response(_) => Problem::new(ProblemCode::Internal, "Something went wrong on our side. Try again."),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_survives_the_wire() {
        let error = AppError(Problem::field("email", "Write an address like ada@example.org."));
        assert_eq!(AppError::de(error.ser()), error);
    }

    #[test]
    fn an_answer_that_is_not_ours_counts_as_offline() {
        let error = AppError::de("<html>502 Bad Gateway</html>".into());
        assert_eq!(error.0.code, ProblemCode::Offline);
    }
}
