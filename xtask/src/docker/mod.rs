//! `cargo xtask docker-check`: the Dockerfile without an engine. It is linted, and its steps are followed in a scratch folder.

mod context;
mod file;
mod rules;
pub(crate) mod system;

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use crate::{build, setup, shell};
use file::Dockerfile;

/// The image's limit, in bytes.
const LIMIT: u64 = 80_000_000;

/// Bases we know, with their unpacked size in bytes: the sum of what Debian 12 says of the packages they are made of (tzdata 2.6,
/// the rest 1.3 MB), and a little more.
const BASES: [(&str, u64); 1] = [("gcr.io/distroless/static-debian12", 5_000_000)];

/// Checks the Dockerfile and what it would put into the image.
#[derive(Parser)]
pub(crate) struct Args {
    /// Also run the build step in the scratch folder; takes as long as a release build.
    #[arg(long)]
    build: bool,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    check(args.build)
}

/// Lints, checks and follows the Dockerfile. With `full` the build step runs too; else the last release build is weighed.
pub(crate) fn check(full: bool) -> Result<()> {
    let text = fs::read_to_string(shell::root().join("Dockerfile")).context("Dockerfile")?;
    let file = Dockerfile::parse(&text)?;
    let mut broken = rules::broken(&file, &BASES.map(|(name, _)| name));
    match setup::hadolint() {
        Some(tool) => shell::run(shell::command(tool).arg("Dockerfile"))?,
        None => println!("  no hadolint here: only our own rules"),
    }

    let scratch = tempfile::Builder::new().prefix("image").tempdir()?;
    let context = scratch.path().join("context");
    let count = context::copy(&context)?;
    println!("  the build context has {count} files");
    broken.extend(context::missing_sources(&file, &context));
    // Every member and path of the workspace has to be in the context, or the build stops at its first second.
    let mut metadata = shell::cargo();
    metadata.current_dir(&context).args(["metadata", "--locked", "--format-version", "1", "--no-deps"]);
    shell::capture(&mut metadata).context("the build context is not a whole workspace")?;

    if full {
        run_build_step(&file, &context)?;
    }
    broken.extend(weigh(&file, if full { &context } else { shell::root() }, &scratch.path().join("image"))?);
    for line in &broken {
        println!("  {line}");
    }
    if !broken.is_empty() {
        bail!("{} found in the Dockerfile", broken.len());
    }
    Ok(())
}

/// What the image's build would run, in the copied context; compiled crates go to our own target folder.
fn run_build_step(file: &Dockerfile, context: &Path) -> Result<()> {
    let words = file.build_command().context("no RUN step calls `cargo xtask build`")?;
    println!("  {words}");
    let mut cargo = shell::cargo();
    cargo.current_dir(context).env("CARGO_TARGET_DIR", build::target());
    shell::run(cargo.args(words.split_whitespace().skip(1)))
}

/// Puts the final stage's files together and adds them up.
fn weigh(file: &Dockerfile, from: &Path, image: &Path) -> Result<Vec<String>> {
    let stage = file.last();
    let base = BASES.iter().find(|(name, _)| stage.base.starts_with(name)).map_or(LIMIT, |(_, bytes)| *bytes);
    let mut sum = base;
    let release = build::target().join("release/thinkheads");
    for copy in stage.copies_from_stages() {
        let bundle = image.with_extension("system");
        let product = match Path::new(&copy.source).file_name().and_then(|name| name.to_str()) {
            Some("thinkheads" | "system") if !release.exists() => {
                println!("  no release build here: the image was not weighed");
                return Ok(Vec::new());
            }
            Some("thinkheads") => release.clone(),
            Some("site") => from.join("site"),
            Some("data") => continue,
            Some("system") => {
                system::bundle(&bundle)?;
                system::try_out(&bundle, &image.with_extension("scratch"))?;
                bundle
            }
            _ => return Ok(vec![format!("COPY of {}: no step makes it", copy.source)]),
        };
        let place = image.join(copy.target.trim_start_matches('/'));
        let bytes = put(&product, &place)?;
        println!("  {:<20} {:>6.1} MB", copy.target, bytes as f64 / 1e6);
        sum += bytes;
    }
    println!("  {:<20} {:>6.1} MB", stage.base, base as f64 / 1e6);
    println!("  {:<20} {:>6.1} MB of {:.0}", "the image", sum as f64 / 1e6, LIMIT as f64 / 1e6);
    Ok(if sum > LIMIT { vec![format!("the image would have {:.1} MB", sum as f64 / 1e6)] } else { Vec::new() })
}

fn put(from: &Path, to: &Path) -> Result<u64> {
    if from.is_dir() {
        return build::copy_tree(from, to)?.iter().map(|file| Ok(fs::symlink_metadata(file)?.len())).sum();
    }
    fs::create_dir_all(to.parent().context("a target has a folder")?)?;
    Ok(fs::copy(from, to)?)
}
