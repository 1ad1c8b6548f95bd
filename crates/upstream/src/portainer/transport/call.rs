//! One request as data, so that it can be sent again.

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use secrecy::SecretString;
use serde::Serialize;

use super::super::PortainerError;

/// What must be escaped in one segment of a path. `/` is escaped too; image names keep theirs by being several segments.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// How long a call may take; see [`Timeouts`](crate::portainer::Timeouts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portainer) enum Patience {
    Read,
    Write,
    Deploy,
}

/// What goes with the request.
#[derive(Clone)]
pub(in crate::portainer) enum Body {
    /// Nothing.
    Empty,
    /// JSON, with its content type: Portainer eats the body of a form-encoded POST.
    Json(Bytes),
    /// `multipart/form-data`, text fields only.
    Form(Vec<(&'static str, String)>),
}

/// A request.
#[derive(Clone)]
pub(in crate::portainer) struct Call {
    /// Completes “Portainer was asked to …”.
    pub(in crate::portainer) what: &'static str,
    pub(super) method: Method,
    /// Below `/api/`, escaped.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Body,
    pub(super) patience: Patience,
    /// Sent without credential.
    pub(super) public: bool,
    /// Goes on to a Docker host, whose errors have their own shape.
    pub(super) docker: bool,
    /// Whether it changes something.
    pub(super) write: bool,
    /// Never to be shown if the answer repeats them.
    pub(super) secrets: Vec<SecretString>,
}

impl Call {
    fn new(what: &'static str, method: Method, path: String, patience: Patience) -> Self {
        let write = method != Method::GET;
        Self {
            what,
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Empty,
            patience,
            public: false,
            docker: false,
            write,
            secrets: Vec::new(),
        }
    }

    /// Reads.
    pub(in crate::portainer) fn get(what: &'static str, path: impl Into<String>) -> Self {
        Self::new(what, Method::GET, path.into(), Patience::Read)
    }

    /// Changes.
    pub(in crate::portainer) fn post(what: &'static str, path: impl Into<String>) -> Self {
        Self::new(what, Method::POST, path.into(), Patience::Write)
    }

    /// Changes.
    pub(in crate::portainer) fn put(what: &'static str, path: impl Into<String>) -> Self {
        Self::new(what, Method::PUT, path.into(), Patience::Write)
    }

    /// Deletes.
    pub(in crate::portainer) fn delete(what: &'static str, path: impl Into<String>) -> Self {
        Self::new(what, Method::DELETE, path.into(), Patience::Write)
    }

    /// Without credential.
    pub(in crate::portainer) fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// It takes as long as a deployment.
    pub(in crate::portainer) fn deploys(self) -> Self {
        Self { patience: Patience::Deploy, ..self }
    }

    /// A POST that changes nothing, such as a login.
    pub(in crate::portainer) fn changes_nothing(self) -> Self {
        Self { write: false, ..self }
    }

    /// Goes on to a Docker host.
    pub(in crate::portainer) fn for_docker(self) -> Self {
        Self { docker: true, ..self }
    }

    pub(in crate::portainer) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(in crate::portainer) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(in crate::portainer) fn json(self, body: &impl Serialize) -> Result<Self, PortainerError> {
        let body = serde_json::to_vec(body).map_err(|_| PortainerError::Invalid {
            call: self.what,
            detail: "the request cannot be written as JSON".to_owned(),
        })?;
        Ok(Self { body: Body::Json(body.into()), ..self })
    }

    pub(in crate::portainer) fn form(self, fields: Vec<(&'static str, String)>) -> Self {
        Self { body: Body::Form(fields), ..self }
    }

    /// What the answer may repeat and nobody may see.
    pub(in crate::portainer) fn secrets(mut self, secrets: impl IntoIterator<Item = SecretString>) -> Self {
        self.secrets.extend(secrets);
        self
    }
}

/// A text as one segment of a path.
pub(in crate::portainer) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("nginx:1.27@sha256:ab"), "nginx:1.27@sha256:ab");
        assert_eq!(segment("../admin?x=1#y"), "..%2Fadmin%3Fx=1%23y");
    }
}
