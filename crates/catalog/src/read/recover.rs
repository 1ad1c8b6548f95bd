//! When a hand edit breaks a file, the rest of it still holds: the last committed text that could be parsed stands in, and only
//! what the edit touched is blocked.

use std::ops::Range;

use similar::{DiffTag, TextDiff};
use types::catalog::{Diagnostic, DiagnosticCode as Code, Severity};

use super::{Docs, beside_stack};
use crate::{
    json::{Doc, Kind, Node, SyntaxError, step},
    snapshot::{GUESTS_FILE, STACKS_FILE, STACKS_FOLDER},
};

/// A named entry of a list, with the lines it stands on (from 0).
struct Entry {
    name: String,
    pointer: String,
    lines: Range<usize>,
}

impl Docs {
    /// Takes the last good text for a broken one, and notes whom the break concerns.
    pub(super) fn recover(&mut self, path: &str, text: &str, last_good: Option<&str>, error: &SyntaxError) {
        self.broken.insert(path.to_owned());
        let good = last_good.and_then(|text| Doc::parse(text).ok());
        let beside = beside_stack(path).map(str::to_owned);
        let Some(good) = good else {
            self.hopeless.insert(path.to_owned());
            let mut finding =
                finding(path, error, String::new(), "No earlier version of this file can be read either.");
            self.touched_stacks.extend(beside.clone());
            finding.stack = beside;
            self.findings.push(finding);
            return;
        };
        let mut touched = touched_entries(path, &good, text);
        if let Some(name) = beside {
            touched = vec![Entry { name, pointer: String::new(), lines: 0..0 }];
        }
        if touched.is_empty() {
            let rest = "Everything in it is taken as the last readable version has it.";
            self.findings.push(finding(path, error, String::new(), rest));
        }
        for entry in touched {
            let rest = format!(
                "“{}” is blocked; the rest of the file is taken as the last readable version has it.",
                entry.name
            );
            let mut finding = finding(path, error, entry.pointer, &rest);
            if path == GUESTS_FILE {
                self.touched_guests.insert(entry.name.clone());
                finding.guest = Some(entry.name);
            } else {
                self.touched_stacks.insert(entry.name.clone());
                finding.stack = Some(entry.name);
            }
            self.findings.push(finding);
        }
        self.docs.insert(path.to_owned(), good);
    }
}

fn finding(path: &str, error: &SyntaxError, pointer: String, rest: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: Code::Syntax,
        file: path.to_owned(),
        line: error.line,
        column: error.column,
        pointer,
        message: format!("This is no JSON from here on: {} {rest}", error.message),
        remedy: "Mend it, or restore the last version.".to_owned(),
        stack: None,
        guest: None,
    }
}

/// A file whose text nobody here needs, unless a stack names it: then that is an error of its own.
pub(super) fn unread(path: &str, reason: &str) -> Diagnostic {
    let mut parts = path.split('/');
    let stack =
        (parts.next() == Some(STACKS_FOLDER)).then(|| parts.next()).flatten().filter(|_| parts.next().is_some());
    Diagnostic {
        severity: Severity::Warning,
        stack: stack.map(str::to_owned),
        message: format!("The file is left out: {reason}."),
        remedy: "Keep large and foreign files elsewhere.".to_owned(),
        ..unreadable(path, reason)
    }
}

/// A file that is there but gives no text.
pub(super) fn unreadable(path: &str, reason: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: Code::UnreadableFile,
        file: path.to_owned(),
        line: 1,
        column: 1,
        pointer: String::new(),
        message: format!("The file cannot be read: {reason}."),
        remedy: "Put a text file of at most 2 MiB in UTF-8 there.".to_owned(),
        stack: beside_stack(path).map(str::to_owned),
        guest: None,
    }
}

/// The entries of the good text on whose lines the broken one differs.
fn touched_entries(path: &str, good: &Doc, broken: &str) -> Vec<Entry> {
    let key = match path {
        STACKS_FILE => "docker_stacks",
        GUESTS_FILE => "vms",
        _ => return Vec::new(),
    };
    let Some(list) = good.root().get(key) else { return Vec::new() };
    let pointer = step("", key);
    let entries: Vec<Entry> = match &list.kind {
        Kind::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let name = item.get("name")?.string()?.to_owned();
                Some(Entry { name, pointer: step(&pointer, index), lines: lines(good, item) })
            })
            .collect(),
        Kind::Object(members) => members
            .iter()
            .map(|member| {
                let start = good.position(member.key_range.start).0 as usize - 1;
                let lines = start..lines(good, &member.value).end;
                Entry { name: member.key.clone(), pointer: step(&pointer, &member.key), lines }
            })
            .collect(),
        _ => Vec::new(),
    };
    let diff = TextDiff::from_lines(good.text(), broken);
    let changed: Vec<Range<usize>> =
        diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal).map(|op| op.old_range()).collect();
    entries
        .into_iter()
        .filter(|entry| {
            // Something put between two lines of an entry touches it; something put before its first does not.
            changed.iter().any(|at| {
                if at.is_empty() {
                    entry.lines.start < at.start && at.start < entry.lines.end
                } else {
                    at.start < entry.lines.end && entry.lines.start < at.end
                }
            })
        })
        .collect()
}

fn lines(doc: &Doc, node: &Node) -> Range<usize> {
    doc.position(node.range.start).0 as usize - 1..doc.position(node.range.end).0 as usize
}
