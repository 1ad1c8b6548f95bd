-- The same text stands in migrations/sqlite and migrations/postgres; a test holds them equal.
-- Times are milliseconds since 1970 (UTC), identifiers UUIDv7 as text, yes/no is 1/0, JSON is text.
-- Constraint names follow `table_columns`: SQLite reports columns, PostgreSQL names, and both must read the same.

-- Counters that are raised inside a transaction. The row's lock also puts writers in line, in both databases.
CREATE TABLE counters (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT counters_name PRIMARY KEY (name)
);
INSERT INTO counters (name, value) VALUES ('administrators', 0), ('revocations', 0);

CREATE TABLE users (
    id TEXT NOT NULL,
    -- Lower case.
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    -- 'member' or 'administrator'.
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT,
    CONSTRAINT users_id PRIMARY KEY (id),
    CONSTRAINT users_email UNIQUE (email)
);

CREATE TABLE sessions (
    -- SHA-256 of the cookie's value, in hex: a stolen database opens no session.
    id_hash TEXT NOT NULL,
    public_id TEXT NOT NULL,
    user_id TEXT,
    data TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    network TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sessions_id_hash PRIMARY KEY (id_hash),
    CONSTRAINT sessions_public_id UNIQUE (public_id),
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (user_id, last_seen_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Sessions that were ended, in the order of their commits, for processes and streams that must notice.
CREATE TABLE revocations (
    seq BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    -- None: every session of the person but `spared`.
    session_id TEXT,
    spared TEXT,
    revoked_at BIGINT NOT NULL,
    CONSTRAINT revocations_seq PRIMARY KEY (seq),
    CONSTRAINT revocations_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX revocations_by_user ON revocations (user_id);
CREATE INDEX revocations_by_time ON revocations (revoked_at);

CREATE TABLE invitations (
    id TEXT NOT NULL,
    -- SHA-256 of the link's token, in hex.
    token_hash TEXT NOT NULL,
    -- 'setup' makes the first administrator, 'invite' is everything else.
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    note TEXT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT invitations_id PRIMARY KEY (id),
    CONSTRAINT invitations_token_hash UNIQUE (token_hash),
    CONSTRAINT invitations_creator FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX invitations_by_creator ON invitations (created_by);

-- No foreign key: the audit outlives the people in it.
CREATE TABLE audit (
    id TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    actor TEXT,
    actor_label TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    network TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    CONSTRAINT audit_id PRIMARY KEY (id)
);
