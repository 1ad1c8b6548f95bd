//! Who may read the catalog and deploy: the proof that the deployment use cases take.

use types::{Role, User, UserId};

use crate::{Origin, ServiceError, Viewer};

/// The proof that somebody may look after deployments: an administrator with a session, or whoever starts this program's
/// terminal front door on the machine itself, where catalog, key and database lie open to them anyway.
#[derive(Clone, Debug)]
pub struct Operator {
    name: String,
    email: String,
    user: Option<User>,
    origin: Option<Origin>,
}

impl Operator {
    /// The person at the machine's own terminal, as the system calls them.
    #[must_use]
    pub fn at_the_machine(name: &str) -> Self {
        let name = if name.trim().is_empty() { "operator" } else { name.trim() };
        Self { name: name.to_owned(), email: format!("{name}@localhost"), user: None, origin: None }
    }

    /// A signed-in person whose right was just checked.
    pub(crate) fn person(user: &User, origin: &Origin) -> Self {
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

impl Viewer {
    /// The proof that the viewer may look after deployments.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for a member.
    pub fn operator(&self) -> Result<Operator, ServiceError> {
        let member = self.member()?;
        match member.user().role {
            Role::Administrator => Ok(Operator::person(member.user(), member.origin())),
            Role::Member => Err(ServiceError::forbidden()),
        }
    }
}
