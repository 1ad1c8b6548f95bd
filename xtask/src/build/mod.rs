//! `cargo xtask build`: the browser part and the server.

mod bindgen;
mod compress;
mod css;
mod files;
mod site;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

pub(crate) use bindgen::{BINARYEN, wasm_opt};
pub(crate) use files::{copy_tree, files_under};
pub(crate) use site::site;

use crate::{
    setup::{self, Consent, Need},
    shell,
    steps::Steps,
};

/// Builds the site's files into `site/` and the server into `target/`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Small WASM, fast server: what is installed.
    #[arg(long)]
    pub(crate) release: bool,
    /// Only the site's files.
    #[arg(long)]
    pub(crate) site: bool,
    /// Install what is missing without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(3 + usize::from(!args.site));
    setup::ensure(needs(args.release), Consent::from_flag(args.yes), &mut steps)?;
    site(args.release, &mut steps)?;
    if !args.site {
        let binary = steps.step("Server", || {
            // So that the browser tests can be started by hand after it.
            if !args.release {
                bench()?;
                fake_portainer()?;
            }
            server(args.release)
        })?;
        println!("  {}", binary.display());
    }
    println!("Ready after {}.", steps.elapsed());
    Ok(())
}

/// What a build needs.
pub(crate) fn needs(release: bool) -> &'static [Need] {
    if release { &[Need::Wasm, Need::Node, Need::WasmOpt] } else { &[Need::Wasm] }
}

/// Builds the server and returns the binary. In development the whole workspace decides the dependencies' features, so
/// that `cargo test` and this share every compiled crate.
pub(crate) fn server(release: bool) -> Result<PathBuf> {
    let mut cargo = shell::cargo();
    cargo.arg("build");
    if release {
        cargo.args(["--package", "server", "--release"]);
    } else {
        cargo.args(["--workspace", "--exclude", "frontend"]);
    }
    shell::run(cargo.args(["--bin", "thinkheads"]))?;
    Ok(target().join(if release { "release" } else { "debug" }).join("thinkheads"))
}

/// Builds the measuring program, which also fills the databases of browser tests, and returns it.
pub(crate) fn bench() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--workspace", "--exclude", "frontend", "--bin", "bench"]))?;
    Ok(target().join("debug/bench"))
}

/// Builds the stand-in for Portainer that browser tests start beside the server, and returns it.
pub(crate) fn fake_portainer() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--workspace", "--exclude", "frontend", "--example", "fake-portainer"]))?;
    Ok(target().join("debug/examples/fake-portainer"))
}

/// cargo's folder for what it builds.
pub(crate) fn target() -> PathBuf {
    shell::var("CARGO_TARGET_DIR").map_or_else(|| shell::root().join("target"), |folder| shell::root().join(folder))
}
