//! A stack's form: its fields as a browser sends them, and the stack they mean.
//!
//! Lists have numbered fields: `var.0.name`, `var.0.value`, `var.0.secret`; `depends.NAME` is there for each stack that must come
//! first. A variable without name and value is none, which is how one is taken away. `offer.NAME.value` and `offer.NAME.secret` are
//! those of a variable that the compose file asks for; left empty, it is not set.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{
    Edit,
    git::{Address, AddressError, check_reference},
};
use types::{
    FieldProblem, Problem, ProblemCode,
    catalog::{
        Health, Override, Publish, SecretName, Stack, StackSource, Variable, VariableValue, is_variable_name,
        same_environment,
    },
};

use super::{
    Draft, Unfinished, refuse_half_typed, refuse_outdated,
    repository::{HOLDS_CREDENTIAL, check_repository},
    take,
};
use crate::deploy::{Deploy, DeployError, Operator};

/// Fields of the form by name.
pub type Fields = BTreeMap<String, String>;

/// The fields of a stack's form beside its lists.
const PLAIN: [&str; 13] = [
    "description",
    "source",
    "repository",
    "reference",
    "compose_file",
    "additional_files",
    "credential",
    "path",
    "hostname",
    "port",
    "timeout_s",
    "stable_s",
    "swarm",
];

/// What is wrong with a variable that has both.
const EITHER: &str = "Either a value or a secret: empty the value, or choose “plain value”.";

/// A stack's form, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackForm {
    /// What stands in the fields.
    pub fields: Fields,
    /// What keeps it from being taken, by field.
    pub problem: Option<Problem>,
}

impl Draft {
    /// The form of a stack, or of what differs on one environment; none if there is no such stack, or it can't be read.
    #[must_use]
    pub fn form(&self, stack: &str, environment: Option<&str>) -> Option<StackForm> {
        let known = self.reading.catalog.stack(stack)?;
        match self.unfinished.get(stack) {
            Some(Unfinished::Form { environment: on, fields }) if on.as_deref() == environment => {
                let problem = meant(fields, known, environment).err();
                Some(StackForm { fields: fields.clone(), problem })
            }
            _ => Some(StackForm { fields: fields_of(known, environment), problem: None }),
        }
    }
}

impl Deploy {
    /// Makes a stack what its form says. What can't be taken yet is kept as it was typed. `seen` is as in
    /// [`draft_stack_text`](Self::draft_stack_text).
    ///
    /// # Errors
    /// `NotFound` when the draft has no such stack; `Conflict` while its text, or another of its forms, is half typed, and when
    /// another window changed it.
    pub async fn draft_form(
        &self,
        operator: &Operator,
        stack: &str,
        environment: Option<&str>,
        fields: &Fields,
        seen: &str,
    ) -> Result<Draft, DeployError> {
        let is_ours = |name: &str| {
            PLAIN.contains(&name) || ["var.", "offer.", "depends."].iter().any(|list| name.starts_with(list))
        };
        // Values of secrets and what else a form carries are no part of a draft.
        let fields: Fields =
            fields.iter().filter(|(name, _)| is_ours(name)).map(|(name, text)| (name.clone(), text.clone())).collect();
        // Kept as it was typed, it would stand in the database and on the page.
        if let Some(typed) = fields.get("repository")
            && Address::parse(typed.trim()) == Err(AddressError::HoldsCredential)
        {
            return Err(DeployError::Service(Problem::field("repository", HOLDS_CREDENTIAL).into()));
        }
        self.change_draft(operator, |draft| {
            refuse_outdated(draft, stack, seen)?;
            match draft.unfinished.get(stack) {
                Some(Unfinished::Form { environment: on, .. }) if on.as_deref() == environment => {}
                _ => refuse_half_typed(draft, stack)?,
            }
            let Some(known) = draft.reading.catalog.stack(stack) else {
                return Err(DeployError::refused(
                    ProblemCode::NotFound,
                    format!("Your draft has no stack “{stack}” that can be read. Look at its text."),
                ));
            };
            let meant = meant(&fields, known, environment);
            match meant {
                Ok(meant) => {
                    draft.unfinished.remove(stack);
                    take(draft, &[Edit::SetStack(Box::new(meant))])
                }
                Err(_) => {
                    let environment = environment.map(str::to_owned);
                    let typed = Unfinished::Form { environment, fields: fields.clone() };
                    draft.unfinished.insert(stack.to_owned(), typed);
                    Ok(())
                }
            }
        })
        .await
    }
}

/// The key under which a stack has an environment's settings.
fn key_of<'a>(stack: &'a Stack, environment: &'a str) -> &'a str {
    let keys = || stack.environments.keys();
    keys()
        .find(|key| *key == environment)
        .or_else(|| keys().find(|key| same_environment(key, environment)))
        .map_or(environment, |key| key)
}

fn fields_of(stack: &Stack, environment: Option<&str>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, text: Option<String>| {
        fields.insert(name.to_owned(), text.unwrap_or_default());
    };
    let (env, publish, health) = match environment {
        Some(environment) => {
            let over = stack.override_for(environment).cloned().unwrap_or_default();
            put("reference", over.reference);
            put("compose_file", over.compose_file);
            (over.env, over.publish, over.health)
        }
        None => {
            put("description", stack.description.clone());
            match &stack.source {
                StackSource::Git { repository, reference, compose_file, additional_files, credential } => {
                    put("source", Some("git".into()));
                    put("repository", Some(repository.clone()));
                    put("reference", reference.clone());
                    put("compose_file", Some(compose_file.clone()));
                    put("additional_files", Some(additional_files.join("\n")));
                    put("credential", credential.as_ref().map(ToString::to_string));
                }
                StackSource::Text { path } => {
                    put("source", Some("text".into()));
                    put("path", Some(path.clone()));
                }
            }
            if stack.swarm {
                put("swarm", Some("true".into()));
            }
            for name in &stack.depends_on {
                put(&format!("depends.{name}"), Some("true".into()));
            }
            (stack.env.clone(), stack.publish.clone(), stack.health.clone())
        }
    };
    put("hostname", publish.hostname);
    put("port", publish.port.map(|port| port.to_string()));
    put("timeout_s", health.timeout_s.map(|seconds| seconds.to_string()));
    put("stable_s", health.stable_s.map(|seconds| seconds.to_string()));
    for (index, variable) in env.into_iter().enumerate() {
        put(&format!("var.{index}.name"), Some(variable.name));
        match variable.value {
            VariableValue::Plain(text) => put(&format!("var.{index}.value"), Some(text)),
            VariableValue::Secret(name) => put(&format!("var.{index}.secret"), Some(name.to_string())),
        }
    }
    fields
}

/// The stack that the fields mean. What the form does not show stays as it is.
fn meant(fields: &Fields, before: &Stack, environment: Option<&str>) -> Result<Stack, Problem> {
    let mut form = Typed { fields, problems: Vec::new() };
    let mut stack = before.clone();
    let env = form.variables();
    let publish = Publish { hostname: form.text("hostname"), port: form.number("port") };
    let health = Health { timeout_s: form.number("timeout_s"), stable_s: form.number("stable_s") };
    if publish.port == Some(0) {
        form.complain("port", "A port is a number from 1 to 65535.");
    }
    let reference = form.reference();
    match environment {
        Some(environment) => {
            let key = key_of(before, environment).to_owned();
            let over = before.environments.get(&key).cloned().unwrap_or_default();
            let compose_file = form.text("compose_file");
            let over = Override { env, reference, compose_file, publish, health, ..over };
            if over == Override::default() {
                stack.environments.remove(&key);
            } else {
                stack.environments.insert(key, over);
            }
        }
        None => {
            stack.description = form.text("description");
            stack.source = form.source(reference);
            stack.swarm = fields.contains_key("swarm");
            let asked = |name: &&String| fields.contains_key(&format!("depends.{name}"));
            let kept: Vec<String> = before.depends_on.iter().filter(asked).cloned().collect();
            let names = fields.keys().filter_map(|key| key.strip_prefix("depends.")).map(str::to_owned);
            let new: Vec<String> = names.filter(|name| !kept.contains(name)).collect();
            stack.depends_on = [kept, new].concat();
            (stack.env, stack.publish, stack.health) = (env, publish, health);
        }
    }
    if form.problems.is_empty() {
        return Ok(stack);
    }
    let message = "Some fields need another look. What you typed is kept.";
    Err(Problem { fields: form.problems, ..Problem::new(ProblemCode::Invalid, message) })
}

/// Fields being read, with what is wrong in them.
struct Typed<'a> {
    fields: &'a Fields,
    problems: Vec<FieldProblem>,
}

impl Typed<'_> {
    fn complain(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.into(), message: message.into() });
    }

    /// A field without the white space around it; none if nothing is left.
    fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.complain(name, format!("“{text}” is no number that fits here. Write digits alone, or nothing."));
        }
        number
    }

    fn reference(&mut self) -> Option<String> {
        let reference = self.text("reference")?;
        if let Err(problem) = check_reference(&reference) {
            self.complain("reference", format!("“{reference}” {problem}. Write a branch, a tag or a full commit id."));
        }
        Some(reference)
    }

    fn secret(&mut self, field: &str) -> Option<SecretName> {
        let text = self.text(field)?;
        text.parse().map_err(|problem| self.complain(field, format!("“{text}” {problem}."))).ok()
    }

    fn source(&mut self, reference: Option<String>) -> StackSource {
        if self.fields.get("source").is_some_and(|word| word == "text") {
            let path = self.text("path");
            if path.is_none() {
                self.complain(
                    "path",
                    "Say where the compose file is in the catalog, such as stacks/web/docker-compose.yml.",
                );
            }
            return StackSource::Text { path: path.unwrap_or_default() };
        }
        let repository = self.text("repository").unwrap_or_default();
        if let Err(problem) = check_repository(&repository) {
            self.complain("repository", problem);
        }
        let files = self.text("additional_files").unwrap_or_default();
        StackSource::Git {
            repository,
            reference,
            compose_file: self.text("compose_file").unwrap_or_else(|| StackSource::COMPOSE_FILE.to_owned()),
            additional_files: files.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            credential: self.secret("credential"),
        }
    }

    fn value(&self, field: &str) -> String {
        // Browsers send line ends as mail does.
        self.fields.get(field).map(|text| text.replace("\r\n", "\n")).unwrap_or_default()
    }

    fn variables(&mut self) -> Vec<Variable> {
        let mut variables = self.numbered();
        let name = |key: &String| Some(key.strip_prefix("offer.")?.split_once('.')?.0.to_owned());
        let offered: BTreeSet<String> = self.fields.keys().filter_map(name).collect();
        for name in offered {
            let value = self.value(&format!("offer.{name}.value"));
            let field = format!("offer.{name}.secret");
            let secret = self.secret(&field);
            let is_new = !variables.iter().any(|known| known.name == name) && is_variable_name(&name);
            if !is_new || (value.is_empty() && secret.is_none()) {
                continue;
            }
            if secret.is_some() && !value.is_empty() {
                self.complain(field, EITHER);
            }
            variables.push(Variable { name, value: secret.map_or(VariableValue::Plain(value), VariableValue::Secret) });
        }
        variables
    }

    fn numbered(&mut self) -> Vec<Variable> {
        let number = |key: &String| key.strip_prefix("var.")?.split_once('.')?.0.parse::<u32>().ok();
        let numbers: BTreeSet<u32> = self.fields.keys().filter_map(number).collect();
        let mut variables: Vec<Variable> = Vec::new();
        for number in numbers {
            let field = |part: &str| format!("var.{number}.{part}");
            let value = self.value(&field("value"));
            let secret = self.secret(&field("secret"));
            let Some(name) = self.text(&field("name")) else {
                if !value.is_empty() || secret.is_some() {
                    self.complain(field("name"), "Give it a name, or empty its value to take it away.");
                }
                continue;
            };
            if !is_variable_name(&name) {
                self.complain(
                    field("name"),
                    format!("“{name}” can't be a name: a letter or _, then letters, digits and _."),
                );
            }
            if variables.iter().any(|known| known.name == name) {
                self.complain(field("name"), format!("“{name}” stands here twice. Keep one."));
            }
            if secret.is_some() && !value.is_empty() {
                self.complain(field("value"), EITHER);
            }
            let value = secret.map_or(VariableValue::Plain(value), VariableValue::Secret);
            variables.push(Variable { name, value });
        }
        variables
    }
}
