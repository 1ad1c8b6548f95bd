//! Credentials for git servers as the vault holds them.

/// The user that goes with a token alone. Git servers take any word there save GitHub for its applications' tokens, which wants
/// this one.
pub const GIT_TOKEN_USER: &str = "x-access-token";

/// User and password of a vault entry: `user:password`, or a token alone.
#[must_use]
pub fn git_login(secret: &str) -> (&str, &str) {
    secret.split_once(':').unwrap_or((GIT_TOKEN_USER, secret))
}

#[cfg(test)]
mod tests {
    use super::git_login;

    #[test]
    fn a_credential_is_a_pair_or_a_token() {
        assert_eq!(git_login("ada:pass:word"), ("ada", "pass:word"));
        assert_eq!(git_login("ghp_token"), ("x-access-token", "ghp_token"));
    }
}
