//! `cargo xtask run`: from a clone to a served page.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::mpsc,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use clap::Parser;
use notify_debouncer_mini::{new_debouncer, notify::RecursiveMode};

use crate::{
    build,
    setup::{self, Consent},
    shell,
    steps::Steps,
};

/// Gets what is missing, builds and serves the site.
#[derive(Parser)]
pub(crate) struct Args {
    /// Small WASM and a fast server; takes longer to build.
    #[arg(long)]
    release: bool,
    /// Build again and restart when a source file changes.
    #[arg(long)]
    watch: bool,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// Further arguments for `thinkheads serve`.
    #[arg(last = true)]
    serve: Vec<String>,
}

/// Does it. Without `--watch` this process becomes the server, so that signals reach it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(4);
    setup::ensure(build::needs(args.release), Consent::from_flag(args.yes), &mut steps)?;
    if args.watch {
        return watch(args, &mut steps);
    }
    let binary = build_all(args, &mut steps)?;
    println!("Ready after {}.\n", steps.elapsed());
    let mut serve = serve(&binary, args);
    Err(serve.exec()).with_context(|| format!("could not start `{}`", shell::words(&serve)))
}

fn build_all(args: &Args, steps: &mut Steps) -> Result<PathBuf> {
    build::site(args.release, steps)?;
    steps.step("Server", || build::server(args.release))
}

fn serve(binary: &Path, args: &Args) -> Command {
    let mut command = shell::command(binary);
    command.arg("serve");
    if !upstream_is_named() {
        command.arg("--demo");
    }
    command.args(&args.serve);
    command
}

/// Whether an inference server was named: then there is no need for the stand-in.
fn upstream_is_named() -> bool {
    if shell::var("PHOENIX_URL").is_some() {
        return true;
    }
    let file = shell::var("THINKHEADS_CONFIG").unwrap_or_else(|| "thinkheads.toml".into());
    let text = std::fs::read_to_string(shell::root().join(file)).unwrap_or_default();
    // A file that cannot be read as TOML is for the server to complain about, with the line.
    text.parse::<toml::Table>().is_ok_and(|settings| settings.keys().any(|key| key.eq_ignore_ascii_case("PHOENIX_URL")))
}

fn watch(args: &Args, steps: &mut Steps) -> Result<()> {
    let (sender, changes) = mpsc::channel();
    let mut debouncer = new_debouncer(Duration::from_millis(300), sender)?;
    for folder in ["app", "crates", "frontend", "migrations", "public", "server", "style", "Cargo.toml"] {
        let path = shell::root().join(folder);
        if path.exists() {
            debouncer.watcher().watch(&path, RecursiveMode::Recursive)?;
        }
    }
    let mut running: Option<Child> = None;
    loop {
        #[expect(clippy::disallowed_methods, reason = "compared with what the file system says")]
        let began = SystemTime::now();
        match build_all(args, steps) {
            Ok(binary) => {
                stop(running.take())?;
                running = Some(serve(&binary, args).spawn().context("could not start the server")?);
            }
            Err(_) if running.is_some() => println!("The build before it keeps running."),
            Err(_) => println!("Waiting for a change."),
        }
        loop {
            let events = changes.recv()?.unwrap_or_default();
            if let Some(event) = events.iter().find(|event| matters(&event.path, began)) {
                let path = event.path.strip_prefix(shell::root()).unwrap_or(&event.path);
                println!("\n{} changed", path.display());
                *steps = Steps::new(3);
                break;
            }
        }
    }
}

/// Editors' temporary files do not, nor does a file that was only read, which is reported too: compilers read them all.
fn matters(path: &Path, since: SystemTime) -> bool {
    let kinds = ["css", "ico", "js", "png", "rs", "sql", "svg", "toml", "txt", "webmanifest", "woff2"];
    let of_ours = path.extension().is_some_and(|extension| kinds.iter().any(|kind| extension == *kind));
    // A file that is gone has changed.
    of_ours && path.metadata().and_then(|facts| facts.modified()).map_or(true, |changed| changed >= since)
}

/// Asks the server to end, as a service manager would, so that open answers are kept.
fn stop(server: Option<Child>) -> Result<()> {
    if let Some(mut server) = server {
        if server.try_wait()?.is_none() {
            shell::run(shell::command("kill").args(["-TERM", &server.id().to_string()]))?;
        }
        server.wait()?;
    }
    Ok(())
}
