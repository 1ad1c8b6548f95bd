//! Who is looking, and the proofs of what they may do. A proof cannot be built outside this crate, so a use case that
//! takes one cannot be reached without the check.

use std::{net::IpAddr, ops::Deref};

use types::{Permission, SessionPublicId, User};

use crate::ServiceError;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, after trusted proxies.
    pub network: IpAddr,
    /// The browser's name for itself, as sent; may be empty.
    pub user_agent: String,
    /// The request's trace id.
    pub trace_id: String,
}

/// Who sent a request: somebody with a session, or nobody known.
#[derive(Clone, Debug)]
pub struct Viewer {
    person: Option<(User, SessionPublicId)>,
    origin: Origin,
}

impl Viewer {
    /// Nobody known.
    #[must_use]
    pub fn nobody(origin: Origin) -> Self {
        Self { person: None, origin }
    }

    /// A person with a session that was just found alive. Inside this crate only: this is the mint.
    pub(crate) fn person(user: User, session: SessionPublicId, origin: Origin) -> Self {
        Self { person: Some((user, session)), origin }
    }

    /// The person, if one is signed in.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.person.as_ref().map(|(user, _)| user)
    }

    /// The session, if there is one with a person.
    #[must_use]
    pub fn session(&self) -> Option<SessionPublicId> {
        self.person.as_ref().map(|(_, session)| *session)
    }

    /// Where the request comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The proof that somebody is signed in, whatever their role.
    ///
    /// # Errors
    /// `SignInRequired` for nobody.
    pub fn signed_in(&self) -> Result<SignedIn<'_>, ServiceError> {
        match &self.person {
            Some((user, session)) if user.disabled_at.is_none() => {
                Ok(SignedIn { user, session: *session, origin: &self.origin })
            }
            _ => Err(ServiceError::sign_in_required()),
        }
    }

    /// The proof that whoever is signed in has a permission that goes with the role.
    pub(crate) fn proven(&self, permission: Permission) -> Result<SignedIn<'_>, ServiceError> {
        let person = self.signed_in()?;
        if person.user.role.may(permission) { Ok(person) } else { Err(ServiceError::forbidden(permission)) }
    }

    /// The proof that somebody who uses the services is signed in.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for a viewer.
    pub fn member(&self) -> Result<Member<'_>, ServiceError> {
        self.proven(Permission::Member).map(|person| Member { person })
    }

    /// The proof that an administrator is signed in.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for everybody else.
    pub fn admin(&self) -> Result<Admin<'_>, ServiceError> {
        self.proven(Permission::Administrator).map(|person| Admin { member: Member { person } })
    }

    /// Whether the viewer has a permission, e.g. to show a menu entry.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.admit(permission).is_ok()
    }

    /// Lets the viewer through to what a permission opens. A use case takes a proof all the same.
    ///
    /// # Errors
    /// `SignInRequired` for nobody, `Forbidden` for whose role has it not.
    pub fn admit(&self, permission: Permission) -> Result<(), ServiceError> {
        if permission == Permission::Public { Ok(()) } else { self.proven(permission).map(drop) }
    }
}

/// The proof that a signed-in, enabled person asks, whatever their role: for what is their own.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    user: &'a User,
    session: SessionPublicId,
    origin: &'a Origin,
}

impl<'a> SignedIn<'a> {
    /// Who asks.
    #[must_use]
    pub fn user(&self) -> &'a User {
        self.user
    }

    /// By which session.
    #[must_use]
    pub fn session(&self) -> SessionPublicId {
        self.session
    }

    /// Where the request comes from.
    #[must_use]
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }
}

/// The proof that somebody asks who uses the services. Is [`SignedIn`] too.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    person: SignedIn<'a>,
}

impl<'a> Member<'a> {
    /// The same person's proof of being signed in.
    #[must_use]
    pub fn signed_in(&self) -> SignedIn<'a> {
        self.person
    }
}

impl<'a> Deref for Member<'a> {
    type Target = SignedIn<'a>;

    fn deref(&self) -> &Self::Target {
        &self.person
    }
}

/// The proof that an administrator asks. Is a [`Member`] too.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    member: Member<'a>,
}

impl<'a> Admin<'a> {
    /// The same person's proof as a member.
    #[must_use]
    pub fn member(&self) -> Member<'a> {
        self.member
    }
}

impl<'a> Deref for Admin<'a> {
    type Target = Member<'a>;

    fn deref(&self) -> &Self::Target {
        &self.member
    }
}
