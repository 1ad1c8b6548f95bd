//! Identifiers. Each is a UUIDv7 behind a type of its own, so that one kind can't be passed for another; v7 sorts by
//! the time of creation (RFC 9562 §5.7), which keeps database pages warm.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Millis;

/// The text was not an identifier of this kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdError {
    kind: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid {} identifier", self.kind)
    }
}

impl std::error::Error for IdError {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Builds a UUIDv7 from a time and ten random bytes. Both come in as arguments so that tests can fix them.
            #[must_use]
            pub fn from_parts(now: Millis, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.max(0).unsigned_abs(), &random).into_uuid())
            }

            /// The creation time carried in the identifier.
            #[must_use]
            pub fn created_at(self) -> Millis {
                let (high, _) = self.0.as_u64_pair();
                i64::try_from(high >> 16).unwrap_or(Millis::MAX)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError { kind: $kind })
            }
        }
    )*};
}

ids! {
    /// A token for programs.
    ApiTokenId => "token";
    /// A person.
    UserId => "user";
    /// A session as its owner may see and end it. Not the cookie's value.
    SessionPublicId => "session";
    /// An invitation.
    InvitationId => "invitation";
    /// One audit record.
    AuditId => "audit";
    /// A conversation.
    ConversationId => "conversation";
    /// A message of a conversation.
    MessageId => "message";
    /// One answer being written by a model.
    GenerationId => "generation";
    /// A background job.
    JobId => "job";
}

impl From<ApiTokenId> for SessionPublicId {
    /// A token stands where a session would: what ends sessions and what they have open ends it by this name.
    fn from(token: ApiTokenId) -> Self {
        Self(token.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_time_and_give_it_back() {
        let early = MessageId::from_parts(1_700_000_000_000, [0xff; 10]);
        let late = MessageId::from_parts(1_700_000_000_001, [0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.created_at(), 1_700_000_000_000);
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn garbage_is_refused_with_its_kind() {
        let error = "../etc/passwd".parse::<UserId>().expect_err("not a uuid");
        assert_eq!(error.to_string(), "not a valid user identifier");
    }
}
