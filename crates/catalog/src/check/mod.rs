//! What only shows when files are held against one another.

mod compose;
mod cycles;
mod names;
mod references;
mod secrets;

use std::collections::HashMap;

pub use compose::check_compose;

use crate::{
    read::{Docs, Findings, FoundGuest, FoundStack},
    snapshot::Snapshot,
};

/// All that was read, with its places.
pub(crate) struct Scene<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) docs: &'a Docs,
    pub(crate) stacks: &'a [FoundStack<'a>],
    pub(crate) guests: &'a [FoundGuest<'a>],
    /// Where a stack is in the list; of several of one name the first.
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        docs: &'a Docs,
        stacks: &'a [FoundStack<'a>],
        guests: &'a [FoundGuest<'a>],
    ) -> Self {
        let mut by_name = HashMap::new();
        for (index, found) in stacks.iter().enumerate() {
            by_name.entry(found.stack.name.as_str()).or_insert(index);
        }
        Self { snapshot, docs, stacks, guests, by_name }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    fn stack(&self, name: &str) -> Option<&'a FoundStack<'a>> {
        self.stacks.get(self.index(name)?)
    }
}

/// Runs every check.
pub(crate) fn run(scene: &Scene<'_>, out: &mut Findings) {
    names::check(scene, out);
    references::check(scene, out);
    cycles::check(scene, out);
    secrets::check(scene, out);
    compose::check(scene, out);
}
