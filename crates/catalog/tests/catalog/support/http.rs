//! A loopback server for git over HTTP: `git http-backend` behind a small bridge, with or without a password.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command, task::JoinHandle};

/// A server over a folder of bare repositories. Stops when dropped.
pub(crate) struct GitServer {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    task: JoinHandle<()>,
}

struct Served {
    root: PathBuf,
    /// `user:password`, if one is asked for.
    password: Option<String>,
    /// Where every request is sent on to.
    redirect: Option<String>,
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl GitServer {
    pub(crate) async fn start(root: &Path, password: Option<&str>) -> Self {
        Self::serve(Served { root: root.to_owned(), password: password.map(str::to_owned), redirect: None }).await
    }

    pub(crate) async fn redirecting(to: &str) -> Self {
        Self::serve(Served { root: PathBuf::new(), password: None, redirect: Some(to.to_owned()) }).await
    }

    async fn serve(served: Served) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::new(served));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, task }
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(to) = &served.redirect {
        let location = format!("{to}{}", parts.uri);
        return Response::builder().status(302).header(header::LOCATION, location).body(Body::empty()).unwrap();
    }
    let user = match &served.password {
        Some(password) if !is_right(&parts.headers, password) => {
            return Response::builder()
                .status(StatusCode::UNAUTHORIZED)
                .header(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")
                .body(Body::empty())
                .unwrap();
        }
        Some(_) => "someone",
        None => "anyone",
    };
    let text =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &served.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", text("content-type"))
        .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
        .env("GIT_PROTOCOL", text("git-protocol"))
        .env("REMOTE_USER", user)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = tokio::spawn(async move {
        let _ = stdin.write_all(&body).await;
    });
    let output = child.wait_with_output().await.unwrap();
    feed.await.unwrap();
    respond(&output.stdout)
}

fn is_right(headers: &HeaderMap, password: &str) -> bool {
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(password));
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) == Some(wanted.as_str())
}

/// Headers, an empty line, the body (RFC 3875).
fn respond(output: &[u8]) -> Response<Body> {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value[..3].parse::<u16>().unwrap()),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap()
}
