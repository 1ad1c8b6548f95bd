//! Attributes that compose files may write in two forms, brought into one so that they can be merged.

use std::collections::{HashMap, HashSet};

use super::{
    ComposeError,
    merge::clean,
    yaml::{Kind, Mark, Members, Yaml},
};

/// A sequence, also of one text that stands there without one.
pub(super) fn sequence(node: Yaml) -> Yaml {
    match node.kind {
        Kind::Scalar { .. } if node.is_null() => node.with(Kind::Sequence(Vec::new())),
        Kind::Scalar { .. } => node.with(Kind::Sequence(vec![node.clone()])),
        _ => node,
    }
}

/// `KEY=VALUE` texts as a mapping; of several with one key the last.
pub(super) fn pairs(node: Yaml) -> Yaml {
    let Kind::Sequence(items) = &node.kind else { return node };
    let mut members: Members = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for item in items.iter().filter(|item| item.mark != Some(Mark::Reset)) {
        let Some(text) = item.text() else { continue };
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Yaml::text_at(item.at, value.to_owned())),
            None => (text, Yaml::plain_at(item.at, "null")),
        };
        let place = *places.entry(key).or_insert(members.len());
        match members.get_mut(place) {
            Some((_, known)) => *known = value,
            None => members.push((Yaml::text_at(item.at, key.to_owned()), value)),
        }
    }
    node.with(Kind::Mapping(members))
}

/// A mapping as `KEY=VALUE` texts.
pub(super) fn texts(node: Yaml) -> Yaml {
    let Kind::Mapping(members) = &node.kind else { return node };
    let items = members.iter().flat_map(|(key, value)| {
        let key_text = key.text().unwrap_or_default();
        let values = match &value.kind {
            Kind::Sequence(items) => items.iter().filter_map(Yaml::text).collect(),
            _ => vec![value.text().filter(|_| !value.is_null()).unwrap_or_default()],
        };
        let alone = value.is_null();
        values.into_iter().map(move |value| match alone {
            true => Yaml::text_at(key.at, key_text.to_owned()),
            false => Yaml::text_at(key.at, format!("{key_text}={value}")),
        })
    });
    node.with(Kind::Sequence(items.collect()))
}

/// Names and addresses as `HOST=ADDRESS` texts, so that the same one is known in its three forms.
pub(super) fn hosts(node: Yaml) -> Result<Yaml, ComposeError> {
    let node = texts(clean(node)?);
    let Kind::Sequence(items) = node.kind else { return Ok(node) };
    let one = |item: Yaml| match item.text().filter(|text| !text.contains('=')).and_then(|text| text.split_once(':')) {
        // A name has no colon, an address of version 6 has several; what a variable stands for is not known.
        Some((host, address)) if !host.contains('$') => Yaml::text_at(item.at, format!("{host}={address}")),
        _ => item.text().map(|text| Yaml::text_at(item.at, text.to_owned())).unwrap_or(item),
    };
    Ok(Yaml { at: node.at, mark: None, kind: Kind::Sequence(items.into_iter().map(one).collect()) })
}

/// The base without the names that the later one marks `!reset`.
pub(super) fn without_reset(base: Yaml, over: &Yaml) -> Yaml {
    let reset = over.members().iter().filter(|(_, value)| value.mark == Some(Mark::Reset));
    let gone: HashSet<&str> = reset.filter_map(|(key, _)| key.text()).collect();
    let kept = |name: Option<&str>| name.is_none_or(|name| !gone.contains(name));
    let kind = match base.kind {
        Kind::Mapping(members) => Kind::Mapping(members.into_iter().filter(|(key, _)| kept(key.text())).collect()),
        Kind::Sequence(items) => {
            let name = |item: &Yaml| item.text().map(|text| text.split(['=', ':']).next().unwrap_or(text).to_owned());
            Kind::Sequence(items.into_iter().filter(|item| kept(name(item).as_deref())).collect())
        }
        scalar @ Kind::Scalar { .. } => scalar,
    };
    Yaml { at: base.at, mark: None, kind }
}

/// Names in a sequence as a mapping.
pub(super) fn names(node: Yaml, started: bool) -> Yaml {
    let Kind::Sequence(items) = &node.kind else { return node };
    let mut members: Members = Vec::new();
    let mut seen = HashSet::new();
    for item in items.iter().filter(|item| item.mark != Some(Mark::Reset)) {
        let Some(name) = item.text().filter(|name| seen.insert(*name)) else { continue };
        let member = |key: &str, value| (Yaml::text_at(item.at, key.to_owned()), value);
        let condition = || Yaml::plain_at(item.at, "service_started");
        let value = match started {
            true => item.with(Kind::Mapping(vec![
                member("condition", condition()),
                member("required", Yaml::plain_at(item.at, "true")),
            ])),
            false => Yaml::plain_at(item.at, "null"),
        };
        members.push(member(name, value));
    }
    node.with(Kind::Mapping(members))
}

/// A text as the folder to build from.
pub(super) fn build(node: Yaml) -> Yaml {
    if node.text().is_none() || node.is_null() {
        return node;
    }
    node.with(Kind::Mapping(vec![(Yaml::text_at(node.at, "context".to_owned()), node.clone())]))
}
