//! A YAML document as a tree with positions. Anchors, aliases and merge keys are resolved.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::ComposeError;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Yaml {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A text. Plain ones may mean null, a number or a truth value.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Yaml>),
    Mapping(Vec<(Yaml, Yaml)>),
}

/// Most values one document may have once its aliases are resolved. Real compose files have a few hundred; a few lines of
/// aliases to aliases would have billions.
const MOST_VALUES: usize = 50_000;
/// Most bytes of text all aliases of a document may stand for together: a whole file's worth twice over, where real ones repeat
/// a few lines.
const MOST_ALIASED_BYTES: usize = 4 * 1024 * 1024;
/// Deepest nesting.
const DEEPEST: usize = 64;

/// Parses the first document of a text.
pub(super) fn parse(text: &str) -> Result<Yaml, ComposeError> {
    let mut loader = Loader { anchors: HashMap::new(), values: 0, aliased: 0 };
    let mut parser = Parser::new_from_str(text);
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = 0;
    let mut root = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            ComposeError::at(
                place(error.marker().line(), error.marker().col()),
                format!("This is no YAML: {}.", error.info()),
            )
        })?;
        let here = start(&span);
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
            Event::Scalar(text, style, anchor, _) => {
                let kind = Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                Some((loader.count(here, kind)?, anchor))
            }
            Event::SequenceStart(anchor, _) => {
                stack.push(Open { here, anchor, kind: Kind::Sequence(Vec::new()), key: None });
                None
            }
            Event::MappingStart(anchor, _) => {
                stack.push(Open { here, anchor, kind: Kind::Mapping(Vec::new()), key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = stack.pop() else { continue };
                Some((loader.count(open.here, merged(open.kind))?, open.anchor))
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
    root.ok_or_else(|| ComposeError::at((1, 1), "The file is empty.".to_owned()))
}

struct Open {
    here: (u32, u32),
    anchor: usize,
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
    fn count(&mut self, (line, column): (u32, u32), kind: Kind) -> Result<Yaml, ComposeError> {
        self.spend(1, (line, column))?;
        Ok(Yaml { line, column, kind })
    }

    fn spend(&mut self, values: usize, here: (u32, u32)) -> Result<(), ComposeError> {
        self.values += values;
        if self.values > MOST_VALUES {
            return Err(ComposeError::at(
                here,
                format!("There are more than {MOST_VALUES} values once aliases are resolved."),
            ));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, here: (u32, u32)) -> Result<Yaml, ComposeError> {
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

fn start(span: &Span) -> (u32, u32) {
    place(span.start.line(), span.start.col())
}

/// The parser counts lines from 1 and columns from 0.
fn place(line: usize, column: usize) -> (u32, u32) {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    (number(line).max(1), number(column).saturating_add(1))
}
