//! What may go wrong with Portainer, in words the owner understands.

use super::fingerprint_text;

/// Why Portainer did not do what was asked. [`message`](Self::message) says cause and remedy. No key, password, token or variable's value
/// is ever part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum PortainerError {
    /// No address is set.
    NotConfigured,
    /// The settings cannot work.
    Misconfigured {
        /// What is wrong.
        detail: String,
    },
    /// The call needs an API key or a password, and none is set.
    NoCredential,
    /// Nobody listens or the name does not resolve. Nothing was sent.
    Unreachable,
    /// No connection within the time-out. Nothing was sent.
    ConnectTimeout,
    /// The connection broke before the whole answer came.
    ConnectionLost {
        /// What was asked.
        call: &'static str,
        /// Whether the call changes something: then it may have had its effect.
        write: bool,
    },
    /// No answer within the time-out.
    TimedOut {
        /// What was asked.
        call: &'static str,
        /// Whether the call changes something: then it may still be at work.
        write: bool,
    },
    /// A proxy before Portainer gave up (408, 502, 503, 504) while Portainer may be at work.
    Gateway {
        /// The HTTP status.
        status: u16,
        /// What was asked.
        call: &'static str,
        /// Whether the call changes something: then it may still be at work.
        write: bool,
    },
    /// Nobody this machine trusts vouches for the server's certificate.
    UntrustedCertificate {
        /// What the check found.
        detail: String,
    },
    /// The server shows another certificate than the pinned one.
    OtherCertificate {
        /// SHA-256 of the certificate it shows.
        seen: [u8; 32],
    },
    /// The server was never set up: it has no administrator.
    NoAdministrator,
    /// Nobody set the server up within five minutes of its start; it refuses everything until it is restarted.
    SetupWindowMissed,
    /// The server was already set up.
    AlreadySetUp,
    /// The first administrator's password is too short.
    WeakPassword,
    /// User or password is wrong.
    WrongPassword {
        /// The user that was tried.
        user: String,
    },
    /// Portainer lets people in through OAuth only.
    OauthOnly,
    /// Too many logins in a second: Portainer refuses this address for an hour. No login is tried meanwhile.
    LoginBanned {
        /// Seconds until a login is tried again.
        retry_in_s: u32,
    },
    /// The API key is not, or no longer, valid.
    WrongApiKey,
    /// A fresh token was refused.
    Unauthorised,
    /// Only a user with a password can make an API key; an API key cannot.
    PasswordNeeded,
    /// The user may not do this.
    Forbidden {
        /// What Portainer said.
        detail: String,
    },
    /// There is no such thing (any more).
    NotFound {
        /// What was asked.
        call: &'static str,
        /// What Portainer said.
        detail: String,
    },
    /// The name is taken, on this environment or as a compose project that runs there.
    NameTaken {
        /// What Portainer said.
        detail: String,
    },
    /// It contradicts the present state: a stack is already running, or already stopped.
    Conflict {
        /// What Portainer said.
        detail: String,
    },
    /// Portainer does not accept what was sent.
    Invalid {
        /// What was asked.
        call: &'static str,
        /// What Portainer said.
        detail: String,
    },
    /// 408 in Portainer's own words: a backup or a restore is at work. Nothing was done.
    Busy,
    /// Portainer cannot reach the Docker host.
    HostUnreachable {
        /// What Portainer said, if anything.
        detail: String,
    },
    /// The agent on the Docker host does not answer.
    AgentUnreachable {
        /// What Portainer said.
        detail: String,
    },
    /// The agent serves another Portainer.
    AgentPairedElsewhere,
    /// The deployment failed.
    DeployFailed {
        /// What compose or Docker said.
        detail: String,
    },
    /// The repository could not be fetched.
    CloneFailed {
        /// What git said.
        detail: String,
    },
    /// The repository's credentials are wrong.
    GitCredentials,
    /// Docker refused.
    Docker {
        /// Docker's HTTP status; 200 for an error in the middle of a stream.
        status: u16,
        /// What Docker said.
        detail: String,
    },
    /// Any other 5xx.
    ServerError {
        /// The HTTP status.
        status: u16,
        /// What was asked.
        call: &'static str,
        /// What Portainer said.
        detail: String,
    },
    /// The answer is not what Portainer sends.
    NotUnderstood {
        /// What was found instead.
        detail: String,
    },
    /// Not sent: the change would cut the stack off its repository.
    WouldDetachGit {
        /// The stack's name.
        stack: String,
    },
    /// Not sent: compose would read the variable's value as something else.
    UnsafeVariable {
        /// The variable's name.
        name: String,
        /// Why, without the value.
        reason: String,
    },
}

impl PortainerError {
    /// Cause and remedy, for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Misconfigured { .. }
            | Self::NotConfigured
            | Self::NoCredential
            | Self::Unreachable
            | Self::ConnectTimeout
            | Self::ConnectionLost { .. }
            | Self::TimedOut { .. }
            | Self::Gateway { .. }
            | Self::UntrustedCertificate { .. }
            | Self::OtherCertificate { .. }
            | Self::NotUnderstood { .. } => self.connection_message(),
            Self::NoAdministrator
            | Self::SetupWindowMissed
            | Self::AlreadySetUp
            | Self::WeakPassword
            | Self::WrongPassword { .. }
            | Self::OauthOnly
            | Self::LoginBanned { .. }
            | Self::WrongApiKey
            | Self::Unauthorised
            | Self::PasswordNeeded
            | Self::Forbidden { .. } => self.access_message(),
            _ => self.work_message(),
        }
    }

    fn connection_message(&self) -> String {
        match self {
            Self::NotConfigured => "No Portainer is configured. Set PORTAINER_URL, or the portainer_api object in phoenix_hypervisor_config.json.".to_owned(),
            Self::Misconfigured { detail } => with_detail("The settings for Portainer cannot work. Check PORTAINER_URL and what belongs to it.", detail),
            Self::NoCredential => "No access to Portainer is set. Set PORTAINER_API_KEY, or user and password in the portainer_api object.".to_owned(),
            Self::Unreachable => "Portainer cannot be reached. Check that its container runs, that PORTAINER_URL is right, and that no firewall stands between.".to_owned(),
            Self::ConnectTimeout => "Portainer did not accept a connection in time. Check that its machine is switched on and that the network works.".to_owned(),
            Self::ConnectionLost { call, write: true } => format!("The connection to Portainer broke while it was asked to {call}. It may have done it: look at the present state before trying again."),
            Self::ConnectionLost { call, write: false } => format!("The connection to Portainer broke while it was asked to {call}. Try again; if it stays, look at Portainer's log."),
            Self::TimedOut { call, write: true } => format!("Portainer did not finish in time when asked to {call}. It may still be at work: look at the present state before trying again."),
            Self::TimedOut { call, write: false } => format!("Portainer did not answer in time when asked to {call}. Its Docker host may be slow or off. Try again in a minute."),
            Self::Gateway { status, call, write: true } => format!("A proxy before Portainer gave up (HTTP {status}) while Portainer was asked to {call}. It may still be at work: look at the present state, and give the proxy a longer time-out."),
            Self::Gateway { status, call, write: false } => format!("A proxy before Portainer gave up (HTTP {status}) while Portainer was asked to {call}. Check that Portainer runs behind it."),
            Self::UntrustedCertificate { detail } => with_detail("Portainer's certificate is not trusted. Portainer's self-made certificate never is: set PORTAINER_CERT_SHA256 to its fingerprint, or PORTAINER_CA_FILE to the authority that signed it.", detail),
            Self::OtherCertificate { seen } => format!("Portainer shows another certificate than the pinned one. If you changed it, set PORTAINER_CERT_SHA256 to {}; if not, somebody may stand in between.", fingerprint_text(seen)),
            Self::NotUnderstood { detail } => with_detail("The server at PORTAINER_URL did not answer as Portainer does. Check the address, and that no login page or proxy stands in between.", detail),
            other => other.work_message(),
        }
    }

    fn access_message(&self) -> String {
        match self {
            Self::NoAdministrator => "Portainer has no administrator yet. Create the first one now: five minutes after its start Portainer closes this door until it is restarted.".to_owned(),
            Self::SetupWindowMissed => "Portainer waited five minutes for its first administrator and then locked itself. Restart its container, then create the administrator at once.".to_owned(),
            Self::AlreadySetUp => "Portainer already has an administrator. Use that account, or reset its password on the Portainer host.".to_owned(),
            Self::WeakPassword => "Portainer refuses the password as too weak. It asks for at least 12 characters unless its settings say otherwise.".to_owned(),
            Self::WrongPassword { user } => format!("Portainer refused user “{user}” with this password. Correct it in the portainer_api object, or better, use an API key."),
            Self::OauthOnly => "Portainer lets people in through OAuth only. Make an API key in Portainer's account page and set PORTAINER_API_KEY.".to_owned(),
            Self::LoginBanned { retry_in_s } => format!("Portainer refuses logins from this address for an hour, because of too many in one second. The next is tried in {} minutes; an API key needs no login.", retry_in_s.div_ceil(60)),
            Self::WrongApiKey => "Portainer refused the API key. It was deleted or belongs to another server: make a new one in Portainer's account page and set PORTAINER_API_KEY.".to_owned(),
            Self::Unauthorised => "Portainer refused a login it gave a moment ago. Its user may have been deleted, or several servers answer at PORTAINER_URL.".to_owned(),
            Self::PasswordNeeded => "Portainer makes API keys only for a user who signs in with a password. Give user and password once; the key replaces them.".to_owned(),
            Self::Forbidden { detail } => with_detail("Portainer's user may not do this. Use the key of an administrator.", detail),
            other => other.work_message(),
        }
    }

    fn work_message(&self) -> String {
        match self {
            Self::NotFound { call, detail } => with_detail(&format!("Portainer found nothing when asked to {call}. It was deleted meanwhile, or belongs to another environment. Look at the present state."), detail),
            Self::NameTaken { detail } => with_detail("The name is taken in Portainer, by a stack or by running containers of that compose project. Choose another name, or remove what has it.", detail),
            Self::Conflict { detail } => with_detail("Portainer refuses this in the present state. Look at the present state and plan again.", detail),
            Self::Invalid { call, detail } => with_detail(&format!("Portainer does not accept what it was sent when asked to {call}. Correct the stack's settings."), detail),
            Self::Busy => "Portainer is making or restoring a backup and refuses changes. Nothing was changed; try again in a minute.".to_owned(),
            Self::HostUnreachable { detail } => with_detail("Portainer cannot reach the Docker host. Check that the machine is switched on and that Docker and the Portainer agent run on it.", detail),
            Self::AgentUnreachable { detail } => with_detail("Portainer does not reach the agent on the Docker host. Check that the agent's container runs, that port 9001 is open to Portainer, and the address.", detail),
            Self::AgentPairedElsewhere => "The agent on the Docker host serves another Portainer. Recreate the agent's container, so that it accepts this one.".to_owned(),
            Self::DeployFailed { detail } => with_detail("The deployment failed on the Docker host. Correct the compose file, the image or what stands in the way, and deploy again.", detail),
            Self::CloneFailed { detail } => with_detail("Portainer could not fetch the stack's repository. Check its address and branch, and that Portainer's machine reaches it.", detail),
            Self::GitCredentials => "The repository refused the credentials. Check the stack's git user and token.".to_owned(),
            Self::Docker { detail, .. } => with_detail("Docker refused. Correct what it names and try again.", detail),
            Self::ServerError { status, call, detail } => with_detail(&format!("Portainer has an internal problem (HTTP {status}) when asked to {call}. Try again; if it stays, look at Portainer's log."), detail),
            Self::WouldDetachGit { stack } => format!("The stack “{stack}” comes from a repository, and a change of its text would cut it off. Change the repository and redeploy, or ask explicitly to detach it."),
            Self::UnsafeVariable { name, reason } => format!("The variable “{name}” cannot be given to compose as it is: {reason}. Change it in the catalog."),
            // The other variants are worded by their own group.
            _ => "Portainer did not do what was asked. Look at the logs of this server.".to_owned(),
        }
    }

    /// Whether the same request may succeed later without anybody changing anything. A write whose outcome is unknown is not
    /// retriable: read the state first.
    #[must_use]
    pub const fn retriable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::ConnectTimeout
                | Self::Busy
                | Self::HostUnreachable { .. }
                | Self::LoginBanned { .. }
                | Self::ConnectionLost { write: false, .. }
                | Self::TimedOut { write: false, .. }
                | Self::Gateway { write: false, .. }
        )
    }

    /// Whether the call may have had its effect, or may have it later: it is no failure. Read the state (a create: by name and
    /// environment) until it settles, and only then decide.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::ConnectionLost { write: true, .. }
                | Self::TimedOut { write: true, .. }
                | Self::Gateway { write: true, .. }
        )
    }
}

fn with_detail(text: &str, detail: &str) -> String {
    if detail.is_empty() { text.to_owned() } else { format!("{text} It said: {detail}") }
}
