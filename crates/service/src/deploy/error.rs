//! What goes wrong while deploying, on its way to people.

use catalog::{CatalogError, Conflict, git::GitError, vault::VaultError};
use reconcile::{ApplyError, model::Plan, ports::PortError, revisions::RevisionError};
use store::StoreError;
use types::ProblemCode;
use upstream::portainer::PortainerError;

use super::words::{moment, sentence};
use crate::ServiceError;

/// A use case of deploying failed or was refused.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The catalog, a reference or the live side moved since the plan was made. Nothing was done; here is the plan as it is now.
    #[error("something moved since this plan was made")]
    Moved(Box<Plan>),
    /// Somebody changed the catalog since the editor opened it. Nothing was changed; here are both sides.
    #[error("the catalog was changed meanwhile")]
    Conflict(Box<Conflict>),
    /// Everything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl DeployError {
    pub(super) fn refused(code: ProblemCode, message: impl Into<String>) -> Self {
        Self::Service(ServiceError::refused(code, message))
    }
}

impl From<DeployError> for ServiceError {
    /// For callers that have no use for the new plan or the other side.
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Moved(_) => Self::refused(
                ProblemCode::Conflict,
                "Something moved since this plan was made, so nothing was done. Make a new plan and read it.",
            ),
            DeployError::Conflict(conflict) => Self::refused(
                ProblemCode::Conflict,
                format!(
                    "The catalog was changed since you opened it ({}), so nothing was saved. Compare both sides and save again.",
                    conflict.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ")
                ),
            ),
            DeployError::Service(error) => error,
        }
    }
}

impl From<StoreError> for DeployError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<PortError> for DeployError {
    fn from(error: PortError) -> Self {
        Self::refused(ProblemCode::UpstreamUnavailable, sentence(&error.detail))
    }
}

impl From<VaultError> for DeployError {
    fn from(error: VaultError) -> Self {
        let code = match error {
            VaultError::UnknownSecret(_) => ProblemCode::NotFound,
            VaultError::BadValue | VaultError::BadKey => ProblemCode::Invalid,
            _ => ProblemCode::UpstreamRefused,
        };
        Self::refused(code, error.to_string())
    }
}

impl From<GitError> for DeployError {
    fn from(error: GitError) -> Self {
        Self::refused(ProblemCode::UpstreamUnavailable, sentence(&error.to_string()))
    }
}

impl From<CatalogError> for DeployError {
    fn from(error: CatalogError) -> Self {
        let code = match error {
            CatalogError::Conflict(conflict) => return Self::Conflict(conflict),
            CatalogError::Git(error) => return error.into(),
            CatalogError::Edit(_) | CatalogError::Incomplete(_) => ProblemCode::Invalid,
            CatalogError::UnknownVersion(_) => ProblemCode::NotFound,
            _ => ProblemCode::Conflict,
        };
        Self::refused(code, error.to_string())
    }
}

impl From<PortainerError> for DeployError {
    fn from(error: PortainerError) -> Self {
        let code = match error {
            PortainerError::NotFound { .. } => ProblemCode::NotFound,
            PortainerError::NameTaken { .. } | PortainerError::Conflict { .. } => ProblemCode::Conflict,
            PortainerError::Unreachable
            | PortainerError::ConnectTimeout
            | PortainerError::ConnectionLost { .. }
            | PortainerError::TimedOut { .. }
            | PortainerError::Gateway { .. }
            | PortainerError::Busy => ProblemCode::UpstreamUnavailable,
            _ => ProblemCode::UpstreamRefused,
        };
        Self::refused(code, error.message())
    }
}

impl From<RevisionError> for DeployError {
    fn from(error: RevisionError) -> Self {
        let code = match error {
            RevisionError::Unknown { .. } => ProblemCode::NotFound,
            _ => ProblemCode::Conflict,
        };
        Self::refused(code, format!("{} Choose another revision.", sentence(&error.to_string())))
    }
}

impl From<ApplyError> for DeployError {
    fn from(error: ApplyError) -> Self {
        let code = match error {
            ApplyError::Moved { fresh } => return Self::Moved(fresh),
            ApplyError::Locked(held) => {
                return Self::refused(
                    ProblemCode::Conflict,
                    format!(
                        "Another apply is changing {} ({}, since {}). Wait for it to end, or watch it; then make a new plan.",
                        held.environment,
                        held.owner,
                        moment(held.since)
                    ),
                );
            }
            ApplyError::Catalog(error) | ApplyError::Unobservable(error) => return error.into(),
            ApplyError::Format { .. } | ApplyError::Altered => ProblemCode::Invalid,
            ApplyError::Unfinished { .. } | ApplyError::Ended { .. } => ProblemCode::Conflict,
            ApplyError::Journal(_) | ApplyError::Locks(_) => ProblemCode::UpstreamUnavailable,
        };
        Self::refused(code, sentence(&error.to_string()))
    }
}
