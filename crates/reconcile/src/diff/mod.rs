//! Differences as data: variables by name, texts by line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff as Differ};

use crate::{
    model::{DesiredSource, DesiredStack, DesiredValue, Shown},
    plan::shown,
};

/// Lines kept around a change.
const CONTEXT: usize = 3;

/// What differs between two versions of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackDiff {
    /// The commits, if they differ; none stands for a text.
    pub commits: Option<(Option<String>, Option<String>)>,
    /// Variables.
    pub variables: Vec<VariableChange>,
    /// Digests of images, by service.
    pub images: Vec<ImageChange>,
    /// The compose text, if both are known.
    pub compose: Option<TextDiff>,
}

/// One variable that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariableChange {
    /// Its name.
    pub name: String,
    /// Its value before; none if it is new.
    pub before: Option<Shown>,
    /// Its value after; none if it goes.
    pub after: Option<Shown>,
}

/// One service whose image differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImageChange {
    /// The service.
    pub service: String,
    /// Its digest before, if known.
    pub before: Option<String>,
    /// Its digest after, if known.
    pub after: Option<String>,
}

/// A difference of two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextDiff {
    /// Places that differ, with three lines around each.
    pub hunks: Vec<Hunk>,
}

/// One place that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hunk {
    /// The first line before, from 1.
    pub before_line: u32,
    /// The first line after, from 1.
    pub after_line: u32,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// What became of it.
    pub change: Change,
    /// The line without its end.
    pub text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It is new.
    Added,
}

/// Variables that differ, by name. Secrets show name and version.
#[must_use]
pub fn variables(
    before: &BTreeMap<String, DesiredValue>,
    after: &BTreeMap<String, DesiredValue>,
) -> Vec<VariableChange> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| VariableChange {
            name: name.clone(),
            before: before.get(name).map(shown),
            after: after.get(name).map(shown),
        })
        .collect()
}

/// Lines that differ.
#[must_use]
pub fn text(before: &str, after: &str) -> TextDiff {
    let diff = Differ::from_lines(before, after);
    let line = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
    let hunks = diff
        .grouped_ops(CONTEXT)
        .iter()
        .map(|ops| {
            let first = ops.first();
            Hunk {
                before_line: line(first.map_or(0, |op| op.old_range().start)),
                after_line: line(first.map_or(0, |op| op.new_range().start)),
                lines: ops
                    .iter()
                    .flat_map(|op| diff.iter_changes(op))
                    .map(|change| Line {
                        change: match change.tag() {
                            ChangeTag::Equal => Change::Kept,
                            ChangeTag::Delete => Change::Removed,
                            ChangeTag::Insert => Change::Added,
                        },
                        text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
                    })
                    .collect(),
            }
        })
        .collect();
    TextDiff { hunks }
}

/// What differs between two versions of a stack, both effective.
#[must_use]
pub fn stacks(before: &DesiredStack, after: &DesiredStack) -> StackDiff {
    let commit = |stack: &DesiredStack| match (&stack.source, &stack.pin) {
        (_, Some(pin)) => pin.commit.clone(),
        (DesiredSource::Git { commit, .. }, None) => Some(commit.clone()),
        (DesiredSource::Text { .. }, None) => None,
    };
    let digests = |stack: &DesiredStack| -> BTreeMap<String, Option<String>> {
        let services = stack.compose.iter().flat_map(|facts| &facts.services);
        services.map(|one| (one.name.clone(), one.digest.clone())).collect()
    };
    let (old, new) = (digests(before), digests(after));
    let services: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let commits = (commit(before), commit(after));
    StackDiff {
        commits: (commits.0 != commits.1).then_some(commits),
        variables: variables(&before.variables, &after.variables),
        images: services
            .into_iter()
            .filter(|service| old.get(*service) != new.get(*service))
            .map(|service| ImageChange {
                service: service.clone(),
                before: old.get(service).cloned().flatten(),
                after: new.get(service).cloned().flatten(),
            })
            .collect(),
        compose: compose_text(before).zip(compose_text(after)).map(|(before, after)| text(before, after)),
    }
}

fn compose_text(stack: &DesiredStack) -> Option<&str> {
    match (&stack.compose, &stack.source) {
        (_, DesiredSource::Text { text }) => Some(text),
        (Some(facts), _) if !facts.text.is_empty() => Some(&facts.text),
        _ => None,
    }
}
