//! From a plan to containers: refused if anything moved, one step after the other, written down before and after each call,
//! and believed only when it is seen.

mod by_hand;
mod call;
mod calls;
mod control;
mod environment;
mod error;
mod keep;
mod leases;
mod redact;
mod resume;
mod rollback;
mod session;
mod settle;
mod step;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

pub use control::{Cancel, Control, Pace};
pub use error::ApplyError;
pub use redact::Redactor;
pub use resume::resume;

use crate::{
    model::{Action, ApplyRecord, ApplyReport, Desired, DesiredStack, PLAN_FORMAT, Plan, StepId},
    observe::observe,
    plan::plan as plan_afresh,
    ports::Ports,
};
use leases::Leases;
use session::Session;

/// Carries out a plan.
///
/// Takes the locks of the plan's environments, reads the desired and the live side afresh and plans again: only if the
/// fingerprint and the steps are the same does anything happen. Dropping the future is like a crash: [`resume`] takes the
/// apply up again.
///
/// # Errors
/// [`ApplyError`] when nothing was done, or when the journal could not take the end. What happens to single steps stands in the
/// report.
pub async fn apply(plan: &Plan, ports: Ports<'_>, control: &Control) -> Result<ApplyReport, ApplyError> {
    if plan.format != PLAN_FORMAT {
        return Err(ApplyError::Format { found: plan.format });
    }
    let leases = Leases::acquire(ports, environments(plan), control).await?;
    let result = leases.keeping(locked(plan, ports, control, &leases)).await;
    leases.release().await;
    result
}

/// The environments a plan changes.
fn environments(plan: &Plan) -> BTreeSet<String> {
    plan.steps.iter().map(|step| step.environment.clone()).collect()
}

async fn locked(
    plan: &Plan,
    ports: Ports<'_>,
    control: &Control,
    leases: &Leases<'_>,
) -> Result<ApplyReport, ApplyError> {
    let touched = environments(plan);
    if let Some(other) = ports
        .journal
        .unfinished()
        .await
        .map_err(ApplyError::Journal)?
        .into_iter()
        .find(|other| environments(&other.record.plan).iter().any(|environment| touched.contains(environment)))
    {
        return Err(ApplyError::Unfinished { apply: other.record.id });
    }
    let desired = ports.catalog.desired().await.map_err(ApplyError::Catalog)?;
    let observed = observe(&ports, &desired, &plan.options.scope).await.map_err(ApplyError::Unobservable)?;
    let fresh = plan_afresh(&desired, &observed, &plan.options, plan.made_at);
    if fresh.fingerprint != plan.fingerprint {
        let fresh = plan_afresh(&desired, &observed, &plan.options, ports.clock.now());
        return Err(ApplyError::Moved { fresh: Box::new(fresh) });
    }
    if fresh.steps != plan.steps {
        return Err(ApplyError::Altered);
    }
    let record = ApplyRecord {
        id: control.id.clone(),
        actor: control.actor.clone(),
        owner: control.owner.clone(),
        started_at: ports.clock.now(),
        stacks: stacks(&fresh, &desired),
        plan: fresh,
    };
    ports.journal.begin(&record, leases.held()).await.map_err(ApplyError::Journal)?;
    Session::new(ports, control, &record, leases).run(false, &[], &[]).await
}

/// The stacks that the steps deploy, with pins in force.
fn stacks(plan: &Plan, desired: &Desired) -> BTreeMap<StepId, DesiredStack> {
    let deploys = |step: &&crate::model::Step| !matches!(step.action, Action::Remove { .. });
    plan.steps
        .iter()
        .filter(deploys)
        .filter_map(|step| {
            let environment = desired.environments.iter().find(|one| one.name == step.environment)?;
            let stack = environment.stacks.iter().find(|one| one.name == step.stack)?;
            let mut effective = stack.effective().into_owned();
            effective.pin.clone_from(&stack.pin);
            Some((step.id.clone(), effective))
        })
        .collect()
}
