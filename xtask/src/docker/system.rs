//! What an image of certificates and time zones lacks: git, its helper for https, and the shared libraries of these and of the
//! server, the C library and its loader included.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use crate::{build, shell};

/// Puts git and shared libraries into a folder as they lie in an image. Run it after `build --release`.
#[derive(Parser)]
pub(crate) struct Args {
    /// The folder that becomes the image's root.
    folder: PathBuf,
}

/// Where helpers lie, here and in the image: it is compiled into git.
const HELPERS: &str = "usr/lib/git-core";
/// Speaks http and https; the second name is a link to the first.
const HTTP: [&str; 2] = ["git-remote-http", "git-remote-https"];
/// The kernel's own, which is in no file.
const VDSO: &str = "linux-vdso.so";

pub(crate) fn main(args: &Args) -> Result<()> {
    bundle(&args.folder)
}

/// Where the loader looks by itself.
fn library_folder() -> String {
    format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH)
}

fn server() -> PathBuf {
    build::target().join("release/thinkheads")
}

/// Copies git, and the libraries that it and the server want, into `folder`.
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
    let mut wanted = Wanted::default();
    for program in programs.iter().map(|(from, _)| from.clone()).chain([server()]) {
        let list = shell::capture(shell::command("ldd").arg(&program))?;
        wanted.read(&list).with_context(|| format!("what {} wants", program.display()))?;
    }
    for library in &wanted.libraries {
        let name = library.file_name().context("a library has a name")?;
        copy(library, &folder.join(library_folder()).join(name))?;
    }
    // Its place is written in every program.
    copy(&wanted.loader, &inside(folder, &wanted.loader)?)
}

fn inside(folder: &Path, path: &Path) -> Result<PathBuf> {
    Ok(folder.join(path.strip_prefix("/").context("not a whole path")?))
}

/// What programs want at their start.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    /// By the names they are wanted under.
    libraries: BTreeSet<PathBuf>,
    loader: PathBuf,
}

impl Wanted {
    /// Reads what `ldd` says: lines of `NAME => PATH (ADDRESS)`, `NAME => not found`, `LOADER (ADDRESS)`.
    fn read(&mut self, list: &str) -> Result<()> {
        for line in list.lines() {
            let name = line.split_whitespace().next().unwrap_or_default();
            let path = line.split("=> ").nth(1).and_then(|rest| rest.split_whitespace().next());
            match path {
                None if name.contains(VDSO) => {}
                None if name.starts_with('/') => self.loader = PathBuf::from(name),
                // The loader again, as a library that wants it names it.
                Some(path) if path.starts_with('/') && name.starts_with('/') => {}
                Some(path) if path.starts_with('/') => {
                    self.libraries.insert(PathBuf::from(path));
                }
                _ => bail!("{name} is not here"),
            }
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a target has a folder")?)?;
    fs::copy(from, to).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Asks the folder's own loader for everything the programs want, runs the folder's git on a repository of its own, and asks
/// git's helper whether it starts.
pub(super) fn try_out(folder: &Path, scratch: &Path) -> Result<()> {
    for program in [folder.join("usr/bin/git"), folder.join(HELPERS).join(HTTP[0]), server()] {
        finds_all(folder, &program)?;
    }
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

/// Refuses when the folder's loader takes anything for `program` from elsewhere: the image has no elsewhere.
fn finds_all(folder: &Path, program: &Path) -> Result<()> {
    let mut first = Wanted::default();
    first.read(&shell::capture(shell::command("ldd").arg(program))?)?;
    let mut loader = shell::command(inside(folder, &first.loader)?);
    loader.arg("--inhibit-cache").arg("--library-path").arg(folder.join(library_folder())).arg("--list").arg(program);
    let mut found = Wanted::default();
    found.read(&shell::capture(&mut loader)?)?;
    match found.libraries.iter().find(|library| !library.starts_with(folder)) {
        Some(library) => bail!("the image has no {}, which {} wants", library.display(), program.display()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Wanted;

    #[test]
    fn what_is_wanted_is_read_and_what_is_missing_is_said() {
        let list = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibz.so.1 => /lib/x/libz.so.1 (0x0000)\n\
                    \tlibc.so.6 => /lib/x/libc.so.6 (0x0000)\n\t/lib64/ld-linux-x86-64.so.2 (0x0000)\n";
        let mut wanted = Wanted::default();
        wanted.read(list).unwrap();
        let libraries = ["/lib/x/libc.so.6", "/lib/x/libz.so.1"].map(PathBuf::from).into();
        assert_eq!(wanted, Wanted { libraries, loader: "/lib64/ld-linux-x86-64.so.2".into() });
        let error = wanted.read("\tlibx.so.1 => not found\n").unwrap_err();
        assert!(error.to_string().contains("libx.so.1"), "{error}");
    }
}
