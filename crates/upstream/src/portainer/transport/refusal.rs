//! What an answer that is no success means. Words and statuses are those of Portainer 2.23.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    super::{Credential, PortainerError},
    call::{Call, Patience},
};

/// Said when nobody set the server up in time.
const REDIRECT_REASON: HeaderName = HeaderName::from_static("redirect-reason");
/// So much of what Portainer says is shown; compose tells the cause at the end.
const SHOWN_START: usize = 400;
const SHOWN_END: usize = 1600;
/// A shorter secret is too common a text to be recognised.
const SHORTEST_SECRET: usize = 4;
/// What an address leaves as it is beside letters and digits.
const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Portainer's error, and Docker's, which has no `details`.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<String>,
}

/// An answer that is no success.
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What Portainer said, with secrets taken out.
struct Said {
    text: String,
    /// It is an error object, of Portainer or of Docker.
    is_object: bool,
    /// Only Portainer's have details.
    is_docker: bool,
}

impl Said {
    fn read(body: &[u8], secrets: &[SecretString]) -> Self {
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(ErrorBody { message, details }) => {
                let is_docker = details.is_none();
                let message = message.unwrap_or_default();
                let details = details.unwrap_or_default();
                let text = match (message.is_empty(), details.is_empty()) {
                    (false, false) if !message.eq_ignore_ascii_case(&details) => format!("{message}: {details}"),
                    (true, _) => details,
                    _ => message,
                };
                Self { text: clean(&text, secrets), is_object: true, is_docker }
            }
            Err(_) => Self { text: String::new(), is_object: false, is_docker: false },
        }
    }

    fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

/// A text without secrets and control characters, and not too long.
pub(in crate::portainer) fn clean(text: &str, secrets: &[SecretString]) -> String {
    let mut text: String = text.chars().filter(|one| !one.is_control() || *one == '\n').collect();
    for secret in secrets {
        let secret = secret.expose_secret().trim();
        if secret.len() >= SHORTEST_SECRET {
            text = text.replace(secret, "…");
            // As git repeats it within an address.
            text = text.replace(&utf8_percent_encode(secret, IN_ADDRESS).to_string(), "…");
        }
    }
    let length = text.chars().count();
    if length <= SHOWN_START + SHOWN_END {
        return text.trim().to_owned();
    }
    let start: String = text.chars().take(SHOWN_START).collect();
    let end: String = text.chars().skip(length - SHOWN_END).collect();
    format!("{} … {}", start.trim(), end.trim())
}

/// The error it means.
pub(super) fn judge(
    refusal: &Refusal<'_>,
    call: &Call,
    credential: Option<&Credential>,
    secrets: &[SecretString],
) -> PortainerError {
    let said = Said::read(refusal.body, secrets);
    let status = refusal.status.as_u16();
    if refusal.status.is_redirection() {
        let locked = refusal.headers.get(REDIRECT_REASON).is_some_and(|reason| reason == "AdminInitTimeout");
        return if locked || said.has("Administrator initialization timeout") {
            PortainerError::SetupWindowMissed
        } else {
            PortainerError::NotUnderstood { detail: format!("it sends elsewhere (HTTP {status})") }
        };
    }
    // Before the general reading of 502 to 504: Docker itself answers 503 for “not a swarm manager”.
    if call.docker && said.is_object && said.is_docker {
        return docker(status, said.text, call);
    }
    if matches!(status, 502..=504) {
        return if call.docker && refusal.body.is_empty() {
            PortainerError::HostUnreachable { detail: String::new() }
        } else {
            PortainerError::Gateway { status, call: call.what, write: call.write }
        };
    }
    let detail = said.text.clone();
    match status {
        401 if said.has("Auth not supported") => PortainerError::PasswordNeeded,
        401 => match credential {
            None => PortainerError::NoCredential,
            Some(Credential::ApiKey(_)) => PortainerError::WrongApiKey,
            Some(Credential::Password { .. }) => PortainerError::Unauthorised,
        },
        403 => PortainerError::Forbidden { detail },
        404 if !said.is_object => PortainerError::NotUnderstood {
            detail: "HTTP 404 for a path that every Portainer has; a path prefix may be missing".to_owned(),
        },
        404 => PortainerError::NotFound { call: call.what, detail },
        // Only Portainer's own gate, whose errors have details, says that nothing was done: a proxy that lost patience says 408 too.
        408 if said.is_object && !said.is_docker => PortainerError::Busy,
        408 => PortainerError::Gateway { status, call: call.what, write: call.write },
        400 | 409 => refused(status, &said, call),
        500 => internal(&said, call),
        501.. => PortainerError::ServerError { status, call: call.what, detail },
        _ if said.is_object => PortainerError::Invalid { call: call.what, detail },
        _ => PortainerError::NotUnderstood { detail: format!("HTTP {status} without Portainer's words") },
    }
}

fn docker(status: u16, detail: String, call: &Call) -> PortainerError {
    match status {
        404 => PortainerError::NotFound { call: call.what, detail },
        _ => PortainerError::Docker { status, detail },
    }
}

fn refused(status: u16, said: &Said, call: &Call) -> PortainerError {
    let detail = said.text.clone();
    if said.has("Password does not meet the requirements") {
        PortainerError::WeakPassword
    } else if said.has("administrator user already exists") {
        PortainerError::AlreadySetUp
    } else if said.has("nvalid git credential") {
        PortainerError::GitCredentials
    } else if ["already inactive", "already active", "is already running", "not created from git", "Autoupdate"]
        .iter()
        .any(|words| said.has(words))
    {
        PortainerError::Conflict { detail }
    } else if said.has("not unique") || said.has("with the normalized name") {
        PortainerError::NameTaken { detail }
    } else if status == 409 {
        PortainerError::Conflict { detail }
    } else {
        PortainerError::Invalid { call: call.what, detail }
    }
}

fn internal(said: &Said, call: &Call) -> PortainerError {
    let detail = said.text.clone();
    let any = |words: &[&str]| words.iter().any(|words| said.has(words));
    if any(&["already paired"]) {
        PortainerError::AgentPairedElsewhere
    } else if any(&["Unable to get environment type", "Unable to initiate communications with environment"]) {
        PortainerError::AgentUnreachable { detail }
    } else if any(&["nvalid git credential", "authentication required"]) {
        PortainerError::GitCredentials
    } else if any(&["nable to clone git repository", "Unable to fetch git repository"]) {
        PortainerError::CloneFailed { detail }
    } else if any(&[
        "Unable to check for name collision",
        "Unable to proxy the request",
        "Cannot connect to the Docker",
    ]) {
        PortainerError::HostUnreachable { detail }
    } else if any(&["No Git config in the found stack"]) {
        PortainerError::Conflict { detail }
    } else if any(&["API Key not found"]) {
        PortainerError::NotFound { call: call.what, detail }
    } else if call.patience == Patience::Deploy && !call.docker {
        PortainerError::DeployFailed { detail }
    } else {
        PortainerError::ServerError { status: 500, call: call.what, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn secrets_go_also_from_addresses() {
        let secrets = ["pa/s word".to_owned().into(), "abc".to_owned().into()];
        let said = "fatal: https://ada:pa%2Fs%20word@git.lan/x: pa/s word is wrong, abc";
        assert_eq!(clean(said, &secrets), "fatal: https://ada:…@git.lan/x: … is wrong, abc");
    }
}
