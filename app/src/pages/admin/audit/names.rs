//! Acts in words. An act that has none here is shown by its own name.

/// Kinds of acts to filter by: what their names begin with, and the words.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("session.", "Signing in and sessions"),
    ("user.", "People"),
    ("invitation.", "Invitations"),
    ("token.", "API tokens"),
    ("deploy.", "Deployments"),
    ("catalog.", "Catalog"),
    ("secret.", "Secrets"),
    ("environment.", "Environments"),
    ("container.", "Containers"),
    ("guest.", "Guests"),
    ("portainer.", "Portainer"),
    ("setup.", "Set-up"),
];

const ACTS: &[(&str, &str)] = &[
    ("session.sign_in", "Signed in"),
    ("session.sign_in_failed", "Failed to sign in"),
    ("session.rate_limited", "Was slowed down"),
    ("session.refused", "Was refused"),
    ("session.sign_out", "Signed out"),
    ("session.replaced", "Signed in over a session"),
    ("session.ended", "Ended a session"),
    ("session.ended_others", "Ended other sessions"),
    ("user.role_changed", "Changed a role"),
    ("user.disabled", "Disabled somebody"),
    ("user.enabled", "Enabled somebody"),
    ("user.sessions_ended", "Ended somebody's sessions"),
    ("user.password_changed", "Changed the password"),
    ("invitation.created", "Invited somebody"),
    ("invitation.revoked", "Took an invitation back"),
    ("invitation.accepted", "Joined"),
    ("setup.link_made", "Printed the set-up link"),
    ("token.created", "Made an API token"),
    ("token.ended", "Ended an API token"),
    ("deploy.apply", "Began an apply"),
    ("deploy.cancel", "Asked an apply to stop"),
    ("deploy.release", "Released a stack"),
    ("catalog.save", "Changed the catalog"),
    ("catalog.restore", "Brought a catalog version back"),
    ("catalog.sync", "Synchronised the catalog"),
    ("secret.set", "Set a secret"),
    ("secret.remove", "Removed a secret"),
    ("secret.adopt", "Moved a secret into the vault"),
    ("secret.key", "Made the vault's key"),
    ("secret.rekey", "Changed the vault's key"),
    ("environment.register", "Connected an environment"),
    ("environment.move", "Moved an environment"),
    ("environment.forget", "Disconnected an environment"),
    ("container.restart", "Restarted a container"),
    ("guest.create", "Made a guest an environment"),
    ("portainer.connect", "Connected Portainer"),
    ("portainer.first_administrator", "Made Portainer's first administrator"),
];

/// An act in words.
pub(super) fn act_word(action: &str) -> String {
    let known = ACTS.iter().find(|(name, _)| *name == action);
    known.map_or_else(|| action.to_owned(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_with_words_is_of_a_kind() {
        for (action, _) in ACTS {
            assert!(KINDS.iter().any(|(kind, _)| action.starts_with(kind)), "{action}");
        }
        assert_eq!(act_word("stranger.thing"), "stranger.thing");
    }
}
