//! Why a command did not do what it was asked to.

use std::error::Error;

use service::{
    ServiceError,
    deploy::{DeployError, ProblemCode, model::Plan},
};

use crate::Exit;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It failed, or was refused, in words for the one who typed it.
    #[error("{message}")]
    Failed {
        /// The code that programs can match.
        code: ProblemCode,
        /// What, where, and how to mend it.
        message: String,
    },
    /// Nothing was done, and nothing is broken.
    #[error("{0}")]
    Refused(String),
    /// Something moved since the plan was made; here is the plan as it would be now.
    #[error("Something moved since this plan was made, so nothing was done. Make a new plan and read it.")]
    Moved(Box<Plan>),
    /// Whoever read the output has enough.
    #[error("the output was closed")]
    OutputClosed,
    /// A second Ctrl-C.
    #[error("Left. The apply has not ended: the next `phoenix-cli apply`, or a running server, takes it up again.")]
    Left,
}

impl Failure {
    pub(crate) fn failed(code: ProblemCode, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::failed(ProblemCode::Invalid, message)
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Failed { .. } | Self::OutputClosed => Exit::Failed,
            Self::Refused(_) | Self::Moved(_) => Exit::Refused,
            Self::Left => Exit::Left,
        }
    }

    /// Whether something else is at work where this wanted to be.
    pub(crate) const fn is_conflict(&self) -> bool {
        matches!(self, Self::Failed { code: ProblemCode::Conflict, .. })
    }
}

impl From<DeployError> for Failure {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Moved(fresh) => Self::Moved(fresh),
            other => ServiceError::from(other).into(),
        }
    }
}

impl From<ServiceError> for Failure {
    /// Whoever sits at the machine may see the cause, which has no trace id and no log here.
    fn from(error: ServiceError) -> Self {
        let code = error.code();
        match &error {
            ServiceError::Refused(problem) => Self::failed(code, problem.message.clone()),
            other => {
                let mut message = other.to_string();
                let mut source = other.source();
                while let Some(cause) = source {
                    message.push_str(": ");
                    message.push_str(&cause.to_string());
                    source = cause.source();
                }
                Self::failed(code, message)
            }
        }
    }
}
