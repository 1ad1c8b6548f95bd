//! Keeps what was applied and proved healthy as a revision.

use std::collections::BTreeMap;

use types::Millis;

use super::session::Session;
use crate::model::{
    Action, ComposeService, Condition, DesiredSource, DesiredStack, FailureCause, ObservedStack, Receipt, Revision,
    StackRef, Step, Verdict,
};

impl Session<'_> {
    /// Keeps a revision of what runs, or notes that the stack is gone. Returns the revision's number.
    pub(super) async fn keep(
        &self,
        step: &Step,
        wanted: Option<&DesiredStack>,
        row: Option<&ObservedStack>,
        started_at: Millis,
        calls: u32,
    ) -> Result<Option<u64>, FailureCause> {
        if self.leases.are_lost() {
            return Err(FailureCause::LockLost);
        }
        let (journal, held) = (self.ports.journal, self.leases.held());
        let failed = |error: crate::ports::PortError| FailureCause::Journal { detail: error.detail };
        let stack = StackRef::new(&step.environment, &step.stack);
        let (Some(wanted), Some(row)) = (wanted, row) else {
            journal.forget_applied(&stack, held).await.map_err(failed)?;
            return Ok(None);
        };
        let past = journal.revisions(&stack).await.map_err(failed)?;
        // A run that broke off may have kept it already.
        let number = past
            .iter()
            .find(|one| one.apply == self.record.id)
            .map_or_else(|| past.last().map_or(1, |last| last.number + 1), |one| one.number);
        let now = self.ports.clock.now();
        let receipt = Receipt {
            apply: self.record.id.clone(),
            step: step.id.clone(),
            action: step.action.clone(),
            started_at,
            ended_at: now,
            calls,
            verdict: Verdict::Healthy,
            images: row.containers.iter().map(|one| (one.service.clone(), one.image_digest.clone())).collect(),
            last_logs: Vec::new(),
            revision: Some(number),
        };
        let revision = Revision {
            number,
            environment: step.environment.clone(),
            stack: step.stack.clone(),
            apply: self.record.id.clone(),
            actor: self.record.actor.clone(),
            at: now,
            catalog_commit: self.record.plan.catalog_commit.clone(),
            plan: self.record.plan.fingerprint.clone(),
            action: step.action.clone(),
            source: wanted.source.clone(),
            compose: rendered(wanted),
            variables: wanted.variables.clone(),
            services: services(wanted, row, now),
            config_hashes: config_hashes(row),
            pin: wanted.pin.clone(),
            receipt,
        };
        journal.keep_revision(&revision, held).await.map_err(failed)?;
        if let Action::Rename { from, .. } = &step.action {
            journal.forget_applied(&StackRef::new(&step.environment, from), held).await.map_err(failed)?;
        }
        Ok(Some(number))
    }
}

/// The text that would deploy this again.
fn rendered(wanted: &DesiredStack) -> Option<String> {
    match (&wanted.compose, &wanted.source) {
        (Some(facts), _) if !facts.text.is_empty() => Some(facts.text.clone()),
        (_, DesiredSource::Text { text }) => Some(text.clone()),
        _ => None,
    }
}

/// The services with the digests that run.
fn services(wanted: &DesiredStack, row: &ObservedStack, now: Millis) -> Vec<ComposeService> {
    let running = |service: &str| row.containers.iter().find(|one| one.service == service);
    let mut services: Vec<ComposeService> = match &wanted.compose {
        Some(facts) => facts.services.clone(),
        None => {
            let names: BTreeMap<&str, _> = row.containers.iter().map(|one| (one.service.as_str(), one)).collect();
            names
                .into_iter()
                .map(|(name, one)| ComposeService {
                    name: name.to_owned(),
                    image: one.image.clone(),
                    ends: one.condition(now) == Condition::Done,
                    ..ComposeService::default()
                })
                .collect()
        }
    };
    for service in &mut services {
        if let Some(digest) = running(&service.name).and_then(|one| one.image_digest.clone()) {
            service.digest = Some(digest);
        }
    }
    services.sort_by(|one, other| one.name.cmp(&other.name));
    services
}

fn config_hashes(row: &ObservedStack) -> BTreeMap<String, String> {
    (row.containers.iter()).filter_map(|one| Some((one.service.clone(), one.config_hash.clone()?))).collect()
}
