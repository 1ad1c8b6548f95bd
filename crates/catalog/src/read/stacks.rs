//! Reads stacks, in our form and in the four older ones.

use std::collections::BTreeMap;

use types::catalog::{
    DiagnosticCode as Code, Health, Override, Publish, SecretName, Stack, StackSource, Variable, VariableValue,
    check_stack_name, is_variable_name, normalise_name, variable_form,
};

use super::{
    cursor::{Cursor, Findings},
    older,
};
use crate::{
    git::{Address, check_reference},
    json::Kind,
};

/// Keys of a stack's entry: ours, then those of older forms.
pub(crate) const STACK_KEYS: &[&str] = &[
    "name",
    "description",
    "git_repo",
    "reference",
    "compose_file",
    "additional_files",
    "git_credential",
    "compose_file_path",
    "env",
    "environments",
    "depends_on",
    "hostname",
    "port",
    "health",
    "swarm",
    "nginx_proxy",
    "placement_constraints",
];

/// Keys of an environment's entry: ours, then those of older forms.
pub(crate) const ENVIRONMENT_KEYS: &[&str] = &[
    "env",
    "reference",
    "compose_file",
    "additional_files",
    "hostname",
    "port",
    "health",
    "variables",
    "files",
    "services",
    "firewall_rules",
];

/// A stack and where it stands.
pub(crate) struct Found<'a> {
    pub(crate) stack: Stack,
    pub(crate) at: Cursor<'a>,
}

/// Reads `docker_stacks`, whichever form it has. Entries without a name cannot even be blocked: they are only reported.
pub(crate) fn read<'a>(root: &Cursor<'a>, out: &mut Findings) -> Vec<Found<'a>> {
    root.check_keys(&["docker_stacks", "$schema"], out);
    let Some(list) = root.get("docker_stacks") else {
        let remedy = "Begin with {\"docker_stacks\": []}.";
        root.error(Code::Missing, "There is no “docker_stacks”.", remedy, out);
        return Vec::new();
    };
    let mut found = Vec::new();
    match &list.node.kind {
        Kind::Array(_) => {
            for entry in list.items() {
                if entry.node.members().is_none() {
                    entry.wrong_type("an object with “name” and “git_repo”", out);
                } else if let Some(name) = entry.filled("name", out) {
                    found.extend(one(&name, entry.of_stack(&name), out));
                } else {
                    entry.error(Code::Missing, "This stack has no name.", "Give it a “name”.", out);
                }
            }
        }
        Kind::Object(_) => {
            list.check_keys(&list.members().iter().map(|(name, _)| *name).collect::<Vec<_>>(), out);
            let remedy = "It is read as it is; “import” rewrites it as a list.";
            list.inform(Code::OlderForm, "The stacks are an object by name, an older form.", remedy, out);
            for (name, entry) in list.members() {
                let entry = entry.of_stack(name);
                if let Some(inner) = entry.filled("name", out).filter(|inner| inner != name) {
                    let message = format!("The stack is filed under “{name}” but calls itself “{inner}”.");
                    entry.nearest("/name").warn(
                        Code::BadName,
                        message,
                        format!("It counts as “{name}”; make both alike."),
                        out,
                    );
                }
                found.extend(one(name, entry, out));
            }
        }
        _ => list.wrong_type("a list of stacks", out),
    }
    found
}

/// Reads one entry. None if it is not even an object, or has no source.
pub(crate) fn one<'a>(name: &str, at: Cursor<'a>, out: &mut Findings) -> Option<Found<'a>> {
    if at.node.members().is_none() {
        at.wrong_type("an object", out);
        return None;
    }
    let source = source(name, &at, out);
    let stack = without_source(name, &at, out);
    Some(Found { stack: Stack { source: source?, ..stack }, at })
}

/// Reads all but where the compose file is: as if it stood beside.
pub(crate) fn without_source(name: &str, at: &Cursor<'_>, out: &mut Findings) -> Stack {
    at.check_keys(STACK_KEYS, out);
    check_name(name, at, out);
    let swarm = at.flag("swarm", out);
    let stack = Stack {
        name: name.to_owned(),
        description: at.text("description", out),
        source: StackSource::Text { path: String::new() },
        env: variables(at, "env", swarm, out),
        environments: environments(at, swarm, out),
        depends_on: at.texts("depends_on", out).unwrap_or_default(),
        publish: publish(at, out),
        health: health(at, out),
        swarm,
        placement_constraints: at.texts("placement_constraints", out).unwrap_or_default(),
    };
    if !stack.placement_constraints.is_empty() {
        let message = "Placement constraints are read and kept, but not applied.";
        at.nearest("/placement_constraints").warn(
            Code::NotApplied,
            message,
            "Write them in the compose file under “deploy”.",
            out,
        );
    }
    stack
}

fn check_name(name: &str, at: &Cursor<'_>, out: &mut Findings) {
    let Err(problem) = check_stack_name(name) else { return };
    let place = at.get("name").unwrap_or_else(|| at.clone());
    let normal = normalise_name(name);
    // What only changes its form works; what a Docker host refuses does not.
    if check_stack_name(&normal).is_ok() {
        let message = format!("The name “{name}” {problem}.");
        place.warn(Code::BadName, message, format!("Portainer calls it “{normal}”. Rename it to that."), out);
    } else {
        let remedy = "Begin with a letter or digit, then use a-z, 0-9, “-” and “_”.";
        place.error(Code::BadName, format!("The name “{name}” {problem}."), remedy, out);
    }
}

fn source(name: &str, at: &Cursor<'_>, out: &mut Findings) -> Option<StackSource> {
    let repository = at.filled("git_repo", out);
    let path = at.filled("compose_file_path", out);
    let Some(repository) = repository else {
        if path.is_none() {
            let remedy =
                "Give it a “git_repo”, or a “compose_file_path” to a compose file in the catalog's repository.";
            at.error(Code::Missing, format!("Nothing says where the compose file of “{name}” is."), remedy, out);
        }
        return path.map(|path| StackSource::Text { path });
    };
    if path.is_some() {
        let message = "Both “git_repo” and “compose_file_path” stand here; “git_repo” counts.";
        at.nearest("/compose_file_path").warn(Code::BadValue, message, "Remove “compose_file_path”.", out);
    }
    if let Err(problem) = Address::parse(&repository) {
        let remedy = "Write https://HOST/PATH.git and keep the password in the vault, named by “git_credential”.";
        at.nearest("/git_repo").error(Code::BadAddress, format!("The address {problem}."), remedy, out);
    }
    Some(StackSource::Git {
        repository,
        reference: reference(at, out),
        compose_file: path_in_repository(at, "compose_file", out)
            .unwrap_or_else(|| StackSource::COMPOSE_FILE.to_owned()),
        additional_files: at.texts("additional_files", out).unwrap_or_default(),
        credential: secret_name(at, "git_credential", out),
    })
}

fn reference(at: &Cursor<'_>, out: &mut Findings) -> Option<String> {
    let reference = at.filled("reference", out)?;
    if let Err(problem) = check_reference(&reference) {
        let message = format!("The reference “{reference}” {problem}.");
        at.nearest("/reference").error(Code::BadValue, message, "Name a branch, a tag or a full commit id.", out);
    }
    Some(reference)
}

fn path_in_repository(at: &Cursor<'_>, key: &str, out: &mut Findings) -> Option<String> {
    let path = at.filled(key, out)?;
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        let message = format!("The path “{path}” leads out of the repository.");
        at.nearest(&format!("/{key}")).error(Code::BadValue, message, "Write it from the repository's top.", out);
    }
    Some(path)
}

fn secret_name(at: &Cursor<'_>, key: &str, out: &mut Findings) -> Option<SecretName> {
    let text = at.filled(key, out)?;
    match text.parse() {
        Ok(name) => Some(name),
        Err(problem) => {
            // Whoever wrote a password here by mistake must not find it in a log: the text is not repeated.
            let message = format!("What stands in “{key}” {problem}.");
            at.nearest(&format!("/{key}")).error(Code::BadName, message, "Name an entry of the vault.", out);
            None
        }
    }
}

/// Reads a list of variables.
fn variables(at: &Cursor<'_>, key: &str, swarm: bool, out: &mut Findings) -> Vec<Variable> {
    let Some(list) = at.get(key) else { return Vec::new() };
    if matches!(list.node.kind, Kind::Null) {
        return Vec::new();
    }
    if list.node.items().is_none() {
        list.wrong_type("a list of {\"name\", \"value\"}", out);
        return Vec::new();
    }
    let mut variables: Vec<Variable> = Vec::new();
    for entry in list.items() {
        if entry.node.members().is_none() {
            entry.wrong_type("an object with “name” and “value”", out);
            continue;
        }
        entry.check_keys(&["name", "value", "secret", "description"], out);
        let Some(name) = entry.text("name", out) else {
            entry.error(Code::Missing, "This variable has no name.", "Give it a “name”.", out);
            continue;
        };
        if !is_variable_name(&name) {
            let remedy = "Use a letter or “_” first, then letters, digits and “_”.";
            let message = format!("“{name}” cannot name a variable.");
            entry.nearest("/name").error(Code::BadVariable, message, remedy, out);
        }
        if variables.iter().any(|earlier| earlier.name == name) {
            let message = format!("The variable “{name}” is set twice here.");
            entry.error(Code::DuplicateVariable, message, "Remove one of the two.", out);
            continue;
        }
        if let Some(value) = value(&entry, &name, swarm, out) {
            variables.push(Variable { name, value });
        }
    }
    variables
}

fn value(entry: &Cursor<'_>, name: &str, swarm: bool, out: &mut Findings) -> Option<VariableValue> {
    let plain = entry.get("value").filter(|value| !matches!(value.node.kind, Kind::Null));
    let Some(plain) = plain else {
        if entry.get("secret").is_none() {
            let remedy = "Give it a “value”, or a “secret” that names an entry of the vault.";
            entry.error(Code::Missing, format!("The variable “{name}” has no value."), remedy, out);
        }
        return secret_name(entry, "secret", out).map(VariableValue::Secret);
    };
    if entry.get("secret").is_some() {
        let message = format!("The variable “{name}” has both a value and a secret.");
        entry.error(Code::BadValue, message, "Remove one of the two.", out);
    }
    let text = match &plain.node.kind {
        Kind::String(text) => text.clone(),
        Kind::Number(text) => text.clone(),
        Kind::Bool(flag) => flag.to_string(),
        _ => {
            plain.wrong_type("a text", out);
            return None;
        }
    };
    if plain.node.string().is_none() {
        let message = format!("The value of “{name}” is {}; containers get it as text.", plain.node.what());
        plain.warn(Code::WrongType, message, format!("Write \"{text}\"."), out);
    }
    if let Err(hazard) = variable_form(&text, swarm) {
        let remedy = "Change the value, or put it into a file that the compose file mounts.";
        plain.error(Code::BadVariable, format!("The value of “{name}” {hazard}."), remedy, out);
    }
    Some(VariableValue::Plain(text))
}

fn publish(at: &Cursor<'_>, out: &mut Findings) -> Publish {
    let older = at.get("nginx_proxy").and_then(|proxy| {
        if proxy.node.members().is_none() {
            proxy.wrong_type("an object with “hostname”", out);
        }
        proxy.check_keys(&["hostname"], out);
        proxy.filled("hostname", out)
    });
    Publish { hostname: at.filled("hostname", out).or(older), port: port(at, out) }
}

fn port(at: &Cursor<'_>, out: &mut Findings) -> Option<u16> {
    let port = at.number::<u16>("port", "1 to 65535", out)?;
    if port == 0 {
        at.nearest("/port").error(Code::BadValue, "“port” is 0.", "It must be a whole number from 1 to 65535.", out);
        return None;
    }
    Some(port)
}

fn health(at: &Cursor<'_>, out: &mut Findings) -> Health {
    let Some(health) = at.get("health").filter(|health| !matches!(health.node.kind, Kind::Null)) else {
        return Health::default();
    };
    if health.node.members().is_none() {
        health.wrong_type("an object with “timeout_s”", out);
        return Health::default();
    }
    health.check_keys(&["timeout_s", "stable_s"], out);
    let seconds = |key: &str, out: &mut Findings| health.number(key, "0 to 4294967295", out);
    Health { timeout_s: seconds("timeout_s", out), stable_s: seconds("stable_s", out) }
}

fn environments(at: &Cursor<'_>, swarm: bool, out: &mut Findings) -> BTreeMap<String, Override> {
    let Some(all) = at.get("environments").filter(|all| !matches!(all.node.kind, Kind::Null)) else {
        return BTreeMap::new();
    };
    if all.node.members().is_none() {
        all.wrong_type("an object by environment", out);
        return BTreeMap::new();
    }
    all.check_keys(&all.members().iter().map(|(name, _)| *name).collect::<Vec<_>>(), out);
    let mut overrides = BTreeMap::new();
    for (name, entry) in all.members() {
        if entry.node.members().is_none() {
            entry.wrong_type("an object", out);
            continue;
        }
        overrides.insert(name.to_owned(), environment(&entry, swarm, out));
    }
    overrides
}

fn environment(at: &Cursor<'_>, swarm: bool, out: &mut Findings) -> Override {
    at.check_keys(ENVIRONMENT_KEYS, out);
    let mut env = variables(at, "variables", swarm, out);
    for variable in variables(at, "env", swarm, out) {
        match env.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => known.value = variable.value,
            None => env.push(variable),
        }
    }
    let over = Override {
        env,
        reference: reference(at, out),
        compose_file: path_in_repository(at, "compose_file", out),
        additional_files: at.texts("additional_files", out),
        publish: Publish { hostname: at.filled("hostname", out), port: port(at, out) },
        health: health(at, out),
        files: older::files(at, out),
        labels: older::labels(at, out),
        firewall_rules: older::firewall_rules(at, out),
    };
    older::not_applied(at, &over, out);
    over
}
