//! From cargo's `.wasm` to the pair of files a browser loads.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::shell;

/// The npm package that carries `wasm-opt`, pinned: it decides the bytes every visitor downloads.
pub(crate) const BINARYEN: &str = "binaryen@132.0.0";

/// Writes `thinkheads.js`, `thinkheads_bg.wasm` and any snippets into `folder`.
pub(crate) fn bind(wasm: &Path, folder: &Path, release: bool) -> Result<()> {
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .out_name("thinkheads")
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(folder)
        .with_context(|| format!("wasm-bindgen on {}", wasm.display()))
}

/// The `wasm-opt` to use, if there is one.
pub(crate) fn wasm_opt() -> Option<PathBuf> {
    let folders = [super::target().join("tools"), shell::root().join("end2end")];
    folders.iter().map(|folder| folder.join("node_modules/.bin/wasm-opt")).find(|file| file.exists())
}

/// Shrinks `wasm` in place.
pub(crate) fn shrink(tool: &Path, wasm: &Path) -> Result<()> {
    let features =
        ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];
    let mut command = shell::command(tool);
    // Without inlining the file is 2 % longer and, compressed, 4 % shorter: repeated code compresses away.
    command.args(["-Oz", "-ocimfs", "0", "-fimfs", "0", "-aimfs", "0"]);
    command.args(features.map(|feature| format!("--enable-{feature}")));
    shell::run(command.arg(wasm).arg("-o").arg(wasm))
}
