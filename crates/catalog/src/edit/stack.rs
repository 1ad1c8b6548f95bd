//! Changes to stacks.

use std::collections::BTreeMap;

use types::catalog::{EnvironmentEntry, Override, Stack, StackEntry, StackSource, Variable, VariableValue};

use super::{Draft, EditError, good_name, writable};
use crate::{
    json::{Doc, Json, Want, step},
    read::{self, Docs},
    snapshot::{BESIDE_FILE, Content, GUESTS_FILE, STACKS_FILE, STACKS_FOLDER},
};

/// Where a stack's entry is in the list.
enum Listed {
    At { pointer: String, index: usize },
    Under { pointer: String, key: String },
}

impl Draft {
    pub(super) fn set_stack(&mut self, stack: &Stack) -> Result<(), EditError> {
        let docs = self.docs();
        let old = self.stack_in(&docs, &stack.name);
        let Some(old) = old else {
            good_name(&stack.name)?;
            self.mergeable(&docs)?;
            if listed(&docs, &stack.name).is_some() {
                // An entry that could not be read: only its text can be mended.
                return Err(EditError::Shape { file: STACKS_FILE.to_owned(), pointer: stack.name.clone() });
            }
            return self.add_stack(&docs, stack);
        };
        self.change_stack(&old, stack)
    }

    fn mergeable(&self, docs: &Docs) -> Result<(), EditError> {
        writable(docs, &self.snapshot, STACKS_FILE)
    }

    fn add_stack(&mut self, docs: &Docs, stack: &Stack) -> Result<(), EditError> {
        let shape = || EditError::Shape { file: STACKS_FILE.to_owned(), pointer: "/docker_stacks".to_owned() };
        let entry = Json::of(&StackEntry::from(stack)).ok_or_else(shape)?;
        let Some(doc) = docs.get(STACKS_FILE) else {
            self.snapshot.set(STACKS_FILE, Content::Text("{\n  \"docker_stacks\": []\n}\n".to_owned()));
            return self.want(STACKS_FILE, "/docker_stacks", &Want::Append(entry));
        };
        match doc.root().get("docker_stacks") {
            None => self.want(STACKS_FILE, "", &Want::Members(vec![("docker_stacks".into(), Want::Append(entry))])),
            Some(list) if list.items().is_some() => self.want(STACKS_FILE, "/docker_stacks", &Want::Append(entry)),
            Some(list) if list.members().is_some() => {
                let want = Want::Members(vec![(stack.name.clone(), Want::Is(entry))]);
                self.want(STACKS_FILE, "/docker_stacks", &want)
            }
            Some(_) => Err(shape()),
        }
    }

    /// Makes an old stack a new one of the same name, where it stands.
    fn change_stack(&mut self, old: &Stack, new: &Stack) -> Result<(), EditError> {
        let docs = self.docs();
        let beside = beside_path(&old.name);
        let has_beside = docs.get(&beside).is_some();
        match listed(&docs, &old.name) {
            Some(place) => {
                let pointer = place.pointer();
                let node = docs.get(STACKS_FILE).and_then(|doc| doc.at(&pointer));
                let want = difference(old, new, |environment| variables_key(node, environment));
                self.want(STACKS_FILE, &pointer, &want)?;
                if has_beside {
                    self.want(&beside, "", &removals(old, new))?;
                }
                Ok(())
            }
            None => {
                let node = docs.get(&beside).map(Doc::root);
                let want = difference(old, new, |environment| variables_key(node, environment));
                self.want(&beside, "", &want)
            }
        }
    }

    pub(super) fn change_variable(
        &mut self,
        stack: &str,
        environment: Option<&str>,
        name: &str,
        variable: Option<&Variable>,
    ) -> Result<(), EditError> {
        let old = self.stack_in(&self.docs(), stack).ok_or_else(|| EditError::UnknownStack(stack.to_owned()))?;
        let mut new = old.clone();
        let env = match environment {
            None => &mut new.env,
            Some(environment) => {
                // The entry that means this environment, however it is called there.
                let known = new.environments.keys().find(|known| *known == environment).or_else(|| {
                    new.environments.keys().find(|known| types::catalog::same_environment(known, environment))
                });
                let key = known.cloned().unwrap_or_else(|| environment.to_owned());
                &mut new.environments.entry(key).or_default().env
            }
        };
        match (env.iter().position(|one| one.name == name), variable) {
            (Some(index), Some(variable)) => env[index] = variable.clone(),
            (None, Some(variable)) => env.push(variable.clone()),
            (Some(index), None) => {
                env.remove(index);
            }
            (None, None) => return Ok(()),
        }
        self.change_stack(&old, &new)
    }

    pub(super) fn remove_stack(&mut self, name: &str) -> Result<(), EditError> {
        let docs = self.docs();
        let place = listed(&docs, name);
        let beside = beside_path(name);
        let has_beside = self.snapshot.content(&beside).is_some();
        if place.is_none() && !has_beside {
            return Err(EditError::UnknownStack(name.to_owned()));
        }
        writable(&docs, &self.snapshot, GUESTS_FILE)?;
        let reading = read::read(&self.snapshot);
        let by: Vec<String> = reading
            .catalog
            .guests_with(name)
            .map(|guest| guest.name.clone())
            .chain(reading.catalog.stacks.iter().filter(|one| one.depends_on.iter().any(|on| on == name)).map(|one| one.name.clone()))
            .collect();
        if !by.is_empty() {
            return Err(EditError::InUse { stack: name.to_owned(), by });
        }
        match place {
            Some(Listed::At { pointer, index }) => self.want(STACKS_FILE, &pointer, &Want::Item(index, Box::new(Want::Gone)))?,
            Some(Listed::Under { pointer, key }) => self.want(STACKS_FILE, &pointer, &Want::Members(vec![(key, Want::Gone)]))?,
            None => {}
        }
        if has_beside {
            self.snapshot.remove(&beside);
        }
        Ok(())
    }

    pub(super) fn rename_stack(&mut self, from: &str, to: &str) -> Result<(), EditError> {
        good_name(to)?;
        let docs = self.docs();
        self.mergeable(&docs)?;
        writable(&docs, &self.snapshot, GUESTS_FILE)?;
        let reading = read::read(&self.snapshot);
        let exists = |name: &str| {
            reading.catalog.stack(name).is_some() || listed(&docs, name).is_some() || self.snapshot.content(&beside_path(name)).is_some()
        };
        if !exists(from) {
            return Err(EditError::UnknownStack(from.to_owned()));
        }
        if exists(to) {
            return Err(EditError::StackExists(to.to_owned()));
        }
        let is = |text: &str| Want::Is(Json::from(text));
        match listed(&docs, from) {
            Some(place @ Listed::At { .. }) => self.want(STACKS_FILE, &step(&place.pointer(), "name"), &is(to))?,
            Some(Listed::Under { pointer, key }) => {
                let inner = docs.get(STACKS_FILE).and_then(|doc| doc.at(&pointer)?.get(&key)?.get("name"));
                if inner.is_some() {
                    self.want(STACKS_FILE, &step(&step(&pointer, &key), "name"), &is(to))?;
                }
                self.want(STACKS_FILE, &pointer, &Want::Renamed(key, to.to_owned()))?;
            }
            None => {}
        }
        if self.snapshot.content(&beside_path(from)).is_some() {
            self.move_folder(from, to)?;
        }
        for stack in reading.catalog.stacks.iter().filter(|stack| stack.depends_on.iter().any(|on| on == from)) {
            let name = if stack.name == from { to } else { &stack.name };
            let Some(mut changed) = self.stack_in(&self.docs(), name) else { continue };
            let old = changed.clone();
            changed.depends_on.iter_mut().filter(|on| *on == from).for_each(|on| to.clone_into(on));
            self.change_stack(&old, &changed)?;
        }
        self.rename_assignments(from, to)
    }

    /// A stack beside its compose text is known by its folder, so the folder moves, with all that is in it.
    fn move_folder(&mut self, from: &str, to: &str) -> Result<(), EditError> {
        let old = format!("{STACKS_FOLDER}/{from}/");
        let paths: Vec<String> = self.snapshot.paths().filter(|path| path.starts_with(&old)).map(str::to_owned).collect();
        for path in paths {
            let Some(text) = self.snapshot.text(&path).map(str::to_owned) else {
                return Err(EditError::Broken { file: path, error: "it is no text that can be moved.".to_owned() });
            };
            self.snapshot.remove(&path);
            self.snapshot.set(format!("{STACKS_FOLDER}/{to}/{}", &path[old.len()..]), Content::Text(text));
        }
        let Some(stack) = self.stack_in(&self.docs(), to) else { return Ok(()) };
        if let StackSource::Text { path } = &stack.source
            && let Some(at) = path.find(&old)
            && (at == 0 || path[..at].ends_with('/'))
            && listed(&self.docs(), to).is_some()
        {
            let moved = format!("{}{STACKS_FOLDER}/{to}/{}", &path[..at], &path[at + old.len()..]);
            let new = Stack { source: StackSource::Text { path: moved }, ..stack.clone() };
            self.change_stack(&stack, &new)?;
        }
        Ok(())
    }

    fn stack_in(&self, docs: &Docs, name: &str) -> Option<Stack> {
        read::stacks_of(&self.snapshot, docs).into_iter().find(|stack| stack.name == name)
    }
}

impl Listed {
    fn pointer(&self) -> String {
        match self {
            Self::At { pointer, index } => step(pointer, index),
            Self::Under { pointer, key } => step(pointer, key),
        }
    }
}

fn beside_path(name: &str) -> String {
    format!("{STACKS_FOLDER}/{name}/{BESIDE_FILE}")
}

fn listed(docs: &Docs, name: &str) -> Option<Listed> {
    let list = docs.get(STACKS_FILE)?.root().get("docker_stacks")?;
    let pointer = "/docker_stacks".to_owned();
    if let Some(items) = list.items() {
        let index = items.iter().position(|item| item.get("name").and_then(|one| one.string()) == Some(name))?;
        return Some(Listed::At { pointer, index });
    }
    list.member(name).map(|member| Listed::Under { pointer, key: member.key.clone() })
}

/// The key under which an environment's variables stand: an older one if the entry uses it alone.
fn variables_key(entry: Option<&crate::json::Node>, environment: &str) -> &'static str {
    let there = entry.and_then(|entry| entry.get("environments")?.get(environment));
    match there {
        Some(there) if there.get("variables").is_some() && there.get("env").is_none() => "variables",
        _ => "env",
    }
}

/// What an entry must become where two stacks differ; nothing where they do not.
fn difference(old: &Stack, new: &Stack, variables_key: impl Fn(&str) -> &'static str) -> Want {
    let mut wants = Vec::new();
    let mut put = |key: &str, want: Want| wants.push((key.to_owned(), want));
    let entry = StackEntry::from(new);
    if old.description != new.description {
        put("description", text_or_gone(new.description.as_deref()));
    }
    if old.source != new.source {
        put("git_repo", text_or_gone(entry.git_repo.as_deref()));
        put("reference", text_or_gone(entry.reference.as_deref()));
        put("compose_file", text_or_gone(entry.compose_file.as_deref()));
        put("additional_files", names(&entry.additional_files));
        put("git_credential", text_or_gone(entry.git_credential.as_ref().map(|name| name.as_str())));
        put("compose_file_path", text_or_gone(entry.compose_file_path.as_deref()));
    }
    if old.env != new.env {
        put("env", variables(&old.env, &new.env));
    }
    if old.environments != new.environments {
        put("environments", environments(&old.environments, &new.environments, variables_key));
    }
    if old.depends_on != new.depends_on {
        put("depends_on", names(&new.depends_on));
    }
    if old.publish.hostname != new.publish.hostname {
        put("hostname", text_or_gone(new.publish.hostname.as_deref()));
        // An older key would speak where ours is silent.
        put("nginx_proxy", Want::Members(vec![("hostname".into(), Want::Gone)]));
    }
    if old.publish.port != new.publish.port {
        put("port", number_or_gone(new.publish.port));
    }
    if old.health != new.health {
        put("health", health(&new.health));
    }
    if old.swarm != new.swarm {
        put("swarm", if new.swarm { Want::Is(Json::Bool(true)) } else { Want::Gone });
    }
    Want::Members(wants)
}

fn environments(
    old: &BTreeMap<String, Override>,
    new: &BTreeMap<String, Override>,
    variables_key: impl Fn(&str) -> &'static str,
) -> Want {
    let mut wants = Vec::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        wants.push((name.clone(), Want::Gone));
    }
    for (name, over) in new {
        let Some(before) = old.get(name) else {
            let entry = Json::of(&EnvironmentEntry::from(over)).unwrap_or(Json::Object(Vec::new()));
            wants.push((name.clone(), Want::Is(entry)));
            continue;
        };
        let mut members = Vec::new();
        if before.env != over.env {
            members.push((variables_key(name).to_owned(), variables(&before.env, &over.env)));
            // With both keys there, what is taken away must go from both.
            if variables_key(name) == "env" {
                let gone = removed(&before.env, &over.env);
                members.push(("variables".to_owned(), Want::SomeNamed(gone)));
            }
        }
        if before.reference != over.reference {
            members.push(("reference".to_owned(), text_or_gone(over.reference.as_deref())));
        }
        if before.compose_file != over.compose_file {
            members.push(("compose_file".to_owned(), text_or_gone(over.compose_file.as_deref())));
        }
        if before.additional_files != over.additional_files {
            let want = over.additional_files.as_ref().map_or(Want::Gone, |files| {
                Want::Is(Json::Array(files.iter().map(|file| Json::from(file.as_str())).collect()))
            });
            members.push(("additional_files".to_owned(), want));
        }
        if before.publish.hostname != over.publish.hostname {
            members.push(("hostname".to_owned(), text_or_gone(over.publish.hostname.as_deref())));
        }
        if before.publish.port != over.publish.port {
            members.push(("port".to_owned(), number_or_gone(over.publish.port)));
        }
        if before.health != over.health {
            members.push(("health".to_owned(), health(&over.health)));
        }
        wants.push((name.clone(), Want::Members(members)));
    }
    Want::Members(wants)
}

/// A list of variables: those that are the same in both keep their bytes, an unquoted number for instance.
fn variables(old: &[Variable], new: &[Variable]) -> Want {
    let wants = new
        .iter()
        .map(|variable| {
            let name = variable.name.clone();
            if old.contains(variable) {
                return (name, Want::Members(Vec::new()));
            }
            let mut members = vec![("name".to_owned(), Want::Is(Json::from(variable.name.as_str())))];
            match &variable.value {
                VariableValue::Plain(text) => {
                    members.push(("value".to_owned(), Want::Is(Json::from(text.as_str()))));
                    members.push(("secret".to_owned(), Want::Gone));
                }
                VariableValue::Secret(secret) => {
                    members.push(("value".to_owned(), Want::Gone));
                    members.push(("secret".to_owned(), Want::Is(Json::String(secret.reference()))));
                }
            }
            (name, Want::Members(members))
        })
        .collect();
    let mut wants: Vec<(String, Want)> = wants;
    wants.extend(removed(old, new));
    // Entries that could not be read stay: they are for the person to mend.
    Want::SomeNamed(wants)
}

fn removed(old: &[Variable], new: &[Variable]) -> Vec<(String, Want)> {
    let gone = old.iter().filter(|variable| !new.iter().any(|one| one.name == variable.name));
    gone.map(|variable| (variable.name.clone(), Want::Gone)).collect()
}

/// What must go from the file beside, so that it does not speak where the list is silent now.
fn removals(old: &Stack, new: &Stack) -> Want {
    let mut wants = Vec::new();
    if new.description.is_none() {
        wants.push(("description".to_owned(), Want::Gone));
    }
    let mut environments = Vec::new();
    for (name, before) in &old.environments {
        match new.environments.get(name) {
            None => environments.push((name.clone(), Want::Gone)),
            Some(after) => {
                let gone = removed(&before.env, &after.env);
                if !gone.is_empty() {
                    let lists = ["env", "variables"].map(|key| (key.to_owned(), Want::SomeNamed(gone.clone())));
                    environments.push((name.clone(), Want::Members(lists.into())));
                }
            }
        }
    }
    wants.push(("environments".to_owned(), Want::Members(environments)));
    Want::Members(wants)
}

fn text_or_gone(text: Option<&str>) -> Want {
    text.map_or(Want::Gone, |text| Want::Is(Json::from(text)))
}

fn number_or_gone(number: Option<impl ToString>) -> Want {
    number.map_or(Want::Gone, |number| Want::Is(Json::Number(number.to_string())))
}

fn health(health: &types::catalog::Health) -> Want {
    if *health == types::catalog::Health::default() {
        return Want::Gone;
    }
    Want::Members(vec![
        ("timeout_s".to_owned(), number_or_gone(health.timeout_s)),
        ("stable_s".to_owned(), number_or_gone(health.stable_s)),
    ])
}

fn names(list: &[String]) -> Want {
    if list.is_empty() {
        return Want::Gone;
    }
    Want::Is(Json::Array(list.iter().map(|name| Json::from(name.as_str())).collect()))
}
