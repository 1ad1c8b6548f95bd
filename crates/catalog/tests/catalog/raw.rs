//! One stack's entry as a text a person edits, and what a change would do before it is made.

use catalog::{CatalogError, Edit, EditError, GUESTS_FILE, HYPERVISOR_FILE, STACKS_FILE, Snapshot, apply_edits, read};
use proptest::prelude::*;
use types::catalog::DiagnosticCode as Code;

use crate::support::{by_hand, change, repository, text, write};

fn set(name: &str, text: &str) -> Edit {
    Edit::SetStackText { name: name.into(), text: text.into() }
}

fn put(file: &str, name: &str, typed: &str) -> Result<String, EditError> {
    let snapshot = Snapshot::of_texts([(STACKS_FILE, file)]);
    Ok(apply_edits(&snapshot, &[set(name, typed)])?.remove(STACKS_FILE).flatten().unwrap_or_else(|| file.to_owned()))
}

const FILE: &str = "{\r\n    \"docker_stacks\": [\r\n        {\r\n            \"name\": \"web\",\r\n            \"git_repo\": \"https://x.org/w.git\",\r\n\r\n            \"x-cost\": 1.50e+1, \"env\": []\r\n        },\r\n        {\"name\": \"db\", \"git_repo\": \"https://x.org/d.git\"}\r\n    ]\r\n}\r\n";
const WEB: &str =
    "{\n    \"name\": \"web\",\n    \"git_repo\": \"https://x.org/w.git\",\n\n    \"x-cost\": 1.50e+1, \"env\": []\n}";

#[test]
fn an_entry_is_shown_alone_and_put_back_in_its_place() {
    let shown = Snapshot::of_texts([(STACKS_FILE, FILE)]).stack_text("web").unwrap();
    assert_eq!(
        (shown.file.as_str(), shown.pointer.as_str(), shown.text.as_str()),
        (STACKS_FILE, "/docker_stacks/0", WEB)
    );
    for same in [WEB.to_owned(), format!("\n\n{WEB}\n"), WEB.replace('\n', "\r\n")] {
        assert_eq!(put(FILE, "web", &same).unwrap(), FILE);
    }
    let typed = WEB.replace("\"env\": []", "\"env\": [\n        {\"name\": \"A\", \"value\": \"\\u00e9\"}\n    ]");
    let wanted = FILE.replace(
        "\"env\": []",
        "\"env\": [\r\n                {\"name\": \"A\", \"value\": \"\\u00e9\"}\r\n            ]",
    );
    assert_eq!(put(FILE, "web", &typed).unwrap(), wanted);
    assert_eq!(
        put(FILE, "db", "{\"name\": \"db\",\n  \"swarm\": true}\n").unwrap(),
        FILE.replace(
            "{\"name\": \"db\", \"git_repo\": \"https://x.org/d.git\"}",
            "{\"name\": \"db\",\r\n          \"swarm\": true}"
        )
    );
}

#[test]
fn a_new_stack_is_added_as_it_was_typed() {
    let typed = "{\n    \"name\": \"cache\",\n    \"git_repo\" : \"https://x.org/c.git\"\n}";
    let added = put(FILE, "cache", typed).unwrap();
    let entry = "        {\r\n            \"name\": \"cache\",\r\n            \"git_repo\" : \"https://x.org/c.git\"\r\n        }\r\n    ]";
    assert!(added.ends_with(&format!("\"https://x.org/d.git\"}},\r\n{entry}\r\n}}\r\n")), "{added}");
    let none = apply_edits(&Snapshot::default(), &[set("cache", typed)]).unwrap();
    assert!(
        read(&Snapshot::of_texts([(STACKS_FILE, none[STACKS_FILE].clone().unwrap())])).catalog.stack("cache").is_some()
    );
    assert!(matches!(put(FILE, "My Cache", &typed.replace("cache", "My Cache")), Err(EditError::BadName { .. })));
}

#[test]
fn an_entry_in_an_older_form_or_beside_its_compose_text_is_edited_too() {
    let by_name = "{\"docker_stacks\": {\n  \"app\": {\n    \"compose_file_path\": \"/x/app.yml\"\n  }\n}}";
    let snapshot = Snapshot::of_texts([(STACKS_FILE, by_name)]);
    assert_eq!(snapshot.stack_text("app").unwrap().text, "{\n  \"compose_file_path\": \"/x/app.yml\"\n}");
    let changes = apply_edits(&snapshot, &[set("app", "{\n  \"compose_file_path\": \"/x/b.yml\"\n}")]).unwrap();
    assert_eq!(changes[STACKS_FILE].as_deref().unwrap(), by_name.replace("app.yml", "b.yml"));
    let side = "stacks/side/phoenix.json";
    let snapshot =
        Snapshot::of_texts([(side, "{\n  \"description\": \"a\"\n}\n"), ("stacks/side/compose.yml", "services: {}\n")]);
    let shown = snapshot.stack_text("side").unwrap();
    assert_eq!((shown.file.as_str(), shown.pointer.as_str()), (side, ""));
    let changes = apply_edits(&snapshot, &[set("side", &shown.text.replace("\"a\"", "\"b\""))]).unwrap();
    assert_eq!(changes[side].as_deref().unwrap(), "{\n  \"description\": \"b\"\n}\n");
}

#[test]
fn what_is_wrong_has_line_and_column_of_the_typed_text() {
    let snapshot = Snapshot::of_texts([(STACKS_FILE, FILE)]);
    let first = |typed: &str| {
        let found = snapshot.check_stack_text("web", typed);
        let one = found.first().unwrap_or_else(|| panic!("nothing found in {typed}"));
        (one.line, one.column, one.code)
    };
    assert_eq!(first(&WEB.replace("\"env\": []", "\"env\": [}")), (5, 32, Code::Syntax));
    assert_eq!(first("[]"), (1, 1, Code::Syntax));
    assert_eq!(first(""), (1, 1, Code::Syntax));
    assert_eq!(first(&WEB.replace("\"web\"", "\"site\"")), (2, 13, Code::Syntax));
    assert_eq!(first("\n  {\"git_repo\": \"https://x.org/w.git\"}"), (2, 3, Code::Syntax));
    assert_eq!(first(&WEB.replace("\"env\"", "\"swarm\": 7, \"env\"")), (5, 5, Code::UnknownField));
    let found = snapshot.check_stack_text("web", &WEB.replace("\"env\": []", "\"port\": \"ä\",\n    \"env\": 3"));
    let places: Vec<_> = found.iter().map(|one| (one.line, one.column, one.pointer.as_str())).collect();
    assert!(places.contains(&(5, 32, "/port")) && places.contains(&(6, 12, "/env")), "{found:#?}");
    // On one line in the file, after others; and lines before the text.
    let found = snapshot.check_stack_text("db", "\n\n {\"name\": \"db\", \"git_repo\": \"nowhere\"}");
    assert_eq!((found[0].line, found[0].column), (3, 29), "{found:#?}");
    let error = put(FILE, "web", "{").unwrap_err();
    assert!(matches!(error, EditError::StackText { line: 1, .. }), "{error}");
    // Where the file itself is broken, its text must be mended first.
    let broken = Snapshot::of_texts([(STACKS_FILE, "{\"docker_stacks\": [")]);
    assert!(broken.stack_text("web").is_none());
    assert!(matches!(apply_edits(&broken, &[set("web", WEB)]), Err(EditError::Broken { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever surrounds an entry and however it is laid out: shown and put back, not a byte changes; changed, only it does.
    #[test]
    fn what_was_shown_comes_back(
        indent in prop::sample::select(vec!["", " ", "    ", "\t"]),
        newline in prop::sample::select(vec!["\n", "\r\n"]),
        spaces in prop::collection::vec(prop::sample::select(vec!["", " ", "\n", "\n\n", "\n  ", "\n        ", "\n\t\t", " \n    "]), 12),
        value in "[ -~äö€]{0,8}",
    ) {
        let s = |index: usize| spaces[index].replace('\n', newline);
        let value = serde_json::Value::from(value).to_string();
        let entry = format!("{{{}\"name\":{}\"web\"{},{}\"x\":{}{value}{}}}", s(0), s(1), s(2), s(3), s(4), s(5));
        let file = format!(
            "{{{}\"docker_stacks\":{}[{newline}{indent}{{\"name\": \"a\"}},{}{entry}{},{}{{\"name\": \"z\"}}{}]{}}}{newline}",
            s(6), s(7), s(8), s(9), s(10), s(11), s(0)
        );
        let snapshot = Snapshot::of_texts([(STACKS_FILE, file.as_str())]);
        let shown = snapshot.stack_text("web").unwrap().text;
        prop_assert_eq!(put(&file, "web", &shown).unwrap(), file.clone());
        prop_assert_eq!(put(&file, "web", &shown.replace('\n', "\r\n")).unwrap(), file.clone());
        let typed = shown.replacen("\"x\"", "\"y\"", 1);
        prop_assert_eq!(put(&file, "web", &typed).unwrap(), file.replacen("\"x\"", "\"y\"", 1));
    }
}

#[tokio::test]
async fn a_preview_shows_what_a_commit_would_do_and_does_nothing() {
    let (_folder, repository) = repository().await;
    let root = repository.root();
    write(root, STACKS_FILE, FILE);
    write(
        root,
        GUESTS_FILE,
        "{\"vms\": [{\"name\": \"p\", \"portainer_environment_name\": \"p\", \"docker_stacks\": [\"web\"]}]}\n",
    );
    write(root, HYPERVISOR_FILE, "{\"portainer_api\": {\"url\": \"https://p:9443\", \"api_key\": \"ptr_s3cr3t\"}}\n");
    by_hand(root, &["add", "."]);
    by_hand(root, &["commit", "-qm", "By hand"]);
    let base = repository.read().await.unwrap().version;
    let mut wanted = change(&base, Edit::RenameStack { from: "web".into(), to: "site".into() });
    wanted.message = String::new();
    wanted.edits.push(set("db", "{\"name\": \"db\", \"git_repo\": \"nowhere\"}"));
    wanted.edits.push(Edit::SetText {
        path: HYPERVISOR_FILE.into(),
        text: Some("{\"portainer_api\": {\"url\": \"https://q:9443\", \"api_key\": \"‹hidden›\"}}\n".into()),
    });
    let preview = repository.preview(&wanted).await.unwrap();
    assert_eq!(preview.base, base);
    let paths: Vec<&str> = preview.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [HYPERVISOR_FILE, STACKS_FILE, GUESTS_FILE]);
    assert!(preview.files[1].unified.contains("+            \"name\": \"site\""), "{}", preview.files[1].unified);
    assert_eq!(preview.files[1].before.as_deref(), Some(FILE));
    assert!(preview.files[0].unified.contains("q:9443") && !format!("{preview:?}").contains("s3cr3t"));
    assert!(preview.reading.blocked_stacks.contains("db") && preview.reading.catalog.stack("site").is_some());
    // Nothing happened.
    assert_eq!(repository.read().await.unwrap().version, base);
    assert_eq!(by_hand(root, &["status", "--porcelain"]), "");
    // And a commit makes the very same of it.
    wanted.message = "Do it".into();
    repository.commit(&wanted).await.unwrap();
    assert_eq!(preview.files[1].after.as_deref(), Some(text(root, STACKS_FILE).as_str()));
    // By now it is somebody else's catalog.
    assert!(matches!(repository.preview(&wanted).await, Err(CatalogError::Conflict(_))));
}
