//! What must change in an entry, so that it says one stack instead of another.

use std::collections::BTreeMap;

use types::catalog::{EnvironmentEntry, Health, Override, Stack, StackEntry, Variable, VariableValue};

use crate::json::{Json, Want};

/// What an entry must become where two stacks differ; nothing where they do not.
pub(super) fn difference(old: &Stack, new: &Stack, variables_key: impl Fn(&str) -> &'static str) -> Want {
    let mut wants = Vec::new();
    let mut put = |key: &str, want: Want| wants.push((key.to_owned(), want));
    let entry = StackEntry::from(new);
    if old.description != new.description {
        put("description", text_or_gone(new.description.as_deref()));
    }
    if old.source != new.source {
        put("git_repo", text_or_gone(entry.git_repo.as_deref()));
        put("reference", text_or_gone(entry.reference.as_deref()));
        put("compose_file", text_or_gone(entry.compose_file.as_deref()));
        put("additional_files", names(&entry.additional_files));
        put("git_credential", text_or_gone(entry.git_credential.as_ref().map(|name| name.as_str())));
        put("compose_file_path", text_or_gone(entry.compose_file_path.as_deref()));
    }
    if old.env != new.env {
        put("env", variables(&old.env, &new.env));
    }
    if old.environments != new.environments {
        put("environments", environments(&old.environments, &new.environments, variables_key));
    }
    if old.depends_on != new.depends_on {
        put("depends_on", names(&new.depends_on));
    }
    if old.publish.hostname != new.publish.hostname {
        put("hostname", text_or_gone(new.publish.hostname.as_deref()));
        // An older key would speak where ours is silent.
        put("nginx_proxy", Want::Members(vec![("hostname".into(), Want::Gone)]));
    }
    if old.publish.port != new.publish.port {
        put("port", number_or_gone(new.publish.port));
    }
    if old.health != new.health {
        put("health", health(&new.health));
    }
    if old.swarm != new.swarm {
        put("swarm", if new.swarm { Want::Is(Json::Bool(true)) } else { Want::Gone });
    }
    Want::Members(wants)
}

fn environments(
    old: &BTreeMap<String, Override>,
    new: &BTreeMap<String, Override>,
    variables_key: impl Fn(&str) -> &'static str,
) -> Want {
    let mut wants = Vec::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        wants.push((name.clone(), Want::Gone));
    }
    for (name, over) in new {
        let Some(before) = old.get(name) else {
            let entry = Json::of(&EnvironmentEntry::from(over)).unwrap_or(Json::Object(Vec::new()));
            wants.push((name.clone(), Want::Is(entry)));
            continue;
        };
        wants.push((name.clone(), environment(before, over, variables_key(name))));
    }
    Want::Members(wants)
}

/// What must change in one environment's entry.
fn environment(before: &Override, over: &Override, variables_key: &str) -> Want {
    let mut members = Vec::new();
    if before.env != over.env {
        members.push((variables_key.to_owned(), variables(&before.env, &over.env)));
        // With both keys there, what is taken away must go from both.
        if variables_key == "env" {
            let gone = removed(&before.env, &over.env);
            members.push(("variables".to_owned(), Want::SomeNamed(gone)));
        }
    }
    if before.reference != over.reference {
        members.push(("reference".to_owned(), text_or_gone(over.reference.as_deref())));
    }
    if before.compose_file != over.compose_file {
        members.push(("compose_file".to_owned(), text_or_gone(over.compose_file.as_deref())));
    }
    if before.additional_files != over.additional_files {
        let want = over.additional_files.as_ref().map_or(Want::Gone, |files| {
            Want::Is(Json::Array(files.iter().map(|file| Json::from(file.as_str())).collect()))
        });
        members.push(("additional_files".to_owned(), want));
    }
    if before.publish.hostname != over.publish.hostname {
        members.push(("hostname".to_owned(), text_or_gone(over.publish.hostname.as_deref())));
    }
    if before.publish.port != over.publish.port {
        members.push(("port".to_owned(), number_or_gone(over.publish.port)));
    }
    if before.health != over.health {
        members.push(("health".to_owned(), health(&over.health)));
    }
    Want::Members(members)
}

/// A list of variables: those that are the same in both keep their bytes, an unquoted number for instance.
fn variables(old: &[Variable], new: &[Variable]) -> Want {
    let wants = new
        .iter()
        .map(|variable| {
            let name = variable.name.clone();
            if old.contains(variable) {
                return (name, Want::Members(Vec::new()));
            }
            let mut members = vec![("name".to_owned(), Want::Is(Json::from(variable.name.as_str())))];
            match &variable.value {
                VariableValue::Plain(text) => {
                    members.push(("value".to_owned(), Want::Is(Json::from(text.as_str()))));
                    members.push(("secret".to_owned(), Want::Gone));
                }
                VariableValue::Secret(secret) => {
                    members.push(("value".to_owned(), Want::Gone));
                    members.push(("secret".to_owned(), Want::Is(Json::String(secret.reference()))));
                }
            }
            (name, Want::Members(members))
        })
        .collect();
    let mut wants: Vec<(String, Want)> = wants;
    wants.extend(removed(old, new));
    // Entries that could not be read stay: they are for the person to mend.
    Want::SomeNamed(wants)
}

fn removed(old: &[Variable], new: &[Variable]) -> Vec<(String, Want)> {
    let gone = old.iter().filter(|variable| !new.iter().any(|one| one.name == variable.name));
    gone.map(|variable| (variable.name.clone(), Want::Gone)).collect()
}

/// What must go from the file beside, so that it does not speak where the list is silent now.
pub(super) fn removals(old: &Stack, new: &Stack) -> Want {
    let mut wants = Vec::new();
    if new.description.is_none() {
        wants.push(("description".to_owned(), Want::Gone));
    }
    let mut environments = Vec::new();
    for (name, before) in &old.environments {
        match new.environments.get(name) {
            None => environments.push((name.clone(), Want::Gone)),
            Some(after) => {
                let gone = removed(&before.env, &after.env);
                if !gone.is_empty() {
                    let lists = ["env", "variables"].map(|key| (key.to_owned(), Want::SomeNamed(gone.clone())));
                    environments.push((name.clone(), Want::Members(lists.into())));
                }
            }
        }
    }
    wants.push(("environments".to_owned(), Want::Members(environments)));
    Want::Members(wants)
}

fn text_or_gone(text: Option<&str>) -> Want {
    text.map_or(Want::Gone, |text| Want::Is(Json::from(text)))
}

fn number_or_gone(number: Option<impl ToString>) -> Want {
    number.map_or(Want::Gone, |number| Want::Is(Json::Number(number.to_string())))
}

fn health(health: &Health) -> Want {
    if *health == Health::default() {
        return Want::Gone;
    }
    Want::Members(vec![
        ("timeout_s".to_owned(), number_or_gone(health.timeout_s)),
        ("stable_s".to_owned(), number_or_gone(health.stable_s)),
    ])
}

fn names(list: &[String]) -> Want {
    if list.is_empty() {
        return Want::Gone;
    }
    Want::Is(Json::Array(list.iter().map(|name| Json::from(name.as_str())).collect()))
}
