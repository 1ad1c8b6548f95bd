//! From the catalog to what is desired: assignments with their settings, references resolved to commits, secrets to versions,
//! compose files to facts. What is wrong with one stack is its own trouble and keeps no other from being planned.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

use catalog::{
    check_compose,
    git::{Address, Credential},
};
use futures::{StreamExt as _, stream};
use reconcile::{
    model::{
        ComposeFacts, Desired, DesiredEnvironment, DesiredSource, DesiredStack, DesiredValue, HealthRules, Scope,
        SecretRef, Trouble,
    },
    ports::PortError,
};
use types::catalog::{
    Assignment, Diagnostic, Effective, Guest, SecretName, Severity, Stack, StackSource, VariableValue, normalise_name,
};

use super::{
    DeployError,
    facts::facts,
    home::{Home, Looked, Now},
    sources::{Asked, Found, Sources},
};

/// Repositories asked at once: enough to hide the network, few enough for a small machine.
const ASKED_AT_ONCE: usize = 8;

/// What is desired, and what was noticed in compose files on the way.
pub(super) struct Wanted {
    pub(super) desired: Desired,
    pub(super) findings: Vec<Diagnostic>,
}

/// One stack on one machine, before its repository was asked.
struct Candidate<'a> {
    environment: &'a str,
    settings: &'a str,
    stack: &'a Stack,
    effective: Effective,
    troubles: Vec<Trouble>,
}

/// Puts together what is desired. Repositories of stacks outside of `scope` are not asked: they stand at the commit last seen.
pub(super) async fn wanted(home: &Home, now: &Now, sources: &Sources, scope: &Scope) -> Result<Wanted, PortError> {
    let catalog = &now.reading.catalog;
    let mut environments: BTreeMap<&str, Vec<DesiredStack>> = BTreeMap::new();
    let mut candidates = Vec::new();
    for guest in catalog.guests.iter().filter(|guest| guest.is_target()) {
        let Some(environment) = guest.environment.as_deref() else { continue };
        let stacks = environments.entry(environment).or_default();
        for assignment in &guest.assignments {
            match catalog.stack(&assignment.stack) {
                Some(stack) => candidates.push(candidate(now, guest, environment, assignment, stack)),
                None => stacks.push(missing(now, &assignment.stack)),
            }
        }
    }
    // One question for each repository, reference and credential, however many machines run it.
    let mut questions: BTreeMap<Asked, Vec<usize>> = BTreeMap::new();
    for (index, one) in candidates.iter().enumerate() {
        if let Some(asked) = Asked::of(&one.effective.source) {
            questions.entry(asked).or_default().push(index);
        }
    }
    let answers: Vec<(Vec<usize>, Result<Found, Trouble>)> = stream::iter(questions)
        .map(|(asked, indices)| {
            let fresh = indices.iter().any(|index| {
                candidates.get(*index).is_some_and(|one| scope.holds(one.environment, &normalise_name(&one.stack.name)))
            });
            async move {
                let found = match address_of(home, now, &asked) {
                    Ok((address, credential)) => {
                        sources.find(home.remote(), &asked, &address, credential.as_ref(), fresh).await
                    }
                    Err(trouble) => Err(trouble),
                };
                (indices, found)
            }
        })
        .buffer_unordered(ASKED_AT_ONCE)
        .collect()
        .await;
    let mut found: BTreeMap<usize, Result<Found, Trouble>> = BTreeMap::new();
    for (indices, answer) in answers {
        for index in indices {
            found.insert(index, answer.clone());
        }
    }
    let mut findings = Vec::new();
    for (index, one) in candidates.into_iter().enumerate() {
        let environment = one.environment;
        let stack = desired_stack(home, now, one, found.remove(&index), &mut findings);
        environments.entry(environment).or_default().push(stack);
    }
    let environments =
        environments.into_iter().map(|(name, stacks)| DesiredEnvironment { name: name.to_owned(), stacks }).collect();
    let desired = Desired { catalog_commit: now.reading.version.to_string(), environments };
    Ok(Wanted { desired, findings })
}

fn address_of(home: &Home, now: &Now, asked: &Asked) -> Result<(Address, Option<Credential>), Trouble> {
    let trouble = |detail: String| Trouble::Reference {
        url: asked.repository.clone(),
        reference: asked.reference.clone(),
        detail,
    };
    let address = Address::parse(&asked.repository).map_err(|problem| trouble(format!("the address {problem}")))?;
    let credential = home.credential(now, asked.credential.as_ref()).map_err(|error| Trouble::Secret {
        name: asked.credential.as_ref().map(ToString::to_string).unwrap_or_default(),
        detail: words(error),
    })?;
    Ok((address, credential))
}

/// The words of an error that goes into a trouble.
fn words(error: DeployError) -> String {
    crate::ServiceError::from(error).problem().message
}

fn candidate<'a>(
    now: &Now,
    guest: &'a Guest,
    environment: &'a str,
    assignment: &'a Assignment,
    stack: &'a Stack,
) -> Candidate<'a> {
    let settings = guest.settings_for(assignment);
    let mut troubles = Vec::new();
    if now.reading.blocked_guests.contains(&guest.name) {
        let about = |one: &&Diagnostic| one.blocks_guest(&guest.name);
        troubles.extend(catalog_troubles(now.reading.diagnostics.iter().filter(about)));
    }
    if now.reading.blocked_stacks.contains(&stack.name) {
        let about = |one: &&Diagnostic| one.blocks_stack(&stack.name);
        troubles.extend(catalog_troubles(now.reading.diagnostics.iter().filter(about)));
    }
    Candidate { environment, settings, stack, effective: stack.on(settings), troubles }
}

fn catalog_troubles<'a>(found: impl Iterator<Item = &'a Diagnostic>) -> Vec<Trouble> {
    let mut details: Vec<String> = found.map(ToString::to_string).collect();
    if details.is_empty() {
        details.push("its entry in the catalog is broken".to_owned());
    }
    details.into_iter().map(|detail| Trouble::Catalog { detail }).collect()
}

/// An assignment to a stack that could not be read, or that does not exist.
fn missing(now: &Now, name: &str) -> DesiredStack {
    let troubles = match now.reading.blocked_stacks.contains(name) {
        true => catalog_troubles(now.reading.diagnostics.iter().filter(|one| one.blocks_stack(name))),
        false => vec![Trouble::Catalog { detail: format!("the catalog has no stack “{name}”") }],
    };
    DesiredStack {
        name: normalise_name(name),
        title: name.to_owned(),
        former_names: Vec::new(),
        source: DesiredSource::Text { text: String::new() },
        variables: BTreeMap::new(),
        depends_on: Vec::new(),
        compose: None,
        health: HealthRules::default(),
        swarm: false,
        pin: None,
        troubles,
    }
}

fn desired_stack(
    home: &Home,
    now: &Now,
    candidate: Candidate<'_>,
    found: Option<Result<Found, Trouble>>,
    findings: &mut Vec<Diagnostic>,
) -> DesiredStack {
    let Candidate { environment, settings, stack, effective, mut troubles } = candidate;
    let variables = variables(home, now, &effective, &mut troubles);
    let mut credential_of = None;
    if let StackSource::Git { credential: Some(name), .. } = &effective.source {
        credential_of = secret(home, now, name).map_err(|trouble| troubles.push(trouble)).ok().map(|found| found.0);
    }
    let (source, texts) = source_of(now, &effective.source, found, credential_of, &mut troubles);
    let place = match &source {
        DesiredSource::Git { url, commit, compose_file, .. } => {
            format!("{url} {} {compose_file}", commit.get(..12).unwrap_or(commit))
        }
        DesiredSource::Text { .. } => String::new(),
    };
    let mut compose: Option<ComposeFacts> = None;
    if let Some(texts) = texts {
        if let ([(_, text)], false) = (texts.as_slice(), place.is_empty()) {
            // Texts of the catalog itself were checked when it was read.
            for finding in check_compose(stack, &[settings], &place, text) {
                if finding.severity == Severity::Error {
                    troubles.push(Trouble::Compose { path: place.clone(), detail: finding.to_string() });
                }
                findings.push(finding);
            }
        }
        match facts(&texts, &effective.env) {
            Ok(known) => compose = Some(known),
            Err((path, detail)) => troubles.push(Trouble::Compose { path, detail }),
        }
    }
    troubles.sort();
    troubles.dedup();
    let name = normalise_name(&stack.name);
    DesiredStack {
        former_names: former_names(&name, &stack.name, &[environment, settings]),
        title: stack.name.clone(),
        source,
        variables,
        depends_on: stack.depends_on.iter().map(|name| normalise_name(name)).collect(),
        compose,
        health: HealthRules {
            timeout_s: effective.health.timeout_s.unwrap_or(HealthRules::default().timeout_s),
            settle_s: effective.health.stable_s.unwrap_or(HealthRules::default().settle_s),
        },
        swarm: stack.swarm,
        pin: None,
        troubles,
        name,
    }
}

type Texts = Vec<(String, String)>;

fn source_of(
    now: &Now,
    source: &StackSource,
    found: Option<Result<Found, Trouble>>,
    credential: Option<SecretRef>,
    troubles: &mut Vec<Trouble>,
) -> (DesiredSource, Option<Texts>) {
    match source {
        StackSource::Git { repository, reference, compose_file, additional_files, .. } => {
            let (commit, texts) = match found {
                Some(Ok(found)) => {
                    if let Some(trouble) = found.unreadable {
                        troubles.push(trouble);
                    }
                    (found.commit, found.texts)
                }
                Some(Err(trouble)) => {
                    troubles.push(trouble);
                    (String::new(), None)
                }
                None => (String::new(), None),
            };
            let git = DesiredSource::Git {
                url: repository.clone(),
                reference: reference.clone(),
                commit,
                compose_file: compose_file.clone(),
                additional_files: additional_files.clone(),
                credential,
            };
            (git, texts)
        }
        StackSource::Text { path } => match now.snapshot.resolve(path) {
            Some((path, text)) => {
                let texts = vec![(path.to_owned(), text.to_owned())];
                (DesiredSource::Text { text: text.to_owned() }, Some(texts))
            }
            None => {
                let detail = "there is no such file in the catalog's repository".to_owned();
                troubles.push(Trouble::Compose { path: path.clone(), detail });
                (DesiredSource::Text { text: String::new() }, None)
            }
        },
    }
}

fn variables(
    home: &Home,
    now: &Now,
    effective: &Effective,
    troubles: &mut Vec<Trouble>,
) -> BTreeMap<String, DesiredValue> {
    let mut values = BTreeMap::new();
    for variable in &effective.env {
        let value = match &variable.value {
            VariableValue::Plain(text) => DesiredValue::Plain(text.clone()),
            VariableValue::Secret(name) => match secret(home, now, name) {
                Ok((SecretRef { name, version }, digest)) => DesiredValue::Secret { name, version, digest },
                Err(trouble) => {
                    troubles.push(trouble);
                    continue;
                }
            },
        };
        values.insert(variable.name.clone(), value);
    }
    values
}

fn secret(home: &Home, now: &Now, name: &SecretName) -> Looked {
    let mut known = now.secrets.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name.clone()).or_insert_with(|| look_up(home, now, name)).clone()
}

fn look_up(home: &Home, now: &Now, name: &SecretName) -> Looked {
    let trouble = |detail: String| Trouble::Secret { name: name.to_string(), detail };
    let vault = now.vault.as_ref().map_err(|error| trouble(error.to_string()))?;
    let key = home.key().map_err(|error| trouble(error.to_string()))?;
    let revealed = vault.reveal(&key, name).map_err(|error| trouble(error.to_string()))?;
    let digest = Home::digest(&key, &revealed.value);
    Ok((SecretRef { name: name.to_string(), version: u64::from(revealed.version) }, digest))
}

/// The names older tools gave: `NAME-ENV` and `ENV_NAME`, for the environment and the settings' environment, long and short.
fn former_names(name: &str, title: &str, environments: &[&str]) -> Vec<String> {
    let mut words: BTreeSet<&str> = environments.iter().copied().collect();
    for (short, long) in [("prod", "production"), ("test", "testing"), ("dev", "development")] {
        if words.contains(short) || words.contains(long) {
            words.extend([short, long]);
        }
    }
    let mut names: Vec<String> = words
        .into_iter()
        .flat_map(|word| [format!("{title}-{word}"), format!("{word}_{title}")])
        .map(|former| normalise_name(&former))
        .filter(|former| former != name)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::former_names;

    #[test]
    fn older_tools_put_the_environment_before_or_behind() {
        let names = former_names("web", "web", &["rumpleprod", "production"]);
        for name in ["web-production", "production_web", "web-prod", "prod_web", "web-rumpleprod", "rumpleprod_web"] {
            assert!(names.iter().any(|one| one == name), "{name} in {names:?}");
        }
        assert_eq!(names.len(), 6);
    }
}
