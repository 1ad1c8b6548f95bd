//! Compressed copies beside each file, so that the server never compresses a static file.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

const TEXT: &[&str] = &["css", "html", "ico", "js", "json", "map", "mjs", "svg", "txt", "wasm", "webmanifest", "xml"];

/// Writes `file.br` and `file.gz` if the file's kind gains by it; returns the brotli size in bytes.
/// A development build trades size for time.
pub(crate) fn beside(file: &Path, release: bool) -> Result<Option<usize>> {
    let gains = file.extension().is_some_and(|extension| TEXT.iter().any(|text| extension == *text));
    if !gains {
        return Ok(None);
    }
    let bytes = fs::read(file)?;
    let mut squeezed = Vec::with_capacity(bytes.len() / 3);
    let quality = if release { 11 } else { 5 };
    brotli::CompressorWriter::new(&mut squeezed, 64 * 1024, quality, 22).write_all(&bytes)?;
    fs::write(with(file, ".br"), &squeezed)?;

    let level = if release { Compression::best() } else { Compression::fast() };
    let mut gzip = GzEncoder::new(Vec::new(), level);
    gzip.write_all(&bytes)?;
    fs::write(with(file, ".gz"), gzip.finish()?)?;
    Ok(Some(squeezed.len()))
}

fn with(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
