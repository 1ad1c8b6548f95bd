//! The plan of one environment.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use types::Millis;

use super::{
    decide::{Decision, decide},
    fingerprint::guard,
    warnings,
    waves::{self, Graph},
};
use crate::model::{
    Action, Applied, Blocked, BlockedCause, DesiredEnvironment, DesiredStack, Observed, ObservedEnvironment,
    ObservedProject, ObservedStack, Plan, PlanOptions, Prune, Reach, Reason, Risk, Scope, StackRef, Step, StepId,
    Warning, WarningKind,
};

/// The live side of one environment, indexed by name.
pub(super) struct Live<'a> {
    observed: Option<&'a ObservedEnvironment>,
    rows: BTreeMap<&'a str, Vec<&'a ObservedStack>>,
    projects: BTreeMap<&'a str, &'a ObservedProject>,
    orphans: BTreeMap<&'a str, Vec<&'a ObservedStack>>,
    elsewhere: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Live<'a> {
    fn new(name: &str, observed: &'a Observed) -> Self {
        let here = observed.environments.iter().find(|one| one.name == name);
        let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in here.iter().flat_map(|here| &here.stacks) {
            rows.entry(row.name.as_str()).or_default().push(row);
        }
        let mut orphans: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &observed.orphans {
            orphans.entry(row.name.as_str()).or_default().push(row);
        }
        let mut elsewhere: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for other in observed.environments.iter().filter(|one| one.name != name) {
            for row in &other.stacks {
                elsewhere.entry(row.name.as_str()).or_default().insert(other.name.as_str());
            }
        }
        let projects = here.iter().flat_map(|here| &here.projects).map(|one| (one.name.as_str(), one)).collect();
        Self { observed: here, rows, projects, orphans, elsewhere }
    }

    pub(super) fn rows(&self, name: &str) -> &[&'a ObservedStack] {
        self.rows.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn project(&self, name: &str) -> Option<&'a ObservedProject> {
        self.projects.get(name).copied()
    }

    pub(super) fn orphans(&self, name: &str) -> &[&'a ObservedStack] {
        self.orphans.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn rows_elsewhere(&self, name: &str) -> Vec<String> {
        self.elsewhere.get(name).into_iter().flatten().map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn applied(&self, name: &str) -> Option<&'a Applied> {
        self.observed.and_then(|observed| observed.applied.get(name))
    }

    /// Digest of all that lives under these names.
    fn guard(&self, names: &[String], now: Millis) -> crate::model::Digest {
        let rows = names.iter().flat_map(|name| self.rows(name)).copied();
        let projects = names.iter().filter_map(|name| self.project(name));
        guard(rows, projects, now)
    }
}

/// Makes the plan of one environment.
pub(super) struct EnvironmentPlan<'a> {
    name: &'a str,
    live: Live<'a>,
    observed: &'a Observed,
    options: &'a PlanOptions,
    now: Millis,
    /// All stacks by name, with pins in force.
    stacks: BTreeMap<&'a str, Cow<'a, DesiredStack>>,
    originals: Vec<&'a DesiredStack>,
    steps: BTreeMap<String, Step>,
    blocked: BTreeMap<&'a str, BlockedCause>,
    unchanged: BTreeSet<&'a str>,
    warnings: Vec<Warning>,
}

impl<'a> EnvironmentPlan<'a> {
    pub(super) fn new(
        environment: &'a DesiredEnvironment,
        observed: &'a Observed,
        options: &'a PlanOptions,
        now: Millis,
    ) -> Self {
        Self {
            name: &environment.name,
            live: Live::new(&environment.name, observed),
            observed,
            options,
            now,
            stacks: environment.stacks.iter().map(|stack| (stack.name.as_str(), stack.effective())).collect(),
            originals: environment.stacks.iter().collect(),
            steps: BTreeMap::new(),
            blocked: BTreeMap::new(),
            unchanged: BTreeSet::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn make(mut self, plan: &mut Plan) {
        let out_of_reach = match self.live.observed.map(|one| one.reach) {
            Some(Reach::Up) => None,
            Some(Reach::Down) => Some(BlockedCause::EnvironmentDown),
            Some(Reach::Missing) | None => Some(BlockedCause::EnvironmentMissing),
        };
        match out_of_reach {
            Some(cause) => {
                for stack in self.in_scope() {
                    self.blocked.insert(stack, cause.clone());
                }
            }
            None => {
                self.decide_all();
                self.prune();
                self.order();
                self.warn();
            }
        }
        self.hand_over(plan);
    }

    fn in_scope(&self) -> Vec<&'a str> {
        self.stacks.keys().copied().filter(|name| self.options.scope.holds(self.name, name)).collect()
    }

    fn decide_all(&mut self) {
        let generation = self.observed.server.generation;
        for name in self.in_scope() {
            let titles: Vec<String> =
                self.originals.iter().filter(|one| one.name == name).map(|one| one.title.clone()).collect();
            if titles.len() > 1 {
                self.blocked.insert(name, BlockedCause::NameTaken { titles });
                continue;
            }
            let Some(stack) = self.stacks.get(name) else { continue };
            let (decision, found) = decide(stack, &self.live, generation, self.now);
            if let Some(found) = &found {
                warnings::of_comparison(self.name, name, found, &mut self.warnings);
            }
            match decision {
                Decision::Block(cause) => {
                    self.blocked.insert(name, cause);
                }
                Decision::Leave => {
                    self.unchanged.insert(name);
                }
                Decision::Act { action, reasons, risk } => {
                    let guard = self.live.guard(&stack.names(), self.now);
                    self.add_step(name, action, reasons, risk, guard);
                }
            }
        }
    }

    fn add_step(&mut self, stack: &str, action: Action, reasons: Vec<Reason>, risk: Risk, guard: crate::model::Digest) {
        let step = Step {
            id: StepId::of(self.name, stack),
            environment: self.name.to_owned(),
            stack: stack.to_owned(),
            action,
            reasons,
            risk,
            depends_on: Vec::new(),
            wave: 0,
            guard,
        };
        self.steps.insert(stack.to_owned(), step);
    }

    /// Rows the catalog does not name: removed if asked for, reported otherwise. Of a narrower scope only those it names.
    fn prune(&mut self) {
        let everything = self.options.scope == Scope::Everything;
        let renamed: BTreeSet<String> = self
            .steps
            .values()
            .filter_map(|step| match &step.action {
                Action::Rename { from, .. } => Some(from.clone()),
                _ => None,
            })
            .collect();
        // What a stack that is blocked, or not looked at, may still live under is not up for removal.
        let spoken_for: BTreeSet<String> = self
            .stacks
            .iter()
            .filter(|(name, _)| self.blocked.contains_key(*name) || !self.options.scope.holds(self.name, name))
            .map(|(_, stack)| stack)
            .flat_map(|stack| stack.former_names.iter().cloned())
            .collect();
        let strangers: Vec<(&str, Vec<&ObservedStack>)> = self
            .live
            .rows
            .iter()
            .filter(|(name, _)| !self.stacks.contains_key(*name) && !renamed.contains(**name))
            .filter(|(name, _)| self.options.scope.holds(self.name, name))
            .map(|(name, rows)| (*name, rows.clone()))
            .collect();
        let mut removals = Vec::new();
        for (name, rows) in strangers {
            let managed = self.live.applied(name).is_some();
            let asked = match self.options.prune {
                Prune::No => false,
                Prune::Managed => managed,
                Prune::All => true,
            };
            match rows.as_slice() {
                [row] if asked && !row.protected && !spoken_for.contains(name) => removals.push(*row),
                _ => self.warn_of(name, WarningKind::NotInCatalog { managed }),
            }
        }
        let projects: Vec<&str> =
            (self.live.projects.keys().copied()).filter(|name| everything && !self.stacks.contains_key(name)).collect();
        for name in projects {
            self.warn_of(name, WarningKind::NotInCatalog { managed: false });
        }
        for row in removals {
            let guard = self.live.guard(std::slice::from_ref(&row.name), self.now);
            let reasons = vec![Reason::NotInCatalog { prune: self.options.prune }];
            self.add_step(&row.name, Action::Remove { id: row.id }, reasons, Risk::Removes, guard);
        }
    }

    /// Blocks what depends on something missing, blocked or itself; then gives waves.
    fn order(&mut self) {
        // From the catalog itself, which outlives this borrow: a pin changes no dependency.
        let graph = Graph::new(self.originals.iter().map(|stack| (stack.name.as_str(), stack.depends_on.as_slice())));
        for (name, cause) in graph.stuck() {
            if self.steps.remove(name).is_some() {
                self.blocked.insert(name, cause);
            }
        }
        for name in graph.in_order() {
            if !self.steps.contains_key(name) {
                continue;
            }
            let Some(stack) = self.stacks.get(name) else { continue };
            let cause = stack.depends_on.iter().find_map(|other| {
                if !self.stacks.contains_key(other.as_str()) {
                    Some(BlockedCause::DependencyMissing { name: other.clone() })
                } else if self.blocked.contains_key(other.as_str()) {
                    Some(BlockedCause::DependencyBlocked { name: other.clone() })
                } else {
                    None
                }
            });
            if let Some(cause) = cause {
                self.steps.remove(name);
                self.blocked.insert(name, cause);
            }
        }
        waves::number(self.name, &graph, &mut self.steps);
    }

    fn warn(&mut self) {
        let generation = self.observed.server.generation;
        for original in &self.originals {
            if !self.options.scope.holds(self.name, &original.name) {
                continue;
            }
            let step = self.steps.get(&original.name);
            warnings::of_stack(self.name, original, step, generation, &mut self.warnings);
        }
        for row in self.live.rows.values().flatten() {
            if self.stacks.contains_key(row.name.as_str()) && self.options.scope.holds(self.name, &row.name) {
                warnings::of_row(self.name, row, &mut self.warnings);
            }
        }
        warnings::of_ports(self.name, self.stacks.values().map(AsRef::as_ref), &mut self.warnings);
    }

    fn warn_of(&mut self, stack: &str, kind: WarningKind) {
        self.warnings.push(Warning { environment: self.name.to_owned(), stack: stack.to_owned(), kind });
    }

    fn hand_over(self, plan: &mut Plan) {
        let of = |stack: &str| StackRef::new(self.name, stack);
        plan.unchanged.extend(self.unchanged.iter().map(|name| of(name)));
        plan.blocked.extend(self.blocked.iter().map(|(name, cause)| Blocked { stack: of(name), cause: cause.clone() }));
        plan.waves.extend(waves::list(self.name, self.steps.values()));
        plan.warnings.extend(self.warnings);
        let mut steps: Vec<Step> = self.steps.into_values().collect();
        steps.sort_by(|one, other| (one.wave, &one.stack).cmp(&(other.wave, &other.stack)));
        plan.steps.extend(steps);
    }
}
