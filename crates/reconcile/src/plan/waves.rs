//! Order by dependency: what a stack depends on, directly or through others that stay as they are, is done before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, BlockedCause, Step, StepId, Wave};

/// Who depends on whom on one environment.
pub(super) struct Graph<'a> {
    edges: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Graph<'a> {
    /// Takes names with what they depend on. Dependencies that are not among the names are left out.
    pub(super) fn new(stacks: impl Iterator<Item = (&'a str, &'a [String])> + Clone) -> Self {
        let names: BTreeSet<&str> = stacks.clone().map(|(name, _)| name).collect();
        let edges = stacks
            .map(|(name, depends_on)| {
                (name, depends_on.iter().map(String::as_str).filter(|other| names.contains(other)).collect())
            })
            .collect();
        Self { edges }
    }

    /// Names such that each stands after all it depends on; those in or behind a cycle are left out.
    pub(super) fn in_order(&self) -> Vec<&'a str> {
        let mut waiting: BTreeMap<&str, usize> = self.edges.iter().map(|(name, on)| (*name, on.len())).collect();
        let mut dependents: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        for (name, on) in &self.edges {
            for other in on {
                dependents.entry(other).or_default().push(name);
            }
        }
        let mut ready: Vec<&'a str> =
            self.edges.iter().filter(|(_, on)| on.is_empty()).map(|(name, _)| *name).collect();
        let mut order = Vec::with_capacity(self.edges.len());
        while let Some(name) = ready.pop() {
            order.push(name);
            for dependent in dependents.get(name).into_iter().flatten() {
                if let Some(count) = waiting.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(dependent);
                    }
                }
            }
        }
        order
    }

    /// Every name in a cycle or behind one, with the cause.
    pub(super) fn stuck(&self) -> Vec<(&'a str, BlockedCause)> {
        let free: BTreeSet<&str> = self.in_order().into_iter().collect();
        let stuck: Vec<&str> = self.edges.keys().copied().filter(|name| !free.contains(name)).collect();
        let reach: BTreeMap<&str, BTreeSet<&str>> = stuck.iter().map(|name| (*name, self.behind(name))).collect();
        let reaches = |one: &str, other: &str| reach.get(one).is_some_and(|behind| behind.contains(other));
        let cause = |name: &str| {
            let names: Vec<String> = stuck
                .iter()
                .filter(|other| reaches(name, other) && reaches(other, name))
                .map(|other| (*other).to_owned())
                .collect();
            let first = self.edges.get(name).into_iter().flatten().find(|other| !free.contains(*other));
            match first {
                Some(first) if names.is_empty() => BlockedCause::DependencyBlocked { name: (*first).to_owned() },
                _ => BlockedCause::DependencyCycle { names },
            }
        };
        stuck.iter().map(|name| (*name, cause(name))).collect()
    }

    /// All that a name depends on, directly or not.
    fn behind(&self, name: &str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&'a str> = self.edges.get(name).into_iter().flatten().copied().collect();
        while let Some(other) = open.pop() {
            if seen.insert(other) {
                open.extend(self.edges.get(other).into_iter().flatten());
            }
        }
        seen
    }
}

/// Gives every step its dependencies and its wave. Removals come first, so that their ports are free.
pub(super) fn number(environment: &str, graph: &Graph<'_>, steps: &mut BTreeMap<String, Step>) {
    let removes = |step: &Step| matches!(step.action, Action::Remove { .. });
    let first = u32::from(steps.values().any(removes));
    // The nearest steps each name waits for, and the wave after them.
    let mut nearest: BTreeMap<&str, (BTreeSet<&str>, u32)> = BTreeMap::new();
    for name in graph.in_order() {
        let mut before = BTreeSet::new();
        let mut wave = first;
        for other in graph.edges.get(name).into_iter().flatten() {
            let Some((through, reached)) = nearest.get(other) else { continue };
            if steps.contains_key(*other) {
                before.insert(*other);
                wave = wave.max(reached + 1);
            } else {
                before.extend(through);
                wave = wave.max(*reached);
            }
        }
        if let Some(step) = steps.get_mut(name) {
            step.wave = wave;
            step.depends_on = before.iter().map(|other| StepId::of(environment, other)).collect();
        }
        nearest.insert(name, (before, wave));
    }
}

/// The waves of these steps.
pub(super) fn list<'a>(environment: &str, steps: impl Iterator<Item = &'a Step>) -> Vec<Wave> {
    let mut waves: BTreeMap<u32, Vec<StepId>> = BTreeMap::new();
    for step in steps {
        waves.entry(step.wave).or_default().push(step.id.clone());
    }
    waves.into_iter().map(|(number, steps)| Wave { environment: environment.to_owned(), number, steps }).collect()
}
