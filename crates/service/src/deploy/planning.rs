//! Looking and planning: what is desired, what runs, and what would be done.

use std::sync::{Arc, PoisonError};

use reconcile::{
    Overview, drift,
    model::{Desired, Observed, Plan, PlanOptions, Prune, Scope},
    observe, overview, plan,
    ports::{Catalog as _, Clock as _},
};
use tokio_util::sync::CancellationToken;
use types::{
    Millis, ProblemCode,
    catalog::{Diagnostic, Severity},
};

use super::{
    Deploy, DeployError, Deployer, DriftReading, Onlooker, Operator, Planned, desired::wanted, engine::Engine, problem,
};

/// Everything as it was at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was desired, with pins in force.
    pub desired: Desired,
    /// What ran.
    pub observed: Observed,
    /// What would have been done about it, without pruning.
    pub plan: Plan,
    /// The same stack by stack.
    pub overview: Overview,
}

impl Deploy {
    /// What is wrong with the catalog. With `deep`, compose files of other repositories are read and checked too.
    ///
    /// # Errors
    /// When the catalog can't be read at all.
    pub async fn validate(&self, _: &Deployer, deep: bool) -> Result<Vec<Diagnostic>, DeployError> {
        let now = self.0.home.now().await?;
        let mut findings = now.reading.diagnostics.clone();
        if deep {
            let wanted = wanted(&self.0.home, &now, &self.0.sources, &Scope::Everything).await?;
            findings.extend(wanted.findings);
            findings.extend(unreadable(&wanted.desired));
        }
        findings.sort_by(|one, other| {
            (&one.file, one.line, one.column, &one.message).cmp(&(
                &other.file,
                other.line,
                other.column,
                &other.message,
            ))
        });
        findings.dedup();
        Ok(findings)
    }

    /// Says what would be done. Nothing is changed.
    ///
    /// # Errors
    /// When the catalog or Portainer can't be read; pruning while the catalog's lists are not whole; `Forbidden` for what is not
    /// the deployer's.
    pub async fn plan(&self, deployer: &Deployer, options: &PlanOptions) -> Result<Planned, DeployError> {
        deployer.admit_scope(&options.scope)?;
        self.plan_for_anybody(options).await
    }

    /// The same for whoever may see what would be done everywhere, though not do it.
    pub(super) async fn plan_for_anybody(&self, options: &PlanOptions) -> Result<Planned, DeployError> {
        if options.prune != Prune::No {
            self.refuse_pruning_blindly().await?;
        }
        let engine = self.engine(options.scope.clone()).await?;
        self.plan_with(&engine, options).await
    }

    pub(super) async fn plan_with(&self, engine: &Engine, options: &PlanOptions) -> Result<Planned, DeployError> {
        let desired = engine.desired().await?;
        // What is to be removed is named though the catalog does not have it: it must run.
        let prunes = options.prune != Prune::No;
        if !prunes {
            refuse_unknown_scope(&options.scope, &desired, &Observed::default())?;
        }
        let ports = engine.ports();
        let observed = observe(&ports, &desired, &options.scope).await?;
        if prunes {
            refuse_unknown_scope(&options.scope, &desired, &observed)?;
        }
        let plan = plan(&desired, &observed, options, engine.now());
        Ok(Planned { plan, desired, observed })
    }

    /// A stack that could not be read looks like one that nobody wants any more.
    async fn refuse_pruning_blindly(&self) -> Result<(), DeployError> {
        let now = self.0.home.now().await?;
        if now.reading.stacks_are_complete && now.reading.guests_are_complete {
            return Ok(());
        }
        let broken = now.reading.diagnostics.iter().find(|one| one.severity == Severity::Error);
        let place = broken.map(ToString::to_string).unwrap_or_default();
        Err(DeployError::refused(
            ProblemCode::Conflict,
            format!(
                "A file of the catalog is broken, so a stack may be wanted that can't be seen. Nothing is removed until it is mended. {place}"
            ),
        ))
    }

    /// Looks at everything afresh.
    ///
    /// # Errors
    /// When the catalog or Portainer can't be read.
    pub async fn look(&self, _: &Onlooker) -> Result<Arc<Look>, DeployError> {
        let options = PlanOptions::default();
        let (looked, ()) = tokio::join!(self.plan_for_anybody(&options), self.read_hosts());
        let now = self.0.world.now();
        let mut trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match looked {
            Ok(Planned { plan, desired, observed }) => {
                let overview = overview(&desired, &observed, &plan);
                let look = Arc::new(Look { desired, observed, plan, overview });
                *trouble = None;
                self.0.look.send_replace(Some(Arc::clone(&look)));
                Ok(look)
            }
            Err(error) => {
                let words = problem(error);
                *trouble = Some((now, words.message.clone()));
                Err(DeployError::Service(words.into()))
            }
        }
    }

    /// The newest look, however old, and why a later one failed, if one did.
    #[must_use]
    pub fn latest(&self, _: &Onlooker) -> (Option<Arc<Look>>, Option<(Millis, String)>) {
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.0.look.borrow().clone(), trouble)
    }

    /// Looks for what changed outside of the catalog.
    ///
    /// # Errors
    /// When the catalog or Portainer can't be read.
    pub async fn drift(&self, operator: &Onlooker) -> Result<DriftReading, DeployError> {
        let look = self.look(operator).await?;
        Ok(DriftReading { at: look.plan.made_at, drift: drift(&look.plan), blocked: look.plan.blocked.clone() })
    }

    /// Looks now and then, for pages that must not wait.
    pub(super) async fn run_looks(&self, stop: CancellationToken) {
        let Some(every) = self.0.home.settings.drift_every else { return };
        let operator = Operator::at_the_machine("drift");
        loop {
            if self.is_set_up() {
                self.look_and_tell(&operator).await;
                // Kept for the pages, a failure too.
                if self.settings().remote.is_some()
                    && let Err(error) = self.compare_remote(&operator).await
                {
                    tracing::warn!(error = problem(error).message, "could not compare the catalog with its remote");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Whether there is a catalog to look after. A place that uses none makes no repository.
    pub(super) fn is_set_up(&self) -> bool {
        let settings = &self.0.home.settings;
        settings.catalog.join(".git").exists()
    }

    async fn look_and_tell(&self, operator: &Operator) {
        match self.look(operator).await {
            Ok(look) => {
                let drifted = drift(&look.plan).len();
                metrics::gauge!("thinkheads_stacks_drifted").set(f64::from(u32::try_from(drifted).unwrap_or(u32::MAX)));
                if drifted > 0 {
                    tracing::info!(drifted, "stacks changed outside of the catalog");
                }
            }
            Err(error) => tracing::warn!(error = problem(error).message, "could not look for drift"),
        }
    }
}

/// A name nobody knows is most often misspelled: better refused than planned as "nothing to do".
fn refuse_unknown_scope(scope: &Scope, desired: &Desired, observed: &Observed) -> Result<(), DeployError> {
    let Scope::Only(stacks) = scope else { return Ok(()) };
    for one in stacks {
        let Some(environment) = desired.environments.iter().find(|known| known.name == one.environment) else {
            let known: Vec<&str> = desired.environments.iter().map(|known| known.name.as_str()).collect();
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                format!(
                    "No machine of the catalog has the environment “{}”. There are: {}.",
                    one.environment,
                    list(&known)
                ),
            ));
        };
        let live = observed.environments.iter().find(|live| live.name == one.environment);
        let runs = live.is_some_and(|live| live.stacks.iter().any(|row| row.name == one.stack));
        if !runs && !environment.stacks.iter().any(|known| known.name == one.stack) {
            let known: Vec<&str> = environment.stacks.iter().map(|known| known.name.as_str()).collect();
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                format!(
                    "The catalog does not assign “{}” to {}. There are: {}.",
                    one.stack,
                    one.environment,
                    list(&known)
                ),
            ));
        }
    }
    Ok(())
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What could not be read of other repositories, as findings.
fn unreadable(desired: &Desired) -> Vec<Diagnostic> {
    use reconcile::model::Trouble;
    use types::catalog::DiagnosticCode;

    let finding = |stack: &str, code, message: String, remedy: &str| Diagnostic {
        severity: Severity::Error,
        code,
        file: catalog::STACKS_FILE.to_owned(),
        line: 1,
        column: 1,
        pointer: String::new(),
        message,
        remedy: remedy.to_owned(),
        stack: Some(stack.to_owned()),
        guest: None,
    };
    let stacks = desired.environments.iter().flat_map(|one| &one.stacks);
    stacks
        .flat_map(|stack| stack.troubles.iter().map(move |trouble| (stack.title.as_str(), trouble)))
        .filter_map(|(stack, trouble)| match trouble {
            Trouble::Reference { url, reference, detail } => Some(finding(
                stack,
                DiagnosticCode::BadAddress,
                format!("“{stack}”: {url} at {} can't be read: {detail}.", reference.as_deref().unwrap_or("HEAD")),
                "Check “git_repo”, “reference” and “git_credential”.",
            )),
            Trouble::Compose { path, detail } => Some(finding(
                stack,
                DiagnosticCode::BadCompose,
                format!("“{stack}”: {path}: {detail}."),
                "Check “compose_file”, or mend the file.",
            )),
            Trouble::Secret { name, detail } => Some(finding(
                stack,
                DiagnosticCode::UnknownSecret,
                format!("“{stack}”: the secret “{name}” can't be had: {detail}"),
                "Set it with `phoenix-cli secret set`.",
            )),
            Trouble::Catalog { .. } => None,
        })
        .collect()
}
