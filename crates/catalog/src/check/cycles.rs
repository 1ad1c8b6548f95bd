//! Stacks that wait for one another.

use std::collections::{HashMap, VecDeque};

use types::catalog::DiagnosticCode as Code;

use super::Scene;
use crate::read::Findings;

/// Most stacks of a circle that are named.
const MOST_NAMED: usize = 12;

/// Reports every stack that stands in a circle. Those that merely depend on such a circle are not blocked by it here: the
/// planner does not start them before what they wait for.
pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    let edges: Vec<Vec<usize>> = scene
        .stacks
        .iter()
        .map(|found| found.stack.depends_on.iter().filter_map(|name| scene.index(name)).collect())
        .collect();
    for start in suspects(&edges) {
        let Some(path) = path_back(&edges, start) else { continue };
        let found = &scene.stacks[start];
        let name = |index: &usize| scene.stacks[*index].stack.name.as_str();
        let next = path.get(1).map_or(found.stack.name.as_str(), name);
        let index = found.stack.depends_on.iter().position(|one| one == next).unwrap_or_default();
        let mut names: Vec<&str> = path.iter().map(name).collect();
        if names.len() > MOST_NAMED {
            names.splice(MOST_NAMED - 2..names.len() - 1, ["…"]);
        }
        let message = format!("The stacks wait for one another: {}.", names.join(" → "));
        found.at.nearest(&format!("/depends_on/{index}")).error(
            Code::DependencyCycle,
            message,
            "Remove one of these dependencies.",
            out,
        );
    }
}

/// The stacks that may stand in a circle: all but those left out one by one because nothing is left that they wait for.
fn suspects(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for to in targets {
            back[*to].push(from);
        }
    }
    let mut free: Vec<usize> = (0..edges.len()).filter(|index| waiting[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for one in &back[index] {
            waiting[*one] -= 1;
            if waiting[*one] == 0 {
                free.push(*one);
            }
        }
    }
    (0..edges.len()).filter(|index| waiting[*index] > 0).collect()
}

/// The shortest way from a stack along its dependencies back to itself, both ends named.
fn path_back(edges: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut ways: VecDeque<usize> = [start].into();
    while let Some(at) = ways.pop_front() {
        for next in &edges[at] {
            if *next == start {
                let mut path = vec![start];
                let mut step = at;
                while step != start {
                    path.push(step);
                    step = *came_from.get(&step)?;
                }
                path.push(start);
                path.reverse();
                return Some(path);
            }
            if let std::collections::hash_map::Entry::Vacant(place) = came_from.entry(*next) {
                place.insert(at);
                ways.push_back(*next);
            }
        }
    }
    None
}
