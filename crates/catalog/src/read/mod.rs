//! From texts to the catalog. Tolerant: what cannot be understood is reported and blocks only its own stack or machine.

mod cursor;
mod guests;
mod hypervisor;
mod older;
mod recover;
mod stacks;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use types::catalog::{Catalog, CatalogVersion, Diagnostic, DiagnosticCode as Code, Severity, Stack, StackSource};

pub(crate) use cursor::{Cursor, Findings};
pub(crate) use guests::Found as FoundGuest;
pub(crate) use hypervisor::{PORTAINER, SECRETS as PORTAINER_SECRETS, named_secret};
pub(crate) use stacks::Found as FoundStack;

use crate::{
    check,
    json::Doc,
    snapshot::{
        BESIDE_FILE, Content, GUESTS_FILE, HYPERVISOR_FILE, SECRETS_FILE, STACKS_FILE, STACKS_FOLDER, Snapshot,
    },
};

/// What a version of the catalog says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What was understood.
    pub catalog: Catalog,
    /// What is wrong, by file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// The version that was read.
    pub version: CatalogVersion,
    /// Whether the list of stacks is whole. If not, a stack that is not in the catalog may exist all the same: nothing may be
    /// called surplus.
    pub stacks_are_complete: bool,
    /// Whether the list of machines is whole, likewise.
    pub guests_are_complete: bool,
    /// Stacks that exist but must not be deployed, because of an error about them. Those that could not be read at all are
    /// here and not in the catalog.
    pub blocked_stacks: BTreeSet<String>,
    /// Machines whose assignments must not be deployed.
    pub blocked_guests: BTreeSet<String>,
}

impl Reading {
    /// The findings about one stack.
    pub fn about_stack<'a>(&'a self, stack: &'a str) -> impl Iterator<Item = &'a Diagnostic> {
        self.diagnostics.iter().filter(move |one| one.stack.as_deref() == Some(stack))
    }

    /// Whether there is any error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

/// The parsed files of a snapshot. A broken file stands here as its last good text.
pub(crate) struct Docs {
    docs: BTreeMap<String, Doc>,
    /// Stacks and machines whose entries were touched by an edit that broke their file.
    touched_stacks: BTreeSet<String>,
    touched_guests: BTreeSet<String>,
    broken: BTreeSet<String>,
    hopeless: BTreeSet<String>,
    findings: Findings,
}

impl Docs {
    /// Parses what there is to parse.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut docs = Self {
            docs: BTreeMap::new(),
            touched_stacks: BTreeSet::new(),
            touched_guests: BTreeSet::new(),
            broken: BTreeSet::new(),
            hopeless: BTreeSet::new(),
            findings: Findings::new(),
        };
        let others = snapshot.unreadable().filter(|(path, _)| !is_json(path));
        docs.findings.extend(others.map(|(path, reason)| recover::unread(path, reason)));
        for path in snapshot.paths().filter(|path| is_json(path)) {
            match snapshot.content(path) {
                Some(Content::Text(text)) => match Doc::parse(text.as_str()) {
                    Ok(doc) => {
                        docs.docs.insert(path.to_owned(), doc);
                    }
                    Err(error) => docs.recover(path, text, snapshot.last_good(path), &error),
                },
                Some(Content::Unreadable(reason)) => {
                    docs.hopeless.insert(path.to_owned());
                    docs.findings.push(recover::unreadable(path, reason));
                }
                None => {}
            }
        }
        docs
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Doc> {
        self.docs.get(path)
    }

    /// The file's outermost value.
    pub(crate) fn root<'a>(&'a self, path: &str) -> Option<Cursor<'a>> {
        let (path, doc) = self.docs.get_key_value(path)?;
        Some(Cursor::root(path, doc))
    }

    /// The files beside compose texts, with the names of their stacks.
    pub(crate) fn beside(&self) -> impl Iterator<Item = (&str, Cursor<'_>)> {
        self.docs.iter().filter_map(|(path, doc)| Some((beside_stack(path)?, Cursor::root(path, doc))))
    }

    /// Whether the text of this file can be edited in place.
    pub(crate) fn is_broken(&self, path: &str) -> bool {
        self.broken.contains(path) || self.hopeless.contains(path)
    }
}

/// Whether a path is one of the files read here.
fn is_json(path: &str) -> bool {
    matches!(path, STACKS_FILE | GUESTS_FILE | HYPERVISOR_FILE | SECRETS_FILE) || beside_stack(path).is_some()
}

/// The stack a `stacks/NAME/phoenix.json` is about.
pub(crate) fn beside_stack(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(STACKS_FOLDER)?.strip_prefix('/')?;
    let (name, file) = rest.split_once('/')?;
    (file == BESIDE_FILE && !name.is_empty()).then_some(name)
}

/// Reads a snapshot.
#[must_use]
pub fn read(snapshot: &Snapshot) -> Reading {
    let mut docs = Docs::of(snapshot);
    let mut out = std::mem::take(&mut docs.findings);
    let mut stacks = docs.root(STACKS_FILE).map(|root| stacks::read(&root, &mut out)).unwrap_or_default();
    read_beside(snapshot, &docs, &mut stacks, &mut out);
    let guests = docs.root(GUESTS_FILE).map(|root| guests::read(&root, &mut out)).unwrap_or_default();
    let hypervisor = docs.root(HYPERVISOR_FILE).map(|root| hypervisor::read(&root, &mut out)).unwrap_or_default();

    check::run(&check::Scene::new(snapshot, &docs, &stacks, &guests), &mut out);

    let whole = |file: &str| snapshot.content(file).is_none() || !docs.is_broken(file);
    let mut reading = Reading {
        version: snapshot.version.clone(),
        stacks_are_complete: whole(STACKS_FILE),
        guests_are_complete: whole(GUESTS_FILE),
        ..Reading::default()
    };
    reading.catalog.portainer = hypervisor.portainer;
    reading.catalog.domain_name = hypervisor.domain_name;
    // Of two with one name neither is taken: nobody can say which was meant.
    reading.catalog.stacks = unique(stacks.into_iter().map(|found| found.stack).collect(), |stack| &stack.name);
    reading.catalog.guests = unique(guests.into_iter().map(|found| found.guest).collect(), |guest| &guest.name);
    reading.blocked_stacks = docs.touched_stacks;
    reading.blocked_guests = docs.touched_guests;
    out.sort_by(|a, b| (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code)));
    out.dedup();
    for one in out.iter().filter(|one| one.severity == Severity::Error) {
        reading.blocked_stacks.extend(one.stack.clone());
        reading.blocked_guests.extend(one.guest.clone().filter(|_| one.stack.is_none()));
    }
    reading.diagnostics = out;
    reading
}

/// The stacks alone, without a word about what is wrong. For edits.
pub(crate) fn stacks_of(snapshot: &Snapshot, docs: &Docs) -> Vec<Stack> {
    found_stacks(snapshot, docs).into_iter().map(|found| found.stack).collect()
}

/// The stacks alone, with their places.
pub(crate) fn found_stacks<'a>(snapshot: &Snapshot, docs: &'a Docs) -> Vec<FoundStack<'a>> {
    let mut unheard = Findings::new();
    let mut stacks = docs.root(STACKS_FILE).map(|root| stacks::read(&root, &mut unheard)).unwrap_or_default();
    read_beside(snapshot, docs, &mut stacks, &mut unheard);
    stacks
}

fn unique<T>(list: Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for one in &list {
        *count.entry(name(one).clone()).or_default() += 1;
    }
    list.into_iter().filter(|one| count.get(name(one)) == Some(&1)).collect()
}

/// Adds what stands beside compose texts: a stack of its own, or what the list does not say of a stack it has.
fn read_beside<'a>(snapshot: &Snapshot, docs: &'a Docs, stacks: &mut Vec<FoundStack<'a>>, out: &mut Findings) {
    let listed: HashMap<String, usize> =
        stacks.iter().enumerate().rev().map(|(index, found)| (found.stack.name.clone(), index)).collect();
    for (name, root) in docs.beside() {
        let root = root.of_stack(name);
        if let Some(known) = listed.get(name).and_then(|index| stacks.get_mut(*index)) {
            lay_under(&mut known.stack, &root, out);
            continue;
        }
        // An unreadable list may well have this stack: it is not made up from half of what is known.
        if docs.is_broken(STACKS_FILE) && docs.get(STACKS_FILE).is_none() {
            continue;
        }
        let Some((stack, has_source)) = beside(name, &root, out) else { continue };
        let folder = format!("{STACKS_FOLDER}/{name}");
        let compose = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"]
            .into_iter()
            .map(|file| format!("{folder}/{file}"))
            .find(|path| snapshot.text(path).is_some());
        match compose {
            Some(path) if !has_source => {
                stacks.push(FoundStack { stack: Stack { source: StackSource::Text { path }, ..stack }, at: root })
            }
            None if !has_source => {
                let remedy = format!("Put it at {folder}/docker-compose.yml.");
                root.error(
                    Code::BadCompose,
                    format!("There is no compose file for “{name}” beside this."),
                    remedy,
                    out,
                );
            }
            _ => stacks.push(FoundStack { stack, at: root }),
        }
    }
}

/// Reads a file beside a compose text; and whether it says itself where that is.
fn beside(name: &str, root: &Cursor<'_>, out: &mut Findings) -> Option<(Stack, bool)> {
    let has_source = root.get("git_repo").is_some() || root.get("compose_file_path").is_some();
    let mut findings = Findings::new();
    let found = stacks::one(name, root.clone(), &mut findings);
    // Here the compose file stands beside, so that nobody needs to say where.
    findings.retain(|one| has_source || one.code != Code::Missing || !one.pointer.is_empty());
    out.append(&mut findings);
    match found {
        Some(found) => Some((found.stack, has_source)),
        None if has_source || root.node.members().is_none() => None,
        // Its findings are told already.
        None => Some((stacks::without_source(name, root, &mut Findings::new()), false)),
    }
}

/// What the file beside says goes under what the list says.
fn lay_under(stack: &mut Stack, root: &Cursor<'_>, out: &mut Findings) {
    let Some((under, _)) = beside(&stack.name, root, out) else { return };
    if stack.description.is_none() {
        stack.description = under.description;
    }
    if stack.placement_constraints.is_empty() {
        stack.placement_constraints = under.placement_constraints;
    }
    for (name, over) in under.environments {
        let known = stack.environments.entry(name).or_default();
        for variable in over.env {
            if !known.env.iter().any(|one| one.name == variable.name) {
                known.env.push(variable);
            }
        }
        if known.files.is_empty() {
            known.files = over.files;
        }
        if known.labels.is_empty() {
            known.labels = over.labels;
        }
        if known.firewall_rules.is_empty() {
            known.firewall_rules = over.firewall_rules;
        }
    }
}
