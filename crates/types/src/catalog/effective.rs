//! A stack as it is on one environment.

use std::collections::BTreeMap;

use super::{FileMount, Health, Override, Publish, Stack, StackSource, Variable};

/// A stack's settings with those of one environment laid over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Where the compose text comes from, at the environment's reference.
    pub source: StackSource,
    /// The variables: the stack's in their order, replaced in place, then the environment's own.
    pub env: Vec<Variable>,
    /// What is shown to the world.
    pub publish: Publish,
    /// When a deployment counts as healthy.
    pub health: Health,
    /// Files an older form mounts; not applied.
    pub files: Vec<FileMount>,
    /// Traefik labels of an older form; not applied.
    pub labels: BTreeMap<String, Vec<String>>,
}

/// Whether two words mean one environment: equal, or the short and the long form older files use for one another.
#[must_use]
pub fn same_environment(a: &str, b: &str) -> bool {
    let long = |word: &str| match word {
        "prod" => "production".to_owned(),
        "test" => "testing".to_owned(),
        "dev" => "development".to_owned(),
        other => other.to_owned(),
    };
    long(a) == long(b)
}

impl Stack {
    /// What differs on this environment: the entry of this very name, else the one that means the same.
    #[must_use]
    pub fn override_for(&self, environment: &str) -> Option<&Override> {
        self.environments.get(environment).or_else(|| {
            let (_, found) = self.environments.iter().find(|(name, _)| same_environment(name, environment))?;
            Some(found)
        })
    }

    /// The stack as it is on this environment.
    #[must_use]
    pub fn on(&self, environment: &str) -> Effective {
        let none = Override::default();
        let over = self.override_for(environment).unwrap_or(&none);
        let mut source = self.source.clone();
        if let StackSource::Git { reference, compose_file, additional_files, .. } = &mut source {
            if over.reference.is_some() {
                reference.clone_from(&over.reference);
            }
            if let Some(file) = &over.compose_file {
                compose_file.clone_from(file);
            }
            if let Some(files) = &over.additional_files {
                additional_files.clone_from(files);
            }
        }
        let mut env: Vec<Variable> = Vec::with_capacity(self.env.len() + over.env.len());
        for variable in self.env.iter().chain(&over.env) {
            match env.iter_mut().find(|known| known.name == variable.name) {
                Some(known) => known.value = variable.value.clone(),
                None => env.push(variable.clone()),
            }
        }
        Effective {
            source,
            env,
            publish: Publish {
                hostname: over.publish.hostname.clone().or_else(|| self.publish.hostname.clone()),
                port: over.publish.port.or(self.publish.port),
            },
            health: Health {
                timeout_s: over.health.timeout_s.or(self.health.timeout_s),
                stable_s: over.health.stable_s.or(self.health.stable_s),
            },
            files: over.files.clone(),
            labels: over.labels.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Override, Stack, StackSource, Variable};

    #[test]
    fn an_environment_replaces_in_place_and_adds_at_the_end() {
        let mut stack = Stack::new("web", StackSource::git("https://example.org/web.git"));
        stack.env = vec![Variable::plain("A", "1"), Variable::plain("B", "2")];
        let over = Override {
            env: vec![Variable::plain("C", "3"), Variable::plain("A", "9")],
            reference: Some("v2".into()),
            ..Override::default()
        };
        stack.environments.insert("production".into(), over);
        let there = stack.on("prod");
        assert_eq!(there.env, [Variable::plain("A", "9"), Variable::plain("B", "2"), Variable::plain("C", "3")]);
        assert!(matches!(there.source, StackSource::Git { reference: Some(ref one), .. } if one == "v2"));
        assert_eq!(stack.on("testing").env, stack.env);
    }
}
