//! Plans that somebody is reading. What is applied is exactly the plan that was read: it is kept here under its fingerprint until
//! it is applied, lapses, or is pushed out by newer ones.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reconcile::{
    diff::{self, StackDiff},
    model::{
        Action, ApplyId, Desired, DesiredSource, DesiredStack, OnFailure, Plan, PlanOptions, Prune, Revision, Risk,
        Scope, StackRef, Step, StepId,
    },
};
use types::{Millis, Problem, ProblemCode, catalog::normalise_name};

use super::{Also, Deploy, DeployError, Deployer, Onlooker, Proposal};
use crate::world::millis;

/// How long a plan may be read before it must be made anew. The live side moves on meanwhile, so an old plan is refused anyway.
const READING_TIME: Duration = Duration::from_secs(60 * 60);
/// Plans kept at once. A plan of 500 stacks has some hundred kilobytes.
const KEPT: usize = 64;

/// What a plan is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// One environment; none is all of them.
    pub environment: Option<String>,
    /// These stacks alone; empty is all.
    pub only: BTreeSet<StackRef>,
    /// Which rows that the catalog does not name are removed. With [`only`](Self::only), those that stand in it.
    pub prune: Prune,
    /// What happens when a step fails.
    pub on_failure: OnFailure,
    /// A rollback, promotion or release instead of following the catalog.
    pub also: Option<Also>,
}

/// A plan for reading.
#[derive(Clone, Debug)]
pub struct Review {
    /// The plan.
    pub plan: Plan,
    /// The pin it was made with.
    pub also: Option<Also>,
    /// What changes, by step: against what was last applied, or for a pin against what is desired now.
    pub differences: BTreeMap<StepId, StackDiff>,
}

/// How a plan differs from one made earlier of the same ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// The catalog's version before and now, if it moved.
    pub catalog: Option<(String, String)>,
    /// Steps that are new.
    pub new: Vec<StepId>,
    /// Steps that are no longer needed or possible.
    pub gone: Vec<StepId>,
    /// Steps that are still there, but do something else, or for other reasons.
    pub changed: Vec<StepId>,
    /// Steps that do the same; what lives under their names moved, e.g. a container was made again.
    pub touched: Vec<StepId>,
}

/// The plans being read.
#[derive(Default)]
pub(super) struct Reviews(Mutex<HashMap<String, Kept>>);

struct Kept {
    plan: Plan,
    also: Option<Also>,
    at: Millis,
}

impl Reviews {
    fn keep(&self, plan: Plan, also: Option<Also>, now: Millis) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, one| now - one.at < millis(READING_TIME));
        if kept.len() >= KEPT
            && let Some(oldest) = kept.iter().min_by_key(|(_, one)| one.at).map(|(key, _)| key.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(plan.fingerprint.as_str().to_owned(), Kept { plan, also, at: now });
    }

    fn get(&self, fingerprint: &str, now: Millis) -> Option<(Plan, Option<Also>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.get(fingerprint).filter(|one| now - one.at < millis(READING_TIME))?;
        Some((one.plan.clone(), one.also.clone()))
    }
}

impl Deploy {
    /// Makes a plan for somebody to read, and keeps it so that just this one can be applied. Nothing is changed.
    ///
    /// # Errors
    /// When catalog or Portainer can't be read; when the ask names something that does not exist; `Forbidden` for what is not the
    /// deployer's. Who asks for everything gets everything that is theirs.
    pub async fn review(&self, operator: &Deployer, ask: &Ask) -> Result<Review, DeployError> {
        let review = match &ask.also {
            Some(also) => {
                let Proposal { also, plan, difference } = self.propose(operator, also, ask.on_failure).await?;
                let step = StepId::of(&also.stack().environment, &also.stack().stack);
                Review { plan, also: Some(also), differences: [(step, difference)].into() }
            }
            None => {
                let scope = self.scope(operator, ask).await?;
                let options = PlanOptions { prune: ask.prune, on_failure: ask.on_failure, scope };
                let planned = self.plan(operator, &options).await?;
                let differences = self.differences(&planned.plan, &planned.desired).await?;
                Review { plan: planned.plan, also: None, differences }
            }
        };
        self.0.reviews.keep(review.plan.clone(), review.also.clone(), self.0.world.now());
        Ok(review)
    }

    async fn scope(&self, deployer: &Deployer, ask: &Ask) -> Result<Scope, DeployError> {
        if !ask.only.is_empty() {
            return Ok(Scope::Only(ask.only.clone()));
        }
        let environments = match (&ask.environment, deployer.environments()) {
            (Some(one), _) => [one.clone()].into(),
            (None, Some(mine)) => mine.clone(),
            (None, None) => return Ok(Scope::Everything),
        };
        environments.iter().try_for_each(|environment| deployer.admit(environment))?;
        let now = self.0.home.now().await?;
        let guests = now.reading.catalog.guests.iter().filter(|guest| guest.is_target());
        let stacks: BTreeSet<StackRef> = guests
            .filter_map(|guest| Some((guest.environment.as_ref().filter(|name| environments.contains(*name))?, guest)))
            .flat_map(|(environment, guest)| guest.assignments.iter().map(move |one| (environment, one)))
            .map(|(environment, one)| StackRef::new(environment, normalise_name(&one.stack)))
            .collect();
        let removed = self.removable(&environments, ask.prune).await?;
        let stacks: BTreeSet<StackRef> = stacks.into_iter().chain(removed).collect();
        if stacks.is_empty() {
            let names = environments.into_iter().collect::<Vec<_>>().join(", ");
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                format!(
                    "The catalog runs nothing on “{names}”. Check the name, or assign stacks to its machine in {}.",
                    catalog::GUESTS_FILE
                ),
            ));
        }
        Ok(Scope::Only(stacks))
    }

    /// What pruning would remove of some environments. A scope is names, and the catalog does not have these.
    async fn removable(&self, environments: &BTreeSet<String>, prune: Prune) -> Result<Vec<StackRef>, DeployError> {
        if prune == Prune::No {
            return Ok(Vec::new());
        }
        let everything = self.plan_for_anybody(&PlanOptions { prune, ..PlanOptions::default() }).await?.plan;
        let here = removed(&everything).filter(|step| environments.contains(&step.environment));
        Ok(here.map(|step| StackRef::new(&step.environment, &step.stack)).collect())
    }

    /// What each step changes, compared with what was last applied there.
    async fn differences(&self, plan: &Plan, desired: &Desired) -> Result<BTreeMap<StepId, StackDiff>, DeployError> {
        let mut newest: BTreeMap<StepId, Revision> = BTreeMap::new();
        let environments: BTreeSet<&String> = plan.steps.iter().map(|step| &step.environment).collect();
        for environment in environments {
            let revisions = reconcile::ports::Journal::newest_revisions(&self.0.memory, environment).await?;
            newest.extend(revisions.into_iter().map(|one| (StepId::of(&one.environment, &one.stack), one)));
        }
        let of = |step: &Step| {
            let environment = desired.environments.iter().find(|one| one.name == step.environment)?;
            let stack = environment.stacks.iter().find(|one| one.name == step.stack)?;
            let before = newest.get(&step.id);
            // What runs without having been applied by us is not known well enough to compare; the reasons tell what is.
            let is_known = before.is_some() || step.action == Action::Create;
            is_known.then(|| (step.id.clone(), difference(before, &stack.effective())))
        };
        let changes = |step: &&Step| {
            !matches!(step.action, Action::Remove { .. } | Action::Redeploy { .. } | Action::Configure { .. })
        };
        Ok(plan.steps.iter().filter(changes).filter_map(of).collect())
    }

    /// A plan that was read, while it is kept, if all of it is the deployer's.
    #[must_use]
    pub fn reviewed(&self, deployer: &Deployer, fingerprint: &str) -> Option<Plan> {
        let (plan, _) = self.0.reviews.get(fingerprint, self.0.world.now())?;
        deployer.admit_plan(&plan).is_ok().then_some(plan)
    }

    /// Carries out a plan that was read. What goes away must be named by whoever says so.
    ///
    /// # Errors
    /// `Conflict` when the plan is no longer kept; a complaint about the field `confirm` when a stack that goes away is not
    /// among `confirmed`; as [`apply`](Self::apply).
    pub async fn apply_reviewed(
        &self,
        operator: &Deployer,
        fingerprint: &str,
        confirmed: &[String],
    ) -> Result<ApplyId, DeployError> {
        let Some((plan, also)) = self.0.reviews.get(fingerprint, self.0.world.now()) else {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                "This plan is too old to be carried out, or was made before the program was started again. Nothing was done. \
                 Read the plan as it is now.",
            ));
        };
        operator.admit_plan(&plan)?;
        // Each removal is said once: the same stack on two environments takes its name twice.
        let mut named: Vec<&str> = confirmed.iter().map(|name| name.trim()).collect();
        for step in removed(&plan) {
            let Some(at) = named.iter().position(|name| *name == step.stack) else {
                let message = format!(
                    "“{}” goes away from {}. Type its name exactly to say that this is meant.",
                    step.stack, step.environment
                );
                return Err(DeployError::Service(Problem::field("confirm", message).into()));
            };
            named.swap_remove(at);
        }
        self.apply(operator, plan, also.as_ref()).await
    }

    /// Whether there is a catalog. Asking makes none.
    #[must_use]
    pub fn has_catalog(&self, _: &Onlooker) -> bool {
        self.is_set_up()
    }
}

/// The steps after which a stack is gone.
pub fn removed(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| step.risk == Risk::Removes)
}

/// What moved between two plans of the same ask.
#[must_use]
pub fn movement(before: &Plan, now: &Plan) -> Movement {
    let mut moved = Movement {
        catalog: (before.catalog_commit != now.catalog_commit)
            .then(|| (before.catalog_commit.clone(), now.catalog_commit.clone())),
        ..Movement::default()
    };
    for step in &now.steps {
        match before.step(&step.id) {
            None => moved.new.push(step.id.clone()),
            Some(old) if (&old.action, &old.reasons, old.risk) != (&step.action, &step.reasons, step.risk) => {
                moved.changed.push(step.id.clone());
            }
            Some(old) if old.guard != step.guard => moved.touched.push(step.id.clone()),
            Some(_) => {}
        }
    }
    moved.gone = before.steps.iter().filter(|step| now.step(&step.id).is_none()).map(|step| step.id.clone()).collect();
    moved
}

/// What deploying `after` changes. Without a revision all of it is new.
fn difference(before: Option<&Revision>, after: &DesiredStack) -> StackDiff {
    let text = match (&after.source, &after.compose) {
        (DesiredSource::Text { text }, _) => Some(text.as_str()),
        (_, Some(facts)) if !facts.text.is_empty() => Some(facts.text.as_str()),
        _ => None,
    };
    let commit = |source: &DesiredSource| match source {
        DesiredSource::Git { commit, .. } => Some(commit.clone()),
        DesiredSource::Text { .. } => None,
    };
    let nothing = BTreeMap::new();
    let old_text = match before {
        Some(revision) => revision.compose.as_deref(),
        None => Some(""),
    };
    let commits = before.map(|revision| (commit(&revision.source), commit(&after.source)));
    StackDiff {
        commits: commits.filter(|(old, new)| old != new),
        variables: diff::variables(before.map_or(&nothing, |revision| &revision.variables), &after.variables),
        images: Vec::new(),
        compose: old_text.zip(text).map(|(old, new)| diff::text(old, new)),
    }
}

#[cfg(test)]
mod tests {
    use reconcile::{model::Observed, plan};

    use super::*;

    fn plan_at(commit: &str) -> Plan {
        let desired = Desired { catalog_commit: commit.to_owned(), ..Desired::default() };
        plan(&desired, &Observed::default(), &PlanOptions::default(), 0)
    }

    #[test]
    fn a_plan_is_kept_for_an_hour() {
        let reviews = Reviews::default();
        let plan = plan_at("a");
        let key = plan.fingerprint.as_str().to_owned();
        reviews.keep(plan.clone(), None, 1_000);
        assert_eq!(reviews.get(&key, 1_000 + millis(READING_TIME) - 1).map(|(kept, _)| kept), Some(plan));
        assert!(reviews.get(&key, 1_000 + millis(READING_TIME)).is_none());
        assert!(reviews.get("another", 1_000).is_none());
    }

    #[test]
    fn the_oldest_gives_way() {
        let reviews = Reviews::default();
        let plans: Vec<Plan> = (0..=KEPT).map(|n| plan_at(&n.to_string())).collect();
        for (at, plan) in plans.iter().enumerate() {
            reviews.keep(plan.clone(), None, Millis::try_from(at).unwrap());
        }
        let kept = |plan: &Plan| reviews.get(plan.fingerprint.as_str(), 100).is_some();
        assert!(!kept(&plans[0]));
        assert!(plans[1..].iter().all(kept));
    }

    #[test]
    fn a_catalog_that_moved_is_named() {
        let moved = movement(&plan_at("a"), &plan_at("b"));
        assert_eq!(moved.catalog, Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(movement(&plan_at("a"), &plan_at("a")), Movement::default());
    }
}
