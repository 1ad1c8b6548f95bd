//! `deny.toml` held against every crate we build with: licences, banned crates, where crates may come from.
//!
//! The file has cargo-deny's format, so whoever has that tool can use it too; installing it takes longer than all of our
//! own checks together.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, Package};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use super::metadata::metadata;
use crate::shell;

#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
    #[serde(default)]
    allow_git: Vec<String>,
}

pub(super) fn broken() -> Result<Vec<String>> {
    let text = std::fs::read_to_string(shell::root().join("deny.toml")).context("deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    judge(&rules, &metadata()?)
}

fn judge(rules: &Rules, metadata: &Metadata) -> Result<Vec<String>> {
    let allowed = licensees(&rules.licenses.allow)?;
    let mut exceptions: BTreeMap<&str, Vec<Licensee>> = BTreeMap::new();
    for exception in &rules.licenses.exceptions {
        exceptions.insert(&exception.name, licensees(&exception.allow)?);
    }
    let mut broken = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let Some(source) = &package.source else { continue };
        let place = source.repr.as_str();
        let known = |list: &[String]| list.iter().any(|allowed| place.contains(allowed.as_str()));
        if !known(if place.starts_with("git+") { &rules.sources.allow_git } else { &rules.sources.allow_registry }) {
            broken.push(format!("{name} comes from {place}"));
        }
        if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.name == name) {
            let users = users_of(package, metadata).join(", ");
            broken.push(format!("{name} is banned: {} (used by {users})", ban.reason));
        }
        let special = exceptions.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(problem) = licence_problem(package, &allowed, special) {
            broken.push(format!("{name} {}: {problem}", package.version));
        }
    }
    Ok(broken)
}

fn licensees(names: &[String]) -> Result<Vec<Licensee>> {
    names
        .iter()
        .map(|name| Licensee::parse(name).map_err(|error| anyhow::anyhow!("{name} in deny.toml: {error}")))
        .collect()
}

fn licence_problem(package: &Package, allowed: &[Licensee], special: &[Licensee]) -> Option<String> {
    let Some(text) = package.license.as_deref() else {
        return special.is_empty().then(|| "states no licence".to_owned());
    };
    let Ok(expression) = Expression::parse_mode(text, ParseMode::LAX) else {
        return Some(format!("cannot read its licence `{text}`"));
    };
    let fits = expression.evaluate(|wanted| allowed.iter().chain(special).any(|licence| licence.satisfies(wanted)));
    (!fits).then(|| format!("{text} is not on the list"))
}

fn users_of<'a>(package: &Package, metadata: &'a Metadata) -> Vec<&'a str> {
    let uses = |other: &&Package| other.dependencies.iter().any(|dependency| dependency.name == package.name.as_str());
    metadata.packages.iter().filter(uses).map(|other| other.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::metadata::metadata, Ban, Bans, Licences, Rules, Sources, judge};

    #[test]
    fn each_kind_of_rule_is_noticed() {
        let rules = Rules {
            licenses: Licences { allow: vec!["MIT".into()], exceptions: Vec::new() },
            bans: Bans { deny: vec![Ban { name: "serde".into(), reason: "for the test".into() }] },
            sources: Sources { allow_registry: vec!["https://nowhere".into()], allow_git: Vec::new() },
        };
        let broken = judge(&rules, &metadata().unwrap()).unwrap();
        for part in ["serde is banned: for the test", "serde comes from registry+", "is not on the list"] {
            assert!(broken.iter().any(|line| line.contains(part)), "{part}");
        }
    }
}
