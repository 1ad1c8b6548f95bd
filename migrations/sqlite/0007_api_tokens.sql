-- Tokens with which programs ask on a person's behalf.
CREATE TABLE api_tokens (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- What it is for, as its owner typed it.
    name TEXT NOT NULL,
    -- SHA-256 of the token, in hex: a stolen database opens nothing.
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- None: until it is ended.
    expires_at BIGINT,
    last_used_at BIGINT,
    ended_at BIGINT,
    CONSTRAINT api_tokens_id PRIMARY KEY (id),
    CONSTRAINT api_tokens_digest UNIQUE (digest),
    CONSTRAINT api_tokens_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, created_at);
