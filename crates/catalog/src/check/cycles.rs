//! Stacks that wait for one another.

use types::catalog::DiagnosticCode as Code;

use super::Scene;
use crate::read::Findings;

/// Reports every stack that stands in a circle. Those that merely depend on such a circle are not blocked by it here: the
/// planner does not start them before what they wait for.
pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    for found in scene.stacks {
        let name = found.stack.name.as_str();
        let Some(path) = path_back(scene, name) else { continue };
        let next = path.get(1).copied().unwrap_or(name);
        let index = found.stack.depends_on.iter().position(|one| one == next).unwrap_or_default();
        let message = format!("The stacks wait for one another: {}.", path.join(" → "));
        found.at.nearest(&format!("/depends_on/{index}")).error(
            Code::DependencyCycle,
            message,
            "Remove one of these dependencies.",
            out,
        );
    }
}

/// The shortest way from a stack along its dependencies back to itself, both ends named.
fn path_back<'a>(scene: &Scene<'a>, name: &'a str) -> Option<Vec<&'a str>> {
    let mut ways: std::collections::VecDeque<Vec<&str>> = [vec![name]].into();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied()?;
        let Some(stack) = scene.stack(last) else { continue };
        for next in &stack.stack.depends_on {
            let mut longer = way.clone();
            longer.push(next);
            if next == name {
                return Some(longer);
            }
            if seen.insert(next.as_str()) {
                ways.push_back(longer);
            }
        }
    }
    None
}
