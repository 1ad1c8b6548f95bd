//! The schemas shipped for editors.

use std::path::Path;

use catalog::{STACKS_FILE, Snapshot, read};
use types::catalog::{DiagnosticCode as Code, schemas};

#[test]
fn the_shipped_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    for (name, text) in schemas() {
        let shipped = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(shipped, text, "{name} is stale: run `cargo run -p catalog --example schemas`");
    }
}

/// Every key a schema allows for a stack is one the reader knows: the two cannot drift apart.
#[test]
fn the_reader_knows_every_key_of_the_schemas() {
    let (_, text) = &schemas()[0];
    let schema: serde_json::Value = serde_json::from_str(text).unwrap();
    let keys = |name: &str| -> Vec<String> {
        schema["definitions"][name]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let object = |keys: &[String]| keys.iter().map(|key| format!("\"{key}\": null")).collect::<Vec<_>>().join(", ");
    let (stack, environment) = (keys("StackEntry"), keys("EnvironmentEntry"));
    assert!(stack.len() > 10 && environment.len() > 5);
    let rest: Vec<String> = stack.into_iter().filter(|key| key != "name" && key != "environments").collect();
    let text = format!(
        "{{\"docker_stacks\": [{{\"name\": \"web\", {}, \"environments\": {{\"production\": {{{}}}}}}}]}}",
        object(&rest),
        object(&environment)
    );
    let reading = read(&Snapshot::of_texts([(STACKS_FILE, text)]));
    let unknown: Vec<_> = reading.diagnostics.iter().filter(|one| one.code == Code::UnknownField).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
