//! How people come in: links that work once. The first one makes the first administrator.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use store::{InvitationKind, InvitationRecord, NewInvitation, NewUser, StoreError};
use types::{Invitation, InvitationId, InvitationState, Millis, Password, ProblemCode, Rights, Role, User};

use super::{
    People,
    rules::{self, Complaints},
    sign_in::check_password,
};
use crate::{
    Admin, Origin, ServiceError,
    audit::{self, Actor},
    sessions::sha256_hex,
    world::millis,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Days an invitation may be open.
const DAYS: std::ops::RangeInclusive<u32> = 1..=30;
/// Days for a link made at the command line.
const DAYS_AT_THE_COMMAND_LINE: u32 = 1;

/// An open invitation, as whoever holds its link sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// The role it gives.
    pub role: Role,
    /// The environments it lets a deployer deploy to.
    pub environments: BTreeSet<String>,
    /// Whether it makes the first administrator.
    pub setup: bool,
    /// When it runs out.
    pub expires_at: Millis,
}

/// A link to be made.
struct NewLink<'a> {
    kind: InvitationKind,
    rights: Rights,
    note: &'a str,
    actor: Actor<'a>,
    origin: Option<&'a Origin>,
    action: &'static str,
    lifetime: Duration,
}

impl People {
    /// A fresh link that makes the first administrator, or none when there is one already. Older set-up links stop working.
    /// `server` prints it at the start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn setup_link(&self) -> Result<Option<String>, ServiceError> {
        if self.context.store.count_active_administrators().await? > 0 {
            return Ok(None);
        }
        self.context.store.delete_open_setup_invitations().await?;
        let link = self.new_link(NewLink {
            kind: InvitationKind::Setup,
            rights: Role::Administrator.into(),
            note: "",
            actor: Actor::Operator("the start of the server"),
            origin: None,
            action: "setup.link_made",
            lifetime: self.context.settings.setup_link_lifetime,
        });
        link.await.map(Some)
    }

    /// A link that makes an administrator, for whoever stands at the command line. Open for a day.
    ///
    /// # Errors
    /// `Invalid` when the address has no address's shape; otherwise when the database fails.
    pub async fn invite_administrator_cli(&self, email: &str) -> Result<String, ServiceError> {
        let mut complaints = Complaints::default();
        let email = rules::email(email, &mut complaints);
        complaints.settle()?;
        self.new_link(NewLink {
            kind: InvitationKind::Invite,
            rights: Role::Administrator.into(),
            note: &email,
            actor: Actor::Operator("the command line"),
            origin: None,
            action: "invitation.created",
            lifetime: DAY * DAYS_AT_THE_COMMAND_LINE,
        })
        .await
    }

    /// A link that lets one person in with a role, as a deployer on some environments. Shown once: only its hash is kept.
    ///
    /// # Errors
    /// `Invalid` at `environments`, `note` or `days`; otherwise when the database fails.
    pub async fn invite(
        &self,
        admin: Admin<'_>,
        rights: impl Into<Rights>,
        note: &str,
        days: u32,
    ) -> Result<String, ServiceError> {
        let mut complaints = Complaints::default();
        let rights = rules::rights(rights.into(), &mut complaints);
        let note = rules::note(note, &mut complaints);
        if !DAYS.contains(&days) {
            complaints.add("days", format!("Choose {} to {} days.", DAYS.start(), DAYS.end()));
        }
        complaints.settle()?;
        self.new_link(NewLink {
            kind: InvitationKind::Invite,
            rights,
            note: &note,
            actor: Actor::Person(admin.user()),
            origin: Some(admin.origin()),
            action: "invitation.created",
            lifetime: DAY * days,
        })
        .await
    }

    /// Every invitation, newest first; set-up links are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations(&self, _: Admin<'_>) -> Result<Vec<Invitation>, ServiceError> {
        let now = self.context.world.now();
        let mut records = self.context.store.invitations().await?;
        records.retain(|record| record.kind == InvitationKind::Invite);
        records.sort_by_key(|record| std::cmp::Reverse((record.created_at, record.id)));
        Ok(records
            .into_iter()
            .map(|record| Invitation {
                state: state(&record, now),
                id: record.id,
                role: record.role,
                environments: record.environments,
                note: record.note,
                created_at: record.created_at,
                expires_at: record.expires_at,
            })
            .collect())
    }

    /// Takes an open invitation back.
    ///
    /// # Errors
    /// `NotFound` when there is no such open invitation; otherwise when the database fails.
    pub async fn revoke(&self, admin: Admin<'_>, id: InvitationId) -> Result<(), ServiceError> {
        let world = &self.context.world;
        let entry = audit::entry(
            world,
            Actor::Person(admin.user()),
            Some(admin.origin()),
            "invitation.revoked",
            subject(id),
            &json!({}),
        );
        if self.context.store.revoke_invitation(id, world.now(), entry).await? {
            Ok(())
        } else {
            Err(ServiceError::not_found("An open invitation of this kind"))
        }
    }

    /// What a link offers.
    ///
    /// # Errors
    /// `Gone` when it is used, taken back, out of date, or never was; otherwise when the database fails.
    pub async fn invitation(&self, token: &str) -> Result<InvitationView, ServiceError> {
        let record = self.open_invitation(&sha256_hex(token)).await?;
        Ok(InvitationView {
            role: record.role,
            setup: record.kind == InvitationKind::Setup,
            expires_at: record.expires_at,
            environments: record.environments,
        })
    }

    /// Makes the person a link invites. The link then is used up; of two that try at once, one comes in.
    ///
    /// # Errors
    /// `Gone` as in [`People::invitation`]; `Invalid` at `name`, `email` or `password`; `TooManyRequests` as in
    /// [`People::sign_in`]; otherwise when the database fails.
    pub async fn accept_invitation(
        &self,
        token: &str,
        name: &str,
        email: &str,
        password: Password,
        origin: &Origin,
    ) -> Result<User, ServiceError> {
        let token_hash = sha256_hex(token);
        if let Err(limited) = self.limits.check(&token_hash, origin.network) {
            return Err(self.refuse_limited(&limited, "accept_invitation", "tries with invitations", origin).await?);
        }
        let record = self.open_invitation(&token_hash).await?;
        let own = vec![rules::normal_email(email), name.trim().to_owned()];
        let mut complaints = check_password("password", &password, own).await?;
        let name = rules::name(name, &mut complaints);
        let email = rules::email(email, &mut complaints);
        complaints.settle()?;
        let world = &self.context.world;
        let user = NewUser {
            id: world.id(),
            password_hash: self.passwords.hash(&password).await?,
            role: record.role,
            now: world.now(),
            name,
            email,
        };
        // The actor is the person who is being made.
        let entry = store::AuditEntry {
            actor: Some(user.id),
            actor_label: format!("{} <{}>", user.name, user.email),
            ..audit::entry(
                world,
                Actor::Nobody,
                Some(origin),
                "invitation.accepted",
                subject(record.id),
                &json!({ "user": user.id, "role": record.role, "environments": record.environments, "setup": record.kind == InvitationKind::Setup }),
            )
        };
        match self.context.store.accept_invitation(&token_hash, &user, world.now(), entry).await {
            Ok(user) => Ok(user),
            Err(StoreError::NotFound) => Err(gone()),
            Err(StoreError::Conflict { .. }) => Err(ServiceError::field(
                "email",
                "Somebody with this address is here already. Sign in, or use another address.",
            )),
            Err(error) => Err(error.into()),
        }
    }

    async fn open_invitation(&self, token_hash: &str) -> Result<InvitationRecord, ServiceError> {
        let record = self.context.store.invitation_by_token(token_hash).await?.ok_or_else(gone)?;
        if state(&record, self.context.world.now()) != InvitationState::Open {
            return Err(gone());
        }
        if record.kind == InvitationKind::Setup && self.context.store.count_active_administrators().await? > 0 {
            return Err(gone());
        }
        Ok(record)
    }

    async fn new_link(&self, link: NewLink<'_>) -> Result<String, ServiceError> {
        let world = &self.context.world;
        let token = world.token();
        let now = world.now();
        let id: InvitationId = world.id();
        let expires_at = now.saturating_add(millis(link.lifetime));
        let entry = audit::entry(
            world,
            link.actor,
            link.origin,
            link.action,
            subject(id),
            &json!({ "role": link.rights.role, "environments": link.rights.environments, "note": link.note, "expires_at": expires_at }),
        );
        let new = NewInvitation {
            id,
            token_hash: sha256_hex(&token),
            kind: link.kind,
            rights: link.rights,
            note: link.note.into(),
            created_by: match link.actor {
                Actor::Person(user) => Some(user.id),
                Actor::Nobody | Actor::Operator(_) => None,
            },
            now,
            expires_at,
        };
        self.context.store.create_invitation(&new, entry).await?;
        Ok(format!("{}/join/{token}", self.context.settings.public_url.trim_end_matches('/')))
    }
}

fn subject(id: InvitationId) -> String {
    format!("invitation:{id}")
}

fn state(record: &InvitationRecord, now: Millis) -> InvitationState {
    if record.used_at.is_some() {
        InvitationState::Used
    } else if record.revoked_at.is_some() {
        InvitationState::Revoked
    } else if record.expires_at <= now {
        InvitationState::Expired
    } else {
        InvitationState::Open
    }
}

/// The same words for every way a link can be dead: which it was is nobody's business who merely guesses.
fn gone() -> ServiceError {
    ServiceError::refused(
        ProblemCode::Gone,
        "This link does not work (any more): it was used, taken back, or is out of date. Ask an administrator for a new \
         invitation. A new set-up link is printed when the server starts without an administrator.",
    )
}
