//! `cargo xtask test`: every test there is, and one line that sums them up.

mod cargo;

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use serde::Deserialize;

use crate::{
    build,
    setup::{self, Consent, Need},
    shell,
    steps::Steps,
};

/// Gets what the tests need, runs them all and ends with `N passed, N failed`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Only tests whose name, module, test program or crate contains this.
    filter: Option<String>,
    /// Only the tests cargo runs.
    #[arg(long)]
    unit: bool,
    /// Only the tests in a browser.
    #[arg(long, conflicts_with = "unit")]
    e2e: bool,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Passed, retried ones included.
    pub(crate) passed: usize,
    /// Failed; a runner that broke before its first test counts as one.
    pub(crate) failed: usize,
}

impl Sum {
    /// One runner that could not even start.
    pub(crate) const BROKEN: Self = Self { passed: 0, failed: 1 };

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(match (args.unit, args.e2e) {
        (true, _) => 2,
        (_, true) => 5,
        _ => 6,
    });
    let what = What { filter: args.filter.as_deref(), unit: !args.e2e, e2e: !args.unit, release_site: false };
    let sum = all(&what, Consent::from_flag(args.yes), &mut steps);
    finish(sum, &steps)
}

/// Prints the table and, as the very last line, the sum; ends the process with 1 if anything failed.
pub(crate) fn finish(sum: Result<Sum>, steps: &Steps) -> Result<()> {
    steps.table();
    let sum = sum.unwrap_or_else(|error| {
        println!("{error:#}");
        Sum::BROKEN
    });
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed > 0 {
        // Not an error of ours to print: that line would come last.
        std::process::exit(1);
    }
    Ok(())
}

/// Which tests to run, and on what.
pub(crate) struct What<'a> {
    /// Only tests whose name, module, test program or crate contains this.
    pub(crate) filter: Option<&'a str>,
    /// The tests cargo runs.
    pub(crate) unit: bool,
    /// The tests in a browser.
    pub(crate) e2e: bool,
    /// Whether the browser gets the site as it is installed, rather than the one that is quick to build.
    pub(crate) release_site: bool,
}

/// Runs what was asked for, each part to its end whatever the other did.
pub(crate) fn all(what: &What<'_>, consent: Consent, steps: &mut Steps) -> Result<Sum> {
    let What { filter, unit, e2e, release_site } = *what;
    setup::ensure(&needs(unit, e2e), consent, steps)?;
    if release_site {
        setup::ensure(build::needs(true), consent, steps)?;
    }
    let before = steps.failed().len();
    let mut sum = Sum::default();
    if unit {
        // The step's error is in the table; its number is in the sum.
        let _ = steps.step("Tests: cargo", || counted(cargo::test(filter)?, &mut sum));
    }
    if e2e {
        let ready = build::site(release_site, steps).and_then(|_| steps.step("Server", Programs::build));
        match ready {
            Ok(programs) => {
                let _ = steps.step("Tests: browser", || counted(playwright(filter, &programs)?, &mut sum));
            }
            Err(_) => sum.add(Sum::BROKEN),
        }
    }
    if sum.failed == 0 && steps.failed().len() > before {
        sum.add(Sum::BROKEN);
    }
    Ok(sum)
}

/// What the tests need.
pub(crate) fn needs(unit: bool, e2e: bool) -> Vec<Need> {
    let mut needs = Vec::new();
    if unit {
        needs.extend([Need::Postgres, Need::Promtool, Need::Python]);
    }
    if e2e {
        needs.extend([Need::Wasm, Need::Node, Need::EndToEnd, Need::Chromium]);
    }
    needs
}

fn counted(found: Sum, sum: &mut Sum) -> Result<()> {
    println!("  {} passed, {} failed", found.passed, found.failed);
    sum.add(found);
    if found.failed > 0 {
        bail!("{} failed", found.failed);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Report {
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    expected: usize,
    unexpected: usize,
    flaky: usize,
}

/// What tests in a browser start.
pub(crate) struct Programs {
    server: PathBuf,
    /// Fills databases.
    bench: PathBuf,
    /// Stands in for Portainer.
    portainer: PathBuf,
}

impl Programs {
    /// Builds them.
    pub(crate) fn build() -> Result<Self> {
        Ok(Self { server: build::server(false)?, bench: build::bench()?, portainer: build::fake_portainer()? })
    }
}

/// Playwright's command in `end2end`, told where things are.
pub(crate) fn playwright_command(programs: &Programs) -> Result<Command> {
    let folder = shell::root().join("end2end");
    if !folder.join("package.json").is_file() {
        bail!("end2end/package.json is missing");
    }
    let mut npx = shell::command("npx");
    npx.current_dir(&folder)
        .args(["--no-install", "playwright", "test"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .env("THINKHEADS_BIN", &programs.server)
        .env("THINKHEADS_BENCH", &programs.bench)
        .env("THINKHEADS_FAKE_PORTAINER", &programs.portainer)
        .env("THINKHEADS_SITE_DIR", shell::root().join("site"));
    if let Some(chromium) = setup::chromium() {
        npx.env("CHROMIUM", chromium);
    }
    Ok(npx)
}

/// Playwright on the real binary.
fn playwright(filter: Option<&str>, programs: &Programs) -> Result<Sum> {
    let report = build::target().join("xtask/playwright.json");
    fs::create_dir_all(report.parent().context("the report needs a folder")?)?;
    if report.exists() {
        fs::remove_file(&report)?;
    }
    // Of the tests, and of the script that pages load as it is written.
    let mut types = shell::command("npx");
    shell::run(types.current_dir(shell::root().join("end2end")).args(["--no-install", "tsc", "--noEmit"]))?;
    let mut npx = playwright_command(programs)?;
    npx.arg("--reporter=line,json")
        .args(filter.map(|filter| format!("--grep={filter}")))
        .args(filter.map(|_| "--pass-with-no-tests"))
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
    let went_well = npx.status().context("could not start npx")?.success();
    let mut sum = match fs::read(&report) {
        Ok(json) => {
            let stats = serde_json::from_slice::<Report>(&json).context("Playwright's report")?.stats;
            Sum { passed: stats.expected + stats.flaky, failed: stats.unexpected }
        }
        Err(_) => Sum::default(),
    };
    if !went_well && sum.failed == 0 {
        sum.add(Sum::BROKEN);
    }
    Ok(sum)
}
