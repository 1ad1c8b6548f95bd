//! Which of our hosts a request is for, and which page that makes it.
//!
//! `chat.HOST/x` is `HOST/chat/x`. A path that begins with a known first segment (a page's, `/api`, `/pkg`, a static
//! file) is left alone, so that the same links work on every host. Hosts that are not ours are refused: that is what
//! keeps a rebound DNS name from reaching a browser's session.

use std::{borrow::Cow, collections::HashSet, net::IpAddr};

use url::Url;

/// Our hosts, from the public URL and the route table.
#[derive(Debug)]
pub(crate) struct Hosts {
    scheme: String,
    host: String,
    port: u16,
    subdomains: Vec<&'static str>,
    first_segments: HashSet<&'static str>,
}

/// A host that is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The subdomain in front of it, one of the route table's.
    pub(crate) subdomain: Option<&'static str>,
    /// `localhost` or a loopback address: reachable from this machine only.
    pub(crate) local: bool,
}

impl Hosts {
    /// Reads the public URL and the route table's paths and subdomains.
    pub(crate) fn new(public: &Url, routes: impl Iterator<Item = (&'static str, Option<&'static str>)>) -> Self {
        let mut subdomains = Vec::new();
        let mut first_segments = HashSet::from(["api", "pkg", "healthz", "readyz", "metrics"]);
        for (path, subdomain) in routes {
            let segment = path.trim_start_matches('/').split('/').next().unwrap_or_default();
            if !segment.is_empty() && !segment.starts_with('{') {
                first_segments.insert(segment);
            }
            subdomains.extend(subdomain.filter(|name| !subdomains.contains(name)));
        }
        Self {
            scheme: public.scheme().to_owned(),
            host: public.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: public.port_or_known_default().unwrap_or_default(),
            subdomains,
            first_segments,
        }
    }

    /// Whether people reach us over https.
    pub(crate) fn secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether the public URL names this machine itself, so that nobody else is meant to reach us.
    pub(crate) fn is_local(&self) -> bool {
        is_local(&self.host)
    }

    /// The cookie's `Domain`, so that subdomains share it; none where browsers would refuse one.
    pub(crate) fn cookie_domain(&self) -> Option<&str> {
        let plain_name = self.host.contains('.') && !is_ip(&self.host);
        plain_name.then_some(self.host.as_str())
    }

    /// Looks a `Host` value (with or without a port) up; none if it is not ours.
    pub(crate) fn find(&self, authority: &str) -> Option<Known> {
        let host = without_port(authority).trim_end_matches('.').to_ascii_lowercase();
        let local = is_local(&host);
        if host == self.host {
            return Some(Known { subdomain: None, local });
        }
        let bases = [self.host.as_str(), "localhost"];
        let subdomain = bases.iter().find_map(|base| {
            let prefix = host.strip_suffix(base)?.strip_suffix('.')?;
            self.subdomains.iter().copied().find(|name| *name == prefix)
        });
        match subdomain {
            Some(_) => Some(Known { subdomain, local }),
            None => local.then_some(Known { subdomain: None, local }),
        }
    }

    /// The path a page has on the main host. `is_file` tells whether a path names a static file.
    pub(crate) fn canonical<'p>(
        &self,
        subdomain: Option<&str>,
        path: &'p str,
        is_file: impl Fn(&str) -> bool,
    ) -> Cow<'p, str> {
        let Some(subdomain) = subdomain else { return Cow::Borrowed(path) };
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if self.first_segments.contains(first) || is_file(path) {
            return Cow::Borrowed(path);
        }
        Cow::Owned(format!("/{subdomain}{}", path.trim_end_matches('/')))
    }

    /// Whether an `Origin` (or a referer's origin) is one of ours. `host` is the request's own `Host`.
    pub(crate) fn is_own_origin(&self, origin: &str, host: Option<&str>) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        let Some(name) = url.host_str() else { return false };
        let Some(known) = self.find(name) else { return false };
        let public = url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port);
        let ours = name == self.host || name.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.ends_with('.'));
        if public && ours {
            return true;
        }
        // On this machine itself the port may differ from the public one (a tunnel's inner end): then the page must come
        // from exactly where the request goes.
        known.local && host.is_some_and(|host| authority(&url).eq_ignore_ascii_case(host))
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn without_port(authority: &str) -> &str {
    if let Some(end) = authority.rfind(']') {
        return &authority[..=end];
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn is_ip(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(public: &str) -> Hosts {
        let routes = [("/", None), ("/chat", Some("chat")), ("/chat/{id}", Some("chat")), ("/account", None)];
        Hosts::new(&public.parse().unwrap(), routes.into_iter())
    }

    #[test]
    fn hosts_are_known_by_name() {
        let hosts = hosts("https://heads.example");
        let table = [
            ("heads.example", Some(None)),
            ("HEADS.example:443", Some(None)),
            ("heads.example.", Some(None)),
            ("chat.heads.example", Some(Some("chat"))),
            ("mail.heads.example", None),
            ("chatheads.example", None),
            ("evil.example", None),
            ("heads.example.evil.example", None),
            ("127.0.0.1:3000", Some(None)),
            ("[::1]:3000", Some(None)),
            ("localhost:3000", Some(None)),
            ("10.0.0.1", None),
            ("", None),
        ];
        for (host, expected) in table {
            assert_eq!(hosts.find(host).map(|known| known.subdomain), expected, "{host}");
        }
    }

    #[test]
    fn subdomains_are_paths() {
        let hosts = hosts("http://thinkheads.localhost:3000");
        let table = [
            (Some("chat"), "/", "/chat"),
            (Some("chat"), "/0190", "/chat/0190"),
            (Some("chat"), "/0190/", "/chat/0190"),
            (Some("chat"), "/chat/0190", "/chat/0190"),
            (Some("chat"), "/api/send", "/api/send"),
            (Some("chat"), "/pkg/1/main.css", "/pkg/1/main.css"),
            (Some("chat"), "/favicon.svg", "/favicon.svg"),
            (Some("chat"), "/account", "/account"),
            (None, "/0190", "/0190"),
        ];
        for (subdomain, path, expected) in table {
            assert_eq!(hosts.canonical(subdomain, path, |path| path == "/favicon.svg"), expected, "{path}");
        }
    }

    #[test]
    fn only_our_origins_are_ours() {
        let hosts = hosts("https://heads.example");
        let table = [
            ("https://heads.example", None, true),
            ("https://chat.heads.example", None, true),
            ("https://heads.example:8443", None, false),
            ("http://heads.example", None, false),
            ("https://mail.heads.example", None, false),
            ("https://evil.example", Some("evil.example"), false),
            ("null", None, false),
            ("", None, false),
            ("http://127.0.0.1:3000", Some("127.0.0.1:3000"), true),
            ("http://127.0.0.1:3000", Some("heads.example"), false),
            ("http://localhost:4000", Some("localhost:3000"), false),
        ];
        for (origin, host, expected) in table {
            assert_eq!(hosts.is_own_origin(origin, host), expected, "{origin}");
        }
    }

    #[test]
    fn the_cookie_is_shared_only_where_browsers_allow() {
        assert_eq!(hosts("https://heads.example").cookie_domain(), Some("heads.example"));
        assert_eq!(hosts("http://thinkheads.localhost:3000").cookie_domain(), Some("thinkheads.localhost"));
        assert_eq!(hosts("http://localhost:3000").cookie_domain(), None);
        assert_eq!(hosts("http://127.0.0.1:3000").cookie_domain(), None);
    }
}
