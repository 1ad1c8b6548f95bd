//! Gets what is missing on this machine, after saying what and why.

mod install;
mod need;

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail};
use clap::Parser;

use need::Source;
pub(crate) use need::{Need, chromium, hadolint};

use crate::{shell, steps::Steps};

/// Gets everything the other commands need.
#[derive(Parser)]
pub(crate) struct Args {
    /// Install without asking.
    #[arg(long)]
    yes: bool,
    /// Only what `cargo xtask run` needs.
    #[arg(long)]
    run: bool,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(1);
    let needs = if args.run { crate::build::needs(false) } else { ALL };
    ensure(needs, Consent::from_flag(args.yes), &mut steps)
}

const ALL: &[Need] = &[
    Need::Components,
    Need::Wasm,
    Need::WasmClippy,
    Need::Node,
    Need::WasmOpt,
    Need::EndToEnd,
    Need::Postgres,
    Need::Chromium,
    Need::Promtool,
    Need::Hadolint,
    Need::Python,
];

/// Whether things may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Yes to everything: `--yes`, or `CI=true`.
    Given,
    /// Ask the person at the terminal.
    Ask,
}

impl Consent {
    /// From the flag `--yes` and the environment.
    pub(crate) fn from_flag(yes: bool) -> Self {
        if yes || shell::in_ci() { Self::Given } else { Self::Ask }
    }
}

/// Looks for `needs`; what is missing is listed with its reason, agreed on, and installed: one step each, Debian packages
/// together.
pub(crate) fn ensure(needs: &[Need], consent: Consent, steps: &mut Steps) -> Result<()> {
    let missing: Vec<Need> = steps.step("Set-up: what is there", || {
        let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.present()).collect();
        if missing.is_empty() {
            println!("  nothing is missing");
        }
        Ok(missing)
    })?;
    if missing.is_empty() {
        return Ok(());
    }
    agree(&missing, consent)?;

    let packages: Vec<&str> = missing.iter().flat_map(|need| apt_packages(*need)).copied().collect();
    let own: Vec<Need> = missing.into_iter().filter(|need| apt_packages(*need).is_empty()).collect();
    steps.expect_more(usize::from(!packages.is_empty()) + own.len());
    if !packages.is_empty() {
        steps.step(&format!("Set-up: apt-get install {}", packages.join(" ")), || install::apt(&packages))?;
    }
    for need in own {
        steps.step(&format!("Set-up: {}", need.name()), || install::own(need))?;
    }
    // clippy's way depends on which way to WebAssembly was found just now.
    if needs.contains(&Need::WasmClippy) && !Need::WasmClippy.present() {
        steps.expect_more(1);
        steps.step("Set-up: apt-get install rust-web-clippy", || install::apt(&["rust-web-clippy"]))?;
    }
    Ok(())
}

fn apt_packages(need: Need) -> &'static [&'static str] {
    match need.source() {
        Source::Apt(packages) => packages,
        Source::Own(_) => &[],
    }
}

fn agree(missing: &[Need], consent: Consent) -> Result<()> {
    println!("\nMissing on this machine:");
    for need in missing {
        let from = match need.source() {
            Source::Apt(packages) => format!("apt: {}", packages.join(" ")),
            Source::Own(words) => words.to_owned(),
        };
        println!("  {:<24} {} ({from})", need.name(), need.reason());
    }
    println!();
    if consent == Consent::Given {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("nobody to ask: run again with --yes to install these");
    }
    print!("Install them now? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Ok(()),
        _ => bail!("nothing was installed"),
    }
}
