//! Invitations: links that make people.

use std::collections::BTreeSet;

use types::{InvitationId, Millis, Rights, Role, User, UserId};

use crate::{
    AuditEntry, NewUser, Result, Store, StoreError, audit,
    codec::{Word, parse, parse_optional},
    db::args,
    people,
};

/// What an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvitationKind {
    /// Makes the first administrator; worthless once there is one.
    Setup,
    /// Lets somebody in.
    Invite,
}

impl Word for InvitationKind {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Setup, "setup"), (Self::Invite, "invite")];
}

/// An invitation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Which.
    pub id: InvitationId,
    /// What it is for.
    pub kind: InvitationKind,
    /// The role it gives.
    pub role: Role,
    /// The environments it grants to a deployer.
    pub environments: BTreeSet<String>,
    /// A note of whom it is for; may be empty.
    pub note: String,
    /// Who made it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Millis,
    /// When it runs out.
    pub expires_at: Millis,
    /// When it was used.
    pub used_at: Option<Millis>,
    /// When it was taken back.
    pub revoked_at: Option<Millis>,
}

/// An invitation to be made.
#[derive(Clone)]
pub struct NewInvitation {
    /// Which.
    pub id: InvitationId,
    /// SHA-256 of the link's token, in hex.
    pub token_hash: String,
    /// What it is for.
    pub kind: InvitationKind,
    /// The role it gives, and the environments it grants to a deployer.
    pub rights: Rights,
    /// A note of whom it is for; may be empty.
    pub note: String,
    /// Who makes it; none for the program itself.
    pub created_by: Option<UserId>,
    /// Now.
    pub now: Millis,
    /// When it runs out.
    pub expires_at: Millis,
}

macro_rules! invitation_columns {
    () => {
        "i.id, i.kind, i.role, i.note, i.created_by, i.created_at, i.expires_at, i.used_at, i.revoked_at, \
         (SELECT string_agg(g.environment, '\n') FROM invitation_environments g WHERE g.invitation_id = i.id) AS environments"
    };
}

#[derive(sqlx::FromRow)]
struct InvitationDb {
    id: String,
    kind: String,
    role: String,
    environments: Option<String>,
    note: String,
    created_by: Option<String>,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TryFrom<InvitationDb> for InvitationRecord {
    type Error = StoreError;

    fn try_from(row: InvitationDb) -> Result<Self> {
        Ok(Self {
            id: parse("invitations.id", &row.id)?,
            kind: InvitationKind::from_word("invitations.kind", &row.kind)?,
            role: parse("invitations.role", &row.role)?,
            environments: people::names(row.environments.as_deref()),
            note: row.note,
            created_by: parse_optional("invitations.created_by", row.created_by.as_deref())?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        })
    }
}

impl Store {
    /// Makes an invitation.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn create_invitation(&self, new: &NewInvitation, entry: AuditEntry) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO invitations (id, token_hash, kind, role, note, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                new.id,
                &new.token_hash,
                new.kind.word(),
                new.rights.role.as_str(),
                &new.note,
                new.created_by,
                new.now,
                new.expires_at
            ],
        )
        .await?;
        for environment in &new.rights.environments {
            tx.execute(
                "INSERT INTO invitation_environments (invitation_id, environment) VALUES ($1, $2)",
                args![new.id, environment],
            )
            .await?;
        }
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }

    /// The invitation with this token, open or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn invitation_by_token(&self, token_hash: &str) -> Result<Option<InvitationRecord>> {
        let row: Option<InvitationDb> = self
            .db
            .optional(
                concat!("SELECT ", invitation_columns!(), " FROM invitations i WHERE i.token_hash = $1"),
                args![token_hash],
            )
            .await?;
        row.map(InvitationRecord::try_from).transpose()
    }

    /// Every invitation, latest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn invitations(&self) -> Result<Vec<InvitationRecord>> {
        let rows: Vec<InvitationDb> = self
            .db
            .all(
                concat!("SELECT ", invitation_columns!(), " FROM invitations i ORDER BY i.created_at DESC, i.id DESC"),
                args![],
            )
            .await?;
        rows.into_iter().map(InvitationRecord::try_from).collect()
    }

    /// Takes an invitation back. Returns whether it was open (or had just run out); if not, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn revoke_invitation(&self, id: InvitationId, now: Millis, entry: AuditEntry) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let revoked = tx
            .execute(
                "UPDATE invitations SET revoked_at = $2 WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL",
                args![id, now],
            )
            .await?;
        if revoked == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Uses an invitation up and makes the person, with the invitation's role and environments. Of several tries at once one wins; when
    /// the person can't be made the invitation stays open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the invitation was not open (or is a set-up link and there is an administrator);
    /// [`StoreError::Conflict`] on `users_email` when the address is taken.
    pub async fn accept_invitation(
        &self,
        token_hash: &str,
        new: &NewUser,
        now: Millis,
        entry: AuditEntry,
    ) -> Result<User> {
        let mut tx = self.db.begin().await?;
        let (id, kind, role): (String, String, String) = tx
            .one(
                "UPDATE invitations SET used_at = $2 \
                 WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2 \
                 RETURNING id, kind, role",
                args![token_hash, now],
            )
            .await?;
        if InvitationKind::from_word("invitations.kind", &kind)? == InvitationKind::Setup
            && people::other_administrators(&mut tx, None).await? > 0
        {
            return Err(StoreError::NotFound);
        }
        let granted: Vec<(String,)> =
            tx.all("SELECT environment FROM invitation_environments WHERE invitation_id = $1", args![&id]).await?;
        let rights = Rights {
            role: parse("invitations.role", &role)?,
            environments: granted.into_iter().map(|(environment,)| environment).collect(),
        };
        let user = people::insert(&mut tx, new, &rights).await?;
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Deletes set-up links that were never used, before a new one is made or once there is an administrator.
    /// Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn delete_open_setup_invitations(&self) -> Result<u64> {
        self.db.execute("DELETE FROM invitations WHERE kind = 'setup' AND used_at IS NULL", args![]).await
    }
}
