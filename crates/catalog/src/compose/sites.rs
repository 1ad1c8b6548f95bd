//! Where a compose text writes its services and their images, in bytes.

use std::{collections::BTreeMap, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A service that is written out as a mapping.
pub(super) struct Site {
    /// Where its first key begins.
    first_key: Option<FirstKey>,
    /// Written in braces.
    flow: bool,
    /// What stands behind `image:`.
    image: Option<Image>,
}

struct FirstKey {
    byte: usize,
    /// Characters before it on its line.
    column: usize,
    quoted: bool,
}

struct Image {
    range: Range<usize>,
    /// None for an alias.
    style: Option<ScalarStyle>,
}

impl Site {
    /// What to replace so that the service has this image; none where that cannot be done by a single word.
    pub(super) fn edit(&self, text: &str, image: &str) -> Option<(Range<usize>, String)> {
        // Only an address of version 6 has brackets, which mean a list where braces are.
        let plain = || if image.contains('[') { format!("\"{image}\"") } else { image.to_owned() };
        if let Some(Image { range, style }) = &self.image {
            let new = match style {
                None | Some(ScalarStyle::Plain) => plain(),
                Some(ScalarStyle::DoubleQuoted) => format!("\"{image}\""),
                Some(ScalarStyle::SingleQuoted) => format!("'{image}'"),
                Some(ScalarStyle::Literal | ScalarStyle::Folded) => return None,
            };
            return Some((range.clone(), new));
        }
        let FirstKey { byte, column, quoted } = self.first_key.as_ref()?;
        let new = match (self.flow, quoted) {
            (true, true) => format!("\"image\": \"{image}\", "),
            (true, false) => format!("image: {}, ", plain()),
            (false, _) => {
                let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
                format!("image: {}{end}{}", plain(), " ".repeat(*column))
            }
        };
        Some((*byte..*byte, new))
    }
}

/// One open mapping or sequence.
enum Frame {
    Mapping {
        /// The key whose value is being read, if it is a text.
        key: Option<String>,
        /// A key was read, its value comes next.
        waiting: bool,
    },
    Sequence,
}

impl Frame {
    fn key(&self) -> &str {
        match self {
            Self::Mapping { key, .. } => key.as_deref().unwrap_or_default(),
            Self::Sequence => "",
        }
    }
}

/// Finds the services that the text writes out, by name.
pub(super) fn sites(text: &str) -> BTreeMap<String, Site> {
    let bytes: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(text.len());
    let mut sites = BTreeMap::new();
    let mut stack: Vec<Frame> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        // The text was read once already, so this does not happen; if it does, services are missing and nothing is changed.
        let Ok((event, span)) = event else { return sites };
        let range = value_start(text, byte(span.start.index()))..byte(span.end.index());
        let path = path(&stack);
        match event {
            Event::Scalar(value, style, ..) => {
                match (path.as_slice(), is_key(&stack)) {
                    (["services", name, _], true) => {
                        let column = span.start.col();
                        let quoted = style == ScalarStyle::DoubleQuoted;
                        if let Some(Site { first_key: first @ None, .. }) = sites.get_mut(*name) {
                            *first = Some(FirstKey { byte: range.start, column, quoted });
                        }
                    }
                    (["services", name, "image"], false) => {
                        if let Some(site) = sites.get_mut(*name) {
                            site.image = Some(Image { range, style: Some(style) });
                        }
                    }
                    _ => {}
                }
                done(&mut stack, Some(value.into_owned()));
            }
            Event::Alias(_) => {
                if let (["services", name, "image"], false) = (path.as_slice(), is_key(&stack))
                    && let Some(site) = sites.get_mut(*name)
                {
                    site.image = Some(Image { range, style: None });
                }
                done(&mut stack, None);
            }
            Event::MappingStart(..) => {
                if let (["services", name], false) = (path.as_slice(), is_key(&stack)) {
                    let flow = text[range.start..].starts_with('{');
                    sites.insert((*name).to_owned(), Site { first_key: None, flow, image: None });
                }
                stack.push(Frame::Mapping { key: None, waiting: false });
            }
            Event::SequenceStart(..) => stack.push(Frame::Sequence),
            Event::MappingEnd | Event::SequenceEnd => {
                stack.pop();
                done(&mut stack, None);
            }
            _ => {}
        }
    }
    sites
}

/// Where a value begins after its anchor and its tag. A plain scalar begins with neither sign.
fn value_start(text: &str, mut start: usize) -> usize {
    while let Some(rest) = text.get(start..).filter(|rest| rest.starts_with(['&', '!'])) {
        let property = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[property..].find(|char: char| !char.is_whitespace()).unwrap_or(0);
        start += property + space;
    }
    start
}

/// The keys that lead to what comes next; an empty one for a sequence, and for the key that is only being read.
fn path(stack: &[Frame]) -> Vec<&str> {
    // Services and their images lie at most three deep.
    match stack.len() {
        0..=3 => stack.iter().map(Frame::key).collect(),
        _ => Vec::new(),
    }
}

fn is_key(stack: &[Frame]) -> bool {
    matches!(stack.last(), Some(Frame::Mapping { waiting: false, .. }))
}

/// A value is complete: a key if it was one's turn, with its text.
fn done(stack: &mut [Frame], text: Option<String>) {
    if let Some(Frame::Mapping { key, waiting }) = stack.last_mut() {
        *key = if *waiting { None } else { text };
        *waiting = !*waiting;
    }
}
