//! Changes to what runs where.

use types::catalog::Assignment;

use super::{Draft, EditError};
use crate::{
    json::{Json, Node, Want, step},
    read::Docs,
    snapshot::GUESTS_FILE,
};

const STACKS: &str = "docker_stacks";

impl Draft {
    pub(super) fn assign(&mut self, guest: &str, assignment: &Assignment) -> Result<(), EditError> {
        let docs = self.docs();
        super::writable(&docs, &self.snapshot, GUESTS_FILE)?;
        let (pointer, node) = find(&docs, guest)?;
        let entries = node.get(STACKS).and_then(Node::items).unwrap_or_default();
        let existing = entries.iter().find(|entry| name_of(entry) == Some(&assignment.stack));
        let name = Json::from(assignment.stack.as_str());
        // A new entry looks as its neighbours do.
        let as_object = existing
            .map_or_else(|| entries.iter().any(|entry| entry.members().is_some()), |one| one.members().is_some());
        let want = match &assignment.environment {
            Some(environment) => Want::Members(vec![
                ("name".into(), Want::Is(name)),
                ("environment".into(), Want::Is(Json::from(environment.as_str()))),
            ]),
            None if as_object => {
                Want::Members(vec![("name".into(), Want::Is(name)), ("environment".into(), Want::Gone)])
            }
            None => Want::Is(name),
        };
        let list = Want::SomeNamed(vec![(assignment.stack.clone(), want)]);
        self.want(GUESTS_FILE, &pointer, &Want::Members(vec![(STACKS.into(), list)]))
    }

    pub(super) fn unassign(&mut self, guest: &str, stack: &str) -> Result<(), EditError> {
        let docs = self.docs();
        super::writable(&docs, &self.snapshot, GUESTS_FILE)?;
        let (pointer, _) = find(&docs, guest)?;
        let list = Want::SomeNamed(vec![(stack.to_owned(), Want::Gone)]);
        self.want(GUESTS_FILE, &pointer, &Want::Members(vec![(STACKS.into(), list)]))
    }

    /// Follows a stack's new name.
    pub(super) fn rename_assignments(&mut self, from: &str, to: &str) -> Result<(), EditError> {
        let docs = self.docs();
        let Some(guests) = docs.get(GUESTS_FILE).and_then(|doc| doc.root().get("vms")).and_then(Node::items) else {
            return Ok(());
        };
        for (guest, node) in guests.iter().enumerate() {
            for (index, entry) in node.get(STACKS).and_then(Node::items).unwrap_or_default().iter().enumerate() {
                if name_of(entry) != Some(from) {
                    continue;
                }
                let mut pointer = step(&step(&step("/vms", guest), STACKS), index);
                if entry.members().is_some() {
                    pointer = step(&pointer, "name");
                }
                self.want(GUESTS_FILE, &pointer, &Want::Is(Json::from(to)))?;
            }
        }
        Ok(())
    }
}

fn name_of(entry: &Node) -> Option<&str> {
    entry.string().or_else(|| entry.get("name")?.string())
}

pub(super) fn find<'a>(docs: &'a Docs, guest: &str) -> Result<(String, &'a Node), EditError> {
    let guests = docs.get(GUESTS_FILE).and_then(|doc| doc.root().get("vms")).and_then(Node::items).unwrap_or_default();
    let named = |node: &&Node| node.get("name").and_then(Node::string) == Some(guest);
    let index = guests.iter().position(|node| named(&node)).ok_or_else(|| EditError::UnknownGuest(guest.to_owned()))?;
    Ok((step("/vms", index), &guests[index]))
}
