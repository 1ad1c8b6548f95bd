//! Addresses and references that may be handed to git.

use std::fmt;

use url::{Host, Url};

/// The address of a git repository, without a name or a password in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    url: Url,
}

/// Why a text is no address to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It is no address at all.
    NotAnAddress,
    /// It is of a kind git could be made to run programs with, or that is not encrypted and not asked for.
    Scheme,
    /// A name or a password stands in it.
    HoldsCredential,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnAddress => "is no address of a git repository",
            Self::Scheme => "does not begin with https://, http://, ssh:// or file://",
            Self::HoldsCredential => "holds a user name or a password",
        })
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// Reads `https://…`, `http://…`, `ssh://…`, `file://…`, or ssh's short form `git@HOST:PATH`.
    ///
    /// # Errors
    /// [`AddressError`]; its text never repeats the address, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(|char| char.is_control() || char == ' ') {
            return Err(AddressError::NotAnAddress);
        }
        if let Some(short) = short_ssh(text) {
            return Ok(short);
        }
        let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress)?;
        match url.scheme() {
            "https" | "http" if url.host().is_none() => return Err(AddressError::NotAnAddress),
            // A path given as an option would begin with a dash; a host likewise.
            "ssh" if url.host_str().is_none_or(|host| host.starts_with('-')) => return Err(AddressError::NotAnAddress),
            "https" | "http" | "ssh" | "file" => {}
            _ => return Err(AddressError::Scheme),
        }
        let named = !url.username().is_empty() && url.scheme() != "ssh";
        if named || url.password().is_some() {
            return Err(AddressError::HoldsCredential);
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, for which a credential may be sent; none for addresses that take none, or could be listened to.
    pub(super) fn origin(&self) -> Option<String> {
        let takes = self.url.scheme() == "https" || self.url.scheme() == "http" && !self.is_open();
        takes.then(|| self.url.origin().ascii_serialization())
    }

    /// Whether what is sent to it can be read on the way: http to another machine.
    pub(super) fn is_open(&self) -> bool {
        let stays_here = match self.url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.url.scheme() == "http" && !stays_here
    }

    /// What git may speak to reach it, redirects included.
    pub(super) fn protocols(&self) -> &'static str {
        match self.url.scheme() {
            "https" => "https",
            "http" => "http:https",
            "ssh" => "ssh",
            _ => "file",
        }
    }

    /// Whether it is a folder of this machine.
    pub(super) fn is_file(&self) -> bool {
        self.url.scheme() == "file"
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `USER@HOST:PATH`, which is no URL.
fn short_ssh(text: &str) -> Option<Address> {
    if text.contains("://") {
        return None;
    }
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let word = |text: &str, more: &[char]| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(&char))
    };
    if !word(user, &['_', '-', '.']) || !word(host, &['-', '.']) || path.is_empty() || path.starts_with('-') {
        return None;
    }
    let url = Url::parse(&format!("ssh://{user}@{host}/{}", path.trim_start_matches('/'))).ok()?;
    Some(Address { text: text.to_owned(), url })
}

/// Whether a text may be given to git as a branch, a tag or a commit (git-check-ref-format's rules).
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub fn check_reference(reference: &str) -> Result<(), &'static str> {
    if reference.is_empty() || reference.len() > 250 {
        return Err("is empty or longer than 250 characters");
    }
    if reference.starts_with('-') {
        return Err("begins with a dash");
    }
    let forbidden = |char: char| char.is_control() || matches!(char, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    if reference.contains(forbidden) {
        return Err("holds a space or one of ~ ^ : ? * [ \\");
    }
    if reference.contains("..") || reference.contains("@{") || reference.contains("//") || reference == "@" {
        return Err("holds “..”, “@{” or “//”");
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if reference.split('/').any(bad_part) || reference.ends_with('.') {
        return Err("has a part that is empty, begins or ends with a dot, or ends in “.lock”");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError, check_reference};

    #[test]
    fn addresses_are_of_known_kinds_and_hold_no_credential() {
        for good in [
            "https://github.com/org/x.git",
            "http://127.0.0.1:8080/x",
            "ssh://git@example.org/x.git",
            "git@example.org:org/x.git",
            "file:///srv/x.git",
        ] {
            assert_eq!(Address::parse(good).unwrap().as_str(), good);
        }
        for (bad, error) in [
            ("", AddressError::NotAnAddress),
            ("--upload-pack=x", AddressError::NotAnAddress),
            ("/srv/x", AddressError::NotAnAddress),
            ("https://x y/", AddressError::NotAnAddress),
            ("-oProxyCommand=x@h:p", AddressError::NotAnAddress),
            ("git@-oProxyCommand=x:p", AddressError::NotAnAddress),
            ("ext::sh -c id", AddressError::NotAnAddress),
            ("ext::id", AddressError::Scheme),
            ("ftp://x/y", AddressError::Scheme),
            ("https://user:pw@x/y", AddressError::HoldsCredential),
            ("https://token@x/y", AddressError::HoldsCredential),
        ] {
            assert_eq!(Address::parse(bad), Err(error), "{bad}");
        }
        assert_eq!(Address::parse("https://X.org:8443/a").unwrap().origin().as_deref(), Some("https://x.org:8443"));
        assert_eq!(Address::parse("file:///x").unwrap().origin(), None);
        for (here, takes) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", true),
            ("http://127.0.0.1.example.org/x", false),
            ("http://10.0.0.1/x", false),
            ("http://x.org/x", false),
        ] {
            assert_eq!(Address::parse(here).unwrap().origin().is_some(), takes, "{here}");
        }
    }

    #[test]
    fn references_cannot_be_options_or_ranges() {
        for good in ["main", "v1.2.3", "feature/x", "refs/heads/main", "HEAD", &"a".repeat(40)] {
            assert!(check_reference(good).is_ok(), "{good}");
        }
        for bad in [
            "", "-x", "--all", "a..b", "a b", "a:b", "x^", "x~1", "@{u}", "@", "a//b", "/a", "a/", ".a", "a.lock",
            "a\n",
        ] {
            assert!(check_reference(bad).is_err(), "{bad}");
        }
    }
}
