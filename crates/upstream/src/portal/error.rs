//! What goes wrong between this program and a ThinkHeads server.

use reconcile::model::Plan;
use types::{Problem, deploy::EditConflict};

/// A call through the server failed or was refused.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The settings can't work.
    #[error("the settings of the server can't work: {detail}")]
    Misconfigured {
        /// What is wrong with them.
        detail: String,
    },
    /// No connection: wrong address, nothing listens, or no way there.
    #[error("the server was not reached")]
    Unreachable,
    /// The handshake took too long.
    #[error("the server did not answer the handshake in time")]
    ConnectTimeout,
    /// Its certificate is not one this machine trusts.
    #[error("the server's certificate is not trusted: {detail}")]
    UntrustedCertificate {
        /// Why.
        detail: String,
    },
    /// The answer took too long, or the connection broke before it was whole.
    #[error("the answer did not come")]
    NoAnswer {
        /// Whether the call changes something, so that it may be done or not.
        write: bool,
    },
    /// Something answers at this address that is no ThinkHeads server.
    #[error("this is no ThinkHeads server: {detail}")]
    NotThinkHeads {
        /// What it answered.
        detail: String,
    },
    /// A ThinkHeads server with another API than this program speaks.
    #[error("the server speaks version {api} of the API")]
    OtherVersion {
        /// The server's version.
        version: String,
        /// The version of its API.
        api: u32,
        /// Whether the server is the older of both.
        older: bool,
    },
    /// The token lets nobody in.
    #[error("the token was refused")]
    Unauthorised,
    /// The token's owner may not do this.
    #[error("the token's owner may not do this")]
    Forbidden {
        /// Why, in the server's words: which role or environment is missing.
        message: String,
    },
    /// The catalog, a reference or the live side moved since the plan was made. Nothing was done; here is the plan as it is now.
    #[error("something moved since this plan was made")]
    Moved(Box<Plan>),
    /// Somebody changed the catalog since it was read. Nothing was changed; here are both sides.
    #[error("the catalog was changed meanwhile")]
    Conflict(Box<EditConflict>),
    /// Refused or failed for a reason the server words.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// A gateway before the server could not reach it.
    #[error("a gateway answered with {status}")]
    Gateway {
        /// Its status.
        status: u16,
        /// Whether the call changes something, so that it may be done or not.
        write: bool,
    },
    /// A ThinkHeads server answered with something this program does not understand.
    #[error("the answer was not understood: {detail}")]
    NotUnderstood {
        /// What.
        detail: String,
    },
}

impl PortalError {
    /// Cause and remedy, for people.
    #[must_use]
    pub fn message(&self) -> String {
        const LOOK: &str = "It may be done or not: look before you try again.";
        let after = |write: bool| if write { LOOK } else { "Nothing was changed. Try again." };
        match self {
            Self::Misconfigured { detail } => format!("The server can't be asked: {detail}."),
            Self::Unreachable => "The server was not reached. Check the address, and that it runs.".to_owned(),
            Self::ConnectTimeout => {
                "The server does not answer. Check the address, and that nothing blocks the way to it.".to_owned()
            }
            Self::UntrustedCertificate { detail } => format!(
                "The server's certificate is not trusted ({detail}). If it is your own, name the file of its authority."
            ),
            Self::NoAnswer { write } => format!("The server's answer did not come. {}", after(*write)),
            Self::NotThinkHeads { detail } => {
                format!("Something else than a ThinkHeads server answers there ({detail}). Check the address.")
            }
            Self::OtherVersion { version, older: true, .. } => {
                format!("The server ({version}) is too old for this program. Update the server.")
            }
            Self::OtherVersion { version, older: false, .. } => {
                format!("The server ({version}) is too new for this program. Update this program.")
            }
            Self::Unauthorised => {
                "The token lets nobody in: it was mistyped, has run out, or was ended. Make a new one on \
                                   the server under Account, API tokens."
                    .to_owned()
            }
            Self::Forbidden { message } => format!("The token's owner may not do this there. {message}"),
            Self::Moved(_) => {
                "Something moved since this plan was made, so nothing was done. Make a new plan and read it.".to_owned()
            }
            Self::Conflict(conflict) => {
                let files: Vec<&str> = conflict.files.iter().map(|file| file.path.as_str()).collect();
                format!(
                    "The catalog was changed meanwhile ({}), so nothing was saved. Look at both sides and try again.",
                    files.join(", ")
                )
            }
            Self::Refused(problem) => problem.message.clone(),
            Self::Gateway { status, write } => {
                format!("A gateway could not reach the server (it said {status}). {}", after(*write))
            }
            Self::NotUnderstood { detail } => format!(
                "The server's answer was not understood: {detail}. Its version and this program's may differ; update the older one."
            ),
        }
    }

    /// The refusal in the server's own words, if it is one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the call may have had its effect although it brought an error.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        matches!(self, Self::NoAnswer { write: true } | Self::Gateway { write: true, .. })
    }

    /// Whether another try may bring something.
    pub(super) const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable | Self::ConnectTimeout | Self::NoAnswer { .. } | Self::Gateway { .. })
    }

    /// Whether nothing of the call can have had an effect.
    pub(super) const fn was_not_sent(&self) -> bool {
        matches!(self, Self::Unreachable | Self::ConnectTimeout)
    }
}
