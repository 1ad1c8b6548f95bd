//! JSON Schemas of the files we write, for editors.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use super::{GuestsFile, HypervisorFile, SecretsFile, StacksFile};

/// The schemas, each with the name of its file. They describe our form; the reader takes more.
#[must_use]
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("phoenix_stacks_config.schema.json", text::<StacksFile>()),
        ("phoenix_vm_configs.schema.json", text::<GuestsFile>()),
        ("phoenix_hypervisor_config.schema.json", text::<HypervisorFile>()),
        ("phoenix_secrets.schema.json", text::<SecretsFile>()),
    ]
}

fn text<T: JsonSchema>() -> String {
    // The draft editors know best.
    let generator = SchemaGenerator::new(SchemaSettings::draft07());
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    // The order of keys must not depend on what other crates ask of the JSON library.
    schema.sort_all_objects();
    format!("{schema:#}\n")
}
