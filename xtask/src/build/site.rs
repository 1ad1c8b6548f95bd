//! The folder `site/`: what the server hands out as files.
//!
//! `pkg/<build id>/` holds the CSS, the script and the WASM of one build and may be cached for ever; the files of `public/`
//! lie at the root; `build_id` names the build in force and is written last.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{bindgen, compress, copy_tree, css, files_under, target};
use crate::{shell, steps::Steps, wasm};

/// The script of the keys and the command palette, served as it is written.
const KEYS: &str = "frontend/keys.js";

/// Brings `site/` up to date in two steps and returns the build id.
pub(crate) fn site(release: bool, steps: &mut Steps) -> Result<String> {
    let wasm = steps.step("Browser part: WebAssembly", || compile(release))?;
    steps.step("Site files", || assemble(&wasm, release))
}

fn compile(release: bool) -> Result<PathBuf> {
    let way = wasm::detect().context("no way to compile for WebAssembly; `cargo xtask setup` gets one")?;
    println!("  with {}", way.describe());
    shell::run(&mut way.cargo("build", release))?;
    Ok(target().join(wasm::TARGET).join(wasm::profile(release)).join("frontend.wasm"))
}

fn assemble(wasm: &Path, release: bool) -> Result<String> {
    let root = shell::root();
    let site = root.join("site");
    let stamp_file = target().join("xtask/site.stamp");
    let inputs = stamp(wasm, release)?;
    let current = fs::read_to_string(site.join("build_id")).unwrap_or_default();
    let unchanged = fs::read_to_string(&stamp_file).is_ok_and(|old| old == format!("{inputs}\n{current}"));
    if unchanged && site.join("pkg").join(&current).is_dir() {
        println!("  unchanged: build {current}");
        return Ok(current);
    }

    let style = root.join("style/main.css");
    if !style.is_file() {
        bail!("style/main.css is missing");
    }
    fs::create_dir_all(target().join("xtask"))?;
    let fresh = tempfile::Builder::new().prefix("pkg").tempdir_in(target().join("xtask"))?;
    bindgen::bind(wasm, fresh.path(), release)?;
    if release {
        match bindgen::wasm_opt() {
            Some(tool) => bindgen::shrink(&tool, &fresh.path().join("thinkheads_bg.wasm"))?,
            None => println!("  no wasm-opt: the WASM stays about a tenth larger than it could be"),
        }
    }
    fs::write(fresh.path().join("main.css"), css::bundle(&style)?)?;
    fs::copy(root.join(KEYS), fresh.path().join("keys.js")).context(KEYS)?;

    let id = build_id(fresh.path())?;
    let folder = site.join("pkg").join(&id);
    let mut keep: BTreeSet<PathBuf> = BTreeSet::new();
    let mut report = String::new();
    for file in copy_tree(fresh.path(), &folder)?.into_iter().chain(copy_tree(&root.join("public"), &site)?) {
        let raw = fs::metadata(&file)?.len();
        let small = compress::beside(&file, release)?;
        if file.starts_with(&folder)
            && let Some(small) = small
        {
            let name = file.strip_prefix(&folder)?.display();
            writeln!(report, "  {name}: {} kB, {:.1} kB brotli", raw / 1000, small as f64 / 1000.0)?;
        }
        for suffix in ["", ".br", ".gz"] {
            keep.insert(format!("{}{suffix}", file.display()).into());
        }
    }
    print!("{report}");
    fs::write(site.join("build_id"), &id)?;
    keep.insert(site.join("build_id"));
    sweep(&site, &keep, &[&id, &current])?;
    fs::write(&stamp_file, format!("{inputs}\n{id}"))?;
    println!("  build {id}");
    Ok(id)
}

/// Removes what this build did not write. The build before it stays: a server that still runs refers to it.
fn sweep(site: &Path, keep: &BTreeSet<PathBuf>, builds: &[&str]) -> Result<()> {
    let spared = |file: &Path| builds.iter().any(|id| !id.is_empty() && file.starts_with(site.join("pkg").join(id)));
    for file in files_under(site)? {
        if !keep.contains(&file) && !spared(&file) {
            fs::remove_file(&file)?;
            // Fails while the folder still holds something, which is right.
            let _ = file.parent().map(fs::remove_dir);
        }
    }
    Ok(())
}

/// The name of a build: a hash of names and contents.
fn build_id(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files_under(folder)? {
        hash.update(file.strip_prefix(folder)?.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(fs::read(&file)?);
        hash.update([0]);
    }
    Ok(hex(&hash.finalize()[..8]))
}

/// Changes whenever an input may have: paths, sizes and times of change, not contents, so that it costs nothing to ask.
fn stamp(wasm: &Path, release: bool) -> Result<String> {
    let root = shell::root();
    let mut files = vec![wasm.to_owned(), std::env::current_exe()?, root.join(KEYS)];
    files.extend(files_under(&root.join("style"))?);
    files.extend(files_under(&root.join("public"))?);
    if release {
        files.extend(bindgen::wasm_opt());
    }
    let mut hash = Sha256::new();
    for file in files {
        let facts = fs::metadata(&file).with_context(|| file.display().to_string())?;
        let changed = facts.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
        hash.update(format!("{} {} {changed}\n", file.display(), facts.len()));
    }
    Ok(format!("{} {}", wasm::profile(release), hex(&hash.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
