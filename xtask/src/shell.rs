//! Running other programs, and the only place in xtask that looks at the environment.
#![expect(
    clippy::disallowed_methods,
    reason = "xtask starts compilers and packages' tools; `config` is for the product"
)]

use std::{
    env,
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// One variable of the environment; empty counts as absent.
pub(crate) fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether nobody is there to answer questions.
pub(crate) fn in_ci() -> bool {
    var("CI").is_some_and(|value| value != "false" && value != "0")
}

/// The first of `names` found on `PATH`.
pub(crate) fn which(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A command in the root, without what `cargo run` put into our own environment: build scripts would see it as a change.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env_remove("LD_LIBRARY_PATH");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let of_cargo_run = matches!(&*text, "CARGO" | "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_BIN_NAME")
            || text == "CARGO_CRATE_NAME"
            || text == "CARGO_PRIMARY_PACKAGE"
            || text.starts_with("CARGO_PKG_");
        if of_cargo_run {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(var("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// How a command looks when typed.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs to the end with its output shown; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("could not start `{}`", words(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words(command));
    }
    Ok(())
}

/// Runs to the end and returns what it wrote to stdout; on failure the error carries stderr.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("could not start `{}`", words(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})\n{}", words(command), output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs, shows every line of stdout as it comes and hands it to `line`. Returns whether the program succeeded.
pub(crate) fn follow(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool> {
    listen(command, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        print!("{text}");
        line(text.trim_end());
    })
}

/// Runs and hands what it writes to stdout to `line`, unshown. Returns whether the program succeeded.
pub(crate) fn listen(command: &mut Command, mut line: impl FnMut(&[u8])) -> Result<bool> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start `{}`", words(command)))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            line(&bytes);
            bytes.clear();
        }
    }
    Ok(child.wait()?.success())
}

/// Runs with a time-out; `false` when it failed or had to be killed.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<bool> {
    let mut child =
        command.stdin(Stdio::null()).spawn().with_context(|| format!("could not start `{}`", words(command)))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            println!("  `{}` took longer than {} s", words(command), limit.as_secs());
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}
