//! Compose texts.

use catalog::{
    check_compose,
    compose::{Compose, Condition, HazardKind, Need, PublishedPort},
};
use types::catalog::{DiagnosticCode as Code, Severity, Stack, StackSource, Variable};

const TEXT: &str = r#"
name: shop
x-common: &common
  restart: unless-stopped
  environment: &env
    TZ: ${TZ:-UTC}
services:
  web:
    <<: *common
    image: ghcr.io/org/web:${TAG}
    container_name: web
    ports:
      - "8080:80"
      - "127.0.0.1:${PORT:-9000}:9000/udp"
      - target: 443
        published: 8443
        host_ip: 10.0.0.1
      - 3000
    environment:
      <<: *env
      PASSWORD: ${DB_PASSWORD:?set it}
      PRICE: 5$$
      FALLBACK: ${A:-${B:?either}}
    volumes:
      - ./conf:/etc/conf
      - data:/data
      - type: bind
        source: ../x
        target: /x
    depends_on:
      db:
        condition: service_healthy
      init:
        condition: service_completed_successfully
    env_file: [stack.env, ./local.env]
  db:
    image: postgres
    healthcheck:
      test: ["CMD", "pg_isready"]
  init:
    image: busybox@sha256:aaaa
    depends_on: [db]
  cache:
    image: redis:latest
    build: .
volumes:
  data: {}
configs:
  app:
    file: ./app.conf
"#;

#[test]
fn what_matters_is_read() {
    let compose = Compose::parse(TEXT).unwrap();
    assert_eq!(compose.name.as_deref(), Some("shop"));
    let names: Vec<&str> = compose.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["web", "db", "init", "cache"]);
    let web = compose.service("web").unwrap();
    assert_eq!((web.line, web.column), (8, 3));
    assert_eq!(web.restart.as_deref(), Some("unless-stopped"));
    assert_eq!(web.image.as_deref(), Some("ghcr.io/org/web:${TAG}"));
    let port = |published: Option<&str>, target: &str, host: Option<&str>, protocol: &str| PublishedPort {
        published: published.map(str::to_owned),
        target: target.to_owned(),
        host: host.map(str::to_owned),
        protocol: protocol.to_owned(),
    };
    assert_eq!(
        web.ports,
        [
            port(Some("8080"), "80", None, "tcp"),
            port(Some("${PORT:-9000}"), "9000", Some("127.0.0.1"), "udp"),
            port(Some("8443"), "443", Some("10.0.0.1"), "tcp"),
            port(None, "3000", None, "tcp"),
        ]
    );
    let dependencies: Vec<(&str, Condition)> =
        web.depends_on.iter().map(|one| (one.service.as_str(), one.condition)).collect();
    assert_eq!(dependencies, [("db", Condition::Healthy), ("init", Condition::CompletedSuccessfully)]);
    assert_eq!(web.relative_binds, ["./conf", "../x"]);
    assert!(compose.service("db").unwrap().healthcheck && !web.healthcheck);
}

#[test]
fn variables_are_found_with_what_they_need() {
    let compose = Compose::parse(TEXT).unwrap();
    let need = |name: &str| compose.interpolations.iter().find(|one| one.name == name).map(|one| one.need.clone());
    assert_eq!(need("TAG"), Some(Need::Blank));
    assert_eq!(need("TZ"), Some(Need::Default));
    assert_eq!(need("DB_PASSWORD"), Some(Need::Required("set it".into())));
    let unresolved = |env: &[Variable]| -> Vec<(String, bool)> {
        compose.unresolved(env).into_iter().map(|one| (one.at.name.clone(), one.fatal)).collect()
    };
    let all = [("TAG".to_owned(), false), ("DB_PASSWORD".to_owned(), true), ("B".to_owned(), true)];
    assert_eq!(unresolved(&[]), all);
    let set =
        [Variable::plain("A", "1"), Variable::plain("TAG", ""), Variable::secret("DB_PASSWORD", "db".parse().unwrap())];
    assert_eq!(unresolved(&set), []);
    assert_eq!(unresolved(&[Variable::plain("DB_PASSWORD", "")]).len(), 3);
}

#[test]
fn hazards_are_found_where_they_stand() {
    let compose = Compose::parse(TEXT).unwrap();
    let found: Vec<(HazardKind, &str, &str)> =
        compose.hazards.iter().map(|one| (one.kind, one.subject.as_str(), one.detail.as_str())).collect();
    assert_eq!(
        found,
        [
            (HazardKind::ContainerName, "web", "web"),
            (HazardKind::RelativeBind, "web", "./conf"),
            (HazardKind::RelativeBind, "web", "../x"),
            (HazardKind::RelativeEnvFile, "web", "./local.env"),
            (HazardKind::MovingImage, "db", "postgres"),
            (HazardKind::Build, "cache", ""),
            (HazardKind::RelativeFile, "configs/app", "./app.conf"),
        ]
    );
    let postgres = compose.hazards.iter().find(|one| one.kind == HazardKind::MovingImage).unwrap();
    assert_eq!((postgres.line, postgres.column), (37, 12));
}

#[test]
fn bad_texts_have_line_and_column() {
    for (text, line, column) in [
        ("services:\n  web:\n    image: [x\n", 4, 1),
        ("services:\n  web: {image: x:1}\n---\nservices: {}\n", 3, 1),
        ("version: '3'\n", 1, 1),
        ("", 1, 1),
        ("services:\n  web:\n    image: x:${TAG\n", 3, 12),
        ("services:\n  web: nginx\n", 2, 8),
        ("services:\n  web:\n    image: x:1\n    depends_on: [db]\n", 4, 17),
    ] {
        let error = Compose::parse(text).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
    }
}

#[test]
fn aliases_cannot_blow_up() {
    let mut text = "x-a: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        text.push_str(&format!("x-{level}: &a{level} [{}]\n", [format!("*a{}", level - 1).as_str(); 9].join(", ")));
    }
    text.push_str("services:\n  web:\n    image: x:1\n");
    assert!(Compose::parse(&text).unwrap_err().message.contains("aliases"));
    // Few values, but long ones.
    let long = "y".repeat(100_000);
    let text = format!("x-a: &a {long}\nx-b: [{}]\nservices:\n  web:\n    image: x:1\n", ["*a"; 100].join(", "));
    let error = Compose::parse(&text).unwrap_err();
    assert!(error.message.contains("bytes once aliases") && error.line == 2, "{error}");
    assert!(Compose::parse(&text.replace(&long, "y")).is_ok());
}

#[test]
fn a_stack_is_held_against_its_text_on_each_environment() {
    let mut stack = Stack::new("shop", StackSource::git("https://example.org/shop.git"));
    stack.env = vec![Variable::plain("TAG", "1")];
    stack.environments.entry("production".into()).or_default().env = vec![Variable::plain("DB_PASSWORD", "x")];
    let text =
        "services:\n  web:\n    image: x:${TAG}\n    environment:\n      P: ${DB_PASSWORD:?}\n      Q: ${OPTION}\n";
    let found = check_compose(&stack, &["production", "testing"], "shop.git/docker-compose.yml", text);
    let unresolved: Vec<_> = found.iter().filter(|one| one.code == Code::UnresolvedVariable).collect();
    assert_eq!(unresolved.len(), 2);
    assert_eq!((unresolved[0].line, unresolved[0].column), (5, 10));
    assert_eq!(unresolved[0].pointer, "/services/web/environment/P");
    assert_eq!(unresolved[0].severity, Severity::Error);
    assert!(unresolved[0].message.contains("on testing:"), "{}", unresolved[0].message);
    assert_eq!(unresolved[1].severity, Severity::Warning);
    assert!(unresolved[1].message.contains("production, testing"), "{}", unresolved[1].message);
}
