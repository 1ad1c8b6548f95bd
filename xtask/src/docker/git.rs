//! Git for an image without a package manager: the program, its helper for https, and the libraries that the base does not have.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use super::LIBRARIES;
use crate::shell;

/// Puts git into a folder as it lies in an image.
#[derive(Parser)]
pub(crate) struct Args {
    /// The folder that becomes the image's root.
    folder: PathBuf,
}

/// Where helpers lie, here and in the image: it is compiled into git.
const HELPERS: &str = "usr/lib/git-core";
/// Speaks http and https; the second name is a link to the first.
const HTTP: [&str; 2] = ["git-remote-http", "git-remote-https"];

pub(crate) fn main(args: &Args) -> Result<()> {
    bundle(&args.folder)?;
    Ok(())
}

/// Where the loader looks by itself.
fn library_folder() -> String {
    format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH)
}

/// Copies git into `folder`.
pub(super) fn bundle(folder: &Path) -> Result<()> {
    let git = shell::which(&["git"]).context("no git here")?;
    let helpers = PathBuf::from(shell::capture(shell::command(&git).arg("--exec-path"))?.trim());
    let programs = [(git, folder.join("usr/bin/git")), (helpers.join(HTTP[0]), folder.join(HELPERS).join(HTTP[0]))];
    for (from, to) in &programs {
        copy(from, to)?;
    }
    let link = folder.join(HELPERS).join(HTTP[1]);
    if link.symlink_metadata().is_err() {
        symlink(HTTP[0], link)?;
    }
    for library in libraries(programs.iter().map(|(from, _)| from.as_path()))? {
        let name = library.file_name().context("a library has a name")?;
        copy(&library, &folder.join(library_folder()).join(name))?;
    }
    Ok(())
}

/// The libraries that programs want and the base lacks, by the names they are wanted under.
fn libraries<'a>(programs: impl Iterator<Item = &'a Path>) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for program in programs {
        for line in shell::capture(shell::command("ldd").arg(program))?.lines() {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap_or_default();
            if LIBRARIES.iter().any(|known| name.contains(known)) {
                continue;
            }
            let path = line.split("=> ").nth(1).and_then(|rest| rest.split_whitespace().next());
            match path {
                Some(path) if path != "not" => found.insert(PathBuf::from(path)),
                _ => bail!("{} wants {name}, which is not here", program.display()),
            };
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a target has a folder")?)?;
    fs::copy(from, to).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Runs the git of the folder on a repository of its own, and asks its helper whether it starts.
pub(super) fn try_out(folder: &Path, scratch: &Path) -> Result<()> {
    let git = || {
        let mut command = shell::command(folder.join("usr/bin/git"));
        command.env_clear().env("LD_LIBRARY_PATH", folder.join(library_folder())).env("HOME", scratch);
        command.arg(format!("--exec-path={}", folder.join(HELPERS).display()));
        command
    };
    let repository = scratch.join("repository");
    shell::capture(git().args(["init", "--quiet"]).arg(&repository))?;
    let tree = shell::capture(git().arg("-C").arg(&repository).args(["write-tree"]))?;
    let who = ["-c", "user.name=T", "-c", "user.email=t@localhost"];
    let commit =
        shell::capture(git().arg("-C").arg(&repository).args(who).args(["commit-tree", "-m", "first", tree.trim()]))?;
    shell::capture(git().arg("-C").arg(&repository).args(["update-ref", "HEAD", commit.trim()]))?;
    let listed = shell::capture(git().arg("ls-remote").arg(&repository))?;
    if !listed.contains(commit.trim()) {
        bail!("the image's git does not list a repository");
    }
    // Nobody listens there: that it says so shows that the helper and all of its libraries were found.
    let refused = git().args(["ls-remote", "https://127.0.0.1:1/x.git"]).output()?;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    if !words.contains("127.0.0.1") || words.contains("remote-https") {
        bail!("the image's git can't speak https: {words}");
    }
    Ok(())
}
