//! Several compose files made into one, by the rules of the compose specification's chapter “Merge”. Where the chapter is silent
//! or vague, what Docker Compose 2 does decides, because it is what will read the outcome: entries with the same unique key are
//! replaced as a whole, and several addresses of one name in `extra_hosts` all stay.

use std::collections::{HashMap, HashSet};

use super::{
    ComposeError, emit,
    forms::{build, hosts, names, pairs, sequence, texts, without_reset},
    unique::{self, Identity},
    yaml::{self, Kind, Mark, Members, Yaml},
};

/// Why one of several compose files cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {error}")]
pub struct FileError {
    /// The file, as the caller calls it.
    pub path: String,
    /// What is wrong with it, and where.
    pub error: ComposeError,
}

/// Makes one text of several, given with their paths in the order in which each goes over those before it. Variables stay as they
/// are written, `$$` too; anchors, aliases and merge keys are resolved, comments are gone. Paths in the texts stay as they are: as
/// compose has it, all are relative to the folder of the first. One text alone comes back byte for byte.
///
/// # Errors
/// [`FileError`] with the file, the line and the column, if one is no YAML mapping, says a key twice, or puts a value where another
/// kind of value stands.
pub fn merge(texts: &[(&str, &str)]) -> Result<String, FileError> {
    written(texts, &tree(texts)?)
}

/// The text of what was merged.
pub(super) fn written(texts: &[(&str, &str)], root: &Yaml) -> Result<String, FileError> {
    match texts {
        [(_, only)] => Ok((*only).to_owned()),
        _ => emit::document(root).map_err(|error| blame(texts, error)),
    }
}

/// The merged tree, without marks.
pub(super) fn tree(texts: &[(&str, &str)]) -> Result<Yaml, FileError> {
    merged(texts).map_err(|error| blame(texts, error))
}

/// Names the file an error is about.
pub(super) fn blame(texts: &[(&str, &str)], error: ComposeError) -> FileError {
    FileError { path: texts.get(error.file).map_or_else(String::new, |(path, _)| (*path).to_owned()), error }
}

fn merged(texts: &[(&str, &str)]) -> Result<Yaml, ComposeError> {
    let mut whole: Option<Yaml> = None;
    for (file, (_, text)) in texts.iter().enumerate() {
        let mut next = yaml::parse(text, file)?;
        next.mark = None;
        if !matches!(next.kind, Kind::Mapping(_)) {
            return Err(ComposeError::at(next.at, "A compose file must be a mapping.".to_owned()));
        }
        whole = Some(match whole {
            None => clean(next)?,
            Some(base) => value(base, next, &mut Vec::new())?,
        });
    }
    whole.ok_or_else(|| ComposeError {
        line: 1,
        column: 1,
        message: "There is no compose file to read.".to_owned(),
        file: 0,
    })
}

/// The tree without the marks for those before it, where there is nothing before it: what is marked `!reset` goes.
pub(super) fn clean(node: Yaml) -> Result<Yaml, ComposeError> {
    let kind = match node.kind {
        Kind::Sequence(items) => Kind::Sequence(
            items.into_iter().filter(|item| item.mark != Some(Mark::Reset)).map(clean).collect::<Result<_, _>>()?,
        ),
        Kind::Mapping(members) => {
            no_key_twice(&members)?;
            let kept = members.into_iter().filter(|(_, value)| value.mark != Some(Mark::Reset));
            Kind::Mapping(kept.map(|(key, value)| Ok((key, clean(value)?))).collect::<Result<_, _>>()?)
        }
        scalar @ Kind::Scalar { .. } => scalar,
    };
    Ok(Yaml { at: node.at, mark: None, kind })
}

/// Compose refuses a mapping that says a key twice, and keys that are no texts.
fn no_key_twice(members: &[(Yaml, Yaml)]) -> Result<(), ComposeError> {
    let mut seen = HashSet::new();
    for (key, _) in members {
        let Some(text) = key.text() else {
            return Err(ComposeError::at(key.at, "A key must be a text.".to_owned()));
        };
        if !seen.insert(text) {
            return Err(ComposeError::at(key.at, format!("“{text}” stands twice in this mapping.")));
        }
    }
    Ok(())
}

/// How what stands at a place is merged.
enum Rule {
    /// By kind: mappings by their members, sequences appended, anything else replaced.
    Plain,
    /// The later one stands.
    Replace,
    /// A sequence of things with an identity.
    Unique(Identity),
    /// One text or a sequence of them, each with an identity.
    OneOrMore(Identity),
    /// `KEY=VALUE` in a sequence, or a mapping.
    KeyValue,
    /// `HOST=ADDRESS` in a sequence, or a mapping.
    Hosts,
    /// Names in a sequence, or a mapping with settings for each. The flag says whether a name alone means “started”.
    Names { started: bool },
    /// A text that stands for the member `context`, or a mapping.
    Build,
    /// Merged while the driver is the same.
    Logging,
    /// A text, or a mapping.
    Either,
    /// Subnets: only those the later one names stay.
    Subnets,
}

/// Which rule holds at a path, as the schema of the compose specification has the forms of each attribute.
fn rule(path: &[&str]) -> Rule {
    match path {
        [.., key] if key.starts_with("x-") && path.len() <= 3 => Rule::Either,
        ["services", _, "command" | "entrypoint"] | ["services", _, "healthcheck", "test"] => Rule::Replace,
        ["services", _, rest @ ..] => of_service(rest),
        ["networks" | "volumes" | "secrets" | "configs", _, "labels"] => Rule::KeyValue,
        ["networks", _, "ipam", "config"] => Rule::Subnets,
        _ => Rule::Plain,
    }
}

fn of_service(path: &[&str]) -> Rule {
    match path {
        ["ports"] => Rule::Unique(unique::port),
        ["volumes"] => Rule::Unique(unique::volume),
        ["devices"] => Rule::Unique(unique::device),
        ["secrets"] => Rule::Unique(unique::secret),
        ["configs"] => Rule::Unique(unique::config),
        ["cap_add" | "cap_drop" | "expose" | "links" | "profiles"]
        | ["build", "tags" | "platforms"]
        | ["networks", _, "aliases" | "link_local_ips"] => Rule::Unique(unique::text),
        ["dns" | "dns_opt" | "dns_search" | "label_file" | "tmpfs"] => Rule::OneOrMore(unique::text),
        ["env_file"] => Rule::OneOrMore(unique::env_file),
        ["environment" | "labels" | "annotations" | "sysctls"]
        | ["build", "args" | "labels" | "additional_contexts"]
        | ["deploy", "labels"] => Rule::KeyValue,
        ["extra_hosts"] | ["build", "extra_hosts"] => Rule::Hosts,
        ["depends_on"] => Rule::Names { started: true },
        ["networks" | "models"] => Rule::Names { started: false },
        ["build"] => Rule::Build,
        ["logging"] => Rule::Logging,
        ["ulimits", _] => Rule::Either,
        _ => Rule::Plain,
    }
}

/// Puts a value over another at a path. The base has no marks any more.
fn value(base: Yaml, over: Yaml, path: &mut Vec<String>) -> Result<Yaml, ComposeError> {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    match rule(&keys) {
        // A key with nothing behind it says nothing about a mapping or a list.
        _ if over.is_null() && !matches!(base.kind, Kind::Scalar { .. }) => Ok(base),
        Rule::Replace => clean(over),
        Rule::Plain => plain(base, over, path),
        Rule::Either if is_mapping(&base) && is_mapping(&over) => plain(base, over, path),
        Rule::Either => clean(over),
        Rule::Unique(identity) => distinct(base, over, identity, path),
        Rule::OneOrMore(identity) => distinct(sequence(base), sequence(over), identity, path),
        Rule::KeyValue => key_value(base, over, path),
        Rule::Hosts => plain(hosts(without_reset(base, &over))?, hosts(over)?, path),
        Rule::Names { started } => plain(names(base, started), names(over, started), path),
        Rule::Build => plain(build(base), build(over), path),
        Rule::Logging => {
            let driver = |node: &Yaml| node.get("driver").and_then(Yaml::text).map(str::to_owned);
            match (driver(&base), driver(&over)) {
                (Some(one), Some(other)) if one != other => clean(over),
                _ => plain(base, over, path),
            }
        }
        Rule::Subnets => subnets(&base, over, path),
    }
}

fn is_mapping(node: &Yaml) -> bool {
    matches!(node.kind, Kind::Mapping(_))
}

/// Mappings by their members, sequences appended with what is the same only once, anything else replaced.
fn plain(base: Yaml, over: Yaml, path: &mut Vec<String>) -> Result<Yaml, ComposeError> {
    let at = over.at;
    match (base.kind, over.kind) {
        (Kind::Mapping(members), Kind::Mapping(others)) => {
            Ok(Yaml { at: base.at, mark: None, kind: Kind::Mapping(mappings(members, others, path)?) })
        }
        (Kind::Sequence(items), Kind::Sequence(others)) => {
            let over = clean(Yaml { at, mark: None, kind: Kind::Sequence(others) })?;
            let mut seen = HashSet::new();
            let mut kept: Vec<Yaml> = items.into_iter().chain(over.items().iter().cloned()).collect();
            kept.retain(|item| seen.insert(item.meaning()));
            Ok(Yaml { at: base.at, mark: None, kind: Kind::Sequence(kept) })
        }
        (Kind::Scalar { .. }, kind) => clean(Yaml { at, mark: None, kind }),
        (base, _) => {
            let what = if matches!(base, Kind::Mapping(_)) { "mapping" } else { "list" };
            let message = format!(
                "“{}” is a {what} in a file before this one and something else here; use the same form, or “!override”.",
                path.join(".")
            );
            Err(ComposeError::at(at, message))
        }
    }
}

fn mappings(members: Members, others: Members, path: &mut Vec<String>) -> Result<Members, ComposeError> {
    no_key_twice(&others)?;
    let mut places: HashMap<String, usize> = HashMap::new();
    for (index, (key, _)) in members.iter().enumerate() {
        places.insert(key.text().unwrap_or_default().to_owned(), index);
    }
    // What is removed leaves a hole, so that the places stay right.
    let mut slots: Vec<Option<(Yaml, Yaml)>> = members.into_iter().map(Some).collect();
    for (key, over) in others {
        let name = key.text().unwrap_or_default().to_owned();
        let known = places.get(&name).and_then(|place| slots.get_mut(*place));
        match (over.mark, known) {
            (Some(Mark::Reset), Some(slot)) => *slot = None,
            (Some(Mark::Reset), None) => {}
            (_, None) => slots.push(Some((key, clean(over)?))),
            (mark, Some(slot)) => {
                *slot = match slot.take() {
                    Some((key, base)) if mark.is_none() => {
                        path.push(name);
                        let merged = value(base, over, path)?;
                        path.pop();
                        Some((key, merged))
                    }
                    _ => Some((key, clean(over)?)),
                };
            }
        }
    }
    Ok(slots.into_iter().flatten().collect())
}

/// Sequences appended; of the items with the same identity the last stays, in the place of the first.
fn distinct(base: Yaml, over: Yaml, identity: Identity, path: &mut Vec<String>) -> Result<Yaml, ComposeError> {
    if !matches!((&base.kind, &over.kind), (Kind::Sequence(_), Kind::Sequence(_))) {
        return plain(base, over, path);
    }
    let over = clean(over)?;
    let mut kept: Vec<Yaml> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in base.items().iter().chain(over.items()) {
        let key = identity(item);
        match key.as_ref().and_then(|key| places.get(key)) {
            Some(place) => kept[*place] = item.clone(),
            None => {
                places.extend(key.map(|key| (key, kept.len())));
                kept.push(item.clone());
            }
        }
    }
    Ok(base.with(Kind::Sequence(kept)))
}

/// Both as mappings if one is, else both as sequences. A variable in a key is put in only where the key stands in a text, so a
/// sequence with one keeps its form.
fn key_value(base: Yaml, over: Yaml, path: &mut Vec<String>) -> Result<Yaml, ComposeError> {
    if is_mapping(&base) && is_mapping(&over) {
        return plain(base, over, path);
    }
    let key = |item: &Yaml| item.text().map(|text| text.split('=').next().unwrap_or(text).contains('$'));
    let has_variable = |node: &Yaml| node.items().iter().any(|item| key(item) == Some(true));
    if (is_mapping(&base) || is_mapping(&over)) && !has_variable(&base) && !has_variable(&over) {
        return plain(pairs(base), pairs(over), path);
    }
    distinct(texts(base), texts(clean(over)?), unique::text, path)
}

/// The later one's subnets, each with what a former one says of the same.
fn subnets(base: &Yaml, over: Yaml, path: &mut Vec<String>) -> Result<Yaml, ComposeError> {
    let (at, Kind::Sequence(items)) = (over.at, over.kind) else {
        let message = format!("“{}” must be a list.", path.join("."));
        return Err(ComposeError::at(over.at, message));
    };
    let subnet = |node: &Yaml| node.get("subnet").and_then(Yaml::text).map(str::to_owned);
    let items = items.into_iter().map(|item| match base.items().iter().find(|one| subnet(one) == subnet(&item)) {
        Some(former) => plain(former.clone(), item, path),
        None => clean(item),
    });
    Ok(Yaml { at, mark: None, kind: Kind::Sequence(items.collect::<Result<_, _>>()?) })
}
