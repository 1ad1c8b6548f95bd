//! One run of an apply: what its parts share.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use types::catalog::variable_form;

use super::{ApplyError, Control, leases::Leases, redact::Redactor};
use crate::{
    model::{
        ApplyRecord, ApplyReport, ApplyVerdict, DesiredSource, DesiredStack, DesiredValue, Disclosure, Event,
        EventKind, FailureCause, Intent, Receipt, SecretRef, SkippedBecause, Step, StepId, StepResult, Verdict,
    },
    ports::{Credential, Ports, Source, StackView, Variables},
};

/// How many versions of a secret before the wanted one may still be in use by a container that was not replaced.
const OLDER_SECRETS: u64 = 5;

pub(super) struct Session<'a> {
    pub(super) ports: Ports<'a>,
    pub(super) control: &'a Control,
    pub(super) record: &'a ApplyRecord,
    pub(super) leases: &'a Leases<'a>,
    pub(super) redactor: Redactor,
    receipts: Mutex<BTreeMap<StepId, Receipt>>,
    halted: AtomicBool,
    events: AtomicU64,
}

/// Source and variables with their values, for the calls of one step.
pub(super) struct Payload {
    pub(super) source: Source,
    pub(super) variables: Variables,
}

impl<'a> Session<'a> {
    pub(super) fn new(ports: Ports<'a>, control: &'a Control, record: &'a ApplyRecord, leases: &'a Leases<'a>) -> Self {
        Self {
            ports,
            control,
            record,
            leases,
            redactor: Redactor::default(),
            receipts: Mutex::default(),
            halted: AtomicBool::new(false),
            events: AtomicU64::new(0),
        }
    }

    /// Looks at what carries a stack's names.
    pub(super) async fn look(&self, step: &Step, wanted: Option<&DesiredStack>) -> Result<StackView, FailureCause> {
        let names = wanted.map_or_else(|| vec![step.stack.clone()], DesiredStack::names);
        let disclosure = wanted.map(|wanted| Disclosure::of_stack(&step.environment, wanted)).unwrap_or_default();
        let view = self.ports.target.observe_stack(&step.environment, &names, &disclosure).await;
        view.map_err(|error| FailureCause::Unobservable { detail: self.redactor.clean(&error.detail) })
    }

    /// Makes all steps that have no receipt yet, environments side by side.
    pub(super) async fn run(
        self,
        resumed: bool,
        receipts: &[Receipt],
        intents: &[Intent],
    ) -> Result<ApplyReport, ApplyError> {
        self.emit(EventKind::Begun { resumed });
        for receipt in receipts {
            self.take_receipt(receipt.clone());
        }
        let environments = super::environments(&self.record.plan);
        join_all(environments.iter().map(|environment| self.environment(environment, intents))).await;
        let report = self.report();
        if !self.leases.are_lost() {
            let (at, held) = (self.ports.clock.now(), self.leases.held());
            self.ports.journal.end(&self.record.id, report.verdict, at, held).await.map_err(ApplyError::Journal)?;
        }
        self.emit(EventKind::Ended { verdict: report.verdict });
        Ok(report)
    }

    fn report(&self) -> ApplyReport {
        let receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        let steps: Vec<StepResult> = (self.record.plan.steps.iter())
            .filter_map(|step| receipts.get(&step.id))
            .map(|receipt| StepResult { step: receipt.step.clone(), receipt: receipt.clone() })
            .collect();
        let cancelled =
            |one: &StepResult| one.receipt.verdict == Verdict::Skipped { because: SkippedBecause::Cancelled };
        let verdict = if steps.len() != self.record.plan.steps.len()
            || steps.iter().any(|one| !one.receipt.verdict.is_success() && !cancelled(one))
        {
            ApplyVerdict::Failed
        } else if steps.iter().any(cancelled) {
            ApplyVerdict::Cancelled
        } else {
            ApplyVerdict::Succeeded
        };
        ApplyReport { apply: self.record.id.clone(), verdict, steps }
    }

    pub(super) fn emit(&self, kind: EventKind) {
        self.ports.events.emit(&Event {
            apply: self.record.id.clone(),
            sequence: self.events.fetch_add(1, Ordering::SeqCst) + 1,
            run: self.control.owner.clone(),
            at: self.ports.clock.now(),
            kind,
        });
    }

    pub(super) fn take_receipt(&self, receipt: Receipt) {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).insert(receipt.step.clone(), receipt);
    }

    /// How a step ended, if it did.
    pub(super) fn receipt(&self, step: &StepId) -> Option<Receipt> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).get(step).cloned()
    }

    /// No further step is begun.
    pub(super) fn halt(&self) {
        self.halted.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    /// Gets the values of a stack's secrets. What it learns is blotted out of all texts from then on.
    pub(super) async fn payload(&self, wanted: &DesiredStack) -> Result<Payload, FailureCause> {
        let mut variables = Variables::default();
        for (variable, value) in &wanted.variables {
            let value = match value {
                DesiredValue::Plain(value) => SecretString::from(value.clone()),
                DesiredValue::Secret { name, version, .. } => {
                    self.secret(&SecretRef { name: name.clone(), version: *version }).await?
                }
            };
            // Now, before any call: found out by the client after a removal it would leave nothing running.
            if let Err(hazard) = variable_form(value.expose_secret(), wanted.swarm) {
                return Err(FailureCause::UnsafeValue { variable: variable.clone(), hazard });
            }
            variables.0.insert(variable.clone(), value);
        }
        let source = match &wanted.source {
            DesiredSource::Text { text } => Source::Text(text.clone()),
            DesiredSource::Git { url, reference, compose_file, additional_files, credential, .. } => Source::Git {
                url: url.clone(),
                reference: reference.clone(),
                compose_file: compose_file.clone(),
                additional_files: additional_files.clone(),
                credential: match credential {
                    Some(secret) => {
                        let credential = self.secret(secret).await?;
                        self.redactor.learn_login(&credential);
                        Some(Credential(credential))
                    }
                    None => None,
                },
            },
        };
        Ok(Payload { source, variables })
    }

    /// A container that was not replaced prints the value it was started with: learns the versions before the wanted ones.
    pub(super) async fn learn_older_secrets(&self, wanted: Option<&DesiredStack>) {
        for value in wanted.iter().flat_map(|wanted| wanted.variables.values()) {
            let DesiredValue::Secret { name, version, .. } = value else { continue };
            for version in version.saturating_sub(OLDER_SECRETS).max(1)..=*version {
                // One that is no longer kept can't be learnt.
                let _ = self.secret(&SecretRef { name: name.clone(), version }).await;
            }
        }
    }

    async fn secret(&self, secret: &SecretRef) -> Result<SecretString, FailureCause> {
        match self.ports.secrets.resolve(secret).await {
            Ok(value) => {
                self.redactor.learn(&value);
                Ok(value)
            }
            Err(error) => {
                let detail = self.redactor.clean(&error.detail);
                Err(FailureCause::Secret { name: secret.name.clone(), detail })
            }
        }
    }
}
