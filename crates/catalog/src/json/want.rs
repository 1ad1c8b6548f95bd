//! What a text should say, and the smallest change that makes it say so.

use std::ops::Range;

use super::{
    Doc, Json, Kind, Node,
    layout::{Layout, entries, indentation_at, quoted},
};

/// What a value should become.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Want {
    /// Gone.
    Gone,
    /// This very value. If it says so already, not a byte changes.
    Is(Json),
    /// An object in which these keys become this; all others stay.
    Members(Vec<(String, Want)>),
    /// A list of entries known by a name (`"NAME"`, or an object whose `name` it is) in which these become this; all others stay.
    SomeNamed(Vec<(String, Want)>),
    /// The entry at this place of a list becomes this; all others stay.
    Item(usize, Box<Want>),
    /// A list with this at its end.
    Append(Json),
    /// A key of this object is called otherwise. (From, to.)
    Renamed(String, String),
}

struct Splice {
    range: Range<usize>,
    text: String,
}

/// Makes the value at a pointer say what is wanted. Every byte outside of what had to change is kept. None if the pointer leads
/// nowhere or to a value of another kind.
pub(crate) fn apply(doc: &Doc, pointer: &str, want: &Want) -> Option<String> {
    let target = doc.at(pointer)?;
    let mut splices = Vec::new();
    let editor = Editor { text: doc.text(), layout: Layout::of(doc.text()) };
    editor.node(target, want, &mut splices)?;
    splices.sort_by_key(|splice| std::cmp::Reverse(splice.range.start));
    let mut text = doc.text().to_owned();
    for splice in splices {
        text.replace_range(splice.range, &splice.text);
    }
    Some(text)
}

struct Editor<'a> {
    text: &'a str,
    layout: Layout,
}

impl Editor<'_> {
    fn node(&self, node: &Node, want: &Want, out: &mut Vec<Splice>) -> Option<()> {
        match want {
            Want::Is(value) => {
                if !node.says(value) {
                    self.replace(node, value, out);
                }
                Some(())
            }
            Want::Members(wanted) => self.members(node, wanted, out),
            Want::SomeNamed(wanted) => self.named(node, wanted, out),
            Want::Item(index, want) => {
                let items = node.items()?;
                let item = items.get(*index)?;
                if **want != Want::Gone {
                    return self.node(item, want, out);
                }
                let keep: Vec<bool> = (0..items.len()).map(|at| at != *index).collect();
                self.rearrange(node, &keep, &[], out);
                Some(())
            }
            Want::Append(value) => {
                let items = node.items()?;
                self.rearrange(node, &vec![true; items.len()], &[(None, value.clone())], out);
                Some(())
            }
            Want::Renamed(from, to) => {
                let member = node.member(from)?;
                out.push(Splice { range: member.key_range.clone(), text: quoted(to) });
                Some(())
            }
            // Only its container can take it away.
            Want::Gone => None,
        }
    }

    fn replace(&self, node: &Node, value: &Json, out: &mut Vec<Splice>) {
        // What stood on one line stays on one line; a list of lines stays a list of lines.
        let container = matches!(node.kind, Kind::Array(_) | Kind::Object(_));
        let one_line = container
            && !self.text[node.range.clone()].contains('\n')
            && !matches!(entries(node), (s, _) if s.is_empty());
        let indent = indentation_at(self.text, node.range.start);
        let mut text = String::new();
        self.layout.render(value, (!one_line && self.text.contains('\n')).then_some(&indent), &mut text);
        out.push(Splice { range: node.range.clone(), text });
    }

    fn members(&self, node: &Node, wanted: &[(String, Want)], out: &mut Vec<Splice>) -> Option<()> {
        let members = node.members()?;
        let mut keep = vec![true; members.len()];
        let mut added = Vec::new();
        for (key, want) in wanted {
            let found = members.iter().rposition(|member| member.key == *key);
            match (found, want) {
                (Some(_), Want::Gone) => {
                    for (index, member) in members.iter().enumerate() {
                        keep[index] &= member.key != *key;
                    }
                }
                (Some(index), want) => self.child(&members[index].value, want, out)?,
                (None, want) => added.extend(want.fresh().map(|value| (Some(key.clone()), value))),
            }
        }
        self.rearrange(node, &keep, &added, out);
        Some(())
    }

    fn named(&self, node: &Node, wanted: &[(String, Want)], out: &mut Vec<Splice>) -> Option<()> {
        let items = node.items()?;
        let name_of = |item: &Node| item.string().or_else(|| item.get("name")?.string()).map(str::to_owned);
        let names: Vec<Option<String>> = items.iter().map(name_of).collect();
        let mut keep = vec![true; items.len()];
        let mut added = Vec::new();
        for (name, want) in wanted {
            let found = names.iter().rposition(|one| one.as_ref() == Some(name));
            match (found, want) {
                (Some(_), Want::Gone) => {
                    for (index, one) in names.iter().enumerate() {
                        keep[index] &= one.as_ref() != Some(name);
                    }
                }
                (Some(index), want) => self.child(&items[index], want, out)?,
                (None, want) => added.extend(want.fresh().map(|value| (None, value))),
            }
        }
        self.rearrange(node, &keep, &added, out);
        Some(())
    }

    /// A child that is there already; one of another kind than wanted is written anew.
    fn child(&self, node: &Node, want: &Want, out: &mut Vec<Splice>) -> Option<()> {
        let fits = match want {
            Want::Members(_) | Want::Renamed(..) => node.members().is_some(),
            Want::SomeNamed(_) | Want::Item(..) | Want::Append(_) => node.items().is_some(),
            Want::Is(_) | Want::Gone => true,
        };
        if fits {
            return self.node(node, want, out);
        }
        // Nothing to write means nothing to change, even in a value of another kind.
        if let Some(value) = want.fresh() {
            self.replace(node, &value, out);
        }
        Some(())
    }

    /// Takes away and adds entries of a container. Entries that stay keep their bytes and what stands around them.
    fn rearrange(&self, container: &Node, keep: &[bool], added: &[(Option<String>, Json)], out: &mut Vec<Splice>) {
        let (starts, ends) = entries(container);
        let Some(last_kept) = keep.iter().rposition(|keep| *keep) else {
            if keep.is_empty() && added.is_empty() {
                return;
            }
            let gap = self.layout.gap(self.text, container, &starts, &ends);
            let mut text = String::new();
            if !added.is_empty() {
                // A one-line list keeps its inner margin.
                let first = match gap.entries {
                    Some(_) => gap.between.clone(),
                    None => {
                        let inside = container.range.start + 1;
                        self.text[inside..starts.first().copied().unwrap_or(container.range.end - 1)].to_owned()
                    }
                };
                self.additions(added, &first, &gap.between, gap.entries.as_deref(), &mut text);
                text.push_str(&gap.closing);
            }
            out.push(Splice { range: container.range.start + 1..container.range.end - 1, text });
            return;
        };
        // Those gone before the last that stays: each with the comma and the space behind it.
        for (index, _) in keep[..last_kept].iter().enumerate().filter(|(_, keep)| !**keep) {
            out.push(Splice { range: starts[index]..starts[index + 1], text: String::new() });
        }
        let end = ends.last().copied().unwrap_or(ends[last_kept]);
        if added.is_empty() && end == ends[last_kept] {
            return;
        }
        let mut text = String::new();
        if !added.is_empty() {
            let gap = self.layout.gap(self.text, container, &starts, &ends);
            self.additions(added, &format!(",{}", gap.between), &gap.between, gap.entries.as_deref(), &mut text);
        }
        out.push(Splice { range: ends[last_kept]..end, text });
    }

    fn additions(
        &self,
        added: &[(Option<String>, Json)],
        first: &str,
        between: &str,
        indent: Option<&str>,
        out: &mut String,
    ) {
        for (index, (key, value)) in added.iter().enumerate() {
            if index == 0 {
                out.push_str(first);
            } else {
                out.push(',');
                out.push_str(between);
            }
            if let Some(key) = key {
                out.push_str(&quoted(key));
                out.push_str(": ");
            }
            self.layout.render(value, indent, out);
        }
    }
}

impl Want {
    /// The value to write where there is none yet; none if there is nothing to write.
    pub(crate) fn fresh(&self) -> Option<Json> {
        match self {
            Self::Gone | Self::Item(..) | Self::Renamed(..) => None,
            Self::Is(value) => Some(value.clone()),
            Self::Members(members) => {
                let members: Vec<_> =
                    members.iter().filter_map(|(key, want)| Some((key.clone(), want.fresh()?))).collect();
                (!members.is_empty()).then_some(Json::Object(members))
            }
            Self::SomeNamed(items) => {
                let items: Vec<_> = items.iter().filter_map(|(_, want)| want.fresh()).collect();
                (!items.is_empty()).then_some(Json::Array(items))
            }
            Self::Append(value) => Some(Json::Array(vec![value.clone()])),
        }
    }
}
