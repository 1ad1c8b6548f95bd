//! A YAML document as a tree with positions. Anchors, aliases and merge keys are resolved.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::ComposeError;

/// The members of a mapping in their order.
pub(super) type Members = Vec<(Yaml, Yaml)>;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Yaml {
    pub(super) at: Place,
    pub(super) mark: Option<Mark>,
    pub(super) kind: Kind,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of several texts, from 0.
    pub(super) file: usize,
    /// Line, from 1.
    pub(super) line: u32,
    /// Column, from 1.
    pub(super) column: u32,
}

/// The tags with which a compose file says how it goes over the files before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// `!reset`: what stands there is removed, and this with it.
    Reset,
    /// `!override`: this stands in the place of what stood there.
    Override,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A text. Plain ones may mean null, a number or a truth value.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Yaml>),
    Mapping(Members),
}

/// Most values one document may have once its aliases are resolved. Real compose files have a few hundred; a few lines of
/// aliases to aliases would have billions.
const MOST_VALUES: usize = 50_000;
/// Most bytes of text all aliases of a document may stand for together: a whole file's worth twice over, where real ones repeat
/// a few lines.
const MOST_ALIASED_BYTES: usize = 4 * 1024 * 1024;
/// Deepest nesting.
const DEEPEST: usize = 64;

/// Parses the only document of a text, the `file`th of several.
pub(super) fn parse(text: &str, file: usize) -> Result<Yaml, ComposeError> {
    let mut loader = Loader { anchors: HashMap::new(), values: 0, aliased: 0 };
    let mut parser = Parser::new_from_str(text);
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = 0;
    let mut root = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            ComposeError::at(
                place(file, error.marker().line(), error.marker().col()),
                format!("This is no YAML: {}.", error.info()),
            )
        })?;
        let here = place(file, span.start.line(), span.start.col());
        let done = match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(ComposeError::at(
                        here,
                        "A compose file is one YAML document; a second begins here.".to_owned(),
                    ));
                }
                None
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = is_plain(style, tag.as_deref(), here)?;
                let kind = Kind::Scalar { text: text.into_owned(), plain };
                Some((loader.count(here, mark(tag.as_deref()), kind)?, anchor))
            }
            Event::SequenceStart(anchor, tag) => {
                let mark = mark(tag.as_deref());
                stack.push(Open { here, anchor, mark, kind: Kind::Sequence(Vec::new()), key: None });
                None
            }
            Event::MappingStart(anchor, tag) => {
                let mark = mark(tag.as_deref());
                stack.push(Open { here, anchor, mark, kind: Kind::Mapping(Vec::new()), key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = stack.pop() else { continue };
                Some((loader.count(open.here, open.mark, merged(open.kind))?, open.anchor))
            }
            Event::Alias(anchor) => Some((loader.alias(anchor, here)?, 0)),
            _ => None,
        };
        if stack.len() > DEEPEST {
            return Err(ComposeError::at(here, format!("Values are nested more than {DEEPEST} deep.")));
        }
        let Some((value, anchor)) = done else { continue };
        if anchor != 0 {
            loader.anchors.insert(anchor, value.clone());
        }
        match stack.last_mut() {
            None => root = Some(value),
            Some(open) => open.add(value),
        }
    }
    root.ok_or_else(|| ComposeError::at(place(file, 1, 0), "The file is empty.".to_owned()))
}

/// Whether a scalar may mean something other than its text: null, a number, a truth value.
fn is_plain(style: ScalarStyle, tag: Option<&Tag>, here: Place) -> Result<bool, ComposeError> {
    match tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str()) {
        Some("str") => Ok(false),
        Some("int" | "float" | "bool" | "null") => Ok(true),
        Some("binary") => {
            Err(ComposeError::at(here, "“!!binary” has no place in a compose file; write the text itself.".to_owned()))
        }
        _ => Ok(style == ScalarStyle::Plain),
    }
}

fn mark(tag: Option<&Tag>) -> Option<Mark> {
    match tag.filter(|tag| tag.handle == "!")?.suffix.as_str() {
        "reset" => Some(Mark::Reset),
        "override" => Some(Mark::Override),
        _ => None,
    }
}

struct Open {
    here: Place,
    anchor: usize,
    mark: Option<Mark>,
    kind: Kind,
    key: Option<Yaml>,
}

impl Open {
    fn add(&mut self, value: Yaml) {
        match &mut self.kind {
            Kind::Sequence(items) => items.push(value),
            Kind::Mapping(members) => match self.key.take() {
                None => self.key = Some(value),
                Some(key) => members.push((key, value)),
            },
            Kind::Scalar { .. } => {}
        }
    }
}

struct Loader {
    anchors: HashMap<usize, Yaml>,
    values: usize,
    /// Bytes of text that aliases stand for.
    aliased: usize,
}

impl Loader {
    fn count(&mut self, at: Place, mark: Option<Mark>, kind: Kind) -> Result<Yaml, ComposeError> {
        self.spend(1, at)?;
        Ok(Yaml { at, mark, kind })
    }

    fn spend(&mut self, values: usize, here: Place) -> Result<(), ComposeError> {
        self.values += values;
        if self.values > MOST_VALUES {
            return Err(ComposeError::at(
                here,
                format!("There are more than {MOST_VALUES} values once aliases are resolved."),
            ));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, here: Place) -> Result<Yaml, ComposeError> {
        let nothing = || ComposeError::at(here, "An alias refers to itself or to nothing.".to_owned());
        let (values, bytes) = self.anchors.get(&anchor).map(Yaml::size).ok_or_else(nothing)?;
        self.spend(values, here)?;
        self.aliased = self.aliased.saturating_add(bytes);
        if self.aliased > MOST_ALIASED_BYTES {
            let message = format!("There are more than {MOST_ALIASED_BYTES} bytes once aliases are resolved.");
            return Err(ComposeError::at(here, message));
        }
        // Copied only once it is known to be small.
        self.anchors.get(&anchor).cloned().ok_or_else(nothing)
    }
}

/// Puts the members of `<<` under those that stand there themselves.
fn merged(kind: Kind) -> Kind {
    let Kind::Mapping(members) = kind else { return kind };
    let is_merge = |key: &Yaml| matches!(&key.kind, Kind::Scalar { text, plain: true } if text == "<<");
    if !members.iter().any(|(key, _)| is_merge(key)) {
        return Kind::Mapping(members);
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = members.into_iter().partition(|(key, _)| is_merge(key));
    let mut add = |value: Yaml| {
        for (key, value) in value.into_members() {
            if !own.iter().any(|(known, _)| known.text() == key.text()) {
                own.push((key, value));
            }
        }
    };
    for (_, value) in merges {
        match value.kind {
            Kind::Sequence(items) => items.into_iter().for_each(&mut add),
            _ => add(value),
        }
    }
    Kind::Mapping(own)
}

impl Yaml {
    /// How many values it has, itself included, and how many bytes of text.
    fn size(&self) -> (usize, usize) {
        let sum = |(values, bytes): (usize, usize), part: &Self| {
            let (more, text) = part.size();
            (values + more, bytes + text)
        };
        match &self.kind {
            Kind::Scalar { text, .. } => (1, text.len()),
            Kind::Sequence(items) => items.iter().fold((1, 0), sum),
            Kind::Mapping(members) => members.iter().flat_map(|(key, value)| [key, value]).fold((1, 0), sum),
        }
    }

    /// A text that stands where `at` says.
    pub(super) fn text_at(at: Place, text: String) -> Self {
        Self { at, mark: None, kind: Kind::Scalar { text, plain: false } }
    }

    /// Nothing, or a number or a truth value, standing where `at` says.
    pub(super) fn plain_at(at: Place, text: &str) -> Self {
        Self { at, mark: None, kind: Kind::Scalar { text: text.to_owned(), plain: true } }
    }

    /// The same place, another value.
    pub(super) fn with(&self, kind: Kind) -> Self {
        Self { at: self.at, mark: None, kind }
    }

    /// A text that two values have in common if and only if they mean the same, wherever they stand and in whatever order their
    /// members are.
    pub(super) fn meaning(&self) -> String {
        let mut out = String::new();
        self.put_meaning(&mut out);
        out
    }

    fn put_meaning(&self, out: &mut String) {
        // Each text has its length before it, so that none can look like two.
        let put = |text: &str, out: &mut String| out.push_str(&format!("{} {text}", text.len()));
        match &self.kind {
            Kind::Scalar { .. } if self.is_null() => out.push('0'),
            Kind::Scalar { text, plain } => {
                out.push(if *plain && !is_surely_text(text) { 'p' } else { 't' });
                put(text, out);
            }
            Kind::Sequence(items) => {
                out.push('[');
                items.iter().for_each(|item| item.put_meaning(out));
                out.push(']');
            }
            Kind::Mapping(members) => {
                let mut members: Vec<(&str, &Self)> =
                    members.iter().map(|(key, value)| (key.text().unwrap_or_default(), value)).collect();
                members.sort_by_key(|(key, _)| *key);
                out.push('{');
                for (key, value) in members {
                    put(key, out);
                    value.put_meaning(out);
                }
                out.push('}');
            }
        }
    }

    fn into_members(self) -> Vec<(Self, Self)> {
        match self.kind {
            Kind::Mapping(members) => members,
            _ => Vec::new(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().rfind(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    pub(super) fn members(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Mapping(members) => members,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar, whatever it may mean.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// Whether no version of YAML takes a text without quotes for null, a number, a truth value or a time.
pub(super) fn is_surely_text(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The parser counts lines from 1 and columns from 0.
fn place(file: usize, line: usize, column: usize) -> Place {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Place { file, line: number(line).max(1), column: number(column).saturating_add(1) }
}
