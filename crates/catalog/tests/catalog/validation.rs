//! One bad file for every code, with the very place and words that mend it.

use catalog::{GUESTS_FILE, HYPERVISOR_FILE, STACKS_FILE, Snapshot, read};
use types::catalog::{DiagnosticCode as Code, Severity};

use crate::support::{findings, only};

/// Code, severity, line, column, pointer, a word of the message, a word of the remedy.
type Row<'a> = (Code, Severity, u32, u32, &'a str, &'a str, &'a str);

fn check(files: &[(&str, &str)], (code, severity, line, column, pointer, message, remedy): Row<'_>) {
    let reading = read(&Snapshot::of_texts(files.iter().copied()));
    let found = only(&reading.diagnostics, code);
    let place = (found.severity, found.line, found.column, found.pointer.as_str());
    assert_eq!(place, (severity, line, column, pointer), "{found:#?}");
    assert!(found.message.contains(message), "{found:#?}");
    assert!(found.remedy.contains(remedy), "{found:#?}");
}

const E: Severity = Severity::Error;
const W: Severity = Severity::Warning;
const I: Severity = Severity::Info;

#[test]
fn every_fault_of_a_stack_has_its_place() {
    let stack = |lines: &str| {
        format!("{{\"docker_stacks\": [\n{{\"name\": \"web\", \"git_repo\": \"https://x.org/w.git\",\n{lines}}}]}}")
    };
    let one = |lines: &str, row: Row<'_>| check(&[(STACKS_FILE, &stack(lines))], row);
    let at = |key: &str| format!("/docker_stacks/0/{key}");
    one("\"env\": {}", (Code::WrongType, E, 3, 8, &at("env"), "an object", "list of"));
    one("\"port\": 70000", (Code::BadValue, E, 3, 9, &at("port"), "70000", "1 to 65535"));
    one("\"reference\": \"--upload-pack=x\"", (Code::BadValue, E, 3, 14, &at("reference"), "dash", "branch"));
    one("\"compose_file\": \"../x.yml\"", (Code::BadValue, E, 3, 17, &at("compose_file"), "leads out", "top"));
    one("\"x\": 1, \"env\": [{}]", (Code::Missing, E, 3, 17, &at("env/0"), "no name", "name"));
    one("\"enviroment\": {}", (Code::UnknownField, W, 3, 1, &at("enviroment"), "not known", "“environments”"));
    one("\"owner\": \"me\"", (Code::UnknownField, I, 3, 1, &at("owner"), "not known", "kept"));
    one("\"port\": 1,\n\"port\": 2", (Code::DuplicateKey, E, 4, 1, &at("port"), "twice", "Remove"));
    one(
        "\"env\": [{\"name\": \"1A\", \"value\": \"\"}]",
        (Code::BadVariable, E, 3, 18, &at("env/0/name"), "1A", "letter"),
    );
    one(
        "\"env\": [{\"name\": \"A\", \"value\": \"x\\nB=1\"}]",
        (Code::BadVariable, E, 3, 32, &at("env/0/value"), "line break", "file"),
    );
    one(
        "\"env\": [{\"name\": \"A\", \"value\": \"\"},\n{\"name\": \"A\", \"value\": \"\"}]",
        (Code::DuplicateVariable, E, 4, 1, &at("env/1"), "twice", "Remove"),
    );
    one(
        "\"env\": [{\"name\": \"DB_PASSWORD\", \"value\": \"x\"}]",
        (
            Code::PlainSecret,
            W,
            3,
            42,
            &at("env/0/value"),
            "plain text",
            "phoenix-cli secret adopt phoenix_stacks_config.json#/docker_stacks/0/env/0/value",
        ),
    );
    one(
        "\"env\": [{\"name\": \"A\", \"secret\": \"vault/a\"}]",
        (Code::UnknownSecret, E, 3, 33, &at("env/0/secret"), "“a”", "secret set a"),
    );
    one(
        "\"depends_on\": [\"wbe\", \"db\"]".replace(", \"db\"", "").as_str(),
        (Code::UnknownStack, E, 3, 16, &at("depends_on/0"), "wbe", "Did you mean “web”?"),
    );
    one("\"depends_on\": [\"web\"]", (Code::DependencyCycle, E, 3, 16, &at("depends_on/0"), "web → web", "Remove"));
    one(
        "\"placement_constraints\": [\"node.role==manager\"]",
        (Code::NotApplied, W, 3, 26, &at("placement_constraints"), "not applied", "deploy"),
    );
    one("\"git_credential\": \"s3cr3t word\"", (Code::BadName, E, 3, 19, &at("git_credential"), "no name", "vault"));
    check(
        &[(STACKS_FILE, "{\"docker_stacks\": [{\"name\": \"w\", \"git_repo\": \"https://u:p@x.org/w.git\"}]}")],
        (Code::BadAddress, E, 1, 46, "/docker_stacks/0/git_repo", "password", "git_credential"),
    );
    check(
        &[(STACKS_FILE, "{\"docker_stacks\": [{\"name\": \"w\", \"compose_file_path\": \"stacks/w/c.yml\"}]}")],
        (Code::BadCompose, E, 1, 55, "/docker_stacks/0/compose_file_path", "stacks/w/c.yml", "git_repo"),
    );
}

#[test]
fn names_are_held_against_one_another() {
    let two = |a: &str, b: &str| {
        format!(
            "{{\"docker_stacks\": [\n{{\"name\": \"{a}\", \"git_repo\": \"https://x.org/w.git\"}},\n{{\"name\": \"{b}\", \"git_repo\": \"https://x.org/w.git\"}}]}}"
        )
    };
    let found = findings(STACKS_FILE, &two("web", "web"));
    let twice: Vec<_> = found.iter().filter(|one| one.code == Code::DuplicateName).collect();
    assert_eq!(twice.len(), 2);
    assert_eq!((twice[0].line, twice[0].column, twice[0].pointer.as_str()), (2, 10, "/docker_stacks/0/name"));
    let found = findings(STACKS_FILE, &two("my-app", "My-App!"));
    let collide: Vec<_> = found.iter().filter(|one| one.code == Code::NameCollision).collect();
    assert_eq!(collide.len(), 2, "{found:#?}");
    assert!(collide[1].message.contains("both “my-app”"));
    let bad = only(&found, Code::BadName);
    assert_eq!((bad.severity, bad.line), (W, 3));
    assert!(bad.remedy.contains("“my-app”"), "{bad:#?}");
    let reading = read(&Snapshot::of_texts([(STACKS_FILE, two("web", "web"))]));
    assert!(reading.catalog.stacks.is_empty() && reading.blocked_stacks.contains("web"));
    let hopeless = findings(STACKS_FILE, &two("_web", "db"));
    assert_eq!(only(&hopeless, Code::BadName).severity, E);
}

#[test]
fn a_circle_is_told_in_full_and_blocks_only_its_own() {
    let stack = |name: &str, on: &str| {
        format!("{{\"name\": \"{name}\", \"git_repo\": \"https://x.org/w.git\", \"depends_on\": [{on}]}}")
    };
    let text = format!(
        "{{\"docker_stacks\": [{}, {}, {}, {}]}}",
        stack("a", "\"b\""),
        stack("b", "\"c\""),
        stack("c", "\"a\""),
        stack("d", "\"a\"")
    );
    let reading = read(&Snapshot::of_texts([(STACKS_FILE, text)]));
    let cycles: Vec<_> = reading.diagnostics.iter().filter(|one| one.code == Code::DependencyCycle).collect();
    assert_eq!(cycles.len(), 3);
    assert!(cycles[0].message.contains("a → b → c → a"), "{}", cycles[0].message);
    assert!(!reading.blocked_stacks.contains("d") && reading.blocked_stacks.len() == 3);
}

#[test]
fn every_fault_of_a_machine_has_its_place() {
    let stacks = "{\"docker_stacks\": [{\"name\": \"web\", \"git_repo\": \"https://x.org/w.git\", \"environments\": {\"production\": {}}}]}";
    let guest = |lines: &str| format!("{{\"vms\": [\n{{\"vmid\": 1, \"name\": \"prod\",\n{lines}}}]}}");
    let one = |lines: &str, row: Row<'_>| check(&[(STACKS_FILE, stacks), (GUESTS_FILE, &guest(lines))], row);
    let env = "\"portainer_environment_name\": \"prod\",\n";
    one(
        "\"docker_stacks\": [\"web\"]",
        (
            Code::GuestWithoutEnvironment,
            E,
            3,
            18,
            "/vms/0/docker_stacks",
            "no environment",
            "portainer_environment_name",
        ),
    );
    one(
        "\"is_template\": true,\n\"docker_stacks\": [\"web\"]",
        (Code::TemplateWithStacks, W, 4, 18, "/vms/0/docker_stacks", "template", "Remove"),
    );
    one(
        &format!("{env}\"docker_stacks\": [\"wep\"]"),
        (Code::UnknownStack, E, 4, 19, "/vms/0/docker_stacks/0", "wep", "Did you mean “web”?"),
    );
    one(
        &format!("{env}\"docker_stacks\": [{{\"name\": \"web\", \"environment\": \"produktion\"}}]"),
        (
            Code::UnknownEnvironment,
            E,
            4,
            50,
            "/vms/0/docker_stacks/0/environment",
            "produktion",
            "Did you mean “production”?",
        ),
    );
    one(
        &format!("{env}\"docker_stacks\": [\"web\", \"web\"]"),
        (Code::DuplicateName, E, 4, 26, "/vms/0/docker_stacks/1", "twice", "once"),
    );
    one("\"kind\": \"cloud\"", (Code::BadValue, E, 3, 9, "/vms/0/kind", "cloud", "hosted"));
    one(
        "\"portainer_config\": {\"compose_file_path\": \"x\"}",
        (Code::NotApplied, W, 3, 21, "/vms/0/portainer_config", "older", "docker_stacks"),
    );
    check(
        &[(
            GUESTS_FILE,
            "{\"vms\": [{\"name\": \"a\", \"portainer_environment_name\": \"e\"},\n{\"name\": \"b\", \"portainer_environment_name\": \"e\"}]}",
        )],
        (Code::DuplicateName, E, 2, 45, "/vms/1/portainer_environment_name", "one Docker host", "own"),
    );
}

#[test]
fn settings_no_machine_takes_are_told() {
    let stacks = "{\"docker_stacks\": [{\"name\": \"web\", \"git_repo\": \"https://x.org/w.git\",\n\"environments\": {\"rumpelprod\": {}}}]}";
    let guests = "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"rumpleprod\"}]}";
    check(
        &[(STACKS_FILE, stacks), (GUESTS_FILE, guests)],
        (Code::UnknownEnvironment, W, 2, 32, "/docker_stacks/0/environments/rumpelprod", "no effect", "“rumpleprod”"),
    );
}

#[test]
fn every_fault_of_the_settings_has_its_place() {
    let one = |api: &str, row: Row<'_>| check(&[(HYPERVISOR_FILE, &format!("{{\"portainer_api\":\n{{{api}}}}}"))], row);
    one(
        "\"api_key\": \"ptr_abc\"",
        (
            Code::PlainSecret,
            W,
            2,
            13,
            "/portainer_api/api_key",
            "plain text",
            "phoenix-cli secret adopt phoenix_hypervisor_config.json#/portainer_api/api_key",
        ),
    );
    one("\"password\": \"vault/p\"", (Code::UnknownSecret, E, 2, 14, "/portainer_api/password", "“p”", "secret set p"));
    one(
        "\"skip_verify\": true",
        (Code::InsecureTransport, W, 2, 17, "/portainer_api/skip_verify", "Any certificate", "ca_file"),
    );
    one("\"url\": \"https://u:p@x\"", (Code::BadAddress, E, 2, 9, "/portainer_api/url", "password", "https://HOST"));
    one("\"ca_fiel\": \"x\"", (Code::UnknownField, W, 2, 2, "/portainer_api/ca_fiel", "ca_fiel", "“ca_file”"));
}

#[test]
fn a_file_that_is_no_json_is_told_where() {
    let text = "{\n  \"docker_stacks\": [\n    {\"name\": \"web\",}\n  ]\n}\n";
    let reading = read(&Snapshot::of_texts([(STACKS_FILE, text)]));
    let found = only(&reading.diagnostics, Code::Syntax);
    assert_eq!((found.line, found.column, found.severity), (3, 19, E));
    assert!(!reading.stacks_are_complete);
}

#[test]
fn compose_texts_are_part_of_it() {
    let stacks = "{\"docker_stacks\": [{\"name\": \"web\", \"compose_file_path\": \"stacks/web/docker-compose.yml\", \"env\": [{\"name\": \"UNUSED\", \"value\": \"1\"}]}]}";
    let guests =
        "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"prod\", \"docker_stacks\": [\"web\"]}]}";
    let compose = "services:\n  web:\n    image: nginx\n    environment:\n      A: ${MISSING:?}\n";
    let files = [(STACKS_FILE, stacks), (GUESTS_FILE, guests), ("stacks/web/docker-compose.yml", compose)];
    check(&files, (Code::UnresolvedVariable, E, 5, 10, "/services/web/environment/A", "MISSING", "env"));
    check(&files, (Code::ComposeHazard, W, 3, 12, "", "nginx", "version"));
    check(&files, (Code::UnusedVariable, I, 1, 98, "/docker_stacks/0/env/0", "UNUSED", "spelling"));
    let broken = [files[0], files[1], ("stacks/web/docker-compose.yml", "services:\n  web: [\n")];
    let reading = read(&Snapshot::of_texts(broken));
    let found = only(&reading.diagnostics, Code::BadCompose);
    assert_eq!((found.file.as_str(), found.stack.as_deref()), ("stacks/web/docker-compose.yml", Some("web")));
    assert!(found.line >= 2);
}

#[test]
fn findings_never_repeat_a_secret() {
    let found = [
        findings(
            HYPERVISOR_FILE,
            "{\"portainer_api\": {\"api_key\": \"ptr_s3cr3t\", \"url\": \"https://u:s3cr3t@x\", \"password\": 5}}",
        ),
        findings(
            STACKS_FILE,
            "{\"docker_stacks\": [{\"name\": \"w\", \"git_repo\": \"https://u:s3cr3t@x/y\", \"git_credential\": \"u:s3cr3t\", \"env\": [{\"name\": \"API_TOKEN\", \"value\": \"s3cr3t\"}, {\"name\": \"P\", \"secret\": \"it's s3cr3t\"}]}]}",
        ),
    ];
    assert!(!format!("{found:?}").contains("s3cr3t"), "{found:#?}");
}
