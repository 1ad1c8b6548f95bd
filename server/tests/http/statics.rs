//! Site files.

use testkit::{Reply, TestApp};

async fn ask(app: &TestApp, path: &str, encoding: &str) -> Reply {
    let person = app.anonymous();
    person.send(person.request(http::Method::GET, path).header("accept-encoding", encoding)).await
}

fn site() -> testkit::Builder {
    TestApp::builder()
        .site_file("build_id", b"abc123\n")
        .site_file("pkg/abc123/main.css", b"plain")
        .site_file("pkg/abc123/main.css.br", b"brotli")
        .site_file("pkg/abc123/main.css.zst", b"zstd")
        .site_file("pkg/abc123/main.css.gz", b"gzip")
        .site_file("pkg/abc123/thinkheads_bg.wasm", b"\0asm")
        .site_file("favicon.svg", b"<svg/>")
        .site_file(".hidden", b"secret")
}

#[tokio::test]
async fn the_compressed_twin_is_chosen_by_what_is_accepted() {
    let app = site().start().await;
    for (accepted, body, encoding) in [
        ("gzip, br, zstd", "brotli", "br"),
        ("zstd", "zstd", "zstd"),
        ("gzip", "gzip", "gzip"),
        ("identity", "plain", ""),
    ] {
        let reply = ask(&app, "/pkg/abc123/main.css", accepted).await;
        assert_eq!((reply.text.as_str(), reply.header("content-encoding")), (body, encoding), "{accepted}");
        assert_eq!(reply.header("content-type"), "text/css");
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(reply.header("vary").contains("accept-encoding"));
        assert_eq!(reply.header("set-cookie"), "");
    }
    assert_eq!(ask(&app, "/pkg/abc123/thinkheads_bg.wasm", "br").await.header("content-type"), "application/wasm");
}

#[tokio::test]
async fn public_files_are_asked_about_each_time() {
    let app = site().start().await;
    let reply = ask(&app, "/favicon.svg", "br").await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-cache"));
    let since = reply.header("last-modified").to_owned();
    let person = app.anonymous();
    let request = person.request(http::Method::GET, "/favicon.svg").header("if-modified-since", since);
    assert_eq!(person.send(request).await.status, 304);
    assert_eq!(person.at("chat").get("/favicon.svg").await.status, 200, "on every host");
}

#[tokio::test]
async fn nothing_else_is_served() {
    let app = site().start().await;
    for path in [
        "/.hidden",
        "/build_id",
        "/pkg/abc123/main.css.br",
        "/pkg/abc123/../../build_id",
        "/pkg/%2e%2e/%2e%2e/data/thinkheads.db",
        "/..%2fdata%2fthinkheads.db",
        "/pkg/abc123",
        "/pkg/",
        "/pkg/other/main.css",
    ] {
        let reply = ask(&app, path, "br").await;
        assert!(reply.status == 404 || reply.status == 308, "{path}: {} {}", reply.status, reply.text);
        assert!(!reply.text.contains("secret"), "{path}");
        assert_ne!(reply.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
    }
}

#[tokio::test]
async fn pages_name_the_builds_own_files() {
    let app = site().start().await;
    let page = app.anonymous().get("/sign-in").await.text;
    assert!(page.contains("/pkg/abc123/main.css"), "{page}");
}
