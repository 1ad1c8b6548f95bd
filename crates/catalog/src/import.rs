//! Rewrites older forms to ours: on request, never by itself, and nothing is dropped. What is not done here any more stays in
//! the file and is named.

use types::catalog::{Diagnostic, DiagnosticCode as Code, Stack, StackEntry, StackSource};

use crate::{
    edit::{Changes, Edit},
    json::{Json, Node, render, step},
    read::{self, Cursor, Docs, FoundStack},
    snapshot::{STACKS_FILE, Snapshot},
};

/// What an import would do. Nothing is written: [`Import::edits`] are for a commit, after somebody has read this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The files with their new texts; none is "removed". Empty if everything has our form already.
    pub changes: Changes,
    /// What each part becomes.
    pub steps: Vec<ImportStep>,
    /// What is not understood or not done here; it is kept as it stands.
    pub left: Vec<Diagnostic>,
}

/// One part and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportStep {
    /// The file it stands in.
    pub file: String,
    /// JSON pointer to it.
    pub pointer: String,
    /// What it becomes.
    pub becomes: String,
}

impl Import {
    /// The changes as edits.
    #[must_use]
    pub fn edits(&self) -> Vec<Edit> {
        self.changes.iter().map(|(path, text)| Edit::SetText { path: path.clone(), text: text.clone() }).collect()
    }
}

/// Keys of an environment that our form has, or that become others.
const ENVIRONMENT_TAKEN: &[&str] =
    &["env", "variables", "reference", "compose_file", "additional_files", "hostname", "port", "health"];

/// Plans the rewriting of every older form to ours.
#[must_use]
pub fn plan_import(snapshot: &Snapshot) -> Import {
    let docs = Docs::of(snapshot);
    let reading = read::read(snapshot);
    let left = |one: &&Diagnostic| {
        matches!(
            one.code,
            Code::NotApplied | Code::UnknownField | Code::Syntax | Code::WrongType | Code::Missing | Code::BadValue
        )
    };
    let mut import = Import { left: reading.diagnostics.iter().filter(left).cloned().collect(), ..Import::default() };
    // A broken file is mended first: its last good text is not what somebody meant to write.
    if docs.is_broken(STACKS_FILE) {
        return import;
    }
    let found = read::found_stacks(snapshot, &docs);
    let is_old = docs
        .root(STACKS_FILE)
        .is_some_and(|root| root.get("docker_stacks").is_some_and(|list| list.node.members().is_some()));
    let mut writer = Writer { snapshot, docs: &docs, steps: Vec::new() };
    let mut entries: Vec<Json> = found.iter().map(|one| writer.entry(one)).collect();
    if is_old {
        let becomes = "a list, each stack with its name inside".to_owned();
        writer.steps.insert(0, ImportStep { file: STACKS_FILE.into(), pointer: "/docker_stacks".into(), becomes });
    }
    if writer.steps.is_empty() {
        return import;
    }
    entries.extend(unread(&docs, &found));
    let mut members = vec![("docker_stacks".to_owned(), Json::Array(entries))];
    if let Some(root) = docs.root(STACKS_FILE) {
        for (key, value) in root.members() {
            if key != "docker_stacks" {
                members.push((key.to_owned(), value.node.into()));
            }
        }
    }
    import.changes.insert(STACKS_FILE.to_owned(), Some(render(&Json::Object(members))));
    for (name, root) in docs.beside() {
        if found.iter().any(|one| one.stack.name == name) {
            import.changes.insert(root.file.to_owned(), None);
        }
    }
    import.steps = writer.steps;
    import
}

/// Entries that could not be read are carried over as they are, with their names.
fn unread(docs: &Docs, found: &[FoundStack<'_>]) -> Vec<Json> {
    let Some(list) = docs.root(STACKS_FILE).and_then(|root| root.get("docker_stacks")) else { return Vec::new() };
    let is_read = |pointer: &str| found.iter().any(|one| one.at.file == STACKS_FILE && one.at.pointer == pointer);
    let listed = list.items().into_iter().map(|entry| (None, entry));
    let named = list.members().into_iter().map(|(name, entry)| (Some(name), entry));
    listed
        .chain(named)
        .filter(|(_, entry)| !is_read(&entry.pointer))
        .map(|(name, entry)| match (name, Json::from(entry.node)) {
            (Some(name), Json::Object(mut members)) => {
                if entry.node.get("name").is_none() {
                    members.insert(0, ("name".to_owned(), Json::from(name)));
                }
                Json::Object(members)
            }
            (_, other) => other,
        })
        .collect()
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    docs: &'a Docs,
    steps: Vec<ImportStep>,
}

impl Writer<'_> {
    fn step(&mut self, at: &Cursor<'_>, key: &str, becomes: impl Into<String>) {
        let pointer = if key.is_empty() { at.pointer.clone() } else { step(&at.pointer, key) };
        self.steps.push(ImportStep { file: at.file.to_owned(), pointer, becomes: becomes.into() });
    }

    /// A stack's entry in our form, with everything else its old entries hold.
    fn entry(&mut self, found: &FoundStack<'_>) -> Json {
        let mut stack = found.stack.clone();
        let beside = self.docs.beside().find(|(name, _)| *name == stack.name).map(|(_, root)| root);
        let mut places = vec![found.at.clone()];
        places.extend(beside.filter(|root| root.file != found.at.file));
        for place in places.iter().filter(|place| place.file != STACKS_FILE) {
            self.step(place, "", format!("part of the entry “{}” in {STACKS_FILE}", stack.name));
        }
        self.source(&mut stack, found);
        self.environments(&mut stack, &places);
        for place in &places {
            if place.get("nginx_proxy").is_some() {
                self.step(place, "nginx_proxy", "“hostname”");
            }
        }
        let Some(Json::Object(mut members)) = Json::of(&StackEntry::from(&stack)) else {
            return Json::from(found.at.node);
        };
        for (key, value) in &mut members {
            match (key.as_str(), value) {
                ("env", Json::Array(list)) => keep_notes(list, &places, "env"),
                ("environments", Json::Object(environments)) => {
                    for (name, value) in environments {
                        self.rest_of_environment(name, value, &places);
                    }
                }
                _ => {}
            }
        }
        for place in &places {
            rest(place.node, &mut members);
        }
        Json::Object(members)
    }

    fn source(&mut self, stack: &mut Stack, found: &FoundStack<'_>) {
        let StackSource::Text { path } = &mut stack.source else { return };
        let Some((here, _)) = self.snapshot.resolve(path) else { return };
        if here != path {
            self.step(&found.at, "compose_file_path", format!("{here} in the catalog's repository"));
            here.clone_into(path);
        }
    }

    fn environments(&mut self, stack: &mut Stack, places: &[Cursor<'_>]) {
        if !stack.environments.contains_key("production")
            && let Some(over) = stack.environments.remove("prod")
        {
            stack.environments.insert("production".to_owned(), over);
            if let Some(at) = places.iter().find_map(|place| place.get("environments")?.get("prod")) {
                self.step(&at, "", "the environment “production”");
            }
        }
        for place in places {
            for (name, environment) in place.nearest("/environments").members() {
                if environment.get("variables").is_some() && stack.override_for(name).is_some() {
                    self.step(&environment, "variables", "“env”");
                }
            }
        }
    }

    fn rest_of_environment(&self, name: &str, value: &mut Json, places: &[Cursor<'_>]) {
        let Json::Object(members) = value else { return };
        for place in places {
            let all = place.nearest("/environments");
            let old = all.get(name).or_else(|| if name == "production" { all.get("prod") } else { None });
            let Some(old) = old else { continue };
            for (key, list) in members.iter_mut() {
                if let ("env", Json::Array(list)) = (key.as_str(), list) {
                    keep_notes(list, std::slice::from_ref(&old), "env");
                    keep_notes(list, std::slice::from_ref(&old), "variables");
                }
            }
            for (key, value) in old.members() {
                if !ENVIRONMENT_TAKEN.contains(&key)
                    && !is_empty(value.node)
                    && !members.iter().any(|(known, _)| known == key)
                {
                    members.push((key.to_owned(), value.node.into()));
                }
            }
        }
    }
}

/// What else stands in the entries of variables.
fn keep_notes(list: &mut [Json], places: &[Cursor<'_>], key: &str) {
    for variable in list {
        let Json::Object(members) = variable else { continue };
        let name = members.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone());
        let old = places.iter().filter_map(|place| place.get(key)).flat_map(|list| list.items());
        for entry in old.filter(|entry| entry.node.get("name").map(Json::from) == name) {
            for (key, value) in entry.members() {
                if !matches!(key, "name" | "value" | "secret") && !members.iter().any(|(known, _)| known == key) {
                    members.push((key.to_owned(), value.node.into()));
                }
            }
        }
    }
}

/// What our form does not know at the top of an entry.
fn rest(node: &Node, members: &mut Vec<(String, Json)>) {
    let ours = |key: &str| {
        matches!(
            key,
            "name"
                | "description"
                | "git_repo"
                | "reference"
                | "compose_file"
                | "additional_files"
                | "git_credential"
                | "compose_file_path"
                | "env"
                | "environments"
                | "depends_on"
                | "hostname"
                | "port"
                | "health"
                | "swarm"
        )
    };
    for member in node.members().unwrap_or_default() {
        if ours(&member.key) || is_empty(&member.value) || members.iter().any(|(known, _)| *known == member.key) {
            continue;
        }
        let value = match (member.key.as_str(), Json::from(&member.value)) {
            ("nginx_proxy", Json::Object(mut proxy)) => {
                proxy.retain(|(key, _)| key != "hostname");
                if proxy.is_empty() {
                    continue;
                }
                Json::Object(proxy)
            }
            (_, value) => value,
        };
        members.push((member.key.clone(), value));
    }
}

/// An empty list or object says nothing.
fn is_empty(node: &Node) -> bool {
    node.items().is_some_and(<[Node]>::is_empty) || node.members().is_some_and(<[_]>::is_empty)
}
