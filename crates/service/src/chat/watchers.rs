//! How many answers each person follows in this process, and the bound on it: every reader costs memory and a connection.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use types::UserId;

use super::readings;

/// Readers by person. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Watchers(Arc<Mutex<HashMap<UserId, usize>>>);

/// One reader, counted for as long as this lives.
pub(super) struct Watching {
    watchers: Watchers,
    user: UserId,
}

impl Watchers {
    /// Counts one more reader of this person, unless they have `most` already.
    pub(super) fn enter(&self, user: UserId, most: usize) -> Option<Watching> {
        let mut counts = self.counts();
        let count = counts.entry(user).or_default();
        if *count >= most {
            readings::watcher_refused();
            return None;
        }
        *count += 1;
        readings::watcher_begins();
        Some(Watching { watchers: self.clone(), user })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        readings::watcher_ends();
        let mut counts = self.watchers.counts();
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_so_many_and_leaving_makes_room() {
        let watchers = Watchers::default();
        let [anna, bea] = [1, 2].map(|seed| UserId::from_parts(1, [seed; 10]));
        let first = watchers.enter(anna, 2);
        let _second = watchers.enter(anna, 2).expect("two are allowed");
        assert!(watchers.enter(anna, 2).is_none());
        let other = watchers.enter(bea, 2);
        assert!(other.is_some(), "somebody else is not meant");
        drop((first, other));
        assert!(watchers.enter(anna, 2).is_some());
        assert_eq!(watchers.counts().len(), 1, "who follows nothing is forgotten");
    }
}
