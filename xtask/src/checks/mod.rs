//! Rules of the house that no compiler knows. Each is a step of CI, and a test of this crate.

mod arrows;
mod budgets;
mod gates;
mod licences;
mod metadata;
mod paths;
mod sources;

use anyhow::{Result, bail};
use clap::Parser;

/// Checks the rules of the house: licences, arrows between crates, gates, budgets, paths.
#[derive(Parser)]
pub(crate) struct Args {}

/// One rule.
pub(crate) struct Check {
    /// Its name as a step.
    pub(crate) name: &'static str,
    /// Returns what breaks it, one line each.
    find: fn() -> Result<Vec<String>>,
    /// What to do about it.
    remedy: &'static str,
}

/// All of them.
pub(crate) const ALL: &[Check] = &[
    Check {
        name: "Licences, bans and sources",
        find: licences::broken,
        remedy: "choose another crate, or write the reason for a new entry into deny.toml",
    },
    Check {
        name: "Arrows between crates",
        find: arrows::broken,
        remedy: "arrows point only downward: see docs/ARCHITECTURE.md and xtask/src/checks/arrows.rs",
    },
    Check {
        name: "Gates between server and browser",
        find: gates::broken,
        remedy: "put the gated code into a module of its own and gate its `mod` line in lib.rs or mod.rs",
    },
    Check {
        name: "File budgets",
        find: budgets::broken,
        remedy: "split the file, or say at its top: Over 400 lines because …",
    },
    Check {
        name: "No machine's own paths",
        find: paths::broken,
        remedy: "use a path relative to the repository, or take it as a setting",
    },
];

/// Runs all, each to its end.
pub(crate) fn main(_: &Args) -> Result<()> {
    let mut steps = crate::steps::Steps::new(ALL.len());
    for check in ALL {
        // The error is in the table.
        let _ = steps.step(check.name, || run_one(check));
    }
    steps.table();
    let failed = steps.failed().len();
    if failed > 0 {
        bail!("{failed} of {} rules are broken", ALL.len());
    }
    Ok(())
}

/// Runs one and prints what breaks it.
pub(crate) fn run_one(check: &Check) -> Result<()> {
    let broken = (check.find)()?;
    if broken.is_empty() {
        return Ok(());
    }
    for line in &broken {
        println!("  {line}");
    }
    bail!("{} found; {}", broken.len(), check.remedy);
}

#[cfg(test)]
mod tests {
    /// The same rules under `cargo test`, for whoever does not run CI.
    #[test]
    fn every_rule_holds() {
        for check in super::ALL {
            let broken = (check.find)().unwrap();
            assert!(broken.is_empty(), "{}; {}:\n{}", check.name, check.remedy, broken.join("\n"));
        }
    }
}
