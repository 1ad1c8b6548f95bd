//! Edits on the forms found in the field, to the byte.

use catalog::{Edit, EditError, GUESTS_FILE, STACKS_FILE, Snapshot, apply_edits, read};
use types::catalog::{Assignment, GuestKind, GuestPlace, Override, Stack, StackSource, Variable};

fn edit(file: &str, text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let snapshot = Snapshot::of_texts([(file, text)]);
    Ok(apply_edits(&snapshot, edits)?.remove(file).flatten().unwrap_or_else(|| text.to_owned()))
}

fn set(stack: &str, environment: Option<&str>, name: &str, value: &str) -> Edit {
    let variable = Variable::plain(name, value);
    Edit::SetVariable { stack: stack.into(), environment: environment.map(str::to_owned), variable }
}

const OLD: &str = "{\r\n\t\"docker_stacks\" : {\r\n\t\t\"app\": {\r\n\t\t\t\"compose_file_path\": \"/usr/local/stacks/app/docker-compose.yml\",\r\n\t\t\t\"environments\": {\r\n\t\t\t\t\"production\": {\"variables\": [ {\"name\":\"PORT\",\"value\":\"80\",\"note\":\"\\u00e9\"} ], \"files\": []}\r\n\t\t\t},\r\n\t\t\t\"x-team\": [1, 2.50,\r\n\t\t\t\t3]\r\n\t\t}\r\n\t}\r\n}";

#[test]
fn an_older_form_is_edited_in_its_own_words() {
    let changed = edit(STACKS_FILE, OLD, &[set("app", Some("prod"), "PORT", "81")]).unwrap();
    assert_eq!(changed, OLD.replace("\"value\":\"80\"", "\"value\":\"81\""));
    let added = edit(STACKS_FILE, OLD, &[set("app", Some("production"), "HOST", "h")]).unwrap();
    assert_eq!(added, OLD.replace("\\u00e9\"} ]", "\\u00e9\"}, { \"name\": \"HOST\", \"value\": \"h\" } ]"));
    let back = edit(
        STACKS_FILE,
        &added,
        &[Edit::RemoveVariable { stack: "app".into(), environment: Some("production".into()), name: "HOST".into() }],
    );
    assert_eq!(back.unwrap(), OLD);
    let everywhere = edit(STACKS_FILE, OLD, &[set("app", None, "A", "1")]).unwrap();
    assert_eq!(
        everywhere,
        OLD.replace(
            "3]\r\n",
            "3],\r\n\t\t\t\"env\": [\r\n\t\t\t\t{ \"name\": \"A\", \"value\": \"1\" }\r\n\t\t\t]\r\n"
        )
    );
    let renamed = edit(STACKS_FILE, OLD, &[Edit::RenameStack { from: "app".into(), to: "site".into() }]).unwrap();
    assert_eq!(renamed, OLD.replace("\"app\":", "\"site\":"));
}

#[test]
fn a_new_stack_looks_as_its_neighbours_do() {
    let text = "{\n    \"docker_stacks\": [\n        {\n            \"name\": \"web\",\n            \"git_repo\": \"https://x.org/w.git\",\n            \"env\": []\n        }\n    ]\n}\n";
    let mut db = Stack::new("db", StackSource::git("https://x.org/d.git"));
    db.env = vec![Variable::plain("A", "ä\"\n"), Variable::secret("P", "db".parse().unwrap())];
    db.environments.insert("prod".into(), Override { reference: Some("v1".into()), ..Override::default() });
    db.depends_on = vec!["web".into()];
    let changed = edit(STACKS_FILE, text, &[Edit::SetStack(Box::new(db.clone()))]).unwrap();
    let added = "        },\n        {\n            \"name\": \"db\",\n            \"git_repo\": \"https://x.org/d.git\",\n            \"env\": [\n                { \"name\": \"A\", \"value\": \"ä\\\"\\n\" },\n                { \"name\": \"P\", \"secret\": \"vault/db\" }\n            ],\n            \"environments\": {\n                \"prod\": {\n                    \"reference\": \"v1\"\n                }\n            },\n            \"depends_on\": [\"web\"]\n        }\n    ]\n}\n";
    assert_eq!(changed, text.replace("        }\n    ]\n}\n", added));
    assert_eq!(read(&Snapshot::of_texts([(STACKS_FILE, &changed)])).catalog.stack("db"), Some(&db));
    assert_eq!(edit(STACKS_FILE, &changed, &[Edit::SetStack(Box::new(db))]).unwrap(), changed);
    let gone = edit(STACKS_FILE, &changed, &[Edit::RemoveStack { name: "db".into() }]).unwrap();
    assert_eq!(gone, text);
    let first = apply_edits(
        &Snapshot::default(),
        &[Edit::SetStack(Box::new(Stack::new("a", StackSource::git("https://x/a"))))],
    )
    .unwrap();
    assert_eq!(
        first[STACKS_FILE].as_deref().unwrap(),
        "{\n  \"docker_stacks\": [\n    {\n      \"name\": \"a\",\n      \"git_repo\": \"https://x/a\",\n      \"env\": []\n    }\n  ]\n}\n"
    );
}

#[test]
fn only_the_fields_that_differ_change() {
    let text = "{\"docker_stacks\": [{\"name\": \"web\", \"git_repo\": \"https://x.org/w.git\", \"env\": [{\"name\": \"N\", \"value\": 8080}], \"swarm\": false, \"hm\": null, \"nginx_proxy\": {\"hostname\": \"a.org\", \"x\": 1}}]}";
    let read_one = |text: &str| read(&Snapshot::of_texts([(STACKS_FILE, text)])).catalog.stack("web").unwrap().clone();
    let mut web = read_one(text);
    assert_eq!(edit(STACKS_FILE, text, &[Edit::SetStack(Box::new(web.clone()))]).unwrap(), text);
    web.description = Some("Site".into());
    web.env.push(Variable::plain("M", ""));
    let changed = edit(STACKS_FILE, text, &[Edit::SetStack(Box::new(web.clone()))]).unwrap();
    let wanted = text
        .replace("8080}]", "8080}, { \"name\": \"M\", \"value\": \"\" }]")
        .replace("}}]}", "}, \"description\": \"Site\"}]}");
    assert_eq!(changed, wanted);
    web.publish.hostname = None;
    web.health.timeout_s = Some(5);
    let changed = edit(STACKS_FILE, text, &[Edit::SetStack(Box::new(web.clone()))]).unwrap();
    assert!(
        changed.contains("\"nginx_proxy\": {\"x\": 1}") && changed.contains("\"health\": { \"timeout_s\": 5 }"),
        "{changed}"
    );
    assert_eq!(read_one(&changed), web);
    web.source = StackSource::Text { path: "stacks/web/docker-compose.yml".into() };
    let changed = edit(STACKS_FILE, text, &[Edit::SetStack(Box::new(web.clone()))]).unwrap();
    assert!(!changed.contains("git_repo"), "{changed}");
    assert_eq!(read_one(&changed), web);
}

#[test]
fn what_is_needed_is_not_taken_away() {
    let stacks = "{\"docker_stacks\": [{\"name\": \"web\", \"git_repo\": \"https://x/w\"}, {\"name\": \"db\", \"git_repo\": \"https://x/d\", \"depends_on\": [\"web\"]}]}";
    let guests = "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [\"web\"]}]}";
    let snapshot = Snapshot::of_texts([(STACKS_FILE, stacks), (GUESTS_FILE, guests)]);
    let error = apply_edits(&snapshot, &[Edit::RemoveStack { name: "web".into() }]).unwrap_err();
    assert_eq!(error, EditError::InUse { stack: "web".into(), by: vec!["p".into(), "db".into()] });
    let none = |edit: Edit| apply_edits(&snapshot, &[edit]).unwrap_err();
    assert_eq!(none(Edit::RemoveStack { name: "x".into() }), EditError::UnknownStack("x".into()));
    assert_eq!(none(Edit::Unassign { guest: "q".into(), stack: "web".into() }), EditError::UnknownGuest("q".into()));
    assert_eq!(none(Edit::RenameStack { from: "web".into(), to: "db".into() }), EditError::StackExists("db".into()));
    assert!(matches!(none(Edit::RenameStack { from: "web".into(), to: "My App".into() }), EditError::BadName { .. }));
    assert!(matches!(
        none(Edit::SetText { path: STACKS_FILE.into(), text: Some("{".into()) }),
        EditError::NotJson { .. }
    ));
}

#[test]
fn assignments_keep_the_form_of_their_list() {
    let guests = "{\"vms\": [\n  {\"name\": \"p\", \"cores\": 4, \"docker_stacks\": [\"web\"]},\n  {\"name\": \"q\", \"docker_stacks\": [{\"name\": \"web\", \"environment\": \"testing\"}]},\n  {\"name\": \"r\"}\n]}\n";
    let assign = |guest: &str, stack: &str, environment: Option<&str>| Edit::Assign {
        guest: guest.into(),
        assignment: Assignment { stack: stack.into(), environment: environment.map(str::to_owned) },
    };
    let one = |change: Edit| edit(GUESTS_FILE, guests, &[change]).unwrap();
    assert_eq!(one(assign("p", "db", None)), guests.replace("[\"web\"]", "[\"web\", \"db\"]"));
    assert_eq!(one(assign("p", "web", None)), guests);
    assert_eq!(
        one(assign("p", "web", Some("x"))),
        guests.replace("[\"web\"]", "[{ \"name\": \"web\", \"environment\": \"x\" }]")
    );
    assert_eq!(one(assign("q", "web", Some("x"))), guests.replace("\"testing\"", "\"x\""));
    assert_eq!(one(assign("q", "web", None)), guests.replace(", \"environment\": \"testing\"", ""));
    assert_eq!(
        one(assign("r", "db", None)),
        guests.replace("{\"name\": \"r\"}", "{\"name\": \"r\", \"docker_stacks\": [\"db\"]}")
    );
    assert_eq!(one(Edit::Unassign { guest: "p".into(), stack: "web".into() }), guests.replace("[\"web\"]", "[]"));
    assert_eq!(one(Edit::Unassign { guest: "r".into(), stack: "web".into() }), guests);
}

#[test]
fn a_stack_beside_its_compose_text_moves_with_its_folder() {
    let snapshot = Snapshot::of_texts([
        (
            "stacks/side/phoenix.json",
            "{\n  \"description\": \"Side\",\n  \"environments\": {\"production\": {\"variables\": []}}\n}\n",
        ),
        ("stacks/side/docker-compose.yml", "services:\n  a:\n    image: x:1\n"),
    ]);
    let changes = apply_edits(&snapshot, &[set("side", Some("production"), "A", "1")]).unwrap();
    assert_eq!(
        changes["stacks/side/phoenix.json"].as_deref().unwrap(),
        "{\n  \"description\": \"Side\",\n  \"environments\": {\"production\": {\"variables\": [{ \"name\": \"A\", \"value\": \"1\" }]}}\n}\n"
    );
    let moved = apply_edits(&snapshot, &[Edit::RenameStack { from: "side".into(), to: "top".into() }]).unwrap();
    let paths: Vec<(&str, bool)> = moved.iter().map(|(path, text)| (path.as_str(), text.is_some())).collect();
    assert_eq!(
        paths,
        [
            ("stacks/side/docker-compose.yml", false),
            ("stacks/side/phoenix.json", false),
            ("stacks/top/docker-compose.yml", true),
            ("stacks/top/phoenix.json", true),
        ]
    );
}

#[test]
fn machines_are_added_and_placed_without_a_word_of_others_changing() {
    let guests = "{\n  \"vm_defaults\": {},\n  \"vms\": [\n    { \"vmid\": 1001, \"name\": \"p\", \"cores\": 4, \"docker_stacks\": [\"web\"] }\n  ]\n}\n";
    let place = |name: &str, kind, vmid| {
        let (name, agent_host) = (name.to_owned(), "10.0.0.7:9001".to_owned());
        Edit::AddGuest(Box::new(GuestPlace { environment: name.clone(), name, kind, vmid, agent_host }))
    };
    let added = edit(GUESTS_FILE, guests, &[place("q", GuestKind::Vm, Some(1002))]).unwrap();
    assert!(added.starts_with(guests.trim_end_matches("\n  ]\n}\n")), "{added}");
    let read_guest = |text: &str, name: &str| {
        let reading = read(&Snapshot::of_texts([(GUESTS_FILE, text)]));
        assert!(reading.guests_are_complete, "{:?}", reading.diagnostics);
        reading.catalog.guests.into_iter().find(|guest| guest.name == name).unwrap()
    };
    let q = read_guest(&added, "q");
    assert_eq!((q.vmid, q.kind, q.is_target()), (Some(1002), GuestKind::Vm, true));
    assert_eq!((q.environment.as_deref(), q.agent_host.as_deref()), (Some("q"), Some("10.0.0.7:9001")));
    let first = apply_edits(&Snapshot::of_texts::<&str, &str>([]), &[place("r", GuestKind::Hosted, None)]).unwrap();
    assert_eq!(read_guest(first[GUESTS_FILE].as_deref().unwrap(), "r").kind, GuestKind::Hosted);
    let taken = edit(GUESTS_FILE, guests, &[place("p", GuestKind::Vm, None)]).unwrap_err();
    assert_eq!(taken, EditError::GuestExists("p".into()));

    let placed = |guest: &str| Edit::PlaceGuest {
        guest: guest.into(),
        environment: "rumpledev".into(),
        agent_host: "rumpledev.lan".into(),
    };
    let changed = edit(GUESTS_FILE, guests, &[placed("p")]).unwrap();
    let p = read_guest(&changed, "p");
    assert_eq!((p.environment.as_deref(), p.agent_host.as_deref()), (Some("rumpledev"), Some("rumpledev.lan")));
    assert_eq!(p.assignments.len(), 1, "its stacks stay");
    assert!(changed.contains("\"cores\": 4"), "{changed}");
    assert_eq!(edit(GUESTS_FILE, &changed, &[placed("p")]).unwrap(), changed, "said again, nothing changes");
    let primary = guests.replace("\"cores\"", "\"portainer_role\": \"primary\", \"cores\"");
    assert!(edit(GUESTS_FILE, &primary, &[placed("p")]).unwrap().contains("\"primary\""), "a role stays");
    assert_eq!(edit(GUESTS_FILE, guests, &[placed("x")]).unwrap_err(), EditError::UnknownGuest("x".into()));
}
