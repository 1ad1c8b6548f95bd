//! What only shows when files are held against one another.

mod compose;
mod cycles;
mod names;
mod references;
mod secrets;

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
}

impl<'a> Scene<'a> {
    fn stack(&self, name: &str) -> Option<&'a FoundStack<'a>> {
        self.stacks.iter().find(|found| found.stack.name == name)
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
