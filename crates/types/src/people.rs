//! People, what they may do, and what was done.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AuditId, InvitationId, Millis, SessionPublicId, UserId};

/// What a person is here. The four are no straight line: a viewer looks at deployments and has no chat, a member has chat and no
/// deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at deployments and changes nothing. Uses no service.
    Viewer,
    /// Uses the services. Sees nothing of deployments.
    Member,
    /// A member who also looks at deployments, and plans and applies on the environments granted to them.
    Deployer,
    /// May everything: people, catalog, secrets, environments, the audit.
    Administrator,
}

impl Role {
    /// Every role, in rising order of power.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Deployer, Self::Administrator];

    /// The word in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Deployer => "deployer",
            Self::Administrator => "administrator",
        }
    }

    /// What it may, in a sentence for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Viewer => "Looks at deployments. Changes nothing, and has no chat.",
            Self::Member => "Uses chat and services. Sees no deployments.",
            Self::Deployer => {
                "A member who also sees all deployments, and plans and applies on the environments you choose."
            }
            Self::Administrator => "May everything: people, catalog, secrets, environments and the audit.",
        }
    }

    /// Whether the role meets a permission, with nothing said of environments.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Public | Permission::SignedIn => true,
            Permission::Member => !matches!(self, Self::Viewer),
            Permission::Look => !matches!(self, Self::Member),
            Permission::Deploy => matches!(self, Self::Deployer | Self::Administrator),
            Permission::Administrator => matches!(self, Self::Administrator),
        }
    }
}

/// A role, and for a deployer the environments they deploy to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rights {
    /// The role.
    pub role: Role,
    /// The environments granted, by the names they have in the catalog. Empty for every role but the deployer's.
    #[serde(default)]
    pub environments: BTreeSet<String>,
}

impl Rights {
    /// A deployer on these environments.
    pub fn deployer<S: Into<String>>(environments: impl IntoIterator<Item = S>) -> Self {
        Self { role: Role::Deployer, environments: environments.into_iter().map(Into::into).collect() }
    }

    /// Whether whoever has these rights may deploy to an environment.
    #[must_use]
    pub fn may_deploy_to(&self, environment: &str) -> bool {
        match self.role {
            Role::Administrator => true,
            Role::Deployer => self.environments.contains(environment),
            Role::Viewer | Role::Member => false,
        }
    }
}

impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        Self { role, environments: BTreeSet::new() }
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
            .ok_or_else(|| crate::Problem::field("role", "Choose one of: viewer, member, deployer, administrator."))
    }
}

/// What a route or a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Anybody, signed in or not.
    Public,
    /// Any signed-in, enabled person, whatever their role: their own account.
    SignedIn,
    /// Whoever uses the services: member, deployer, administrator.
    Member,
    /// Whoever may look at deployments: viewer, deployer, administrator.
    Look,
    /// Whoever may plan and apply somewhere: deployer, administrator. On which environments is proven by each act.
    Deploy,
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
    /// The environments a deployer deploys to; empty for every other role.
    #[serde(default)]
    pub environments: BTreeSet<String>,
    /// When they were disabled, if they are.
    pub disabled_at: Option<Millis>,
    /// When they joined.
    pub created_at: Millis,
    /// When they last did something, to the minute.
    pub last_seen_at: Option<Millis>,
}

impl User {
    /// Their role with what is granted to them.
    #[must_use]
    pub fn rights(&self) -> Rights {
        Rights { role: self.role, environments: self.environments.clone() }
    }
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
    /// The environments it lets a deployer deploy to.
    #[serde(default)]
    pub environments: BTreeSet<String>,
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
