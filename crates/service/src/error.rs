//! What goes wrong in a use case. The error that leaves ([`Problem`]) is not the error that happened: causes stay inside
//! as `source` and are logged once, at the border.

use store::StoreError;
use types::{Permission, Problem, ProblemCode};
use upstream::phoenix::PhoenixError;

/// A use case failed or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Refused on purpose. The problem says what to do.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The database.
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// The models.
    #[error("the model server failed")]
    Upstream(#[source] PhoenixError),
    /// A defect of ours.
    #[error("{what}")]
    Defect {
        /// What was being done, for the log.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ServiceError {
    /// A refusal with a code and words for people.
    #[must_use]
    pub fn refused(code: ProblemCode, message: impl Into<String>) -> Self {
        Problem::new(code, message).into()
    }

    /// A complaint about one field.
    #[must_use]
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Problem::field(field, message).into()
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn sign_in_required() -> Self {
        Self::refused(ProblemCode::SignInRequired, "Nobody is signed in here. Sign in, then try again.")
    }

    /// Signed in, but not allowed. Says which role would be, and who can give it.
    #[must_use]
    pub fn forbidden(lacking: Permission) -> Self {
        let message = match lacking {
            Permission::Public | Permission::SignedIn | Permission::Member => {
                "Your role is viewer: it looks at deployments and does not use chat or services. An administrator can make you a \
                 member."
            }
            Permission::Look => {
                "Your role does not see deployments. An administrator can make you a viewer or a deployer."
            }
            Permission::Deploy => {
                "Your role changes no deployments. An administrator can make you a deployer and choose the environments."
            }
            Permission::Administrator => {
                "This is for administrators. Ask an administrator to do it, or to give you that role."
            }
        };
        Self::refused(ProblemCode::Forbidden, message)
    }

    /// There is no such thing, or it is not this person's. `what` is a noun with its article: "That conversation".
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::refused(
            ProblemCode::NotFound,
            format!("{what} was not found. It may have been deleted, or it belongs to somebody else."),
        )
    }

    /// A defect: something that should not happen on a sound system.
    #[must_use]
    pub fn defect(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Defect { what, source: source.into() }
    }

    /// Too many tries; come back after `seconds`. `what` completes "Too many …".
    #[must_use]
    pub fn too_many(what: &str, seconds: u32) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        Problem {
            retry_after_s: Some(seconds),
            ..Problem::new(ProblemCode::TooManyRequests, format!("Too many {what}. Try again in {seconds} {unit}."))
        }
        .into()
    }

    /// The code that would leave.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.problem().code
    }

    /// The error as it leaves: words and a code, never a cause.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.as_ref().clone(),
            Self::Store(error) => store_problem(error),
            Self::Upstream(error) => upstream_problem(error),
            Self::Defect { .. } => internal(),
        }
    }

    /// Whether the cause is ours to mend and belongs into the log as an error, not a refusal that is part of the day.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self.code(), ProblemCode::Internal) || matches!(self, Self::Store(StoreError::Unavailable { .. }))
    }
}

impl From<Problem> for ServiceError {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PhoenixError> for ServiceError {
    fn from(error: PhoenixError) -> Self {
        Self::Upstream(error)
    }
}

fn internal() -> Problem {
    Problem::new(
        ProblemCode::Internal,
        "Something went wrong on our side; nothing you typed caused it. Try again. If it stays, give the administrator the \
         trace id: the cause is in the log under it.",
    )
}

fn store_problem(error: &StoreError) -> Problem {
    match error {
        StoreError::NotFound => Problem::new(
            ProblemCode::NotFound,
            "There is no such thing here. It may have been deleted, or it belongs to somebody else.",
        ),
        StoreError::Conflict { .. } => Problem::new(
            ProblemCode::Conflict,
            "It was changed by somebody else meanwhile, or it exists already. Load the page again, look, and repeat.",
        ),
        StoreError::Unavailable { .. } => Problem {
            retry_after_s: Some(10),
            ..Problem::new(
                ProblemCode::UpstreamUnavailable,
                "The database does not answer at the moment, so nothing was changed. Try again in 10 seconds. If it stays, \
                 the administrator finds the cause under /readyz and in the log.",
            )
        },
        _ => internal(),
    }
}

fn upstream_problem(error: &PhoenixError) -> Problem {
    let code = match error {
        PhoenixError::Unauthorised
        | PhoenixError::UnknownModel { .. }
        | PhoenixError::TooLong { .. }
        | PhoenixError::Refused { .. } => ProblemCode::UpstreamRefused,
        _ => ProblemCode::UpstreamUnavailable,
    };
    let retry_after_s = match error {
        PhoenixError::TooManyRequests { retry_after_s } => *retry_after_s,
        PhoenixError::CircuitOpen { retry_in_s } => Some(*retry_in_s),
        _ => None,
    };
    Problem { retry_after_s, ..Problem::new(code, error.message()) }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_cause_stays_inside() {
        let error = ServiceError::defect("reading a hash", "secret particulars");
        assert_eq!(error.code(), ProblemCode::Internal);
        assert!(!error.problem().message.contains("secret"));
        assert_eq!(error.source().expect("kept").to_string(), "secret particulars");
        assert!(error.is_fault());
    }

    #[test]
    fn waiting_is_said_in_words_and_as_a_number() {
        let problem = ServiceError::too_many("sign-in attempts", 1).problem();
        assert_eq!(problem.retry_after_s, Some(1));
        assert_eq!(problem.message, "Too many sign-in attempts. Try again in 1 second.");
    }
}
