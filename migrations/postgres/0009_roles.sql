-- A role is 'viewer', 'member', 'deployer' or 'administrator'. What a deployer may deploy to stands here, by the environment's
-- name in the catalog; the catalog is files, so there is nothing to refer to.
CREATE TABLE user_environments (
    user_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    CONSTRAINT user_environments_key PRIMARY KEY (user_id, environment),
    CONSTRAINT user_environments_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- The same for whoever an invitation will let in.
CREATE TABLE invitation_environments (
    invitation_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    CONSTRAINT invitation_environments_key PRIMARY KEY (invitation_id, environment),
    CONSTRAINT invitation_environments_invitation FOREIGN KEY (invitation_id) REFERENCES invitations (id) ON DELETE CASCADE
);

-- Whose apply it is, so that it stops when that person may no longer apply. NULL for the terminal and for older ones. No foreign
-- key: what was applied outlives the person.
ALTER TABLE applies ADD COLUMN actor_id TEXT;
CREATE INDEX applies_by_actor ON applies (actor_id, state);
