//! Arrows between crates point only downward, and some packages may be named by a few crates only.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Metadata};

use super::metadata::metadata;
use crate::{shell, wasm};

/// Who may use whom among our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("app", &["service", "types"]),
    ("bench", &["service", "store", "types", "upstream"]),
    ("catalog", &["types"]),
    ("config", &[]),
    ("frontend", &["app"]),
    ("phoenix-cli", &["config", "service", "store", "upstream"]),
    ("reconcile", &["types"]),
    ("server", &["app", "config", "service", "store", "types", "upstream"]),
    ("service", &["catalog", "config", "reconcile", "store", "types", "upstream"]),
    ("store", &["types"]),
    ("testkit", &["config", "server", "service", "store", "types", "upstream"]),
    ("types", &[]),
    ("upstream", &["reconcile", "types"]),
    ("xtask", &[]),
];

/// Packages that belong to a few crates, by the beginning of their names.
const OWNED: &[(&str, &[&str])] = &[
    ("axum", &["bench", "server", "testkit", "upstream"]),
    ("leptos", &["app", "frontend", "server"]),
    ("reqwest", &["bench", "testkit", "upstream"]),
    ("sqlx", &["store"]),
    ("tower", &["app", "bench", "server"]),
    ("wasm-bindgen", &["app", "frontend", "xtask"]),
    ("web-sys", &["app", "frontend"]),
];

/// Packages that must never reach the browser.
const NOT_IN_BROWSERS: &[&str] = &["argon2", "axum", "hyper", "mio", "reqwest", "rustls", "sqlx"];

/// The only crates of ours that may.
const IN_BROWSERS: &[&str] = &["app", "frontend", "types"];

pub(super) fn broken() -> Result<Vec<String>> {
    let mut broken = judge(&metadata()?);
    broken.extend(in_the_browser()?);
    Ok(broken)
}

fn judge(metadata: &Metadata) -> Vec<String> {
    let members = metadata.workspace_packages();
    let ours: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for package in &members {
        let name = package.name.as_str();
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("{name} is new: give it its arrows"));
            continue;
        };
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            // Tests may start the whole application, and a crate's tests may switch on its own features.
            let in_tests = dependency.kind == DependencyKind::Development;
            let for_tests = in_tests && (other == "testkit" || other == name);
            if ours.contains(other) && !allowed.contains(&other) && !for_tests {
                broken.push(format!("{name} → {other}"));
            }
            let owner = OWNED.iter().find(|(prefix, _)| {
                other == *prefix || other.starts_with(&format!("{prefix}-")) || other.starts_with(&format!("{prefix}_"))
            });
            if let Some((_, owners)) = owner
                && !owners.contains(&name)
                && !in_tests
            {
                broken.push(format!("{name} → {other}, which belongs to {}", owners.join(", ")));
            }
        }
    }
    broken
}

/// Reads what cargo would compile for the browser, with the features it would have there.
fn in_the_browser() -> Result<Vec<String>> {
    let mut cargo = shell::cargo();
    cargo.args(["tree", "--package", "frontend", "--target", wasm::TARGET, "--edges", "normal,no-proc-macro"]);
    let tree = shell::capture(cargo.args(["--prefix", "none", "--format", "{p}|{f}", "--locked"]))?;
    if !tree.contains("leptos v") {
        bail!("`cargo tree` does not show leptos for the browser: this check no longer sees anything");
    }
    let mut broken = BTreeSet::new();
    for line in tree.lines() {
        let (package, features) = line.split_once('|').unwrap_or((line, ""));
        let name = package.split(' ').next().unwrap_or_default();
        let banned = NOT_IN_BROWSERS.iter().any(|banned| name == *banned || name.starts_with(&format!("{banned}-")));
        // Only crates of the workspace show a folder; packages may share their names.
        let ours = package.contains(" (/") && !package.contains("(proc-macro)");
        if banned || ours && !IN_BROWSERS.contains(&name) {
            broken.insert(format!("frontend (in the browser) → {name}"));
        }
        if name == "tokio" && features.split(',').any(|feature| feature == "net" || feature.starts_with("rt-multi")) {
            broken.insert(format!("frontend (in the browser) → tokio with {features}"));
        }
    }
    Ok(broken.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{super::metadata::metadata, judge};

    #[test]
    fn an_upward_arrow_is_noticed() {
        let mut metadata = metadata().unwrap();
        let types = metadata.packages.iter().position(|package| package.name.as_str() == "types").unwrap();
        let store = metadata.packages.iter().find(|package| package.name.as_str() == "store").unwrap();
        let upward: Vec<_> = store.dependencies.iter().filter(|one| one.name == "sqlx").cloned().collect();
        let mut sideways = upward.clone();
        sideways.iter_mut().for_each(|one| one.name = "service".into());
        metadata.packages[types].dependencies.extend(upward.into_iter().chain(sideways));
        let broken = judge(&metadata);
        assert!(broken.contains(&"types → service".to_owned()), "{broken:?}");
        assert!(broken.contains(&"types → sqlx, which belongs to store".to_owned()), "{broken:?}");
    }
}
