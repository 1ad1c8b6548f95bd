//! `cargo xtask ci`: every check, then every test, each as a step of its own; all run, whatever failed before.

use anyhow::Result;
use clap::Parser;

use crate::{
    bench, checks, docker,
    setup::{self, Consent, Need},
    shell,
    steps::Steps,
    test::{self, Sum},
    wasm,
};

/// What `.ci/run` does once there is a C compiler.
#[derive(Parser)]
pub(crate) struct Args {
    /// Only the checks, without the tests.
    #[arg(long)]
    checks: bool,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// Does it. The last line counts checks and tests together.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(if args.checks { 11 } else { 18 });
    let sum = everything(args, &mut steps);
    test::finish(sum, &steps)
}

fn everything(args: &Args, steps: &mut Steps) -> Result<Sum> {
    let consent = Consent::from_flag(args.yes);
    setup::ensure(&[Need::Components, Need::Wasm, Need::WasmClippy], consent, steps)?;
    // A linter that cannot be had is no reason to stop: the step that wants it says that it went without.
    if setup::ensure(&[Need::Hadolint], consent, &mut Steps::new(1)).is_err() {
        println!("  going on without hadolint");
    }
    let before = steps.passed();

    // Each error is in the table.
    let _ = steps.step("Formatting", || shell::run(shell::cargo().args(["fmt", "--all", "--", "--check"])));
    for check in checks::ALL {
        let _ = steps.step(check.name, || checks::run_one(check));
    }
    let _ = steps.step("Dockerfile", || docker::check(false));
    let _ = steps.step("clippy: native", clippy_native);
    let _ = steps.step("clippy: WebAssembly", clippy_wasm);
    let _ = steps.step("Documentation", documentation);
    let checked = Sum { passed: steps.passed() - before, failed: steps.failed().len() };

    let mut tested = Sum::default();
    if !args.checks {
        let what = test::What { filter: None, unit: true, e2e: true, release_site: true };
        tested = test::all(&what, consent, steps).unwrap_or(Sum::BROKEN);
        match steps.step("Budgets of a first visit", bench::bytes) {
            Ok(()) => tested.passed += 1,
            Err(_) => tested.failed += 1,
        }
        println!("Checks: {} passed, {} failed.", checked.passed, checked.failed);
        println!("Tests: {} passed, {} failed.", tested.passed, tested.failed);
    }
    Ok(Sum { passed: checked.passed + tested.passed, failed: checked.failed + tested.failed })
}

fn clippy_native() -> Result<()> {
    let mut clippy = shell::cargo();
    clippy.args(["clippy", "--workspace", "--exclude", "frontend", "--all-targets", "--", "-D", "warnings"]);
    shell::run(&mut clippy)
}

fn clippy_wasm() -> Result<()> {
    let Some(way) = wasm::detect() else { anyhow::bail!("no way to compile for WebAssembly") };
    println!("  with {}", way.describe());
    let mut clippy = way.cargo("clippy", false);
    // `app` is the other half of the browser part, and only this build sees its `hydrate` side.
    clippy.args(["--package", "app", "--no-default-features", "--features", "app/hydrate", "--", "-D", "warnings"]);
    shell::run(&mut clippy)
}

fn documentation() -> Result<()> {
    let mut doc = shell::cargo();
    doc.args(["doc", "--workspace", "--exclude", "frontend", "--no-deps"]);
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
