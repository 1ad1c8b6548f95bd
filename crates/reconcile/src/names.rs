//! Names and addresses, compared as Portainer and git compare them.

/// A name as Portainer makes it.
pub use types::catalog::normalise_name as normalise;

/// Whether compose takes it as a project name, unchanged by Portainer: see [`check_stack_name`](types::catalog::check_stack_name).
#[must_use]
pub fn is_project_name(name: &str) -> bool {
    types::catalog::check_stack_name(name).is_ok()
}

/// Whether two git references mean the same: `main` and `refs/heads/main`, `v1` and `refs/tags/v1`, nothing and HEAD.
#[must_use]
pub fn same_reference(one: &str, other: &str) -> bool {
    fn is_short(text: &str) -> bool {
        !text.starts_with("refs/")
    }
    fn short(text: &str) -> &str {
        text.strip_prefix("refs/heads/").or_else(|| text.strip_prefix("refs/tags/")).unwrap_or(text)
    }
    let (one, other) = (if one == "HEAD" { "" } else { one }, if other == "HEAD" { "" } else { other });
    // Two full references must be equal: a branch and a tag may share a name.
    one == other || (is_short(one) || is_short(other)) && short(one) == short(other)
}

/// Whether two addresses mean the same repository: a final `/` and `.git` do not count.
#[must_use]
pub fn same_repository(one: &str, other: &str) -> bool {
    fn bare(url: &str) -> &str {
        let url = url.trim_end_matches('/');
        url.strip_suffix(".git").unwrap_or(url)
    }
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_portainer_makes_of_them() {
        assert_eq!(normalise("My App!"), "myapp");
        assert!(
            is_project_name("web-1") && !is_project_name("-web") && !is_project_name("") && !is_project_name("Web")
        );
    }

    #[test]
    fn references_meet_in_short_and_full_form() {
        assert!(same_reference("main", "refs/heads/main") && same_reference("refs/tags/v1", "v1"));
        assert!(same_reference("", "HEAD") && !same_reference("", "main"));
        assert!(!same_reference("refs/heads/v1", "refs/tags/v1"));
    }

    #[test]
    fn addresses_meet_without_their_endings() {
        assert!(
            same_repository("https://git/x.git", "https://git/x/")
                && !same_repository("https://git/x", "https://git/y")
        );
    }
}
