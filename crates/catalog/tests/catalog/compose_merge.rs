//! Several compose files made into one.

use catalog::compose::{Compose, merge};
use proptest::{collection, prelude::*};
use serde_json::{Map, Value};

fn merged(texts: &[&str]) -> String {
    let files: Vec<(&str, &str)> = texts.iter().map(|text| ("compose.yml", *text)).collect();
    merge(&files).unwrap()
}

/// Both as members of the service `a`.
fn in_service(base: &str, over: &str) -> String {
    let file = |part: &str| {
        let lines: Vec<String> = part.lines().map(|line| format!("    {line}\n")).collect();
        format!("services:\n  a:\n{}", lines.concat())
    };
    let out = merged(&[&file(base), &file(over)]);
    let lines = out.strip_prefix("services:\n  a:").unwrap().lines();
    lines.map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n").collect::<String>().trim().to_owned()
}

#[test]
fn each_attribute_is_merged_by_its_rule() {
    for (name, base, over, outcome) in [
        ("mappings", "k: 1\nl: {x: 1, y: 2}", "l: {y: 3, z: 4}\nm: 5", "k: 1\nl:\n  x: 1\n  y: 3\n  z: 4\nm: 5"),
        ("sequences", "security_opt: [a, b]", "security_opt: [b, c]", "security_opt:\n  - a\n  - b\n  - c"),
        ("shell commands", "command: [echo, foo]", "command: [echo, bar]", "command:\n  - echo\n  - bar"),
        ("shell commands of two forms", "entrypoint: a b", "entrypoint: [c]", "entrypoint:\n  - c"),
        (
            "a health check's test",
            "healthcheck: {test: [CMD, a], retries: 3}",
            "healthcheck: {test: b}",
            "healthcheck:\n  test: b\n  retries: 3",
        ),
        ("volumes", "volumes: ['foo:/work', x:/x]", "volumes: [bar:/work:ro]", "volumes:\n  - bar:/work:ro\n  - x:/x"),
        (
            "volumes of two forms",
            "volumes: ['C:/x:/work']",
            "volumes: [{type: bind, source: ., target: /work}]",
            "volumes:\n  - type: bind\n    source: .\n    target: /work",
        ),
        (
            "ports",
            "ports: ['80:80', '0.0.0.0:81:81/tcp', '${P:-82}:82', 53]",
            "ports: [{target: 81, published: 81}, '80:80/udp', '127.0.0.1:80:80', '80:80', '${P:-82}:82']",
            "ports:\n  - \"80:80\"\n  - target: 81\n    published: 81\n  - \"${P:-82}:82\"\n  - 53\n  - \"80:80/udp\"\n  - \
             \"127.0.0.1:80:80\"",
        ),
        (
            "secrets",
            "secrets: [a, {source: x, target: b}]",
            "secrets: [{source: y, target: /run/secrets/a}, b]",
            "secrets:\n  - source: y\n    target: /run/secrets/a\n  - b",
        ),
        ("configs", "configs: [a]", "configs: [{source: b, target: /a}]", "configs:\n  - source: b\n    target: /a"),
        ("devices", "devices: [/a:/dev/x]", "devices: [/b:/dev/x:rw]", "devices:\n  - /b:/dev/x:rw"),
        ("environment", "environment: {A: 1, B:}", "environment: {A: 0440}", "environment:\n  A: 0440\n  B: null"),
        (
            "environment as lists",
            "environment: [A=1, B]",
            "environment: [B=2, A=1, A=2]",
            "environment:\n  - A=2\n  - B=2",
        ),
        (
            "environment of two forms",
            "environment: [A=1, B, C=x=y]",
            "environment: {A: 2, D: '${D}'}",
            "environment:\n  A: 2\n  B: null\n  C: x=y\n  D: \"${D}\"",
        ),
        (
            "a variable in a key stays in a text",
            "environment: {A: 1, B: null}",
            "environment: [$K=1, A=2]",
            "environment:\n  - A=2\n  - B\n  - $K=1",
        ),
        ("labels", "labels: [a=1]", "labels: {a: 2}", "labels:\n  a: 2"),
        ("build arguments", "build: {args: {A: 1}}", "build: {args: [A=2]}", "build:\n  args:\n    A: \"2\""),
        ("build of two forms", "build: .", "build: {target: x}", "build:\n  context: .\n  target: x"),
        (
            "hosts keep all their addresses",
            "extra_hosts: ['a:1.1.1.1', 'b=::1']",
            "extra_hosts: {a: [1.1.1.1, 2.2.2.2], b: ::1}",
            "extra_hosts:\n  - a=1.1.1.1\n  - b=::1\n  - a=2.2.2.2",
        ),
        (
            "dependencies of two forms",
            "depends_on: [b, c]",
            "depends_on: {c: {condition: service_healthy}}",
            "depends_on:\n  b:\n    condition: service_started\n    required: true\n  c:\n    condition: \
             service_healthy\n    required: true",
        ),
        (
            "networks",
            "networks: [x, z]",
            "networks: {x: {aliases: [z]}}",
            "networks:\n  x:\n    aliases:\n      - z\n  z: null",
        ),
        (
            "one or several",
            "dns: 1.1.1.1\ntmpfs: [/a]",
            "dns: [8.8.8.8]\ntmpfs: /b",
            "dns:\n  - 1.1.1.1\n  - 8.8.8.8\ntmpfs:\n  - /a\n  - /b",
        ),
        (
            "env files",
            "env_file: a.env",
            "env_file: [{path: a.env, required: false}]",
            "env_file:\n  - path: a.env\n    required: false",
        ),
        (
            "logging, same driver",
            "logging: {options: {a: 1}}",
            "logging: {driver: x, options: {b: 2}}",
            "logging:\n  options:\n    a: 1\n    b: 2\n  driver: x",
        ),
        (
            "logging, another driver",
            "logging: {driver: y, options: {a: 1}}",
            "logging: {driver: x}",
            "logging:\n  driver: x",
        ),
        (
            "limits",
            "ulimits: {nofile: {soft: 1}, nproc: 2}",
            "ulimits: {nofile: 3, nproc: {hard: 4}}",
            "ulimits:\n  nofile: 3\n  nproc:\n    hard: 4",
        ),
        ("nothing over something", "ports: [80]\nimage: a", "ports:\nimage: b", "ports:\n  - 80\nimage: b"),
        ("something over nothing", "ports:", "ports: [80]", "ports:\n  - 80"),
        (
            "reset",
            "ports: [80]\nenvironment: {FOO: BAR, X: 1}",
            "ports: !reset []\nenvironment: {FOO: !reset null}",
            "environment:\n  X: 1",
        ),
        (
            "reset in the other form",
            "environment: [FOO=BAR, X=1]",
            "environment: {FOO: !reset null}",
            "environment:\n  X: \"1\"",
        ),
        (
            "reset of a host",
            "extra_hosts: ['a:1.1.1.1', b=::1]",
            "extra_hosts: {a: !reset null}",
            "extra_hosts:\n  - b=::1",
        ),
        (
            "reset of what is not there",
            "image: a",
            "ports: !reset []\nvolumes: [a:/a, !reset b:/b]",
            "image: a\nvolumes:\n  - a:/a",
        ),
        (
            "override",
            "ports: ['8080:80']\nlogging: {a: 1}",
            "ports: !override ['8443:443']\nlogging: !override {b: 2}",
            "ports:\n  - \"8443:443\"\nlogging:\n  b: 2",
        ),
    ] {
        assert_eq!(in_service(base, over), outcome, "{name}");
    }
}

#[test]
fn outside_of_services_as_well() {
    let base = "name: one\nservices: {a: {image: x:1}}\nnetworks:\n  n:\n    labels: [a=1]\n    ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}, {subnet: 10.1.0.0/24}]}\n";
    let over = "name: two\nservices: {b: {image: y:1}}\nnetworks:\n  n:\n    labels: {b: 2}\n    ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.0.0.0/28}]}\nx-note: [1]\nvolumes: {v:}\n";
    let outcome = "name: two\nservices:\n  a:\n    image: x:1\n  b:\n    image: y:1\nnetworks:\n  n:\n    labels:\n      a: \"1\"\n      b: 2\n    ipam:\n      config:\n        - subnet: 10.0.0.0/24\n          gateway: 10.0.0.1\n          ip_range: 10.0.0.0/28\nx-note:\n  - 1\nvolumes:\n  v: null\n";
    assert_eq!(merged(&[base, over]), outcome);
}

#[test]
fn one_text_stays_and_several_keep_variables_and_lose_anchors() {
    let odd = "# Mine.\r\nservices: {web: {image: &i 'x:1'}, db: {image: *i}}   \r\n\r\n";
    assert_eq!(merged(&[odd]), odd);
    let base = "x-common: &common\n  restart: \"no\"\n  environment: &env\n    PRICE: 5$$\nservices:\n  web:\n    <<: *common\n    image: ${REGISTRY:-ghcr.io}/web:$TAG\n    environment:\n      <<: *env\n      MODE: 0440\n      WHEN: ${A:-${B:?set it}}\n";
    let over = "services:\n  web:\n    command: |\n      one\n        two\n    labels: {\"k: 1\": \"#\", on: '~'}\n";
    let out = merged(&[base, over]);
    assert_eq!(
        out,
        "x-common:\n  restart: \"no\"\n  environment:\n    PRICE: 5$$\nservices:\n  web:\n    image: ${REGISTRY:-ghcr.io}/web:$TAG\n    environment:\n      MODE: 0440\n      WHEN: ${A:-${B:?set it}}\n      PRICE: 5$$\n    restart: \"no\"\n    command: |\n      one\n        two\n    labels:\n      \"k: 1\": \"#\"\n      on: \"~\"\n"
    );
    let compose = Compose::parse(&out).unwrap();
    assert_eq!(compose.service("web").unwrap().image.as_deref(), Some("${REGISTRY:-ghcr.io}/web:$TAG"));
    assert!(["REGISTRY", "TAG", "A", "B"].iter().all(|name| compose.uses(name)));
}

#[test]
fn what_cannot_be_merged_is_named_with_its_file() {
    let base = ("a.yml", "services:\n  web:\n    image: x:1\n    deploy: {replicas: 1}\n    security_opt: [x]\n");
    for (over, line, column, part) in [
        ("services:\n  web:\n    deploy: 3\n", 3, 13, "services.web.deploy"),
        ("services:\n  web:\n    security_opt: {x: y}\n", 3, 19, "list"),
        ("services:\n  web: {image: [}\n", 2, 0, "YAML"),
        ("services:\n  web: {image: a, image: b}\n", 2, 19, "twice"),
        ("services:\n  new: {image: a, image: b}\n", 2, 19, "twice"),
        ("- services\n", 1, 1, "mapping"),
        ("# nothing\n", 1, 1, "empty"),
        ("services:\n  web:\n    ? [x]\n    : y\n", 3, 7, "key"),
        ("services:\n  web:\n    labels: {a: !!binary aGk=}\n", 3, 17, "binary"),
    ] {
        let error = merge(&[base, ("b.yml", over)]).unwrap_err();
        assert_eq!(error.path, "b.yml", "{over}");
        assert!(error.error.line == line && (column == 0 || error.error.column == column), "{over}: {error}");
        assert!(error.to_string().contains(part) && error.to_string().starts_with("b.yml: line"), "{over}: {error}");
    }
    let error = merge(&[("a.yml", "services: [\n"), base]).unwrap_err();
    assert_eq!(error.path, "a.yml");
    assert!(merge(&[]).is_err());
}

/// Texts with all that YAML may stumble over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9:#{}\\[\\],&*!|>'\"%@`$~ \n\t=<-]{0,12}",
        "\\PC{0,6}",
        collection::vec(any::<char>(), 0..4).prop_map(String::from_iter),
        prop::sample::select(vec![
            "null",
            "true",
            "no",
            "~",
            "1e3",
            "0x1f",
            "0o17",
            "0440",
            ".inf",
            "12:30:45",
            "2026-01-01",
            "<<",
            "---",
            "...",
            "- a",
            "a: b",
            "a #b",
            "${A:-b}",
            "$$",
            "",
            "=",
            "\u{2028}",
            "\u{feff}",
            "\u{85}",
            "a\nb\n",
            "a\n\nb",
            "a\n  b\n",
            " a\nb",
            "a\n \nb",
            "a\nb\n\n",
            "# a\nb\n",
            "a\tb",
        ])
        .prop_map(str::to_owned),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::vec((text(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Mappings in mappings. What a key is for is in its name, so that no mapping meets a text.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["1", "x", "${A}", "$$", "a: b"]).prop_map(Value::from),
        Just(Value::Null),
        (0..3).prop_map(Value::from),
    ];
    let scalars =
        collection::btree_map("[ab]", leaf, 0..3).prop_map(|members| Value::Object(members.into_iter().collect()));
    scalars.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), collection::btree_map("m[012]", inner, 0..3)).prop_map(|(scalars, mappings)| {
            let mut all = scalars.as_object().cloned().unwrap_or_default();
            all.extend(mappings);
            Value::Object(all)
        })
    })
}

/// A service with lists that are merged by rules of their own.
fn lists() -> impl Strategy<Value = Value> {
    let of = |names: &'static [&'static str]| {
        collection::vec(prop::sample::select(names), 0..4)
            .prop_map(|items| Value::from(items.into_iter().map(Value::from).collect::<Vec<_>>()))
    };
    let lists = (
        of(&["80:80", "81:80", "127.0.0.1:80:80", "80:80/tcp"]),
        of(&["a:/a", "b:/a", "./c:/c:ro"]),
        of(&["A=1", "A=2", "B", "B=", "C=1"]),
        of(&["a:1", "a=1", "a=2", "b:1"]),
        of(&["x", "y"]),
    );
    lists.prop_map(|(ports, volumes, environment, extra_hosts, security_opt)| {
        serde_json::json!({"ports": ports, "volumes": volumes, "environment": environment, "extra_hosts": extra_hosts,
            "security_opt": security_opt})
    })
}

fn file(a: &Value, b: &Value) -> String {
    let services: Map<String, Value> = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())].into_iter().collect();
    serde_json::json!({ "services": services }).to_string()
}

proptest! {
    #[test]
    fn another_reader_finds_what_was_written(value in json()) {
        let text = serde_json::json!({ "x-value": value, "services": {} }).to_string();
        let out = merged(&[&text, "services: {}"]);
        let read: Value = serde_saphyr::from_str(&out).map_err(|error| TestCaseError::fail(format!("{error}\n{out}")))?;
        prop_assert_eq!(&read["x-value"], &value, "{}", out);
        // What is written once stays as it is.
        prop_assert_eq!(merged(&[&out, "services: {}"]), out);
    }

    #[test]
    fn merging_mappings_is_associative(trees in collection::vec((tree(), tree()), 3)) {
        associative(&trees)?;
    }

    #[test]
    fn merging_lists_is_associative(trees in collection::vec((lists(), lists()), 3)) {
        associative(&trees)?;
    }

    #[test]
    fn merging_any_text_does_not_panic(a in text(), b in text()) {
        let _ = merge(&[("a", &format!("services:\n  {a}")), ("b", &b)]);
    }
}

fn associative(trees: &[(Value, Value)]) -> Result<(), TestCaseError> {
    let files: Vec<String> = trees.iter().map(|(a, b)| file(a, b)).collect();
    let [a, b, c] = files.as_slice() else { return Ok(()) };
    let all = merged(&[a, b, c]);
    prop_assert_eq!(&merged(&[&merged(&[a, b]), c]), &all);
    prop_assert_eq!(&merged(&[a, &merged(&[b, c])]), &all);
    Ok(())
}

/// What an author may make large is merged in a time that grows with it, not with its square.
#[test]
fn large_files_are_merged() {
    let list = |from: usize| {
        let items: Vec<String> = (from..from + 15_000).map(|number| format!("v{number}=1")).collect();
        items.join(", ")
    };
    let file = |from: usize| {
        let items = list(from);
        format!("services:\n  a:\n    security_opt: [{items}]\n    environment: [{items}]\n    networks: [{items}]\n")
    };
    let out = merged(&[&file(0), &file(10_000)]);
    assert_eq!(out.lines().count(), 2 + 3 + 3 * 25_000);
}
