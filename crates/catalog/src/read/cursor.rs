//! A value, where it stands and whom it concerns; and typed ways to ask for its parts.

use types::catalog::{Diagnostic, DiagnosticCode as Code, Severity};

use crate::json::{Doc, Kind, Node, step};

/// A value in a file.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) doc: &'a Doc,
    pub(crate) file: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) pointer: String,
    pub(crate) stack: Option<String>,
    pub(crate) guest: Option<String>,
}

/// What was found so far.
pub(crate) type Findings = Vec<Diagnostic>;

/// How like two keys must be (Jaro-Winkler) to take one for a misspelling of the other.
const MISSPELLING: f64 = 0.88;

impl<'a> Cursor<'a> {
    pub(crate) fn root(file: &'a str, doc: &'a Doc) -> Self {
        Self { doc, file, node: doc.root(), pointer: String::new(), stack: None, guest: None }
    }

    pub(crate) fn of_stack(mut self, name: &str) -> Self {
        self.stack = Some(name.to_owned());
        self
    }

    pub(crate) fn of_guest(mut self, name: &str) -> Self {
        self.guest = Some(name.to_owned());
        self
    }

    fn child(&self, key: impl std::fmt::Display, node: &'a Node) -> Self {
        Self { node, pointer: step(&self.pointer, key), ..self.clone() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        Some(self.child(key, self.node.get(key)?))
    }

    /// The value a pointer from here leads to; this one itself if it leads nowhere.
    pub(crate) fn nearest(&self, pointer: &str) -> Self {
        let mut cursor = self.clone();
        for key in pointer.split('/').skip(1) {
            let key = key.replace("~1", "/").replace("~0", "~");
            let next = match &cursor.node.kind {
                Kind::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => cursor.node.get(&key),
            };
            let Some(next) = next else { break };
            cursor = cursor.child(&key, next);
        }
        cursor
    }

    /// The entries of a list.
    pub(crate) fn items(&self) -> Vec<Self> {
        let items = self.node.items().unwrap_or_default();
        items.iter().enumerate().map(|(index, node)| self.child(index, node)).collect()
    }

    /// The members of an object.
    pub(crate) fn members(&self) -> Vec<(&'a str, Self)> {
        let members = self.node.members().unwrap_or_default();
        members.iter().map(|member| (member.key.as_str(), self.child(&member.key, &member.value))).collect()
    }

    pub(crate) fn find(
        &self,
        severity: Severity,
        code: Code,
        message: impl Into<String>,
        remedy: impl Into<String>,
        findings: &mut Findings,
    ) {
        self.find_at(self.node.range.start, severity, code, message, remedy, findings);
    }

    pub(crate) fn find_at(
        &self,
        offset: usize,
        severity: Severity,
        code: Code,
        message: impl Into<String>,
        remedy: impl Into<String>,
        findings: &mut Findings,
    ) {
        let (line, column) = self.doc.position(offset);
        findings.push(Diagnostic {
            severity,
            code,
            file: self.file.to_owned(),
            line,
            column,
            pointer: self.pointer.clone(),
            message: message.into(),
            remedy: remedy.into(),
            stack: self.stack.clone(),
            guest: self.guest.clone(),
        });
    }

    pub(crate) fn error(&self, code: Code, message: impl Into<String>, remedy: impl Into<String>, out: &mut Findings) {
        self.find(Severity::Error, code, message, remedy, out);
    }

    pub(crate) fn warn(&self, code: Code, message: impl Into<String>, remedy: impl Into<String>, out: &mut Findings) {
        self.find(Severity::Warning, code, message, remedy, out);
    }

    pub(crate) fn inform(&self, code: Code, message: impl Into<String>, remedy: impl Into<String>, out: &mut Findings) {
        self.find(Severity::Info, code, message, remedy, out);
    }

    pub(crate) fn wrong_type(&self, wanted: &str, out: &mut Findings) {
        let key = self.pointer.rsplit('/').next().unwrap_or_default();
        self.error(Code::WrongType, format!("“{key}” is {}.", self.node.what()), format!("It must be {wanted}."), out);
    }

    /// A member that is a text. `null` counts as absent.
    pub(crate) fn text(&self, key: &str, out: &mut Findings) -> Option<String> {
        let value = self.get(key)?;
        match &value.node.kind {
            Kind::String(text) => Some(text.clone()),
            Kind::Null => None,
            _ => {
                value.wrong_type("a text", out);
                None
            }
        }
    }

    /// A member that is a text with something in it.
    pub(crate) fn filled(&self, key: &str, out: &mut Findings) -> Option<String> {
        self.text(key, out).filter(|text| !text.trim().is_empty())
    }

    pub(crate) fn flag(&self, key: &str, out: &mut Findings) -> bool {
        let Some(value) = self.get(key) else { return false };
        match value.node.kind {
            Kind::Bool(flag) => flag,
            Kind::Null => false,
            _ => {
                value.wrong_type("true or false", out);
                false
            }
        }
    }

    /// A member that is a whole number in range. Older files also write numbers as texts.
    pub(crate) fn number<T: std::str::FromStr>(&self, key: &str, range: &str, out: &mut Findings) -> Option<T> {
        let value = self.get(key)?;
        let text = match &value.node.kind {
            Kind::Number(text) | Kind::String(text) => text,
            Kind::Null => return None,
            _ => {
                value.wrong_type("a number", out);
                return None;
            }
        };
        let number = text.trim().parse().ok();
        if number.is_none() {
            value.error(
                Code::BadValue,
                format!("“{key}” is {text}."),
                format!("It must be a whole number from {range}."),
                out,
            );
        }
        number
    }

    /// A member that is a list of texts.
    pub(crate) fn texts(&self, key: &str, out: &mut Findings) -> Option<Vec<String>> {
        let list = self.get(key)?;
        if matches!(list.node.kind, Kind::Null) {
            return None;
        }
        if list.node.items().is_none() {
            list.wrong_type("a list of texts", out);
            return None;
        }
        let mut texts = Vec::new();
        for item in list.items() {
            match item.node.string() {
                Some(text) => texts.push(text.to_owned()),
                None => item.wrong_type("a text", out),
            }
        }
        Some(texts)
    }

    /// Reports keys that stand twice, and those nobody knows: as a warning if one looks like a misspelling of a known one.
    pub(crate) fn check_keys(&self, known: &[&str], out: &mut Findings) {
        let Some(members) = self.node.members() else { return };
        for (index, member) in members.iter().enumerate() {
            let here = self.child(&member.key, &member.value);
            if members[..index].iter().any(|earlier| earlier.key == member.key) {
                here.find_at(
                    member.key_range.start,
                    Severity::Error,
                    Code::DuplicateKey,
                    format!("“{}” stands twice in one object; only the last counts.", member.key),
                    "Remove one of them.",
                    out,
                );
            } else if !known.contains(&member.key.as_str()) {
                let alike = |name: &&&str| strsim::jaro_winkler(name, &member.key);
                let nearest = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
                let misspelt = nearest.filter(|name| alike(name) >= MISSPELLING);
                let (severity, remedy) = match misspelt {
                    Some(name) => (Severity::Warning, format!("Did you mean “{name}”?")),
                    None => (Severity::Info, "It is kept as it is. Remove it if nothing else needs it.".to_owned()),
                };
                let message = format!("“{}” is not known here and has no effect.", member.key);
                here.find_at(member.key_range.start, severity, Code::UnknownField, message, remedy, out);
            }
        }
    }
}
