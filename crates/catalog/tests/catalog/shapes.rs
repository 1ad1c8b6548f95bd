//! Every form the files are found in.

use std::collections::BTreeMap;

use catalog::{GUESTS_FILE, HYPERVISOR_FILE, Reading, STACKS_FILE, Snapshot, read};
use types::catalog::{
    Assignment, DiagnosticCode as Code, FileMount, GuestKind, PortainerRole, SecretSource, Severity, StackSource,
    Variable,
};

use crate::support::only;

const COMPOSE: &str = "services:\n  web:\n    image: nginx:1.29\n";

fn stacks(text: &str, more: &[(&str, &str)]) -> Reading {
    read(&Snapshot::of_texts([(STACKS_FILE, text)].into_iter().chain(more.iter().copied())))
}

fn no_errors(reading: &Reading) {
    assert!(!reading.has_errors(), "{:#?}", reading.diagnostics);
}

#[test]
fn our_form() {
    let reading = stacks(
        r#"{"docker_stacks": [
          {"name": "web-services", "git_repo": "https://github.com/your-org/web-services-stack.git", "env": []},
          {"name": "monitoring", "description": "Graphs", "git_repo": "https://example.org/m.git", "reference": "v2",
           "compose_file": "deploy/compose.yml", "additional_files": ["deploy/extra.yml"], "git_credential": "git/monitoring",
           "env": [{"name": "GRAFANA_ADMIN_USER", "value": "admin"}, {"name": "GRAFANA_ADMIN_PASSWORD", "secret": "vault/grafana"}],
           "environments": {"rumpleprod": {"reference": "v1", "env": [{"name": "GRAFANA_ADMIN_USER", "value": "root"}]}},
           "depends_on": ["web-services"], "hostname": "m.example.org", "port": 3000, "health": {"timeout_s": 90}, "swarm": true}
        ]}"#,
        &[("phoenix_secrets.json", r#"{"secrets": {"grafana": {}, "git/monitoring": {}}}"#)],
    );
    no_errors(&reading);
    assert!(reading.diagnostics.is_empty(), "{:#?}", reading.diagnostics);
    let web = reading.catalog.stack("web-services").unwrap();
    assert_eq!(web.source, StackSource::git("https://github.com/your-org/web-services-stack.git"));
    let monitoring = reading.catalog.stack("monitoring").unwrap();
    assert_eq!(
        monitoring.source,
        StackSource::Git {
            repository: "https://example.org/m.git".into(),
            reference: Some("v2".into()),
            compose_file: "deploy/compose.yml".into(),
            additional_files: vec!["deploy/extra.yml".into()],
            credential: Some("git/monitoring".parse().unwrap()),
        }
    );
    assert_eq!(
        monitoring.env,
        [
            Variable::plain("GRAFANA_ADMIN_USER", "admin"),
            Variable::secret("GRAFANA_ADMIN_PASSWORD", "grafana".parse().unwrap()),
        ]
    );
    assert_eq!(monitoring.on("rumpleprod").env[0], Variable::plain("GRAFANA_ADMIN_USER", "root"));
    assert_eq!(monitoring.depends_on, ["web-services"]);
    assert_eq!((monitoring.publish.hostname.as_deref(), monitoring.publish.port), (Some("m.example.org"), Some(3000)));
    assert_eq!((monitoring.health.timeout_s, monitoring.swarm), (Some(90), true));
    assert!(reading.stacks_are_complete && reading.blocked_stacks.is_empty());
}

#[test]
fn s1_by_name_with_a_path_on_the_old_hypervisor() {
    let reading = stacks(
        r#"{"docker_stacks": {"qdrant": {"name": "qdrant", "compose_file_path": "/usr/local/phoenix_hypervisor/stacks/qdrant/docker-compose.yml"}}}"#,
        &[("stacks/qdrant/docker-compose.yml", COMPOSE)],
    );
    no_errors(&reading);
    let stack = reading.catalog.stack("qdrant").unwrap();
    let path = "/usr/local/phoenix_hypervisor/stacks/qdrant/docker-compose.yml".to_owned();
    assert_eq!(stack.source, StackSource::Text { path });
    assert_eq!(only(&reading.diagnostics, Code::OlderForm).severity, Severity::Info);
}

#[test]
fn s2_variables_and_files_by_environment() {
    let reading = stacks(
        r#"{"docker_stacks": {"app": {"description": "An app", "compose_file_path": "stacks/app/docker-compose.yml",
            "environments": {
              "production": {"variables": [{"name": "PORT", "value": "80"}], "files": []},
              "testing": {"variables": [{"name": "PORT", "value": "81"}], "files": [{"source": "a.conf", "destination_in_container": "/etc/a.conf"}]},
              "prod": {"variables": [], "files": []}}}}}"#,
        &[("stacks/app/docker-compose.yml", "services:\n  web:\n    image: x:1\n    ports: [\"${PORT:-80}:80\"]\n")],
    );
    no_errors(&reading);
    let app = reading.catalog.stack("app").unwrap();
    assert_eq!(app.description.as_deref(), Some("An app"));
    assert_eq!(app.on("testing").env, [Variable::plain("PORT", "81")]);
    assert_eq!(
        app.on("testing").files,
        [FileMount { source: "a.conf".into(), destination_in_container: "/etc/a.conf".into() }]
    );
    assert!(app.environments.contains_key("prod"));
    assert_eq!(only(&reading.diagnostics, Code::NotApplied).pointer, "/docker_stacks/app/environments/testing/files");
}

#[test]
fn s3_and_s4_labels_and_proxy() {
    let reading = stacks(
        r#"{"docker_stacks": {"app": {"compose_file_path": "stacks/app/docker-compose.yml", "nginx_proxy": {"hostname": "app.example.org"},
            "environments": {
              "production": {"variables": [], "files": [], "services": {"web": {"traefik_labels": ["traefik.enable=true"]}}},
              "development": {"variables": [], "files": []}}}}}"#,
        &[("stacks/app/docker-compose.yml", COMPOSE)],
    );
    no_errors(&reading);
    let app = reading.catalog.stack("app").unwrap();
    assert_eq!(app.publish.hostname.as_deref(), Some("app.example.org"));
    let labels = BTreeMap::from([("web".to_owned(), vec!["traefik.enable=true".to_owned()])]);
    assert_eq!(app.environments["production"].labels, labels);
    assert!(app.environments["development"].labels.is_empty());
}

#[test]
fn a_file_beside_the_compose_text_is_a_stack() {
    let beside = r#"{"description": "Side", "placement_constraints": [], "environments": {
        "production": {"variables": [{"name": "A", "value": "1"}], "files": [], "services": {},
          "firewall_rules": [{"type": "in", "action": "ACCEPT", "source": "10.0.0.0/8", "proto": "tcp", "port": 443, "comment": "web"}]},
        "testing": {"firewall_rules": []}}}"#;
    let reading = read(&Snapshot::of_texts([
        ("stacks/side/phoenix.json", beside),
        ("stacks/side/docker-compose.yml", COMPOSE),
        ("stacks/lonely/phoenix.json", r#"{"description": "No compose", "placement_constraints": []}"#),
    ]));
    let side = reading.catalog.stack("side").unwrap();
    assert_eq!(side.source, StackSource::Text { path: "stacks/side/docker-compose.yml".into() });
    assert_eq!(side.on("prod").env, [Variable::plain("A", "1")]);
    let rule = &side.environments["production"].firewall_rules[0];
    assert_eq!((rule.port.as_deref(), rule.source.as_deref()), (Some("443"), Some("10.0.0.0/8")));
    assert!(reading.catalog.stack("lonely").is_none() && reading.blocked_stacks.contains("lonely"));
    assert!(!reading.blocked_stacks.contains("side"), "{:#?}", reading.diagnostics);
}

#[test]
fn the_list_speaks_louder_than_the_file_beside() {
    let reading = stacks(
        r#"{"docker_stacks": [{"name": "app", "compose_file_path": "stacks/app/docker-compose.yml",
            "environments": {"production": {"env": [{"name": "A", "value": "list"}]}}}]}"#,
        &[
            ("stacks/app/docker-compose.yml", COMPOSE),
            (
                "stacks/app/phoenix.json",
                r#"{"description": "Beside", "environments": {"production": {"variables": [{"name": "A", "value": "beside"}, {"name": "B", "value": "2"}]}}}"#,
            ),
        ],
    );
    no_errors(&reading);
    let app = reading.catalog.stack("app").unwrap();
    assert_eq!(app.description.as_deref(), Some("Beside"));
    assert_eq!(app.on("production").env, [Variable::plain("A", "list"), Variable::plain("B", "2")]);
    assert_eq!(reading.catalog.stacks.len(), 1);
}

#[test]
fn machines_in_all_their_forms() {
    let reading = read(&Snapshot::of_texts([
        (
            STACKS_FILE,
            r#"{"docker_stacks": [{"name": "web", "git_repo": "https://x.org/w.git"}, {"name": "db", "git_repo": "https://x.org/d.git",
            "environments": {"testing": {}}}]}"#,
        ),
        (
            GUESTS_FILE,
            r#"{"vm_defaults": {"cores": 4}, "vms": [
            {"vmid": 9000, "name": "template", "is_template": true, "cores": 2, "memory_mb": 2048},
            {"vmid": "1001", "name": "rumpleprod", "clone_from_vmid": 9000, "cores": 4, "memory_mb": 8192, "disk_size_gb": 64,
             "network_config": {"ip": "10.0.0.11/24", "gw": "10.0.0.1", "nameserver": "10.0.0.1"}, "firewall": {"enabled": true, "rules": []},
             "features": ["docker"], "dependencies": ["9000"], "portainer_role": "agent", "portainer_environment_name": "rumpleprod",
             "portainer_agent_hostname": "portainer-agent.rumpleprod", "docker_stacks": ["web"]},
            {"vmid": 1002, "name": "rumpletest", "portainer_environment_name": "rumpletest", "portainer_role": "primary",
             "docker_stacks": [{"name": "db", "environment": "testing"}, {"name": "web"}]},
            {"name": "rumple", "kind": "hosted", "portainer_environment_name": "rumple", "docker_stacks": []},
            {"vmid": 1003, "name": "oldest", "portainer_config": {"compose_file_path": "x"}},
            {"vmid": 1004, "name": "older", "docker_compose_files": [{"source": "a", "destination": "b"}]}
        ]}"#,
        ),
    ]));
    no_errors(&reading);
    let prod = reading.catalog.guest("rumpleprod").unwrap();
    assert_eq!((prod.vmid, prod.kind, prod.portainer_role), (Some(1001), GuestKind::Vm, Some(PortainerRole::Agent)));
    assert_eq!(prod.agent_host.as_deref(), Some("portainer-agent.rumpleprod"));
    let web = Assignment { stack: "web".into(), environment: None };
    assert_eq!(prod.assignments, std::slice::from_ref(&web));
    assert_eq!(prod.settings_for(&web), "rumpleprod");
    let test = reading.catalog.guest("rumpletest").unwrap();
    assert_eq!(test.assignments, [Assignment { stack: "db".into(), environment: Some("testing".into()) }, web]);
    assert_eq!(test.settings_for(&test.assignments[0]), "testing");
    let rumple = reading.catalog.guest("rumple").unwrap();
    assert_eq!((rumple.vmid, rumple.kind, rumple.is_target()), (None, GuestKind::Hosted, true));
    assert!(!reading.catalog.guest("template").unwrap().is_target());
    let reported: Vec<&str> = reading
        .diagnostics
        .iter()
        .filter(|one| one.code == Code::NotApplied)
        .filter_map(|one| one.guest.as_deref())
        .collect();
    assert_eq!(reported, ["oldest", "older"]);
}

#[test]
fn global_settings_in_all_their_forms() {
    let settings = |text: &str| read(&Snapshot::of_texts([(HYPERVISOR_FILE, text)])).catalog.portainer;
    let url = |text: &str| settings(text).url;
    assert_eq!(
        url(r#"{"portainer_api": {"url": "https://p.example.org:9443"}}"#).as_deref(),
        Some("https://p.example.org:9443")
    );
    assert_eq!(
        url(r#"{"portainer_api": {"server_hostname": "p.local", "port": 9444}}"#).as_deref(),
        Some("https://p.local:9444")
    );
    assert_eq!(url(r#"{"portainer_api": {"server_ip": "10.0.0.9"}}"#).as_deref(), Some("https://10.0.0.9:9443"));
    assert_eq!(
        url(r#"{"network": {"portainer_server_ip": "10.0.0.8", "portainer_server_port": "9443", "portainer_agent_port": 9001}}"#).as_deref(),
        Some("https://10.0.0.8:9443")
    );
    let reading = read(&Snapshot::of_texts([(
        HYPERVISOR_FILE,
        r#"{"version": "1", "domain_name": "example.org", "zfs": {"pools": []},
            "portainer_api": {"url": "https://p", "username": "admin", "password": "hunter2", "api_key": "vault/portainer", "tls_fingerprint": "ab"}}"#,
    )]));
    assert_eq!(reading.catalog.domain_name.as_deref(), Some("example.org"));
    assert_eq!(reading.catalog.portainer.password, Some(SecretSource::Plain));
    assert_eq!(reading.catalog.portainer.api_key, Some(SecretSource::Vault("portainer".parse().unwrap())));
    assert!(!format!("{reading:?}").contains("hunter2"));
}
