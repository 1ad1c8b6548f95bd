//! Who may look at deployments, who may deploy where, and who may do everything: the proofs that the deployment use cases take.
//!
//! Each stronger proof is the weaker ones too (`&Operator` passes for `&Deployer`, `&Deployer` for `&Onlooker`), never the other
//! way round. A use case that asks for [`Operator`] is for administrators.

use std::{collections::BTreeSet, ops::Deref};

use reconcile::model::{Plan, Scope};
use types::{Permission, ProblemCode, Rights, Role, User, UserId};

use super::DeployError;
use crate::{Origin, ServiceError, Viewer};

/// The proof that somebody may look at deployments: a viewer, a deployer, an administrator.
#[derive(Clone, Debug)]
pub struct Onlooker {
    name: String,
    email: String,
    user: Option<User>,
    origin: Option<Origin>,
}

/// The proof that somebody may plan and apply somewhere. On which environments is asked for each act with
/// [`Deployer::admit`].
#[derive(Clone, Debug)]
pub struct Deployer {
    onlooker: Onlooker,
    rights: Rights,
}

/// The proof that somebody may do everything about deployments, catalog, secrets and environments: an administrator with a
/// session, or whoever starts this program's terminal front door on the machine itself, where catalog, key and database lie open
/// to them anyway.
#[derive(Clone, Debug)]
pub struct Operator {
    deployer: Deployer,
}

impl Onlooker {
    fn person(user: &User, origin: &Origin) -> Self {
        Self {
            name: user.name.clone(),
            email: user.email.clone(),
            user: Some(user.clone()),
            origin: Some(origin.clone()),
        }
    }

    /// Their name, as it stands in commits, applies and revisions.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their account, if they came with a session.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.user.as_ref().map(|user| user.id)
    }

    pub(super) fn person_ref(&self) -> Option<&User> {
        self.user.as_ref()
    }

    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    pub(super) fn author(&self) -> catalog::Author {
        catalog::Author { name: self.name.clone(), email: self.email.clone() }
    }
}

impl Deployer {
    /// Whether they may deploy to an environment.
    #[must_use]
    pub fn may(&self, environment: &str) -> bool {
        self.rights.may_deploy_to(environment)
    }

    /// The environments they may deploy to; none is every one.
    #[must_use]
    pub fn environments(&self) -> Option<&BTreeSet<String>> {
        (self.rights.role != Role::Administrator).then_some(&self.rights.environments)
    }

    /// Lets an act on an environment through.
    ///
    /// # Errors
    /// `Forbidden`, with the environments they may deploy to.
    pub fn admit(&self, environment: &str) -> Result<(), DeployError> {
        if self.may(environment) { Ok(()) } else { Err(self.refused(&format!("not to {environment}"))) }
    }

    /// Lets a plan's scope through.
    pub(super) fn admit_scope(&self, scope: &Scope) -> Result<(), DeployError> {
        match scope {
            Scope::Everything if self.environments().is_some() => Err(self.refused("not to everything at once")),
            Scope::Everything => Ok(()),
            Scope::Only(stacks) => stacks.iter().try_for_each(|stack| self.admit(&stack.environment)),
        }
    }

    /// Lets a plan through, with everything that it would change.
    pub(super) fn admit_plan(&self, plan: &Plan) -> Result<(), DeployError> {
        self.admit_scope(&plan.options.scope)?;
        plan.steps.iter().try_for_each(|step| self.admit(&step.environment))
    }

    fn refused(&self, what: &str) -> DeployError {
        let mine: Vec<&str> = self.rights.environments.iter().map(String::as_str).collect();
        let may = match mine.as_slice() {
            [] => "nowhere".to_owned(),
            names => format!("to {}", names.join(", ")),
        };
        DeployError::refused(
            ProblemCode::Forbidden,
            format!("You may deploy {may}, {what}. Name one of your environments, or ask an administrator for more."),
        )
    }
}

impl Operator {
    /// The person at the machine's own terminal, as the system calls them.
    #[must_use]
    pub fn at_the_machine(name: &str) -> Self {
        let name = if name.trim().is_empty() { "operator" } else { name.trim() };
        let onlooker = Onlooker { name: name.to_owned(), email: format!("{name}@localhost"), user: None, origin: None };
        Self { deployer: Deployer { onlooker, rights: Role::Administrator.into() } }
    }
}

impl Deref for Deployer {
    type Target = Onlooker;

    fn deref(&self) -> &Onlooker {
        &self.onlooker
    }
}

impl Deref for Operator {
    type Target = Deployer;

    fn deref(&self) -> &Deployer {
        &self.deployer
    }
}

impl Viewer {
    /// The proof that the viewer may look at deployments.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for a member.
    pub fn onlooker(&self) -> Result<Onlooker, ServiceError> {
        self.proven(Permission::Look).map(|person| Onlooker::person(person.user(), person.origin()))
    }

    /// The proof that the viewer may plan and apply somewhere.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for viewers and members.
    pub fn deployer(&self) -> Result<Deployer, ServiceError> {
        let person = self.proven(Permission::Deploy)?;
        Ok(Deployer { onlooker: Onlooker::person(person.user(), person.origin()), rights: person.user().rights() })
    }

    /// The proof that the viewer may do everything about deployments, catalog, secrets and environments.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for everybody but administrators.
    pub fn operator(&self) -> Result<Operator, ServiceError> {
        self.proven(Permission::Administrator)?;
        Ok(Operator { deployer: self.deployer()? })
    }
}
