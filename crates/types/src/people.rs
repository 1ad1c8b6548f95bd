//! People, what they may do, and what was done.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AuditId, InvitationId, Millis, SessionPublicId, UserId};

/// What a person is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Uses the services.
    Member,
    /// Also runs the place: people, invitations and all that follows.
    Administrator,
}

impl Role {
    /// Every role, in rising order of power.
    pub const ALL: [Self; 2] = [Self::Member, Self::Administrator];

    /// The word in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = crate::Problem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| crate::Problem::field("role", "Choose one of: member, administrator."))
    }
}

/// What a route or a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Anybody, signed in or not.
    Public,
    /// Any signed-in, enabled person.
    Member,
    /// An administrator.
    Administrator,
}

/// A person as others may see them. Never carries a password hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Address they sign in with, lower case.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// What they are here.
    pub role: Role,
    /// When they were disabled, if they are.
    pub disabled_at: Option<Millis>,
    /// When they joined.
    pub created_at: Millis,
    /// When they last did something, to the minute.
    pub last_seen_at: Option<Millis>,
}

/// One of a person's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionInfo {
    /// The handle to end it by.
    pub id: SessionPublicId,
    /// Browser and system, e.g. "Firefox on Android".
    pub device: String,
    /// The network address it was last used from.
    pub network: String,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, to the minute.
    pub last_seen_at: Millis,
    /// Whether the asking request came with it.
    pub current: bool,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// May be used.
    Open,
    /// Was used.
    Used,
    /// Was taken back.
    Revoked,
    /// Ran out.
    Expired,
}

/// An invitation as administrators see it. The link itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// The role it gives.
    pub role: Role,
    /// A note of whom it is for, as the inviter typed it; may be empty.
    pub note: String,
    /// Where it stands.
    pub state: InvitationState,
    /// When it was made.
    pub created_at: Millis,
    /// When it runs out.
    pub expires_at: Millis,
}

/// One act, as the audit keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditRecord {
    /// Which record.
    pub id: AuditId,
    /// When.
    pub at: Millis,
    /// Who: a person, or nobody (a failed sign-in, the set-up link, the command line).
    pub actor: Option<UserId>,
    /// Who, as text that stays readable after a rename.
    pub actor_label: String,
    /// What, as `noun.verb`, e.g. `session.sign_in`.
    pub action: String,
    /// To what: a kind and an identifier, e.g. `user:0190…`.
    pub subject: String,
    /// Particulars as a JSON object, without secrets.
    pub detail: String,
    /// From which network address.
    pub network: String,
    /// The request's trace id.
    pub trace_id: String,
}
