//! What a request that brought no answer means.

use std::{error::Error as StdError, io};

use rustls::{CertificateError, OtherError};

use super::{super::PortainerError, causes, tls::OtherCertificate};

/// The error of a call that brought no, or half an, answer. The cause goes to the log, without the address.
pub(super) fn failure(error: reqwest::Error, call: &'static str, write: bool) -> PortainerError {
    let error = error.without_url();
    tracing::warn!(call, cause = causes(&error), "Portainer was not reached");
    if let Some(problem) = certificate_problem(&error) {
        return problem;
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => PortainerError::ConnectTimeout,
        (true, false) => PortainerError::Unreachable,
        (false, true) => PortainerError::TimedOut { call, write },
        (false, false) => PortainerError::ConnectionLost { call, write },
    }
}

/// The TLS error among the causes, if it is about the certificate.
fn certificate_problem(error: &reqwest::Error) -> Option<PortainerError> {
    match tls_error(error)? {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
            match cause.downcast_ref::<OtherCertificate>() {
                Some(other) => Some(PortainerError::OtherCertificate { seen: other.seen }),
                None => Some(PortainerError::UntrustedCertificate { detail: cause.to_string() }),
            }
        }
        rustls::Error::InvalidCertificate(problem) => {
            Some(PortainerError::UntrustedCertificate { detail: problem.to_string() })
        }
        problem @ (rustls::Error::NoCertificatesPresented | rustls::Error::PeerIncompatible(_)) => {
            Some(PortainerError::UntrustedCertificate { detail: problem.to_string() })
        }
        // Not TLS at all: http spoken on this port.
        rustls::Error::InvalidMessage(_) => Some(PortainerError::Misconfigured {
            detail: "no TLS is spoken at this address; http:// (port 9000) may be meant".to_owned(),
        }),
        _ => None,
    }
}

/// The TLS error among the causes, if there is one.
pub(in crate::portainer) fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |cause| next(*cause)).find_map(|cause| cause.downcast_ref())
}

/// What caused it. An `io::Error` names the cause of what it wraps, not the wrapped error itself.
fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
