//! Going back and carrying over: proposals with their differences, pins, and their release.

use std::collections::BTreeMap;

use reconcile::{
    model::{OnFailure, Pin, Plan, PlanOptions, Prune, Revision, Scope, StackRef},
    ports::{Catalog as _, Journal as _, LogLine, Target as _},
    revisions::{Back, PinImages, promote, rollback},
};
use serde_json::json;
use types::{Millis, ProblemCode};

use super::{Also, Deploy, DeployError, Deployer, Onlooker, Planned, Proposal, facts::Pinner};

impl Deploy {
    /// The revisions of a stack, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revisions(&self, _: &Onlooker, stack: &StackRef) -> Result<Vec<Revision>, DeployError> {
        let mut revisions = self.0.memory.revisions(stack).await?;
        revisions.reverse();
        Ok(revisions)
    }

    /// The last lines of each container of a stack that is not well. Values of its secrets, as they are wanted now and as they were
    /// last applied, are blotted out.
    ///
    /// # Errors
    /// When Portainer does not answer, or when a secret can't be had, without which nobody can say what to blot out.
    pub async fn last_logs(&self, _: &Onlooker, at: &StackRef, lines: u32) -> Result<Vec<LogLine>, DeployError> {
        let redactor = self.redactor(at).await?;
        let engine = self.engine(Scope::Only([at.clone()].into())).await?;
        let told = engine.target.last_logs(&at.environment, &at.stack, lines).await?;
        Ok(told.into_iter().map(|line| LogLine { text: redactor.clean_line(&line.text), ..line }).collect())
    }

    /// The pins in force.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pins(&self, _: &Onlooker) -> Result<BTreeMap<StackRef, Pin>, DeployError> {
        Ok(self.0.memory.pins().await?)
    }

    /// Says what going back, carrying over or releasing would do. Nothing is changed: hand plan and `also` to
    /// [`apply`](Self::apply).
    ///
    /// # Errors
    /// When there is no such revision, or it can't be brought back; `Forbidden` for an environment that is not the deployer's. A
    /// promotion may come from anywhere.
    pub async fn propose(
        &self,
        operator: &Deployer,
        also: &Also,
        on_failure: OnFailure,
    ) -> Result<Proposal, DeployError> {
        operator.admit(&also.stack().environment)?;
        let also = self.with_numbers(also).await?;
        let stack = also.stack().clone();
        let scope = Scope::Only([stack.clone()].into());
        let mut engine = self.engine(scope.clone()).await?;
        let before = desired_of(&engine.desired().await?, &stack)?;
        let now = self.0.world.now();
        engine.pins = self.pins_at(operator.name(), &also, now).await?;
        let options = PlanOptions { prune: Prune::No, on_failure, scope };
        let Planned { mut plan, desired, .. } = self.plan_with(&engine, &options).await?;
        let after = desired_of(&desired, &stack)?;
        // The pin has this moment in it, and must have it again when it is applied.
        plan.made_at = now;
        let difference = reconcile::diff::stacks(&before.effective(), &after.effective());
        Ok(Proposal { also, plan, difference })
    }

    /// Releases a pin without deploying: the next plan follows the catalog again.
    ///
    /// # Errors
    /// `NotFound` when the stack is not pinned; `Forbidden` for an environment that is not the deployer's.
    pub async fn release(&self, operator: &Deployer, stack: &StackRef) -> Result<(), DeployError> {
        operator.admit(&stack.environment)?;
        if !self.0.memory.pins().await?.contains_key(stack) {
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                format!("{}/{} is not held at a version.", stack.environment, stack.stack),
            ));
        }
        self.0.memory.set_pin(stack, None).await?;
        self.record(operator, "deploy.release", subject(stack), &json!({})).await
    }

    /// The pins that a plan was made with, made again.
    pub(super) async fn pins_of(
        &self,
        operator: &Deployer,
        also: &Also,
        plan: &Plan,
    ) -> Result<BTreeMap<StackRef, Option<Pin>>, DeployError> {
        self.pins_at(operator.name(), also, plan.made_at).await
    }

    async fn pins_at(&self, by: &str, also: &Also, at: Millis) -> Result<BTreeMap<StackRef, Option<Pin>>, DeployError> {
        let stack = also.stack().clone();
        let pin = match also {
            Also::Release { .. } => None,
            Also::Rollback { to, .. } => {
                let revisions = self.0.memory.revisions(&stack).await?;
                let back = to.map_or(Back::BeforeNewest, Back::To);
                Some(rollback(&revisions, back, by, at, &Pinner)?)
            }
            Also::Promote { from, revision, .. } => {
                let source = self.revision(&StackRef::new(from, &stack.stack), *revision).await?;
                let engine = self.engine(Scope::Only([stack.clone()].into())).await?;
                let target = desired_of(&engine.desired().await?, &stack)?;
                let images: &dyn PinImages = &Pinner;
                Some(promote(&source, &target, by, at, images)?.pin)
            }
        };
        Ok([(stack, pin)].into())
    }

    /// The same with the numbers that "newest" and "the one before" mean now: what a person reads is what is done.
    async fn with_numbers(&self, also: &Also) -> Result<Also, DeployError> {
        Ok(match also {
            Also::Rollback { stack, to: None } => {
                let revisions = self.0.memory.revisions(stack).await?;
                let before = revisions.iter().rev().nth(1).map(|one| one.number);
                let to = Some(before.ok_or(reconcile::revisions::RevisionError::NoEarlier)?);
                Also::Rollback { stack: stack.clone(), to }
            }
            Also::Promote { stack, from, revision: None } => {
                let source = self.revision(&StackRef::new(from, &stack.stack), None).await?;
                Also::Promote { stack: stack.clone(), from: from.clone(), revision: Some(source.number) }
            }
            other => other.clone(),
        })
    }

    async fn revision(&self, stack: &StackRef, number: Option<u64>) -> Result<Revision, DeployError> {
        let revisions = self.0.memory.revisions(stack).await?;
        let found = match number {
            Some(number) => revisions.into_iter().find(|one| one.number == number),
            None => revisions.into_iter().next_back(),
        };
        found.ok_or_else(|| {
            let which = number.map_or_else(|| "no revision".to_owned(), |number| format!("no revision {number}"));
            DeployError::refused(
                ProblemCode::NotFound,
                format!("{}/{} has {which}. It must have been applied there first.", stack.environment, stack.stack),
            )
        })
    }
}

pub(super) fn subject(stack: &StackRef) -> String {
    format!("stack:{}/{}", stack.environment, stack.stack)
}

fn desired_of(
    desired: &reconcile::model::Desired,
    stack: &StackRef,
) -> Result<reconcile::model::DesiredStack, DeployError> {
    let environment = desired.environments.iter().find(|one| one.name == stack.environment);
    let found = environment.and_then(|one| one.stacks.iter().find(|one| one.name == stack.stack));
    found.cloned().ok_or_else(|| {
        DeployError::refused(
            ProblemCode::NotFound,
            format!("The catalog does not assign “{}” to {}.", stack.stack, stack.environment),
        )
    })
}
