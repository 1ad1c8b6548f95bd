//! What a compose text says about a deployment, as far as the catalog and the plan need to know: services, images, variables,
//! and what will not work on a Docker host that Portainer reaches from afar. Several files are made one ([`merge`](merge())), read
//! with an environment's variables ([`facts`](facts())), and given image digests ([`pin_images`]). Pure functions on text.

mod emit;
mod facts;
mod forms;
mod hazards;
mod interpolation;
mod merge;
mod pin;
mod services;
mod sites;
mod unique;
mod yaml;

use types::catalog::{Variable, VariableValue};

pub use facts::{Facts, HostPort, MOST_PORTS, ServiceFacts, facts};
pub use hazards::{ComposeHazard, HazardKind};
pub use interpolation::{Interpolation, Need};
pub use merge::{FileError, merge};
pub use pin::{PinError, pin_images, with_digest};
pub use services::{Condition, Dependency, PublishedPort, Service};

use yaml::{Kind, Place, Yaml};

/// A compose text, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compose {
    /// The project's name, if the text sets one.
    pub name: Option<String>,
    /// The services in the text's order.
    pub services: Vec<Service>,
    /// Where variables are put in.
    pub interpolations: Vec<Interpolation>,
    /// What will not work, or not well.
    pub hazards: Vec<ComposeHazard>,
}

/// Why a compose text cannot be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ComposeError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// Which of several texts, from 0.
    file: usize,
}

impl ComposeError {
    fn at(Place { file, line, column }: Place, message: String) -> Self {
        Self { line, column, message, file }
    }
}

/// A variable the text needs and nobody sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved<'a> {
    /// The place that needs it.
    pub at: &'a Interpolation,
    /// Whether the deployment will fail; otherwise it gets an empty text.
    pub fatal: bool,
}

impl Compose {
    /// Parses a text.
    ///
    /// # Errors
    /// [`ComposeError`] with line and column, if it is no YAML, says a key twice, has no services, or interpolates in a form
    /// compose refuses.
    pub fn parse(text: &str) -> Result<Self, ComposeError> {
        Self::of(&merge::clean(yaml::parse(text, 0)?)?)
    }

    /// Reads a tree.
    fn of(root: &Yaml) -> Result<Self, ComposeError> {
        let Some(services) = root.get("services").filter(|services| !services.members().is_empty()) else {
            return Err(ComposeError::at(root.at, "There are no “services”.".to_owned()));
        };
        let mut interpolations = Vec::new();
        variables(root, "", &mut interpolations)?;
        let services = services::read(services)?;
        let hazards = hazards::find(root, &services);
        Ok(Self { name: root.get("name").and_then(Yaml::text).map(str::to_owned), services, interpolations, hazards })
    }

    /// The service of this name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The variables that are needed and not set; each once.
    #[must_use]
    pub fn unresolved(&self, env: &[Variable]) -> Vec<Unresolved<'_>> {
        // A secret always has a value; an empty plain one counts as none where the form has a colon.
        let has_value = |name: &str| {
            env.iter()
                .any(|one| one.name == name && !matches!(&one.value, VariableValue::Plain(text) if text.is_empty()))
        };
        let is_set = |name: &str| env.iter().any(|one| one.name == name);
        let mut unresolved: Vec<Unresolved<'_>> = Vec::new();
        for at in &self.interpolations {
            let fatal = match at.need {
                Need::Default | Need::Alternative => continue,
                Need::Required(_) if has_value(&at.name) => continue,
                Need::Blank if is_set(&at.name) => continue,
                Need::Required(_) => true,
                Need::Blank => false,
            };
            if at.unless.iter().any(|other| has_value(other)) || PROVIDED.contains(&at.name.as_str()) {
                continue;
            }
            match unresolved.iter_mut().find(|known| known.at.name == at.name) {
                Some(known) if fatal && !known.fatal => *known = Unresolved { at, fatal },
                Some(_) => {}
                None => unresolved.push(Unresolved { at, fatal }),
            }
        }
        unresolved
    }

    /// Whether the text puts a variable in anywhere.
    #[must_use]
    pub fn uses(&self, variable: &str) -> bool {
        self.interpolations.iter().any(|one| one.name == variable)
    }
}

/// Set by compose itself.
const PROVIDED: [&str; 1] = ["COMPOSE_PROJECT_NAME"];

/// Collects the variables of all values; keys are not interpolated.
fn variables(node: &Yaml, pointer: &str, out: &mut Vec<Interpolation>) -> Result<(), ComposeError> {
    match &node.kind {
        Kind::Scalar { text, .. } => {
            let found =
                interpolation::find(text).map_err(|problem| ComposeError::at(node.at, format!("{problem}.")))?;
            out.extend(found.into_iter().map(|one| Interpolation {
                name: one.name,
                need: one.need,
                unless: one.unless,
                line: node.at.line,
                column: node.at.column,
                pointer: pointer.to_owned(),
            }));
        }
        Kind::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                variables(item, &crate::json::step(pointer, index), out)?;
            }
        }
        Kind::Mapping(members) => {
            for (key, value) in members {
                // Extensions are not interpreted, but what anchors take from them is, where it is put in.
                let Some(key) = key.text().filter(|key| !pointer.is_empty() || !key.starts_with("x-")) else {
                    continue;
                };
                variables(value, &crate::json::step(pointer, key), out)?;
            }
        }
    }
    Ok(())
}
