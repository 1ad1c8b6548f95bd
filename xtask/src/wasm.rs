//! Where the WASM compiler comes from: the running toolchain if it has the target, else Debian's second toolchain.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::shell;

/// The one target the browser part is built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A way to compile for [`TARGET`] that exists on this machine.
pub(crate) enum Way {
    /// The toolchain that runs us has the target's standard library.
    Here,
    /// Debian's packages `rustc-web`, `cargo-web` and `rust-web-src` in `/usr/bin`, with a borrowed linker.
    Debian {
        /// The linker: rustup's `rust-lld` or Debian's `wasm-ld`.
        linker: PathBuf,
        /// Whether the standard library has to be built first (once per profile, about half a minute).
        build_std: bool,
    },
}

/// Looks for a way without changing anything. `XTASK_WASM=debian` passes over the first, to try the second.
pub(crate) fn detect() -> Option<Way> {
    if has_std(&target_libs(&rustc())) && shell::var("XTASK_WASM").is_none() {
        return Some(Way::Here);
    }
    let debian = Path::new("/usr/bin/rustc");
    if !Path::new("/usr/bin/cargo").is_file() || !debian.is_file() || !new_enough(debian) {
        return None;
    }
    let linker = linker()?;
    if has_std(&target_libs(debian)) {
        return Some(Way::Debian { linker, build_std: false });
    }
    let sysroot = shell::capture(shell::command(debian).args(["--print", "sysroot"])).ok()?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    source.is_file().then_some(Way::Debian { linker, build_std: true })
}

impl Way {
    /// For people.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Here => "the toolchain's own target",
            Self::Debian { build_std: false, .. } => "Debian's rustc-web",
            Self::Debian { build_std: true, .. } => "Debian's rustc-web, standard library built from source",
        }
    }

    /// `cargo <subcommand>` for the browser part; `release` picks the small profile.
    pub(crate) fn cargo(&self, subcommand: &str, release: bool) -> Command {
        let mut command = self.base(subcommand, release);
        command.args([subcommand, "--package", "frontend", "--target", TARGET]);
        command.args(["--profile", profile(release)]);
        if let Self::Debian { build_std: true, .. } = self {
            command.arg("-Zbuild-std=std,panic_abort");
            if release {
                command.arg("-Zbuild-std-features=optimize_for_size");
            }
        }
        command
    }

    fn base(&self, subcommand: &str, release: bool) -> Command {
        let mut command = match self {
            Self::Here => shell::cargo(),
            // cargo would look for `cargo-clippy` in its home first and find the other toolchain's.
            Self::Debian { .. } if subcommand == "clippy" => shell::command("/usr/bin/cargo-clippy"),
            Self::Debian { .. } => shell::command("/usr/bin/cargo"),
        };
        if let Self::Debian { linker, .. } = self {
            command
                .env_remove("RUSTUP_TOOLCHAIN")
                .env("CARGO", "/usr/bin/cargo")
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTDOC", "/usr/bin/rustdoc")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        if release {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", remap());
        }
        command
    }
}

/// The profile's name, which is also the folder's under `target/wasm32-unknown-unknown`.
pub(crate) fn profile(release: bool) -> &'static str {
    if release { "wasm" } else { "wasm-dev" }
}

/// What visitors download must not tell where it was built.
fn remap() -> String {
    let home = shell::var("CARGO_HOME").or_else(|| shell::var("HOME").map(|home| format!("{home}/.cargo")));
    let root = shell::root().display();
    match home {
        Some(home) => format!("--remap-path-prefix={home}=cargo --remap-path-prefix={root}=."),
        None => format!("--remap-path-prefix={root}=."),
    }
}

fn rustc() -> PathBuf {
    PathBuf::from(shell::var("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn target_libs(rustc: &Path) -> PathBuf {
    shell::capture(shell::command(rustc).args(["--print", "target-libdir", "--target", TARGET]))
        .map(|path| PathBuf::from(path.trim()))
        .unwrap_or_default()
}

fn has_std(libs: &Path) -> bool {
    let Ok(entries) = libs.read_dir() else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Debian's ordinary `rustc` is years behind; only one that meets `rust-version` counts.
fn new_enough(rustc: &Path) -> bool {
    let version = |text: &str| -> Option<(u32, u32)> {
        let mut numbers = text.split('.').map(|part| part.trim().parse().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    let Ok(output) = shell::capture(shell::command(rustc).arg("--version")) else { return false };
    let found = output.split_whitespace().nth(1).and_then(version);
    let wanted = required_rust().ok().as_deref().and_then(version);
    found.is_some() && found >= wanted
}

fn required_rust() -> Result<String> {
    let text = std::fs::read_to_string(shell::root().join("Cargo.toml"))?;
    let manifest: toml::Table = toml::from_str(&text)?;
    let version = manifest["workspace"]["package"]["rust-version"].as_str();
    Ok(version.context("workspace.package.rust-version is missing")?.to_owned())
}

fn linker() -> Option<PathBuf> {
    let sysroot = shell::capture(shell::command(rustc()).args(["--print", "sysroot"])).unwrap_or_default();
    let bundled = Path::new(sysroot.trim()).join("lib/rustlib");
    let from_rustup = bundled.read_dir().ok().and_then(|entries| {
        entries.flatten().map(|entry| entry.path().join("bin/rust-lld")).find(|file| file.is_file())
    });
    from_rustup.or_else(|| shell::which(&["wasm-ld", "wasm-ld-22", "wasm-ld-19", "wasm-ld-16", "wasm-ld-15"]))
}
