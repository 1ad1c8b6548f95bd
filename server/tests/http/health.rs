//! Health, readiness and metrics.

use std::{io::Write as _, process::Stdio};

use http::Method;
use serde_json::Value;
use testkit::{Reply, TestApp};

#[tokio::test]
async fn ready_means_that_the_database_answers() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let reply = nobody.get("/readyz").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let checks = reply.json::<Value>()["checks"].as_array().unwrap().clone();
    let names: Vec<&str> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["database", "migrations", "blobs", "inference"]);
    app.store().close().await;
    let reply = nobody.get("/readyz").await;
    assert_eq!(reply.status, 503);
    let body: Value = reply.json();
    assert_eq!(body["ready"], false);
    assert_eq!(body["checks"][0]["ok"], false);
    assert!(!reply.text.contains("sqlite"), "particulars stay in the log: {}", reply.text);
    assert_eq!(nobody.get("/healthz").await.status, 200, "the process lives");
}

#[tokio::test]
async fn pages_without_a_database_say_so() {
    let app = TestApp::start().await;
    let member = app.member().await;
    app.store().close().await;
    let reply = member.get("/chat").await;
    assert!(reply.status == 503 || reply.status == 500, "{}", reply.status);
    assert!(reply.text.contains(reply.header("x-trace-id")), "{}", reply.text);
}

#[tokio::test]
async fn an_upstream_that_is_down_is_told_and_does_not_matter() {
    let app = TestApp::builder().without_phoenix().start().await;
    let reply = app.anonymous().get("/readyz").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json::<Value>()["checks"][3]["ok"], false);
}

async fn metrics(app: &TestApp, headers: &[(&str, &str)]) -> Reply {
    let person = app.anonymous();
    let mut request = person.request(Method::GET, "/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    person.send(request).await
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_token_holders() {
    let app = TestApp::builder().set("THINKHEADS_METRICS_TOKEN", "let-me-see").start().await;
    assert_eq!(metrics(&app, &[]).await.status, 200);
    let tunnel = ("cf-connecting-ip", "198.51.100.7");
    assert_eq!(metrics(&app, &[tunnel]).await.status, 403, "a tunnel's inner end is on loopback too");
    assert_eq!(metrics(&app, &[tunnel, ("authorization", "Bearer wrong")]).await.status, 403);
    assert_eq!(metrics(&app, &[tunnel, ("authorization", "Bearer let-me-see")]).await.status, 200);
    let without = TestApp::start().await;
    assert_eq!(metrics(&without, &[tunnel, ("authorization", "Bearer ")]).await.status, 403);
    assert_eq!(metrics(&without, &[]).await.status, 200);
    assert_eq!(metrics(&without, &[("host", "heads.example")]).await.status, 403, "asked by a name from outside");
}

/// A proxy on this machine need not say that it forwards, nor pass on the name it was asked by.
#[tokio::test]
async fn metrics_need_the_token_as_soon_as_anything_may_stand_in_front() {
    let token = ("authorization", "Bearer let-me-see");
    for (name, value) in [
        ("THINKHEADS_PUBLIC_URL", "https://heads.example"),
        ("THINKHEADS_TRUSTED_PROXIES", "127.0.0.1"),
        ("THINKHEADS_TRUSTED_PROXIES", "10.0.0.0/8"),
    ] {
        let app = TestApp::builder().set("THINKHEADS_METRICS_TOKEN", "let-me-see").set(name, value).start().await;
        for host in ["localhost", "127.0.0.1", "heads.example"] {
            assert_eq!(metrics(&app, &[("host", host)]).await.status, 403, "{name}={value}, host {host}");
            assert_eq!(metrics(&app, &[("host", host), token]).await.status, 200, "{name}={value}, host {host}");
        }
    }
}

#[tokio::test]
async fn metrics_tell_what_happens_and_satisfy_promtool() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let answer = member.say("hello", "test-model").await;
    assert!(member.events(answer.id, 0).await.end().await.is_some());
    assert!(member.new_browser(&app).sign_in().await.status.is_redirection());
    let text = testkit::wait::until("the answer in the metrics", async || {
        let text = metrics(&app, &[]).await.text;
        text.contains("thinkheads_generations_total{").then_some(text)
    })
    .await;
    for needed in [
        "thinkheads_http_requests_total{method=\"POST\",route=\"/api/send\",status=\"200\"}",
        "thinkheads_http_request_duration_seconds_bucket{route=\"/api/send\",le=\"",
        "thinkheads_stream_watchers ",
        "thinkheads_sign_ins_total{outcome=\"ok\"}",
        "thinkheads_http_connections ",
        "thinkheads_build_info{version=\"",
        "route=\"/join/{token}\"",
    ] {
        assert!(text.contains(needed), "{needed} in\n{text}");
    }
    let token = app.setup_link().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(!text.contains(&token), "no secret of a path");
    check_with_promtool(&text);
}

/// Prometheus' own check of names, help texts and units.
fn check_with_promtool(text: &str) {
    let started = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = started.expect("promtool, from the package prometheus");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
}
