//! One stack's entry as a text a person edits, in its place in the file.

use std::ops::Range;

use types::catalog::{Diagnostic, DiagnosticCode as Code, Severity};

use super::{
    Draft, Edit, EditError, apply_edits, good_name,
    stack::{beside_path, listed},
    writable,
};
use crate::{
    json::{Doc, Json, indentation_at},
    read::{self, Docs},
    snapshot::{Content, STACKS_FILE, Snapshot},
};

/// A stack's entry as a text to be edited: its lines end with a line feed and are indented as if it stood alone. Given back
/// unchanged with [`Edit::SetStackText`], not a byte of the file changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackText {
    /// The file it stands in.
    pub file: String,
    /// JSON pointer (RFC 6901) to it; empty where the file is all about this stack.
    pub pointer: String,
    /// The text.
    pub text: String,
}

/// Where an entry stands, and what is in front of its lines after the first.
struct Frame {
    file: String,
    pointer: String,
    range: Range<usize>,
    indent: String,
}

impl Frame {
    fn of(docs: &Docs, name: &str) -> Option<Self> {
        let (file, pointer) = match listed(docs, name) {
            Some(place) => (STACKS_FILE.to_owned(), place.pointer()),
            None => (beside_path(name), String::new()),
        };
        let doc = docs.get(&file)?;
        let range = doc.at(&pointer)?.range.clone();
        let mut indent = indentation_at(doc.text(), range.start);
        // Where not all lines have it, none is taken off: the text comes back as it was, whatever it looks like.
        let has_it = |line: &str| line.trim_end_matches('\r').is_empty() || line.starts_with(&indent);
        if !doc.text()[range.clone()].split('\n').skip(1).all(has_it) {
            indent.clear();
        }
        Some(Self { file, pointer, range, indent })
    }

    fn show(&self, text: &str) -> String {
        let lines = text[self.range.clone()].split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let line = |(index, line): (usize, &str)| {
            let line = if index == 0 { line } else { line.strip_prefix(self.indent.as_str()).unwrap_or(line) };
            line.to_owned()
        };
        lines.enumerate().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The text as it stands in the file.
    fn place(&self, text: &str, newline: &str) -> String {
        let line = |(index, line): (usize, &str)| {
            if index == 0 || line.is_empty() { line.to_owned() } else { format!("{}{line}", self.indent) }
        };
        text.split('\n').enumerate().map(line).collect::<Vec<_>>().join(newline)
    }
}

/// What somebody typed, understood.
struct Typed {
    doc: Doc,
}

impl Typed {
    /// Reads it. In the list a stack is known by its name, so that must stay.
    fn read(name: &str, text: &str, in_list: bool) -> Result<Self, EditError> {
        let bad = |(line, column), message: String| EditError::StackText { line, column, message };
        let doc = Doc::parse(text.replace("\r\n", "\n").replace('\r', "\n"))
            .map_err(|error| bad((error.line, error.column), error.message))?;
        let root = doc.root();
        let at = doc.position(root.range.start);
        if root.members().is_none() {
            return Err(bad(at, format!("This is {}. A stack is an object: {{ … }}.", root.what())));
        }
        if in_list {
            match root.get("name") {
                Some(node) if node.string() == Some(name) => {}
                Some(node) => {
                    let message = format!("The name must stay “{name}” here. Rename the stack to change it.");
                    return Err(bad(doc.position(node.range.start), message));
                }
                None => return Err(bad(at, format!("There is no \"name\". It must be \"{name}\"."))),
            }
        }
        Ok(Self { doc })
    }

    fn text(&self) -> &str {
        &self.doc.text()[self.doc.root().range.clone()]
    }

    /// Line and column where it begins.
    fn start(&self) -> (u32, u32) {
        self.doc.position(self.doc.root().range.start)
    }
}

impl Draft {
    pub(super) fn set_stack_text(&mut self, name: &str, text: &str) -> Result<(), EditError> {
        let mut docs = self.docs();
        writable(&docs, &self.snapshot, STACKS_FILE)?;
        let exists = Frame::of(&docs, name).is_some();
        let typed = Typed::read(name, text, in_list(&docs, name, exists))?;
        if !exists {
            if self.snapshot.content(&beside_path(name)).is_some() {
                writable(&docs, &self.snapshot, &beside_path(name))?;
            }
            good_name(name)?;
            self.add_entry(&docs, name, typed.doc.root().into())?;
            docs = self.docs();
        }
        let shape = || EditError::Shape { file: STACKS_FILE.to_owned(), pointer: name.to_owned() };
        let frame = Frame::of(&docs, name).ok_or_else(shape)?;
        writable(&docs, &self.snapshot, &frame.file)?;
        let file = docs.get(&frame.file).ok_or_else(shape)?.text();
        if frame.show(file) == typed.text() {
            return Ok(());
        }
        let newline = if file.contains("\r\n") { "\r\n" } else { "\n" };
        let mut changed = file.to_owned();
        changed.replace_range(frame.range.clone(), &frame.place(typed.text(), newline));
        self.snapshot.set(&frame.file, Content::Text(changed));
        Ok(())
    }

    /// Puts a new stack at the end of the list.
    pub(super) fn add_entry(&mut self, docs: &Docs, name: &str, entry: Json) -> Result<(), EditError> {
        use crate::json::Want;
        const LIST: &str = "/docker_stacks";
        let shape = || EditError::Shape { file: STACKS_FILE.to_owned(), pointer: LIST.to_owned() };
        let Some(doc) = docs.get(STACKS_FILE) else {
            self.snapshot.set(STACKS_FILE, Content::Text("{\n  \"docker_stacks\": []\n}\n".to_owned()));
            return self.want(STACKS_FILE, LIST, &Want::Append(entry));
        };
        match doc.root().get("docker_stacks") {
            None => self.want(STACKS_FILE, "", &Want::Members(vec![("docker_stacks".into(), Want::Append(entry))])),
            Some(list) if list.items().is_some() => self.want(STACKS_FILE, LIST, &Want::Append(entry)),
            Some(list) if list.members().is_some() => {
                self.want(STACKS_FILE, LIST, &Want::Members(vec![(name.to_owned(), Want::Is(entry))]))
            }
            Some(_) => Err(shape()),
        }
    }
}

/// Whether an entry is, or will be, one of a list: there it is known by its own “name”.
fn in_list(docs: &Docs, name: &str, exists: bool) -> bool {
    let by_name = || {
        let list = docs.get(STACKS_FILE).and_then(|doc| doc.root().get("docker_stacks"));
        list.is_some_and(|list| list.members().is_some())
    };
    if exists && listed(docs, name).is_none() { false } else { !by_name() }
}

impl Snapshot {
    /// The text of a stack's entry, for an editor. None if there is no such stack, or its file is broken.
    #[must_use]
    pub fn stack_text(&self, name: &str) -> Option<StackText> {
        let docs = Docs::of(self);
        let frame = Frame::of(&docs, name).filter(|frame| !docs.is_broken(&frame.file))?;
        let text = frame.show(docs.get(&frame.file)?.text());
        Some(StackText { file: frame.file, pointer: frame.pointer, text })
    }

    /// The text of every entry of the list that has a name, in the list's order.
    pub(super) fn listed_texts(&self) -> Vec<(String, String)> {
        let docs = Docs::of(self);
        let Some(list) = docs.get(STACKS_FILE).and_then(|doc| doc.root().get("docker_stacks")) else {
            return Vec::new();
        };
        let named = list.items().unwrap_or_default().iter().filter_map(|item| item.get("name")?.string());
        let keyed = list.members().unwrap_or_default().iter().map(|member| member.key.as_str());
        let names: Vec<&str> = named.chain(keyed).collect();
        let entry = |name: &str| {
            let frame = Frame::of(&docs, name)?;
            Some((name.to_owned(), frame.show(docs.get(&frame.file)?.text())))
        };
        names.into_iter().filter_map(entry).collect()
    }

    /// What would be wrong with a stack if this text were its entry: findings with line and column in this very text. What else
    /// the change would do to the catalog, a preview tells.
    #[must_use]
    pub fn check_stack_text(&self, name: &str, text: &str) -> Vec<Diagnostic> {
        let edit = Edit::SetStackText { name: name.to_owned(), text: text.to_owned() };
        let docs = Docs::of(self);
        let file = Frame::of(&docs, name).map_or_else(|| STACKS_FILE.to_owned(), |frame| frame.file);
        let refused = |code, (line, column), message| Diagnostic {
            severity: Severity::Error,
            code,
            file: file.clone(),
            line,
            column,
            pointer: String::new(),
            message,
            remedy: "Mend the text.".to_owned(),
            stack: Some(name.to_owned()),
            guest: None,
        };
        let changes = match apply_edits(self, &[edit]) {
            Ok(changes) => changes,
            Err(EditError::StackText { line, column, message }) => {
                return vec![refused(Code::Syntax, (line, column), message)];
            }
            Err(error) => return vec![refused(Code::BadValue, (1, 1), error.to_string())],
        };
        let after = self.with(&changes);
        let docs = Docs::of(&after);
        let place = Frame::of(&docs, name).and_then(|frame| Some((docs.get(&frame.file)?, frame)));
        let (Some((doc, frame)), Ok(typed)) = (place, Typed::read(name, text, false)) else { return Vec::new() };
        let (first, last) = (doc.position(frame.range.start), doc.position(frame.range.end));
        let (top, left) = typed.start();
        let indent = u32::try_from(frame.indent.chars().count()).unwrap_or_default();
        let found = read::read(&after).diagnostics.into_iter();
        found
            .filter(|one| one.file == frame.file && (one.line, one.column) >= first && (one.line, one.column) < last)
            .map(|mut one| {
                one.column = match one.line == first.0 {
                    true => one.column - first.1 + left,
                    false => one.column.saturating_sub(indent).max(1),
                };
                one.line = one.line - first.0 + top;
                one.pointer = one.pointer.strip_prefix(&frame.pointer).unwrap_or(&one.pointer).to_owned();
                one
            })
            .collect()
    }
}
