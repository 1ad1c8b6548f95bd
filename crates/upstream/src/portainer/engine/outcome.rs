//! What an error means to the engine: did the call have an effect, may it have had one, or certainly not?

use reconcile::ports::{Outcome, Refusal, RefusalKind};

use super::super::PortainerError;

/// Said when Portainer can't look for a name on the host, which it does before anything else.
const BEFORE_A_CREATE: &str = "check for name collision";

/// The end of a call.
pub(super) fn of(result: Result<(), Outcome>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(outcome) => outcome,
    }
}

/// A refusal in our own words.
pub(super) fn refused(kind: RefusalKind, status: u16, message: impl Into<String>) -> Outcome {
    Outcome::Refused(Refusal { kind, status, message: message.into() })
}

/// An error of what was read before the change was sent: nothing has happened.
pub(super) fn before(error: &PortainerError) -> Outcome {
    let kind = match error {
        PortainerError::NotFound { .. } => RefusalKind::NotFound,
        PortainerError::ServerError { .. }
        | PortainerError::TimedOut { .. }
        | PortainerError::Gateway { .. }
        | PortainerError::ConnectionLost { .. } => RefusalKind::Unavailable,
        error if error.retriable() => RefusalKind::Unavailable,
        _ => RefusalKind::Invalid,
    };
    refused(kind, status(error), error.message())
}

/// An error of the change itself.
pub(super) fn after(error: &PortainerError) -> Outcome {
    let unknown = || Outcome::Unknown { detail: error.message() };
    let kind = match error {
        error if error.outcome_unknown() => return unknown(),
        // The change may be behind an answer that makes no sense, or behind the words of a proxy in between.
        PortainerError::NotUnderstood { .. } => return unknown(),
        PortainerError::ServerError { status: 501.., .. } => return unknown(),
        PortainerError::HostUnreachable { detail } if detail.contains(BEFORE_A_CREATE) => RefusalKind::Unavailable,
        // Portainer's proxy gave the bare 502: Docker may have taken the call.
        PortainerError::HostUnreachable { detail } if detail.is_empty() => return unknown(),
        PortainerError::Unreachable
        | PortainerError::ConnectTimeout
        | PortainerError::Busy
        | PortainerError::LoginBanned { .. } => RefusalKind::Unavailable,
        PortainerError::NameTaken { .. } | PortainerError::Conflict { .. } => RefusalKind::Conflict,
        PortainerError::NotFound { .. } => RefusalKind::NotFound,
        PortainerError::DeployFailed { .. }
        | PortainerError::CloneFailed { .. }
        | PortainerError::GitCredentials
        | PortainerError::HostUnreachable { .. }
        | PortainerError::AgentUnreachable { .. }
        | PortainerError::Docker { .. }
        | PortainerError::ServerError { .. } => RefusalKind::Deploy,
        _ => RefusalKind::Invalid,
    };
    refused(kind, status(error), error.message())
}

/// The HTTP status behind an error, as far as it tells; 0 if nothing was sent or no answer came.
const fn status(error: &PortainerError) -> u16 {
    match error {
        PortainerError::ServerError { status, .. }
        | PortainerError::Docker { status, .. }
        | PortainerError::Gateway { status, .. } => *status,
        PortainerError::WrongApiKey | PortainerError::Unauthorised | PortainerError::PasswordNeeded => 401,
        PortainerError::Forbidden { .. } => 403,
        PortainerError::NotFound { .. } => 404,
        PortainerError::Busy => 408,
        PortainerError::NameTaken { .. } | PortainerError::Conflict { .. } => 409,
        PortainerError::Invalid { .. } => 400,
        PortainerError::WrongPassword { .. } => 422,
        PortainerError::DeployFailed { .. }
        | PortainerError::CloneFailed { .. }
        | PortainerError::GitCredentials
        | PortainerError::AgentUnreachable { .. } => 500,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use reconcile::ports::{Outcome, RefusalKind};

    use super::{super::super::PortainerError, after, before};

    fn kind(outcome: &Outcome) -> Option<RefusalKind> {
        match outcome {
            Outcome::Refused(refusal) => Some(refusal.kind),
            _ => None,
        }
    }

    #[test]
    fn unavailable_only_where_nothing_can_have_happened() {
        let call = "create a stack";
        let unavailable = [
            PortainerError::Unreachable,
            PortainerError::ConnectTimeout,
            PortainerError::Busy,
            PortainerError::HostUnreachable { detail: "Unable to check for name collision: no host".to_owned() },
        ];
        for error in unavailable {
            assert_eq!(kind(&after(&error)), Some(RefusalKind::Unavailable), "{error:?}");
        }
        let unknown = [
            PortainerError::TimedOut { call, write: true },
            PortainerError::ConnectionLost { call, write: true },
            PortainerError::Gateway { status: 502, call, write: true },
            PortainerError::Gateway { status: 504, call, write: true },
            PortainerError::ServerError { status: 524, call, detail: String::new() },
            PortainerError::HostUnreachable { detail: String::new() },
            PortainerError::NotUnderstood { detail: String::new() },
        ];
        for error in unknown {
            assert_eq!(kind(&after(&error)), None, "{error:?}");
        }
        let deploy = PortainerError::HostUnreachable { detail: "Cannot connect to the Docker daemon".to_owned() };
        assert_eq!(kind(&after(&deploy)), Some(RefusalKind::Deploy), "an `up` that broke off may have done something");
        assert_eq!(kind(&after(&PortainerError::WrongApiKey)), Some(RefusalKind::Invalid));
        let read = PortainerError::TimedOut { call, write: false };
        assert_eq!(kind(&before(&read)), Some(RefusalKind::Unavailable), "nothing was sent yet");
    }
}
