//! Changes to stacks.

use types::catalog::{Stack, StackEntry, StackSource, Variable};

use super::{
    Draft, EditError,
    difference::{difference, removals},
    good_name, writable,
};
use crate::{
    json::{Doc, Json, Want, step},
    read::{self, Docs},
    snapshot::{BESIDE_FILE, Content, GUESTS_FILE, STACKS_FILE, STACKS_FOLDER},
};

/// Where a stack's entry is in the list.
pub(super) enum Listed {
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
        self.add_entry(docs, &stack.name, Json::of(&StackEntry::from(stack)).ok_or_else(shape)?)
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
            .chain(
                reading
                    .catalog
                    .stacks
                    .iter()
                    .filter(|one| one.depends_on.iter().any(|on| on == name))
                    .map(|one| one.name.clone()),
            )
            .collect();
        if !by.is_empty() {
            return Err(EditError::InUse { stack: name.to_owned(), by });
        }
        match place {
            Some(Listed::At { pointer, index }) => {
                self.want(STACKS_FILE, &pointer, &Want::Item(index, Box::new(Want::Gone)))?
            }
            Some(Listed::Under { pointer, key }) => {
                self.want(STACKS_FILE, &pointer, &Want::Members(vec![(key, Want::Gone)]))?
            }
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
            reading.catalog.stack(name).is_some()
                || listed(&docs, name).is_some()
                || self.snapshot.content(&beside_path(name)).is_some()
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
        let paths: Vec<String> =
            self.snapshot.paths().filter(|path| path.starts_with(&old)).map(str::to_owned).collect();
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
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::At { pointer, index } => step(pointer, index),
            Self::Under { pointer, key } => step(pointer, key),
        }
    }
}

pub(super) fn beside_path(name: &str) -> String {
    format!("{STACKS_FOLDER}/{name}/{BESIDE_FILE}")
}

pub(super) fn listed(docs: &Docs, name: &str) -> Option<Listed> {
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
