//! Site files: the build's own under `/pkg/<build>/`, and the public ones at the root. Each was compressed at the build.
//!
//! What may be served is listed once, at the start. Nothing else of the folder can be asked for.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderValue, header};
use tower_http::services::ServeDir;

use crate::state::AppState;

/// Compressed twins are found by `Accept-Encoding`, not asked for by name.
const TWINS: [&str; 3] = ["br", "gz", "zst"];
/// The file that names the build.
const BUILD_ID: &str = "build_id";
/// A build's files never change: their folder's name does.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked about each time.
const ASK: &str = "no-cache";

/// The folder of site files.
#[derive(Debug)]
pub(crate) struct Site {
    folder: PathBuf,
    /// `pkg/<build>`.
    pub(crate) pkg: Arc<str>,
    /// Paths of files as they are asked for, from the root.
    files: BTreeSet<String>,
}

/// Whether a path names its build, `/pkg/<build id>/…`: such a file never changes.
fn of_one_build(path: &str) -> bool {
    path.strip_prefix("/pkg/").is_some_and(|rest| rest.contains('/'))
}

impl Site {
    /// Lists the folder. One that is not there gives pages without style and script, and a warning.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeSet::new();
        match fs::metadata(folder) {
            Ok(_) => list(folder, "", &mut files)?,
            Err(_) => tracing::warn!(
                folder = %folder.display(),
                "no site files: pages come without style and script. `cargo xtask build` makes them; THINKHEADS_SITE_DIR says where"
            ),
        }
        // `cargo leptos` builds without an identifier, straight into `pkg`.
        let pkg =
            fs::read_to_string(folder.join(BUILD_ID)).map_or_else(|_| "pkg".into(), |id| format!("pkg/{}", id.trim()));
        Ok(Self { folder: folder.to_owned(), pkg: pkg.into(), files })
    }

    /// Whether a path names a site file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// A route for each file.
    pub(crate) fn router(&self) -> Router<AppState> {
        let folder = ServeDir::new(&self.folder)
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_zstd()
            .precompressed_gzip();
        let router = self
            .files
            .iter()
            .filter(|path| !of_one_build(path))
            .fold(Router::new(), |router, path| router.route_service(path, folder.clone()));
        let pkg = self.files.iter().filter(|path| of_one_build(path));
        let pkg = pkg.fold(Router::new(), |router, path| router.route_service(path, folder.clone()));
        router
            .layer(axum::middleware::from_fn(|request: Request, next: Next| keep(request, next, ASK)))
            .merge(pkg.layer(axum::middleware::from_fn(|request: Request, next: Next| keep(request, next, FOREVER))))
    }
}

async fn keep(mut request: Request, next: Next, how_long: &'static str) -> Response {
    prefer_smallest(request.headers_mut());
    let mut response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
    }
    // The server chooses the twin by this header; caches must too.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// Browsers like all encodings alike; brotli's twin is the smallest.
fn prefer_smallest(headers: &mut HeaderMap) {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.split(',').any(|encoding| encoding.trim() == "br") {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br"));
    }
}

fn list(folder: &Path, prefix: &str, files: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}/{name}");
        // `file_type` does not follow links: nothing outside the folder is listed.
        let kind = entry.file_type()?;
        let hidden = name.starts_with('.') || name.contains(['{', '}', '*', ':']) || path == format!("/{BUILD_ID}");
        let twin = Path::new(&name).extension().is_some_and(|end| TWINS.iter().any(|twin| end == *twin));
        if kind.is_dir() && !hidden {
            list(&entry.path(), &path, files)?;
        } else if kind.is_file() && !hidden && !twin {
            files.insert(path);
        }
    }
    Ok(())
}
