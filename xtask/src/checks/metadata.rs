//! What cargo knows about the workspace and all it builds with.

use anyhow::{Context as _, Result};
use cargo_metadata::Metadata;

use crate::{shell, wasm};

/// Every crate that is built for Linux or the browser, with all features; others are never downloaded.
pub(super) fn metadata() -> Result<Metadata> {
    let mut cargo = shell::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--all-features"]);
    cargo.args(["--filter-platform", "x86_64-unknown-linux-gnu", "--filter-platform", wasm::TARGET]);
    let json = shell::capture(&mut cargo).context("cargo metadata (is Cargo.lock up to date?)")?;
    serde_json::from_str(&json).context("what `cargo metadata` printed")
}
