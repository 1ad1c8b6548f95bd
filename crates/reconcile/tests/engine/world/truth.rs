//! What is really so, read from the world's own books and not through the engine's eyes.

use std::collections::BTreeMap;

use reconcile::model::*;

use super::{Behaviour, State, World, server::RowSource, target::full};

impl State {
    /// The values a stack's variables really have.
    pub(crate) fn values(&self, stack: &DesiredStack) -> BTreeMap<String, String> {
        let value = |value: &DesiredValue| match value {
            DesiredValue::Plain(value) => value.clone(),
            DesiredValue::Secret { name, version, .. } => {
                self.vault[name.as_str()][usize::try_from(*version).unwrap() - 1].clone()
            }
        };
        stack.variables.iter().map(|(name, one)| (name.clone(), value(one))).collect()
    }

    pub(crate) fn source(&self, stack: &DesiredStack) -> RowSource {
        match &stack.source {
            DesiredSource::Text { text } => RowSource::Text(text.clone()),
            DesiredSource::Git { url, reference, commit, compose_file, additional_files, .. } => RowSource::Git {
                url: url.clone(),
                reference: full(reference.as_deref()),
                commit: commit.clone(),
                file: compose_file.clone(),
                more: additional_files.clone(),
            },
        }
    }

    /// Whether a stack really runs as wanted, and if not, why.
    pub(crate) fn runs(&self, environment: &str, wanted: &DesiredStack) -> Result<(), String> {
        let host = &self.hosts[environment];
        let rows: Vec<_> = host.rows.iter().filter(|row| row.name == wanted.name).collect();
        let [row] = rows.as_slice() else { return Err(format!("{} rows", rows.len())) };
        if row.source != self.source(wanted) {
            return Err(format!("{:?} is deployed", row.source));
        }
        if row.env != self.values(wanted) {
            return Err("other variables".to_owned());
        }
        if row.auto_update.is_some() || row.status != RowStatus::Active {
            return Err(format!("polls or is {:?}", row.status));
        }
        for service in self.services_of(&row.source) {
            let mut all = host.containers.iter().filter(|one| one.project == row.name && one.service == service.name);
            let Some(one) = all.next() else { return Err(format!("{} has no container", service.name)) };
            let well = matches!(one.behaviour, Behaviour::Healthy(after) if self.now - one.started >= after);
            if !well || one.stopped {
                return Err(format!("{} is not well: {:?}", service.name, one.behaviour));
            }
            let mut fixed = service.clone();
            fixed.digest = None;
            if one.hash != Digest::of(&(&fixed, &row.env)).to_string() {
                return Err(format!("{} runs another configuration", service.name));
            }
            let facts = wanted.compose.iter().flat_map(|facts| &facts.services);
            let digest = facts.filter(|one| one.name == service.name).find_map(|one| one.digest.clone());
            if digest.is_some_and(|digest| digest != one.digest) {
                return Err(format!("{} runs another build", service.name));
            }
        }
        Ok(())
    }

    pub(crate) fn is_gone(&self, environment: &str, name: &str) -> bool {
        let host = &self.hosts[environment];
        !host.rows.iter().any(|row| row.name == name) && !host.containers.iter().any(|one| one.project == name)
    }
}

impl World {
    /// Holds every success that a report claims against what is really so.
    pub(crate) fn check_claims(&self, report: &ApplyReport) {
        let state = self.lock();
        let record = state.journal.applies.iter().find(|one| one.id == report.apply).unwrap();
        for result in &report.steps {
            let step = record.plan.step(&result.step).unwrap();
            match result.receipt.verdict {
                Verdict::Healthy => {
                    let wanted = &record.stacks[&step.id];
                    let truth = state.runs(&step.environment, wanted);
                    assert_eq!(truth, Ok(()), "{} is said to be healthy: {:#?}", step.id, result.receipt);
                }
                Verdict::Removed => assert!(state.is_gone(&step.environment, &step.stack), "{} is not gone", step.id),
                Verdict::Failed { .. } | Verdict::Skipped { .. } => {}
            }
        }
        let all = report.steps.len() == record.plan.steps.len()
            && report.steps.iter().all(|one| one.receipt.verdict.is_success());
        assert_eq!(report.verdict == ApplyVerdict::Succeeded, all, "{report:#?}");
    }

    /// No environment has two rows of a name.
    pub(crate) fn check_no_doubles(&self) {
        let state = self.lock();
        for (environment, host) in &state.hosts {
            let mut names: Vec<&String> = host.rows.iter().map(|row| &row.name).collect();
            names.sort();
            let before = names.len();
            names.dedup();
            assert_eq!(before, names.len(), "doubles on {environment}");
        }
    }
}
