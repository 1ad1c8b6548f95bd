//! What is wrong with the catalog, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is withheld.
    Info,
    /// Works, but not as well or as safely as it should.
    Warning,
    /// What it concerns cannot be deployed until it is mended.
    Error,
}

/// What is wrong, as a word programs can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiagnosticCode {
    /// The file is no JSON.
    Syntax,
    /// The file is absent, is no regular file, is too large or is no UTF-8.
    UnreadableFile,
    /// A key stands twice in one object.
    DuplicateKey,
    /// A value is of another type than it must be.
    WrongType,
    /// A value is of the right type but out of range or not one of those known.
    BadValue,
    /// A needed value is absent.
    Missing,
    /// A key nobody knows; kept, not used.
    UnknownField,
    /// An older form that is read but could be rewritten.
    OlderForm,
    /// Something an older tool did that is read and kept, but not done here.
    NotApplied,
    /// Two stacks or two machines have one name.
    DuplicateName,
    /// Two names are one after Portainer's normalising.
    NameCollision,
    /// A name Docker hosts would change or refuse.
    BadName,
    /// A stack is named that does not exist.
    UnknownStack,
    /// An environment is named that does not exist.
    UnknownEnvironment,
    /// A secret is named that is not in the vault.
    UnknownSecret,
    /// A variable's name or value cannot reach the containers.
    BadVariable,
    /// A variable is set twice in one place.
    DuplicateVariable,
    /// The compose file needs a variable that nobody sets.
    UnresolvedVariable,
    /// A variable is set that the compose file does not use.
    UnusedVariable,
    /// Stacks depend on one another in a circle.
    DependencyCycle,
    /// A secret stands in plain text.
    PlainSecret,
    /// A machine has stacks but no environment in Portainer.
    GuestWithoutEnvironment,
    /// A template has stacks.
    TemplateWithStacks,
    /// An address is no address, or holds a password.
    BadAddress,
    /// The stack's compose file cannot be read or understood.
    BadCompose,
    /// The compose file has something that will not work, or not well, on a Docker host.
    ComposeHazard,
    /// Trust in the server's certificate is switched off.
    InsecureTransport,
}

impl DiagnosticCode {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnreadableFile => "unreadable_file",
            Self::DuplicateKey => "duplicate_key",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::Missing => "missing",
            Self::UnknownField => "unknown_field",
            Self::OlderForm => "older_form",
            Self::NotApplied => "not_applied",
            Self::DuplicateName => "duplicate_name",
            Self::NameCollision => "name_collision",
            Self::BadName => "bad_name",
            Self::UnknownStack => "unknown_stack",
            Self::UnknownEnvironment => "unknown_environment",
            Self::UnknownSecret => "unknown_secret",
            Self::BadVariable => "bad_variable",
            Self::DuplicateVariable => "duplicate_variable",
            Self::UnresolvedVariable => "unresolved_variable",
            Self::UnusedVariable => "unused_variable",
            Self::DependencyCycle => "dependency_cycle",
            Self::PlainSecret => "plain_secret",
            Self::GuestWithoutEnvironment => "guest_without_environment",
            Self::TemplateWithStacks => "template_with_stacks",
            Self::BadAddress => "bad_address",
            Self::BadCompose => "bad_compose",
            Self::ComposeHazard => "compose_hazard",
            Self::InsecureTransport => "insecure_transport",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, for programs.
    pub code: DiagnosticCode,
    /// The file's path in the catalog's repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// JSON pointer (RFC 6901) to what is meant; empty is the whole file.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub remedy: String,
    /// The stack it concerns. An error blocks this stack and no other.
    pub stack: Option<String>,
    /// The machine it concerns. An error blocks this machine's assignments and no other's.
    pub guest: Option<String>,
}

impl Diagnostic {
    /// Whether it is an error about this stack.
    #[must_use]
    pub fn blocks_stack(&self, stack: &str) -> bool {
        self.severity == Severity::Error && self.stack.as_deref() == Some(stack)
    }

    /// Whether it is an error about this machine.
    #[must_use]
    pub fn blocks_guest(&self, guest: &str) -> bool {
        self.severity == Severity::Error && self.guest.as_deref() == Some(guest)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, remedy, .. } = self;
        write!(f, "{file}:{line}:{column}: {message} {remedy}")
    }
}
