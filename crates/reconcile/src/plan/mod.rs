//! From desired and observed state to a plan: a pure function, the same bytes on every repeat.

mod compare;
mod decide;
mod environment;
mod fingerprint;
mod warnings;
mod waves;

use types::Millis;

pub(crate) use compare::{compare, may_be_made_of, shown};
pub(crate) use fingerprint::guard;

use crate::model::{Desired, Observed, PLAN_FORMAT, Plan, PlanOptions};
use environment::EnvironmentPlan;

/// Says what would bring `observed` to `desired`. Pure: it reads nothing else, and equal inputs give equal plans, in whatever
/// order their lists stand.
///
/// `now` tells a container that recovered from one that crash-loops, and stands in the plan.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, options: &PlanOptions, now: Millis) -> Plan {
    let mut plan = Plan {
        format: PLAN_FORMAT,
        catalog_commit: desired.catalog_commit.clone(),
        made_at: now,
        options: options.clone(),
        steps: Vec::new(),
        waves: Vec::new(),
        warnings: Vec::new(),
        unchanged: Vec::new(),
        blocked: Vec::new(),
        fingerprint: fingerprint::of(desired, observed, options, now),
    };
    let mut environments: Vec<_> = desired.environments.iter().filter(|one| options.scope.touches(&one.name)).collect();
    environments.sort_by(|one, other| one.name.cmp(&other.name));
    for environment in environments {
        EnvironmentPlan::new(environment, observed, options, now).make(&mut plan);
    }
    plan.warnings.sort();
    plan.warnings.dedup();
    plan
}
