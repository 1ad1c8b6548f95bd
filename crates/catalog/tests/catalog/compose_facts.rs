//! What compose files say of a deployment.

use catalog::compose::{Compose, Facts, HazardKind, HostPort, MOST_PORTS, ServiceFacts, facts, merge};
use types::catalog::Variable;

fn read(text: &str, env: &[Variable]) -> Facts {
    facts(&[("compose.yml", text)], env).unwrap()
}

/// The only service of a text with these members.
fn service(members: &str, env: &[Variable]) -> ServiceFacts {
    let facts = read(&format!("services:\n  a: {{{members}}}\n"), env);
    facts.services.into_iter().next().unwrap()
}

fn secret(name: &str) -> Variable {
    Variable::secret(name, "s".parse().unwrap())
}

#[test]
fn all_that_the_engine_asks_for() {
    let base = "
services:
  web:
    image: ghcr.io/org/web:${TAG}@sha256:aa
    ports: ['${HTTP:-80}:8080', '[::1]:53:53/udp', 9000]
    volumes: [./conf:/etc/conf, data:/data]
    depends_on: {migrate: {condition: service_completed_successfully}}
    healthcheck: {test: [CMD, 'true']}
    deploy: {replicas: 2}
  migrate: {image: 'ghcr.io/org/web:${TAG}'}
  debug: {image: busybox, profiles: [debug], ports: ['1:1']}
";
    let over = "services:\n  web:\n    ports: [{target: 443, published: '8443', protocol: UDP}]\n";
    let files = [("compose.yml", base), ("more.yml", over)];
    let facts = facts(&files, &[Variable::plain("TAG", "7"), secret("HTTP")]).unwrap();
    let port = |host, protocol: &str| HostPort { host, protocol: protocol.to_owned() };
    let web = ServiceFacts {
        name: "web".to_owned(),
        image: "ghcr.io/org/web:7@sha256:aa".to_owned(),
        digest: Some("sha256:aa".to_owned()),
        bind_mounts_relative: vec!["./conf".to_owned()],
        ends: false,
        has_healthcheck: true,
        ports: vec![port(53, "udp"), port(8443, "udp")],
        replicas: Some(2),
    };
    let migrate = ServiceFacts {
        name: "migrate".to_owned(),
        image: "ghcr.io/org/web:7".to_owned(),
        ends: true,
        ..ServiceFacts::default()
    };
    assert_eq!(facts.services, [web, migrate]);
    assert!(facts.complete);
    assert_eq!(facts.text, merge(&files).unwrap());
    assert!(facts.text.contains("${TAG}"));
}

#[test]
fn an_image_is_known_as_far_as_its_variables_are() {
    let env = [Variable::plain("NAME", "x"), Variable::plain("TAG", "1"), Variable::plain("TAG", "2"), secret("TOKEN")];
    for (image, known) in [
        ("${NAME}:$TAG", "x:2"),
        ("${NAME}:${NONE:-3}", "x:3"),
        ("${NAME}:${NONE}", ""),
        ("${TOKEN}", ""),
        ("${TOKEN:-y}", ""),
        ("x:${TOKEN:+1}", "x:1"),
        ("${NONE:?set it}", ""),
        ("${NONE:-${NAME}}:${NONE-${TAG:-9}}", "x:2"),
        ("x:${COMPOSE_PROJECT_NAME:-y}", ""),
    ] {
        assert_eq!(service(&format!("image: '{image}'"), &env).image, known, "{image}");
    }
    assert_eq!(service("build: .", &env).image, "");
    assert_eq!(service("image: 'x@sha512:aa'", &[]).digest, None);
}

#[test]
fn what_ends_is_told_from_what_says_nothing() {
    let env = [Variable::plain("NO", "no"), secret("HIDDEN")];
    for (members, ends) in [
        ("image: x", false),
        ("restart: no", true),
        ("restart: 'no'", true),
        ("restart: always", false),
        ("restart: on-failure", false),
        ("restart: '${NO}'", true),
        ("restart: '${HIDDEN}'", false),
        ("restart: '${HIDDEN:+no}'", true),
        ("deploy: {restart_policy: {condition: none}}", true),
        ("restart: 'no', deploy: {restart_policy: {condition: any}}", false),
    ] {
        assert_eq!(service(members, &env).ends, ends, "{members}");
    }
}

#[test]
fn a_health_check_can_be_switched_off_in_each_way() {
    for (check, has) in [
        ("{test: [CMD, x]}", true),
        ("{test: x}", true),
        ("{interval: 5s}", true),
        ("{disable: true}", false),
        ("{disable: false, test: x}", true),
        ("{disable: '${OFF}', test: x}", false),
        ("{test: [NONE]}", false),
        ("{test: NONE}", false),
        ("null", false),
    ] {
        let env = [Variable::plain("OFF", "true")];
        assert_eq!(service(&format!("healthcheck: {check}"), &env).has_healthcheck, has, "{check}");
    }
}

#[test]
fn ports_are_numbers_where_they_are_known() {
    let env = [Variable::plain("PORT", "127.0.0.1:8080"), secret("HIDDEN")];
    for (ports, known) in [
        ("['80:80', '80:80/udp', '127.0.0.1:80:81']", vec![80, 80]),
        ("['${PORT}:80']", vec![8080]),
        ("['${HIDDEN}:80', '${NONE}:80', '81:80']", vec![81]),
        ("['8000-8002:80-82']", vec![8000, 8001, 8002]),
        // Docker chooses one of them.
        ("['8000-8002:80', '8080', 80, '0:80', '70000:80', '9-8:9-8', 'x:80', '127.0.0.1::80']", vec![]),
        ("[{target: 80, published: 8000}, {target: 80, published: '${NONE:-9000}'}, {target: 81}]", vec![8000, 9000]),
    ] {
        let found: Vec<u16> =
            service(&format!("ports: {ports}"), &env).ports.into_iter().map(|port| port.host).collect();
        assert_eq!(found, known, "{ports}");
    }
    let many = read("services:\n  a: {ports: ['1-65535:1-65535', '80:80']}\n", &[]);
    assert!(!many.complete);
    assert_eq!(many.services[0].ports.len(), MOST_PORTS);
    assert!(read("services:\n  a: {ports: ['1-1000:1-1000', '80:80']}\n", &[]).complete);
}

#[test]
fn relative_mounts_are_told_as_written() {
    let env = [Variable::plain("DIR", "./data"), Variable::plain("ABSOLUTE", "/srv"), secret("HIDDEN")];
    let volumes = "['${DIR}/x:/x', '${ABSOLUTE}/x:/y', '${HIDDEN}:/z', '~/a:/a', named:/b, {type: bind, source: conf, target: /c}, \
                   {type: volume, source: named, target: /d}, {type: bind, source: /etc, target: /e}]";
    assert_eq!(service(&format!("volumes: {volumes}"), &env).bind_mounts_relative, ["${DIR}/x", "~/a", "conf"]);
}

#[test]
fn replicas_are_read_in_both_forms() {
    assert_eq!(service("scale: 3", &[]).replicas, Some(3));
    assert_eq!(service("deploy: {replicas: '${N:-2}'}, scale: 3", &[]).replicas, Some(2));
    assert_eq!(service("image: x", &[]).replicas, None);
}

#[test]
fn what_stands_elsewhere_makes_it_incomplete() {
    for (text, subject, detail) in [
        ("services:\n  a:\n    extends: {file: b.yml, service: c}\n", "a", "b.yml"),
        ("services:\n  a:\n    extends: b\n  b: {image: 'x:1'}\n", "a", "b"),
        ("include: [b.yml]\nservices:\n  a: {image: 'x:1'}\n", "include", "b.yml"),
        ("include:\n  - path: [b.yml, c.yml]\nservices:\n  a: {image: 'x:1'}\n", "include", "b.yml"),
    ] {
        assert!(!read(text, &[]).complete, "{text}");
        let compose = Compose::parse(text).unwrap();
        let hazard = compose.hazards.iter().find(|one| one.kind == HazardKind::Elsewhere).unwrap();
        assert_eq!((hazard.subject.as_str(), hazard.detail.as_str()), (subject, detail));
        assert!(hazard.message().contains("incomplete"));
    }
    assert!(read("include: []\nservices:\n  a: {image: 'x:1'}\n", &[]).complete);
    let profiles =
        "services:\n  a: {image: 'x:1'}\n  b: {image: 'x:1', profiles: [p]}\n  c: {image: 'x:1', profiles: []}\n";
    let facts = read(profiles, &[Variable::plain("COMPOSE_PROFILES", "p")]);
    assert_eq!(facts.services.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert!(!facts.complete);
}

#[test]
fn marks_hold_in_a_single_text_too() {
    let text = "services:\n  a: {image: 'x:1', ports: !reset ['80:80'], volumes: !override ['./a:/a']}\n";
    let facts = read(text, &[]);
    assert_eq!(facts.services[0].ports, []);
    assert_eq!(facts.services[0].bind_mounts_relative, ["./a"]);
    assert_eq!(facts.text, text);
}

#[test]
fn an_error_names_the_file_it_is_in() {
    let base = ("a.yml", "services:\n  a: {image: 'x:1'}\n");
    for (over, line, column) in [
        ("services:\n  b:\n    depends_on: [c]\n", 3, 17),
        ("services:\n  b:\n    image: x:${TAG\n", 3, 12),
        ("services:\n  b: nginx\n", 2, 6),
    ] {
        let error = facts(&[base, ("b.yml", over)], &[]).unwrap_err();
        assert_eq!((error.path.as_str(), error.error.line, error.error.column), ("b.yml", line, column), "{error}");
    }
    assert!(facts(&[("a.yml", "volumes: {}\n")], &[]).is_err());
}
